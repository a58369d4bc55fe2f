"""Standing back: which environments stand on an older version since a rollback, and the reminder while they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Reading, Records
from bot.rules.deployment import Deployment, Kind
from bot.rules.policy import EnvironmentName, Right, Service
from bot.rules.rollback import stands_now
from bot.rules.sentence import AllOf, At, AtRole, Code, Sentence, When, say

FIRST_AFTER = timedelta(hours=4)
"""So long after a rollback people are reminded for the first time that there is something to be mended."""

AGAIN_AFTER = timedelta(days=1)
"""And so often after that."""

LAST_AFTER = timedelta(days=14)
"""After so long it is how things are: the status and the digest still say it, and nobody is asked any more."""


@dataclass(frozen=True, slots=True)
class StandsBack:
    """An environment stands on an older version than it has had."""

    service: Service
    environment: EnvironmentName
    standing: Deployment
    """The rollback that brought the older version."""
    newer: Deployment
    """What was taken back."""

    @property
    def since(self) -> datetime:
        """When it came back."""
        return self.standing.ended_at or self.standing.order.confirmed_at


async def standing_back(page: Reading, services: Iterable[Service]) -> list[StandsBack]:
    """Every environment of these services that does, in the catalogue's order."""
    found = []
    for service in services:
        history = await page.history_for(service.name)
        for environment in service.environments:
            standing = stands_now([each for each in history if each.order.environment == environment.name])
            newer = await _taken_back(page, standing)
            if standing is not None and newer is not None:
                found.append(StandsBack(service, environment.name, standing, newer))
    return found


async def _taken_back(page: Reading, standing: Deployment | None) -> Deployment | None:
    """The newer version that was taken back for what stands there; None if that was brought there in its own right."""
    taken = standing
    while taken is not None and taken.order.kind is Kind.ROLLBACK:
        taken = await page.deployment(taken.order.replaces) if taken.order.replaces is not None else None
    if standing is None or taken is None or taken.order.candidate.is_same_as(standing.order.candidate):
        return None
    return taken


@dataclass(frozen=True, slots=True)
class RemindOfWayBack:
    """Remind whoever can do something about it, after some hours and then once a day."""

    records: Records
    agreed: Agreed
    now: Clock

    async def __call__(self) -> None:
        """Tell the release that was taken back, once for each day that it stays so."""
        now = self.now()
        async with self.records.read() as reading:
            found = await standing_back(reading, self.agreed().services.values())
        due = [(each, _count(each, now)) for each in found]
        due = [(each, count) for each, count in due if count is not None]
        if not due:
            return
        async with self.records.open() as page:
            for each, count in due:
                if await page.first_time(f"{each.standing.name} stands back {count}"):
                    release = await page.release(each.newer.order.release)
                    who = At(release.requested_by) if release is not None else At(each.standing.order.confirmed_by)
                    await page.tell(ThreadLine(each.newer.order.release, reminder(each, who)))
            await page.commit()


def _count(each: StandsBack, now: datetime) -> int | None:
    """Which reminder is due; None if none is."""
    after = now - each.since
    return int((after - FIRST_AFTER) / AGAIN_AFTER) if FIRST_AFTER <= after < LAST_AFTER else None


def told(each: StandsBack) -> Sentence:
    """What stands where, and what should."""
    return say(
        "{service} {environment} stands on {old}, older than {new} (rolled back {since} by {who}).",
        service=each.service.title,
        environment=each.environment,
        old=each.standing.order.version,
        new=each.newer.order.version,
        since=When(each.since),
        who=At(each.standing.order.confirmed_by),
    )


def reminder(each: StandsBack, requester: At) -> Sentence:
    """The same, to those who can do something about it."""
    roles = tuple(AtRole(role) for role in each.service.roles_for(Right.ROLL_BACK))
    return say(
        "{service} {environment} still stands on {old}, older than {new} (rolled back {since} by {who}). {people}: "
        "mend it, and deploy that; {status} shows what stands where.",
        service=each.service.title,
        environment=each.environment,
        old=each.standing.order.version,
        new=each.newer.order.version,
        since=When(each.since),
        who=At(each.standing.order.confirmed_by),
        people=AllOf((requester, *roles)),
        status=Code(f"/deploy status {each.service.name}"),
    )
