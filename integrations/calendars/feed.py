"""The feed: all freezes as one calendar in iCalendar's form, for the calendar programs that people have open anyhow."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from icalendar import STATUS, TRANSP, Calendar, Event, vDuration

from bot.rules.freeze import Freeze, Window
from bot.rules.people import RoleName
from bot.rules.policy import Role
from bot.rules.sentence import joined
from bot.rules.wanted import Wanted, source_of
from bot.verbs.show_freezes import Shown

REFRESH = timedelta(minutes=30)
"""How often programs are asked to look again. Most look when they like."""


def feed(shown: Shown, roles: Mapping[RoleName, Role], now: datetime) -> str:
    """The calendar's text. The same freezes on the same day give the same text, letter by letter."""
    title = f"Freezes of {shown.service.title}" if shown.service else "Freezes"
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    calendar = Calendar.new(
        prodid="-//Slipway//Freezes//EN",
        uid=f"freezes-{shown.service.name}@slipway" if shown.service else "freezes@slipway",
        name=_plain(title),
        description="When nothing is deployed. Kept by Slipway.",
        method="PUBLISH",
        subcomponents=[
            *(_numbered(each, roles) for each in shown.freezes),
            *(_expected(each, roles, today) for each in shown.expected),
        ],
    )
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    return str(calendar.to_ical(), "utf-8")


def _numbered(freeze: Freeze, roles: Mapping[RoleName, Role]) -> Event:
    """A freeze with its number: called off if it was ended before it began, else as long as it really lasted."""
    called_off = freeze.over_at <= freeze.window.starts_at
    ended = "It was called off." if called_off else "It was ended early." if freeze.ended_at else ""
    event = _event(
        # One that recurs is the same event before and after it gets its number.
        freeze.origin or freeze.name,
        freeze.window if called_off else replace(freeze.window, ends_at=freeze.over_at),
        _description(freeze.name, freeze.window, freeze.owner, roles, ended),
        changed_at=max(freeze.declared_at, freeze.ended_at or freeze.declared_at),
    )
    event.sequence = freeze.revision
    event.status = STATUS.CANCELLED if called_off else STATUS.CONFIRMED
    return event


def _expected(wanted: Wanted, roles: Mapping[RoleName, Role], today: datetime) -> Event:
    """One that has no number yet. When its rule was changed last is not known, but it was before today."""
    name = source_of(wanted.origin)
    return _event(
        wanted.origin, wanted.window, _description(name, wanted.window, wanted.owner, roles), changed_at=today
    )


def _event(name: str, window: Window, description: Iterable[str], *, changed_at: datetime) -> Event:
    kind = "Freeze" if window.hard else "Soft freeze"
    event = Event.new(
        uid=f"{name}@slipway",
        start=window.starts_at,
        end=window.ends_at,
        summary=_plain(f"{kind} of {_scope(window)}: {' '.join(window.reason.split())}"),
        description=_plain("\n".join(description)),
        categories=[kind, *sorted(window.environments), *sorted(window.services)],
        stamp=changed_at,
        last_modified=changed_at,
        sequence=0,
        status=STATUS.CONFIRMED,
        # A freeze takes nobody's time: whoever follows it stays free for meetings.
        transparency=TRANSP.TRANSPARENT,
    )
    event.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")
    return event


def _description(
    name: str, window: Window, owner: RoleName | None, roles: Mapping[RoleName, Role], ended: str = ""
) -> Iterator[str]:
    changes = f", for {joined(sorted(window.change_types))}" if window.change_types else ""
    yield window.reason
    yield ""
    yield f"{name}: {_scope(window)}{changes}."
    if ended:
        yield ended
    elif window.hard:
        yield "Nothing is deployed there until it is over, unless its owners make an exception."
    else:
        yield "Whoever deploys there acknowledges it first."
    if owner is not None:
        yield f"Its owners: {roles[owner].title if owner in roles else owner}."
    yield "Rollbacks are never frozen."


def _scope(window: Window) -> str:
    places = joined(sorted(window.environments)) or "every environment"
    return f"{places} of {joined(sorted(window.services))}" if window.services else places


def _plain(text: str) -> str:
    """Nothing in it that no calendar program expects."""
    return "".join(each for each in text if each == "\n" or unicodedata.category(each) not in {"Cc", "Cs"})
