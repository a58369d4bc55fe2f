"""Hear a push: a branch that releases follow has moved on. Its newest commit becomes the candidate, or people are told.

A push is a hint; where the branch stands is asked of the code host. It takes no decision out of people's hands: once
somebody has approved, or has set something else since that push, the thread says how to propose it, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import CodeHost, CodeHostError, Reading, Records
from bot.rules.deployment import Attempt, Deployment
from bot.rules.people import SLIPWAY, Surface, slipway
from bot.rules.policy import Service
from bot.rules.release import Release
from bot.rules.sentence import AllOf, At, Code, Refused, Sentence, in_a_row, say
from bot.verbs.look import EVERY_OPEN_ONE
from bot.verbs.services_at import ServicesAt
from bot.verbs.set_candidate import CandidateSet, SetCandidate, Unasked


@dataclass(frozen=True, slots=True)
class Push:
    """Somebody has moved a branch."""

    repository: str
    """As the code host calls it."""
    branch: str
    at: datetime
    """When, by the code host's clock."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of it for the services that follow that branch."""

    services: tuple[Service, ...] = ()
    """Those whose code is there, whatever they follow."""
    proposed: tuple[Release, ...] = ()
    """The releases that propose its newest commit since now."""
    told: tuple[Release, ...] = ()
    """Those whose thread says now that it has moved on."""


@dataclass(frozen=True, slots=True)
class HearPush:
    """Hear one."""

    records: Records
    services_at: ServicesAt
    code_host: CodeHost
    set_candidate: SetCandidate

    async def __call__(self, push: Push) -> Followed:
        """Propose what the branch stands at now, where a release follows it. Hearing it twice is hearing it once."""
        services = self.services_at(push.repository)
        proposed: list[Release] = []
        told: list[Release] = []
        for service in services:
            releases = await self._following(service, push)
            for release in releases:
                done = await self._hear(release, releases, service, push)
                if isinstance(done, CandidateSet):
                    proposed.append(done.picture.release)
                elif done is not None and await self._tell(release, push, done):
                    told.append(release)
        return Followed(services, tuple(proposed), tuple(told))

    async def _following(self, service: Service, push: Push) -> list[Release]:
        """The open releases that follow that branch, the oldest first; what customers have had is followed no more."""
        async with self.records.read() as reading:
            releases = await reading.releases(service=service.name, open_only=True, limit=EVERY_OPEN_ONE)
            return [
                each
                for each in sorted(releases, key=lambda each: each.id)
                if service.branch_of(each.plan.version) == push.branch
                and not await _has_arrived(reading, each, service)
            ]

    async def _hear(
        self, release: Release, releases: list[Release], service: Service, push: Push
    ) -> CandidateSet | Sentence | None:
        """The new candidate; why there is none, for people; None if nobody has to know."""
        assert service.repository is not None, "a service that was found by its repository has one"
        try:
            head = await self.code_host.resolve(service.repository, push.branch)
        except CodeHostError as error:
            return say("I could not ask where it stands: {why}", why=str(error))
        before = release.candidate
        if head is None or (before is not None and before.commit == head.sha):
            return None  # the branch is gone since then, or the release has it already
        if len(releases) > 1:
            names = AllOf(tuple(each.name for each in releases))
            return say("I can't tell which release that is for: {releases} follow it.", releases=names)
        if before is not None and before.set_by != SLIPWAY and push.at <= before.set_at:
            return say("{who} has set the candidate since then.", who=At(before.set_by))
        done = await self.set_candidate(
            release.id, push.branch, by=slipway(Surface.WEBHOOK), unasked=Unasked(instead_of=before)
        )
        if isinstance(done, Refused):
            return done.why
        return done if isinstance(done, CandidateSet) else None

    async def _tell(self, seen: Release, push: Push, why: Sentence) -> bool:
        """Say in the thread that it has moved on: of each candidate once, however often it is pushed to."""
        async with self.records.open() as page:
            release = await page.release(seen.id)
            if release is None or not release.open or release.candidate != seen.candidate:
                return False
            proposed = release.candidate
            since = f"{proposed.identity} {proposed.set_at.isoformat()}" if proposed else "nothing"
            if not await page.first_time(f"{push.branch} has moved on from {since} for {release.name}"):
                return False
            await page.tell(ThreadLine(release.id, _moved_on(release, push.branch, why)))
            await page.commit()
        return True


async def _has_arrived(reading: Reading, release: Release, service: Service) -> bool:
    """Whether it is, or was, where customers are, or is on its way there."""
    final = {each.name for each in service.final}
    deployments = await reading.deployments(release=release.id, limit=EVERY_OPEN_ONE)
    return any(each.order.environment in final and _counts(each) for each in deployments)


def _counts(deployment: Deployment) -> bool:
    return deployment.holds or deployment.attempt is Attempt.SUCCEEDED


def _moved_on(release: Release, branch: str, why: Sentence) -> Sentence:
    moved = say("{branch} has moved on, and {release} stays as it is.", branch=Code(branch), release=release.name)
    how = say("To propose its newest commit: {command}.", command=Code(f"/release build {release.name} {branch}"))
    return in_a_row([moved, why, how], " ")
