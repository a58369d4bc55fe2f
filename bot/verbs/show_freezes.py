"""Show freezes: those of the last weeks, and all that lie ahead, to whoever has them in a calendar of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.ports import Agreed, Calendars, Clock, Occurrence, Records
from bot.rules.freeze import Freeze
from bot.rules.policy import RecurringFreeze, ServiceName
from bot.rules.sentence import Code, Refused, refuse
from bot.rules.wanted import occasion

BACK = timedelta(days=30)
AHEAD = timedelta(days=366)
MOST = 5000
"""More freezes than a year has, also with several on every night."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A time of a recurring freeze that lies so far ahead that it has no number yet."""

    freeze: RecurringFreeze
    occurrence: Occurrence

    @property
    def origin(self) -> str:
        """What its freeze will have as its origin."""
        return f"{self.freeze.name}/{self.occurrence.key}"


@dataclass(frozen=True, slots=True)
class Shown:
    """Freezes with their numbers, and those that will have one."""

    freezes: tuple[Freeze, ...]
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class ShowFreezes:
    """Everything frozen, or only what concerns one service."""

    records: Records
    calendars: Calendars
    agreed: Agreed
    now: Clock

    async def __call__(self, service: ServiceName | None = None) -> Shown | Refused:
        """The freezes that were over at most a month ago, and those that come within a year."""
        agreed, now = self.agreed(), self.now()
        if service is not None and service not in agreed.services:
            return refuse("The catalogue has no service {name}.", name=Code(service))
        async with self.records.read() as page:
            freezes = await page.freezes(not_over_at=now - BACK, limit=MOST)
            known = {occasion(each.origin) for each in await page.freezes_from("", not_over_at=now)}
        expected = [
            expected
            for rule in agreed.recurring
            if _concerns(rule.scope.services, service)
            for each in self.calendars.recurring(rule, now, now + AHEAD)
            if (expected := Expected(rule, each)).origin not in known
        ]
        return Shown(
            tuple(each for each in freezes if _concerns(each.window.services, service)),
            tuple(sorted(expected, key=lambda each: each.occurrence.starts_at)),
        )


def _concerns(services: frozenset[ServiceName], service: ServiceName | None) -> bool:
    return service is None or not services or service in services
