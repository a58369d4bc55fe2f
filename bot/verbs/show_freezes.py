"""Show freezes: those of the last weeks, and all that lie ahead, to whoever has them in a calendar of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.ports import Agreed, Calendars, Clock, Records
from bot.rules.freeze import Freeze, Window
from bot.rules.policy import Service, ServiceName
from bot.rules.sentence import Code, Refused, refuse
from bot.rules.wanted import Wanted, occasion
from bot.verbs.sync_freezes import wanted_by

BACK = timedelta(days=30)
AHEAD = timedelta(days=366)
MOST = 5000
"""More freezes than a year has, also with several on every night."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Freezes with their numbers, and those by a rule that lie too far ahead to have one. `service` None: of all."""

    freezes: tuple[Freeze, ...]
    expected: tuple[Wanted, ...] = ()
    service: Service | None = None


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
            wanted_by(rule, each, rule.reason)
            for rule in agreed.recurring
            for each in self.calendars.recurring(rule, now, now + AHEAD)
        ]
        return Shown(
            tuple(each for each in freezes if _concerns(each.window, service)),
            tuple(each for each in expected if each.origin not in known and _concerns(each.window, service)),
            agreed.services[service] if service is not None else None,
        )


def _concerns(window: Window, service: ServiceName | None) -> bool:
    return service is None or not window.services or service in window.services
