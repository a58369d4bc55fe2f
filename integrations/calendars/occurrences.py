"""Occurrences: when a rule, or the events of a calendar, take place, as moments.

Days and hours are those of the clock on the wall of their zone: what begins on Friday at 17:00 and ends on Monday at
07:00 does so before and after clocks change. Where the wall shows an hour twice or not at all, the longer reading
counts: nothing is ever shorter than somebody said.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
from icalendar import Component, Event, vRecur
from recurring_ical_events import CalendarQuery  # type: ignore[import-untyped] # it has no types of its own
from recurring_ical_events import Occurrence as Found

from bot.ports import CalendarError, Occurrence
from bot.rules.hours import instant
from bot.rules.policy import RecurringFreeze
from integrations.calendars.checking import calendars_in, called, day_or_time, with_its_end

MOST = 1000
"""More occurrences in a few weeks than anybody wants as freezes."""
LONGEST_TITLE = 200

_AROUND = timedelta(days=1)
"""Asked for besides: moments without a zone are compared as they stand, which is less than a day off."""
_READABLE = re.compile(r"[\w.@:+=-]{1,100}", re.ASCII)
_ONE_AT_A_TIME = threading.Lock()
"""The library keeps the zones that a calendar defines under their names, for the whole process."""


def by_rule(freeze: RecurringFreeze, start: datetime, end: datetime) -> list[Occurrence]:
    """The times of that freeze that touch the time from `start` to `end`, the first one first."""
    zone = ZoneInfo(freeze.timezone)
    event = Event()
    event.add("UID", freeze.name)
    event.start = freeze.starts.replace(tzinfo=zone)
    event.end = freeze.ends.replace(tzinfo=zone)
    event.add("RRULE", with_its_end(vRecur.from_ical(freeze.rule), event.start))
    times = []
    for each in _found(event, start, end):
        shown = each.start.replace(tzinfo=None)
        first, last = _moment(each.start, freeze.timezone, fold=0), _moment(each.end, freeze.timezone, fold=1)
        if _touches(first, last, start, end):
            times.append(Occurrence(f"{shown:%Y-%m-%dT%H:%M}", first, last, freeze.reason))
    return _in_order(times)


def in_text(text: bytes, timezone: str, start: datetime, end: datetime) -> list[Occurrence]:
    """The events of a calendar's text that touch that time. CalendarError with what is wrong with it.

    `timezone` is the zone of all-day events and of times without one. For a thread: it takes its time.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it guesses at zones with a maker's name before theirs, and says so
        # This forgets the zones that other calendars have defined.
        icalendar.use_zoneinfo()  # type: ignore[no-untyped-call] # the library has types, all but here
        try:
            return _in_order(_taking_place(text, timezone, start, end))
        except CalendarError:
            raise
        except Exception as error:  # whatever a stranger's text makes the library stumble over
            raise CalendarError("this calendar can't be understood.") from error


def _taking_place(text: bytes, timezone: str, start: datetime, end: datetime) -> list[Occurrence]:
    times: dict[str, Occurrence] = {}
    for calendar in calendars_in(text, timezone):
        for number, each in enumerate(_found(calendar, start, end), len(times)):
            if number >= MOST:
                raise CalendarError(f"this calendar has more than {MOST} events from {start:%d %b} to {end:%d %b %Y}.")
            event = each.as_component(keep_recurrence_attributes=True)
            first, last = _span(each, timezone)
            if _freezes(event) and _touches(first, last, start, end):
                key = _key(each, event)
                if key in times:
                    raise CalendarError(f"two events are both called “{key}” (UID), so one would be missed.")
                times[key] = Occurrence(key, first, last, _title(event))
    return list(times.values())


def _found(calendar: Component, start: datetime, end: datetime) -> Iterator[Found]:
    """What the library finds around that time."""
    for series in CalendarQuery(calendar).series:
        yield from series.between(start - _AROUND, end + _AROUND)


def _span(found: Found, timezone: str) -> tuple[datetime, datetime]:
    """From its first moment to the one at which it is over. Days are whole days, from midnight to midnight."""
    first, last = found.start, found.end
    if not isinstance(first, datetime) and last <= first:
        last = first + timedelta(days=1)  # a day that ends on itself is how some programs write one day
    return _moment(first, timezone, fold=0), _moment(last, timezone, fold=1)


def _moment(shown: date, timezone: str, *, fold: int) -> datetime:
    """The moment at which the wall shows this: in its own zone, or in `timezone` if it has none."""
    wall = shown if isinstance(shown, datetime) else datetime.combine(shown, time())
    if wall.tzinfo is None:
        return instant(wall, timezone, fold=fold)
    if isinstance(wall.tzinfo, ZoneInfo):
        return instant(wall.replace(tzinfo=None), wall.tzinfo.key, fold=fold)
    # A zone that the calendar itself defines: both readings of what its wall shows, and the longer one.
    readings = [wall.replace(fold=each).astimezone(UTC) for each in (0, 1)]
    return max(readings) if fold else min(readings)


def _touches(first: datetime, last: datetime, start: datetime, end: datetime) -> bool:
    return first < last and first < end and last > start


def _freezes(event: Component) -> bool:
    """Whether it takes place, and takes up the time: not what was cancelled or is shown as free."""
    status, kind = str(event.get("STATUS", "")), str(event.get("TRANSP", ""))
    return status.upper() != "CANCELLED" and kind.upper() != "TRANSPARENT"


def _key(found: Found, event: Component) -> str:
    """Its UID, and if it recurs, when it was to begin by the rule: the same one after it was moved."""
    uid = str(event["UID"])
    name = uid if _READABLE.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()[:32]
    if not (found.recurrence_ids or "RRULE" in event or "RDATE" in event):
        return name
    # “This one and all that follow” were moved: they share the first one's mark, so each goes by its own beginning.
    shared = "RANGE" in event["RECURRENCE-ID"].params
    return f"{name}/{_stamp(found.start if shared else day_or_time(event, 'RECURRENCE-ID'))}"


def _stamp(planned: date) -> str:
    if not isinstance(planned, datetime):
        return f"{planned:%Y%m%d}"
    return f"{planned.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _title(event: Component) -> str:
    """What it is called, on one line."""
    line = "".join(each for each in called(event) if unicodedata.category(each) not in {"Cc", "Cs"})
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def _in_order(times: list[Occurrence]) -> list[Occurrence]:
    return sorted(times, key=lambda each: (each.starts_at, each.key))
