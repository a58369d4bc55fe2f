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
    Clock,
    Deployer,
    DeployerError,
    Deployers,
    Next,
    Page,
    Progress,
    Records,
    Served,
    Verifier,
    again,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind, Phase
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Environment, Service, Timeouts
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, Code, Sentence, say
from bot.rules.terms import span
from bot.verbs.about import about
from bot.verbs.keep_out import keep_out
from bot.verbs.next_in_line import NextInLine, let_the_next_go
from bot.verbs.redraw import changed, changed_for_others, redraw_if_open
from bot.verbs.tag_version import tag_if_out
from bot.verbs.trains import let_the_train_go_on

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


@dataclass(frozen=True, slots=True)
class FollowDeploy:
    """One move of a deployment. `pace` is the shortest pause between two looks at a target that is at work."""

    records: Records
    deployers: Deployers
    verifier: Verifier
    next_in_line: NextInLine
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

    async def _call_off(self, deployment: Deployment, target: Target) -> Next:
        """Cancelled before we know that it began: only the target knows, and its word decides."""
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
            if not target.deployer.capabilities.cancels:
                detail = f"It takes longer than {span(limits.run)}, and can't be stopped."
                return await self._move(deployment, Attempt.UNKNOWN, detail)
            return await self._stop(deployment, f"It takes longer than {span(limits.run)}.")
        if asked is None and not_what_was_approved(deployment, progress) and target.deployer.capabilities.cancels:
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
                return await self._move(replace(deployment, served=served.version), Attempt.SUCCEEDED, progress.step)
        return again(self._later(deployment))

    async def _verify(self, deployment: Deployment, target: Target) -> Next:
        verification = target.environment.verification
        if verification is None:
            return await self._move(deployment, Attempt.SUCCEEDED, "Done. Nothing says how to look at what is served.")
        served = await self.verifier.served(target.environment)
        if is_it(deployment, served, await self._version_before(deployment)):
            seen = replace(deployment, served=served.version)
            # The target's own last words stay: that it was seen to be served is what `served` says.
            return await self._move(seen, Attempt.SUCCEEDED, deployment.detail)
        if self.now() - (deployment.since or deployment.order.confirmed_at) < verification.within:
            return again(self.pace)
        seen = replace(deployment, served=served.version)
        if served.version is None:
            detail = f"The target says it is done, but I can't read what is served: {served.problem}"
            return await self._move(seen, Attempt.UNKNOWN, detail)
        return await self._move(seen, Attempt.FAILED, f"The target says it is done, but {served.version} is served.")

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
        """Write down that it came to another state, and tell people."""
        now = self.now()
        async with self.records.open() as page:
            now_there = await page.deployment(deployment.id)
            assert now_there is not None, "deployments are never deleted"
            if now_there.attempt is not deployment.attempt:
                return again(timedelta(0))
            now_there.must_lead_to(attempt)
            moved = replace(
                now_there,
                attempt=attempt,
                detail=detail,
                since=now,
                target_ref=deployment.target_ref,
                link=deployment.link,
                served=deployment.served,
                started_at=deployment.started_at,
                steps=deployment.steps,
                silent_since=None,
            )
            if attempt is Attempt.UNKNOWN:
                # It may have begun: then it may have changed what runs.
                moved = replace(moved, started_at=moved.started_at or now)
            if not moved.holds or attempt is Attempt.UNKNOWN:
                moved = replace(moved, ended_at=now)
            moved = await page.keep_deployment(moved)
            release = await about(page, moved)
            await page.put_on_record(
                Happened(
                    f"deployment {attempt}",
                    SLIPWAY,
                    Surface.ENGINE,
                    now,
                    release=release,
                    candidate=moved.order.candidate.identity,
                    subject=moved.name,
                    detail={"environment": moved.order.environment, "detail": detail, "served": moved.served},
                )
            )
            await keep_out(page, moved, at=now)
            await page.tell(DeploymentChanged(release, moved.id))
            await changed(page, release)
            if moved.order.release != release:
                await redraw_if_open(page, moved.order.release)
            if not moved.holds:
                await changed_for_others(page, moved.order.service, release)
                await let_the_next_go(page, moved.order.service, moved.order.environment)
            await tag_if_out(page, moved, self.agreed())
            if not moved.holds or attempt is Attempt.UNKNOWN:
                await let_the_train_go_on(page, moved)
            if attempt is Attempt.UNKNOWN:
                await _call_who_waits_to_go_back(page, moved, release)
            sentence = ending(moved)
            if sentence is not None:
                await page.tell(ThreadLine(release, sentence, loud=attempt in {Attempt.FAILED, Attempt.UNKNOWN}))
            await page.commit()
        log.info("%s: %s %s", moved.name, attempt, detail)
        if not moved.holds:
            return DONE
        return again(FIRST_PAUSE if attempt is Attempt.UNKNOWN else timedelta(0))


async def _call_who_waits_to_go_back(page: Page, lost: Deployment, release: ReleaseId) -> None:
    """Nobody can see its end, and a way back waits for that: whoever asked for it says whether to wait any longer."""
    order = lost.order
    for each in await page.waiting(order.service, order.environment):
        if each.order.kind is Kind.ROLLBACK:
            told = say(
                "{who}, {back} waits for the end of {name}, which can't be seen. To go back to {version} without "
                "waiting any longer: {command}. {name} may then still be at work.",
                who=At(each.order.confirmed_by),
                back=each.name,
                name=lost.name,
                version=each.order.version,
                command=Code(f"/rollback {order.service} in {order.environment} to {each.order.version} now <reason>"),
            )
            await page.tell(ThreadLine(release, told, loud=True))
            await page.tell(DeploymentChanged(await about(page, each), each.id))


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


def ending(deployment: Deployment) -> Sentence | None:
    """What is said in the thread when a deployment came to that state; None if nothing needs to be."""
    order = deployment.order
    where = {"name": deployment.name, "version": order.version, "environment": order.environment}
    match deployment.attempt:
        case Attempt.SUCCEEDED if order.kind is Kind.ROLLBACK:
            return say("{environment} is back on {version} ({name}).", **where)
        case Attempt.SUCCEEDED:
            return say("{version} is in {environment} ({name}).", **where)
        case Attempt.FAILED:
            return say(
                "{name} failed: {version} is not in {environment}. {detail} {who}, please have a look.",
                detail=deployment.detail,
                who=At(order.confirmed_by),
                **where,
            )
        case Attempt.CANCELLED:
            return say("{name} was cancelled; {version} did not go to {environment}.", **where)
        case Attempt.UNKNOWN:
            return say(
                "I can't tell how {name} ended: {detail} Nothing else starts in {environment} until that is known. "
                "{who}, please look whether {version} is there, then say so: {command}. A rollback takes the "
                "environment in hand, too.",
                detail=deployment.detail,
                who=At(order.confirmed_by),
                command=Code(f"/deploy settle {deployment.name} succeeded|failed <reason>"),
                **where,
            )
        case _:
            return None
