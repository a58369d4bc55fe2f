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
    Phase,
    Progress,
    Records,
    Served,
    Verifier,
    again,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Environment, Service
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, Code, Sentence, say
from bot.verbs.redraw import redraw_if_open

log = logging.getLogger(__name__)

PHASES = {Phase.FAILED: Attempt.FAILED, Phase.CANCELLED: Attempt.CANCELLED, Phase.LOST: Attempt.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a deployment goes, by the catalogue in force."""

    deployer: Deployer
    service: Service
    environment: Environment


@dataclass(frozen=True, slots=True)
class FollowDeploy:
    """One move of a deployment.

    `pace` is the pause between two looks; `patience` how long a target may take, or stay silent, before its outcome is
    called unknown; `slow_pace` the pause between two looks at an unknown outcome, which the target may yet explain.
    """

    records: Records
    deployers: Deployers
    verifier: Verifier
    agreed: Agreed
    now: Clock
    pace: timedelta = timedelta(seconds=1)
    patience: timedelta = timedelta(hours=1)
    slow_pace: timedelta = timedelta(minutes=5)

    async def __call__(self, key: int) -> Next:
        """Do the one thing that is due."""
        async with self.records.read() as page:
            deployment = await page.deployment(DeploymentId(key))
        if deployment is None or not deployment.holds:
            return DONE
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

    def _target(self, deployment: Deployment) -> Target | None:
        service = self.agreed().services.get(deployment.order.service)
        environment = service.environment(deployment.order.environment) if service else None
        deployer = self.deployers.get(environment.deployer.kind) if environment else None
        return Target(deployer, service, environment) if service and environment and deployer else None

    async def _begin(self, deployment: Deployment, target: Target) -> Next:
        if deployment.cancel_asked_by is not None:
            return await self._move(deployment, Attempt.CANCELLED, "Cancelled before it was started.")
        try:
            started = await target.deployer.start(deployment, target.service, target.environment)
        except DeployerError as error:
            if error.ended:
                return await self._move(deployment, Attempt.FAILED, str(error))
            return await self._overdue(deployment, str(error))
        running = replace(deployment, target_ref=started.ref, link=started.link, started_at=self.now())
        return await self._move(running, Attempt.RUNNING, "Started.")

    async def _look(self, deployment: Deployment, target: Target) -> Next:
        try:
            if deployment.cancel_asked_by is not None and deployment.attempt is Attempt.RUNNING:
                await target.deployer.cancel(deployment, target.service, target.environment)
            progress = await target.deployer.follow(deployment, target.service, target.environment)
        except DeployerError as error:
            return await self._overdue(deployment, str(error))
        if deployment.attempt is Attempt.UNKNOWN:
            return await self._explained(deployment, progress, target)
        if progress.phase is Phase.RUNNING:
            return await self._overdue(replace(deployment, link=progress.link or deployment.link), progress.step)
        if progress.phase is Phase.SUCCEEDED:
            return await self._move(deployment, Attempt.VERIFYING, progress.step or "The target is done.")
        return await self._move(deployment, PHASES[progress.phase], progress.step)

    async def _explained(self, deployment: Deployment, progress: Progress, target: Target) -> Next:
        """An unknown outcome that the target can tell after all, and that what is served confirms."""
        if progress.phase in {Phase.FAILED, Phase.CANCELLED}:
            return await self._move(deployment, Attempt.FAILED, progress.step)
        if progress.phase is Phase.SUCCEEDED:
            served = await self.verifier.served(target.environment)
            if target.environment.verification is None or is_it(deployment, served):
                return await self._move(replace(deployment, served=served.version), Attempt.SUCCEEDED, progress.step)
        return again(self.slow_pace)

    async def _verify(self, deployment: Deployment, target: Target) -> Next:
        verification = target.environment.verification
        if verification is None:
            return await self._move(deployment, Attempt.SUCCEEDED, "Done. Nothing says how to look at what is served.")
        served = await self.verifier.served(target.environment)
        if is_it(deployment, served):
            seen = replace(deployment, served=served.version)
            return await self._move(seen, Attempt.SUCCEEDED, "Done, and seen to be served.")
        if self.now() - (deployment.since or deployment.order.confirmed_at) < verification.within:
            return again(self.pace)
        seen = replace(deployment, served=served.version)
        if served.version is None:
            detail = f"The target says it is done, but I can't read what is served: {served.problem}"
        else:
            detail = f"The target says it is done, but {served.version} is served."
        return await self._move(seen, Attempt.FAILED, detail)

    async def _overdue(self, deployment: Deployment, detail: str) -> Next:
        """Still on its way, or silent. Past all patience its outcome is called unknown."""
        if deployment.attempt is Attempt.UNKNOWN:
            return again(self.slow_pace)
        if self.now() - (deployment.since or deployment.order.confirmed_at) >= self.patience:
            return await self._move(deployment, Attempt.UNKNOWN, f"It took too long. The last I heard: {detail}")
        if detail and detail != deployment.detail:
            async with self.records.open() as page:
                now_there = await page.deployment(deployment.id)
                assert now_there is not None, "deployments are never deleted"
                if now_there.attempt is deployment.attempt:
                    await page.keep_deployment(replace(now_there, detail=detail, link=deployment.link))
                    await page.tell(DeploymentChanged(await about(page, deployment), deployment.id))
                    await page.commit()
        return again(self.pace)

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
            )
            if not moved.holds or attempt is Attempt.UNKNOWN:
                moved = replace(moved, ended_at=now)
            moved = await page.keep_deployment(moved)
            await page.put_on_record(
                Happened(
                    f"deployment {attempt}",
                    SLIPWAY,
                    Surface.ENGINE,
                    now,
                    release=moved.order.release,
                    candidate=moved.order.candidate.commit,
                    subject=moved.name,
                    detail={"environment": moved.order.environment, "detail": detail, "served": moved.served},
                )
            )
            release = await about(page, moved)
            await page.tell(DeploymentChanged(release, moved.id))
            for each in dict.fromkeys((release, moved.order.release)):
                await redraw_if_open(page, each)
            sentence = ending(moved)
            if sentence is not None:
                await page.tell(ThreadLine(release, sentence, loud=attempt in {Attempt.FAILED, Attempt.UNKNOWN}))
            await page.commit()
        log.info("%s: %s %s", moved.name, attempt, detail)
        if not moved.holds:
            return DONE
        return again(self.slow_pace if attempt is Attempt.UNKNOWN else timedelta(0))


def is_it(deployment: Deployment, served: Served) -> bool:
    """Whether what is served is what was deployed: its commit, a prefix of it that is long enough, or its version."""
    shortest = 7
    if served.version is None:
        return False
    wanted = deployment.order
    commit = wanted.candidate.commit
    return served.version in {commit, wanted.version, wanted.candidate.artifact} or (
        len(served.version) >= shortest and commit.startswith(served.version.lower())
    )


async def about(page: Page, deployment: Deployment) -> ReleaseId:
    """The release in whose thread a deployment is told: a rollback is about the release that it takes back."""
    if deployment.order.kind is Kind.ROLLBACK and deployment.order.replaces is not None:
        replaced = await page.deployment(deployment.order.replaces)
        if replaced is not None:
            return replaced.order.release
    return deployment.order.release


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
                "{who}, please look whether {version} is there; {command} shows what I know.",
                detail=deployment.detail,
                who=At(order.confirmed_by),
                command=Code(f"/deploy status {order.service}"),
                **where,
            )
        case _:
            return None
