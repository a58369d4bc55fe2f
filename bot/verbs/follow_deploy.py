"""Follow a deployment to its end: start it at the target, watch it, look at what is really served, tell people.

Each call is one move, decided by what is on the record. The record is written after the target was asked, so a crash
in between asks the target again: deployers find what they started by the deployment's number.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import (
    DONE,
    Agreed,
    Capabilities,
    Clock,
    Deployer,
    DeployerError,
    Deployers,
    Next,
    Progress,
    Records,
    Served,
    Verifier,
    again,
    capabilities_of,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Phase
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Environment, Service, Timeouts
from bot.rules.sentence import At, say
from bot.rules.terms import span
from bot.verbs.about import about
from bot.verbs.came_to import came_to
from bot.verbs.next_in_line import NextInLine
from bot.verbs.watch_deploy import WatchDeploy

log = logging.getLogger(__name__)

LOOK_UP = timedelta(seconds=30)
"""Whoever waits a turn looks up so often: what makes ready, such as an approval, doesn't always say so."""

SELDOM = timedelta(seconds=15)
"""The longest pause between two looks at a target that is at work."""

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
"""Between two questions about an unknown outcome: half of the time that it has been unknown, within these."""

PHASES = {Phase.FAILED: Attempt.FAILED, Phase.CANCELLED: Attempt.CANCELLED, Phase.LOST: Attempt.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a deployment goes, by the catalogue in force."""

    deployer: Deployer
    service: Service
    environment: Environment

    @property
    def can(self) -> Capabilities:
        """What it can do there."""
        return capabilities_of(self.deployer, self.environment.deployer)


@dataclass(frozen=True, slots=True)
class FollowDeploy:
    """One move of a deployment. `pace` is the shortest pause between two looks at a target that is at work."""

    records: Records
    deployers: Deployers
    verifier: Verifier
    next_in_line: NextInLine
    watch: WatchDeploy
    agreed: Agreed
    now: Clock
    pace: timedelta = timedelta(seconds=1)

    async def __call__(self, key: int) -> Next:
        """Do the one thing that is due."""
        async with self.records.read() as page:
            deployment = await page.deployment(DeploymentId(key))
        if deployment is None or deployment.over:
            return DONE
        if deployment.waits:
            return await self._wait(deployment)
        if deployment.attempt is Attempt.WATCHING:
            return await self.watch(deployment)
        target = self._target(deployment)
        if target is None:
            detail = "The catalogue no longer says how to deploy there, so I can't follow it."
            return await self._overdue(deployment, detail)
        match deployment.attempt:
            case Attempt.STARTING:
                return await self._begin(deployment, target)
            case Attempt.VERIFYING:
                return await self._verify(deployment, target)
            case _:
                return await self._look(deployment, target)

    async def _wait(self, deployment: Deployment) -> Next:
        """It waits its turn. Whatever lets it go says so; it looks by itself as well, now and then."""
        await self.next_in_line(deployment.order.service, deployment.order.environment)
        async with self.records.read() as page:
            there = await page.deployment(deployment.id)
        assert there is not None, "deployments are never deleted"
        return again(LOOK_UP if there.waits else timedelta(0))

    def _target(self, deployment: Deployment) -> Target | None:
        service = self.agreed().services.get(deployment.order.service)
        environment = service.environment(deployment.order.environment) if service else None
        deployer = self.deployers.get(environment.deployer.kind) if environment else None
        return Target(deployer, service, environment) if service and environment and deployer else None

    async def _begin(self, deployment: Deployment, target: Target) -> Next:
        if deployment.cancel_asked_by is not None:
            return await self._call_off(deployment, target)
        if not target.can.finds_again:
            if deployment.silent_since is not None:
                return await self._find(deployment, target)
            if not await self._may_ask(deployment):
                return again(timedelta(0))
        try:
            started = await target.deployer.start(deployment, target.service, target.environment)
        except DeployerError as error:
            if error.ended:
                return await self._move(deployment, Attempt.FAILED, str(error))
            return await self._overdue(deployment, str(error))
        running = replace(
            deployment, target_ref=started.ref, link=started.link, started_at=self.now(), silent_since=None
        )
        return await self._move(running, Attempt.RUNNING, "Started.")

    async def _may_ask(self, deployment: Deployment) -> bool:
        """Write down that it is asked now, so that nobody does a second time, whatever becomes of us."""
        async with self.records.open() as page:
            there = await page.deployment(deployment.id)
            assert there is not None, "deployments are never deleted"
            if there.attempt is not Attempt.STARTING or there.silent_since or there.cancel_asked_by is not None:
                return False
            await page.keep_deployment(replace(there, silent_since=self.now()))
            await page.commit()
        return True

    async def _find(self, deployment: Deployment, target: Target) -> Next:
        """It was asked to start, and would start once more if it was asked again: it can only be looked for."""
        try:
            progress = await target.deployer.follow(deployment, target.service, target.environment)
        except DeployerError as error:
            return await self._overdue(deployment, str(error))
        if progress.phase is Phase.LOST:
            detail = f"It was asked to start, and its answer got lost. I ask no second time. {progress.step}"
            return await self._move(deployment, Attempt.UNKNOWN, detail.strip())
        running = replace(as_seen(deployment, progress), started_at=self.now())
        return await self._move(running, Attempt.RUNNING, "Started.")

    async def _call_off(self, deployment: Deployment, target: Target) -> Next:
        """Cancelled before we know that it began: only the target knows, and its word decides."""
        if not target.can.finds_again and deployment.silent_since is None:
            return await self._move(deployment, Attempt.CANCELLED, "Cancelled before it began.")
        try:
            await target.deployer.cancel(deployment, target.service, target.environment)
            progress = await target.deployer.follow(deployment, target.service, target.environment)
        except DeployerError as error:
            return await self._overdue(deployment, str(error))
        if progress.phase is Phase.CANCELLED:
            return await self._move(deployment, Attempt.CANCELLED, progress.step or "Cancelled before it began.")
        if progress.phase is Phase.LOST:
            return await self._move(deployment, Attempt.UNKNOWN, progress.step)
        return await self._move(replace(deployment, started_at=self.now()), Attempt.RUNNING, progress.step)

    async def _look(self, deployment: Deployment, target: Target) -> Next:
        if deployment.cancel_asked_by is not None and deployment.attempt in {Attempt.RUNNING, Attempt.UNKNOWN}:
            try:
                await target.deployer.cancel(deployment, target.service, target.environment)
            except DeployerError as error:
                log.warning("%s can't be cancelled now: %s", deployment.name, error)
        try:
            progress = await target.deployer.follow(deployment, target.service, target.environment)
        except DeployerError as error:
            return await self._overdue(deployment, str(error))
        if deployment.attempt is Attempt.UNKNOWN:
            return await self._explained(deployment, progress, target)
        if progress.phase is Phase.RUNNING:
            return await self._at_work(deployment, progress, target)
        seen = as_seen(deployment, progress)
        if progress.phase is Phase.SUCCEEDED:
            if not_what_was_approved(deployment, progress):
                return await self._move(seen, Attempt.FAILED, _another_commit(deployment, progress))
            return await self._move(seen, Attempt.VERIFYING, progress.step or "The target is done.")
        if progress.phase is Phase.CANCELLED and deployment.cancel_asked_by == SLIPWAY:
            took = target.environment.timeouts.run
            why = f"It took longer than {span(took)} and was stopped."
            if not_what_was_approved(deployment, progress):
                why = f"{_another_commit(deployment, progress)} It was stopped."
            return await self._move(seen, Attempt.FAILED, why)
        return await self._move(seen, PHASES[progress.phase], progress.step)

    async def _at_work(self, deployment: Deployment, progress: Progress, target: Target) -> Next:
        """It goes on, unless it takes longer than was agreed."""
        limits, now = target.environment.timeouts, self.now()
        asked = deployment.cancel_asked_at
        if asked is not None and now - asked >= limits.stop:
            detail = f"It was asked to stop {span(limits.stop)} ago, and is still at work."
            return await self._move(deployment, Attempt.UNKNOWN, detail)
        if asked is None and now - (deployment.started_at or now) >= limits.run:
            if not target.can.cancels:
                detail = f"It takes longer than {span(limits.run)}, and can't be stopped."
                return await self._move(deployment, Attempt.UNKNOWN, detail)
            return await self._stop(deployment, f"It takes longer than {span(limits.run)}.")
        if asked is None and not_what_was_approved(deployment, progress) and target.can.cancels:
            return await self._stop(deployment, _another_commit(deployment, progress))
        return await self._goes_on(deployment, replace(as_seen(deployment, progress), silent_since=None), progress.step)

    async def _stop(self, deployment: Deployment, why: str) -> Next:
        """Nobody asked for its end, and it can't go on like this: it is asked to stop, and people hear of it."""
        now = self.now()
        async with self.records.open() as page:
            there = await page.deployment(deployment.id)
            assert there is not None, "deployments are never deleted"
            if there.attempt is not Attempt.RUNNING or there.cancel_asked_by is not None:
                return again(timedelta(0))
            there = await page.keep_deployment(replace(there, cancel_asked_by=SLIPWAY, cancel_asked_at=now))
            release = await about(page, there)
            await page.put_on_record(
                Happened(
                    "cancel deploy",
                    SLIPWAY,
                    Surface.ENGINE,
                    now,
                    release=release,
                    candidate=there.order.candidate.identity,
                    subject=there.name,
                    detail={"why": why},
                )
            )
            told = say(
                "I stop {name}: {why} {who}, please have a look.",
                name=there.name,
                why=why,
                who=At(there.order.confirmed_by),
            )
            await page.tell(ThreadLine(release, told, loud=True))
            await page.tell(DeploymentChanged(release, there.id))
            await page.commit()
        return again(timedelta(0))

    async def _explained(self, deployment: Deployment, progress: Progress, target: Target) -> Next:
        """An unknown outcome that the target can tell after all, and that what is served confirms."""
        if progress.phase in {Phase.FAILED, Phase.CANCELLED}:
            return await self._move(deployment, Attempt.FAILED, progress.step)
        if progress.phase is Phase.SUCCEEDED:
            if not_what_was_approved(deployment, progress):
                return await self._move(deployment, Attempt.FAILED, _another_commit(deployment, progress))
            served = await self.verifier.served(target.environment)
            before = await self._version_before(deployment)
            if target.environment.verification is None or is_it(deployment, served, before):
                return await self._there(replace(deployment, served=served.version), target, progress.step)
        return again(self._later(deployment))

    async def _verify(self, deployment: Deployment, target: Target) -> Next:
        verification = target.environment.verification
        if verification is None:
            return await self._there(deployment, target, "Done. Nothing says how to look at what is served.")
        served = await self.verifier.served(target.environment)
        if is_it(deployment, served, await self._version_before(deployment)):
            seen = replace(deployment, served=served.version)
            # The target's own last words stay: that it was seen to be served is what `served` says.
            return await self._there(seen, target, deployment.detail)
        if self.now() - (deployment.since or deployment.order.confirmed_at) < verification.within:
            return again(self.pace)
        seen = replace(deployment, served=served.version)
        if served.version is None:
            detail = f"The target says it is done, but I can't read what is served: {served.problem}"
            return await self._move(seen, Attempt.UNKNOWN, detail)
        return await self._move(seen, Attempt.FAILED, f"The target says it is done, but {served.version} is served.")

    async def _there(self, seen: Deployment, target: Target, detail: str) -> Next:
        """It is there. Where that was agreed, it is watched before it counts as good."""
        watched = target.environment.watch is not None
        return await self._move(seen, Attempt.WATCHING if watched else Attempt.SUCCEEDED, detail)

    async def _version_before(self, deployment: Deployment) -> str | None:
        """The version that stood there before, whose name proves nothing if it is the same."""
        if deployment.order.replaces is None:
            return None
        async with self.records.read() as page:
            before = await page.deployment(deployment.order.replaces)
        return before.order.version if before else None

    async def _overdue(self, deployment: Deployment, detail: str) -> Next:
        """Nothing is to be heard of it. Past all patience its outcome is called unknown."""
        if deployment.attempt is Attempt.UNKNOWN:
            return again(self._later(deployment))
        now, since = self.now(), deployment.silent_since or self.now()
        limits = self._limits(deployment)
        longest = min(limits.start, limits.silence) if deployment.attempt is Attempt.STARTING else limits.silence
        asked = deployment.cancel_asked_at
        if now - since >= longest or (asked is not None and now - asked >= limits.stop):
            return await self._move(deployment, Attempt.UNKNOWN, f"Nothing was heard of it for too long: {detail}")
        return await self._goes_on(deployment, replace(deployment, silent_since=since), detail)

    def _limits(self, deployment: Deployment) -> Timeouts:
        target = self._target(deployment)
        return target.environment.timeouts if target else Timeouts()

    async def _goes_on(self, before: Deployment, after: Deployment, detail: str) -> Next:
        """It is on its way: keep its newest words, and since when it says nothing."""
        news = bool(detail) and detail != before.detail
        if news or (after.silent_since, after.steps) != (before.silent_since, before.steps):
            async with self.records.open() as page:
                there = await page.deployment(after.id)
                assert there is not None, "deployments are never deleted"
                if there.attempt is after.attempt:
                    there = replace(there, link=after.link, silent_since=after.silent_since, steps=after.steps)
                    await page.keep_deployment(replace(there, detail=detail) if news else there)
                    await page.tell(DeploymentChanged(await about(page, after), after.id))
                    await page.commit()
        return again(self._soon(after))

    def _soon(self, deployment: Deployment) -> timedelta:
        """The longer it is at work, the less often it is looked at, within reason."""
        at_work = self.now() - (deployment.started_at or self.now())
        return max(self.pace, min(at_work / 60, SELDOM))

    def _later(self, deployment: Deployment) -> timedelta:
        """An unknown outcome may yet be explained: the target is asked again, after pauses that widen."""
        unknown = self.now() - (deployment.since or self.now())
        return min(max(unknown / 2, FIRST_PAUSE), LONGEST_PAUSE)

    async def _move(self, deployment: Deployment, attempt: Attempt, detail: str) -> Next:
        """Write down that it came to another state, with what was seen of it, and tell people."""
        async with self.records.open() as page:
            now_there = await page.deployment(deployment.id)
            assert now_there is not None, "deployments are never deleted"
            if now_there.attempt is not deployment.attempt:
                return again(timedelta(0))
            seen = replace(
                now_there,
                target_ref=deployment.target_ref,
                link=deployment.link,
                served=deployment.served,
                started_at=deployment.started_at,
                steps=deployment.steps,
            )
            moved = await came_to(page, seen, attempt, detail, agreed=self.agreed(), at=self.now())
            await page.commit()
        log.info("%s: %s %s", moved.name, attempt, detail)
        if not moved.holds:
            return DONE
        return again(FIRST_PAUSE if attempt is Attempt.UNKNOWN else timedelta(0))


def as_seen(deployment: Deployment, progress: Progress) -> Deployment:
    """With what the target shows of its work; what it doesn't show any more is kept as it was."""
    return replace(deployment, link=progress.link or deployment.link, steps=progress.steps or deployment.steps)


def not_what_was_approved(deployment: Deployment, progress: Progress) -> bool:
    """Whether the target itself says that it deploys another commit than the one that people said yes to."""
    return progress.commit is not None and progress.commit.lower() != deployment.order.candidate.commit


def _another_commit(deployment: Deployment, progress: Progress) -> str:
    wanted, got = deployment.order.candidate.commit[:10], (progress.commit or "")[:10]
    return f"The target says that it deploys {got}; approved was {wanted}."


def is_it(deployment: Deployment, served: Served, version_before: str | None) -> bool:
    """Whether what is served is what was deployed: its commit, a prefix of it that is long enough, or its artifact.

    The version's name proves it only where another version stood before.
    """
    shortest = 7
    if served.version is None:
        return False
    wanted = deployment.order
    commit = wanted.candidate.commit
    if served.version == wanted.version and wanted.version != version_before:
        return True
    return served.version in {commit, wanted.candidate.artifact} or (
        len(served.version) >= shortest and commit.startswith(served.version.lower())
    )
