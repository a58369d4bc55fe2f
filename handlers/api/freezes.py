"""Freezes: when nothing is deployed, now and ahead; as JSON, and as a calendar."""

from __future__ import annotations

from datetime import datetime

from bot.rules.freeze import Freeze as Frozen
from bot.rules.machine_token import Scope
from bot.rules.sentence import Refused
from handlers.api.endpoint import CalendarText, Desk, Endpoint
from handlers.api.models import Model, Person, example
from handlers.api.parameters import AnEnvironment, AService, Parameters, YesOrNo
from handlers.api.pen import Pen
from handlers.api.problems import Trouble


class Freeze(Model):
    """A freeze. An empty list of its scope means all of them."""

    freeze: str
    """`F-3`."""
    in_force: bool
    starts_at: datetime
    ends_at: datetime
    reason: str
    hard: bool
    """Whether it blocks; a soft one only has to be acknowledged."""
    environments: list[str]
    services: list[str]
    change_types: list[str]
    declared_by: Person
    declared_at: datetime
    owner: str | None
    """The role that grants exceptions; null: whoever declared it."""
    source: str | None
    """The recurring freeze or the calendar that it comes from; null if somebody declared it."""


class Freezes(Model):
    """Those in force and to come, the one that starts first first."""

    model_config = example(
        freezes=[
            {
                "freeze": "F-3",
                "in_force": True,
                "starts_at": "2026-11-23T10:00:00Z",
                "ends_at": "2026-11-25T10:00:00Z",
                "reason": "The annual sale",
                "hard": True,
                "environments": ["production"],
                "services": [],
                "change_types": [],
                "declared_by": {"id": "U0MAYA", "name": "Maya Lindqvist"},
                "declared_at": "2026-11-20T09:00:00Z",
                "owner": None,
                "source": None,
            }
        ]
    )

    freezes: list[Freeze]


class FreezesParameters(Parameters):
    """Which of them."""

    service: AService | None = None
    """Only those that concern it."""
    environment: AnEnvironment | None = None
    """Only those that concern it."""
    in_force: YesOrNo | None = None
    """`true`: only those in force now; `false`: only those to come."""


class CalendarParameters(Parameters):
    """Which of them."""

    service: AService | None = None
    """Only those that concern it."""


async def give(desk: Desk, asked: FreezesParameters) -> Freezes | Trouble:
    """Those in force and to come."""
    unknown = desk.unless_known(asked.service)
    if unknown is not None:
        return unknown
    now = desk.now()
    async with desk.records.read() as page:
        found = await page.freezes(not_over_at=now, limit=None)
    there = [
        each
        for each in found
        if (asked.service is None or not each.window.services or asked.service in each.window.services)
        and (asked.environment is None or not each.window.environments or asked.environment in each.window.environments)
        and asked.in_force in {None, each.active(now)}
    ]
    pen = await desk.pen(each.declared_by for each in there)
    return Freezes(freezes=[_shown(each, now, pen) for each in there])


def _shown(freeze: Frozen, now: datetime, pen: Pen) -> Freeze:
    window = freeze.window
    return Freeze(
        freeze=freeze.name,
        in_force=freeze.active(now),
        starts_at=window.starts_at,
        ends_at=freeze.over_at,
        reason=window.reason,
        hard=window.hard,
        environments=sorted(window.environments),
        services=sorted(window.services),
        change_types=sorted(window.change_types),
        declared_by=pen.person(freeze.declared_by),
        declared_at=freeze.declared_at,
        owner=freeze.owner,
        source=freeze.source or None,
    )


async def give_calendar(desk: Desk, asked: CalendarParameters) -> CalendarText | Trouble:
    """The same in iCalendar's form, with what recurs for a year ahead."""
    text = await desk.calendar(asked.service)
    return desk.unknown("service", text.why) if isinstance(text, Refused) else CalendarText(text)


FREEZES = Endpoint(
    "/freezes",
    "listFreezes",
    "Freezes in force and to come",
    "Those that have a number: what recurs gets its own five weeks before it begins.",
    Scope.FREEZES,
    FreezesParameters,
    Freezes,
    give,
)
CALENDAR = Endpoint(
    "/freezes.ics",
    "getFreezesCalendar",
    "The freezes as a calendar",
    "In iCalendar's form (RFC 5545): those of the last thirty days, and what recurs for a year ahead. Programs that "
    "can send no header use the key of `SLIPWAY_CALENDAR_KEY` instead: `?key=…`.",
    Scope.FREEZES,
    CalendarParameters,
    CalendarText,
    give_calendar,
)
