"""Checking a calendar's text before anybody counts on it.

The library is forgiving: it leaves out what it can't read, takes a time in an unknown zone for one without, and keeps
one of two events of the same name. Each of these would be a freeze that nobody knows is missing. So a calendar with
anything in it that decides when a freeze is, and that can't be read for sure, is not read at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Component, vDDDLists, vDDDTypes, vDuration, vRecur

from bot.ports import CalendarError

OFTENEST = 24
"""Times a day: what recurs more often is no event that people made."""

_TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_DECIDES = frozenset((*_TIMES, "DURATION", "RRULE", "UID", "SEQUENCE", "STATUS", "TRANSP"))


def calendars_in(text: bytes, timezone: str) -> list[Component]:
    """The calendars in that text (mostly one), every time with its zone. CalendarError with what is wrong."""
    _see_that_it_is_one(text)
    calendars: list[Component] = list(Calendar.from_ical(text, multiple=True))
    if not calendars:
        raise CalendarError("this calendar breaks off before its end.")
    for calendar in calendars:
        shown_in = _known_zone(str(calendar.get("X-WR-TIMEZONE", "")))
        events = calendar.walk("VEVENT")
        for event in events:
            _see_that_it_is_readable(event)
            _give_zones(event, ZoneInfo(timezone), shown_in)
            _see_that_it_ends_after_its_beginning(event)
            for rule in _rules(event):
                with_its_end(rule, day_or_time(event, "DTSTART"))
        _see_that_names_are_their_own(events)
    return calendars


def with_its_end(rule: vRecur, start: date) -> vRecur:
    """The rule, its UNTIL in the form that goes with the beginning. CalendarError if it can't be followed.

    A day, or a time without a zone, means that day or time on the wall there. The library reads both as UTC, and would
    leave out the last time.
    """
    _see_that_it_can_be_followed(rule)
    (until,) = rule.get("UNTIL") or (None,)
    if until is not None:
        rule["UNTIL"] = [_until(until, start)]
    return rule


def day_or_time(event: Component, name: str) -> date:
    """The one day or time of that name. CalendarError if there is none, or several."""
    found = event.get(name)
    if not isinstance(found, vDDDTypes) or not isinstance(found.dt, date):
        raise wrong(event, f"can't be read for sure ({name})" if found else f"has no {name}")
    return found.dt


def called(event: Component) -> str:
    """What an event is called, on one line."""
    told = event.get("SUMMARY", "")
    return " ".join(str(told[0] if isinstance(told, list) else told).split())


def wrong(event: Component, what: str) -> CalendarError:
    """What is wrong with an event, with what it is called, so that somebody finds it."""
    name = f"“{called(event)[:60]}”" if called(event) else "An event without a title"
    return CalendarError(f"{name} {what}.")


def _see_that_it_is_one(text: bytes) -> None:
    beginning = text.lstrip(b"\xef\xbb\xbf \t\r\n")[:64]
    if not beginning:
        raise CalendarError("there is nothing here.")
    if beginning.startswith(b"<"):
        raise CalendarError("this is a web page, not a calendar. The address in iCal format is needed.")
    if beginning.startswith((b"{", b"[")):
        raise CalendarError("this is JSON, not a calendar. The address in iCal format is needed.")
    if not beginning.upper().startswith(b"BEGIN:VCALENDAR"):
        raise CalendarError("this is no calendar in iCal format.")


def _see_that_it_is_readable(event: Component) -> None:
    """Nothing that decides when it is was left out by the library."""
    for name, _ in event.errors:
        if name is None:
            raise wrong(event, "has a line that can't be read")
        if name in _DECIDES:
            raise wrong(event, f"can't be read for sure ({name})")
    if not str(event.get("UID", "")):
        raise wrong(event, "has no UID")
    day_or_time(event, "DTSTART")


def _see_that_it_ends_after_its_beginning(event: Component) -> None:
    first = last = day_or_time(event, "DTSTART")
    if "DTEND" in event:
        last = day_or_time(event, "DTEND")
    elif "DURATION" in event:
        last = first + _duration(event)
    if isinstance(first, datetime) is not isinstance(last, datetime):
        raise wrong(event, "begins on a day and ends at a time, or the other way round")
    if last < first:
        raise wrong(event, "ends before it begins")


def _see_that_it_can_be_followed(rule: vRecur) -> None:
    """Not more often than people do anything, and on and on: the library would count for ever."""
    (frequency,) = rule["FREQ"]
    counted = (("BYHOUR", 24 if frequency == "HOURLY" else 1), ("BYMINUTE", 1), ("BYSECOND", 1))
    a_day = math.prod(len(rule.get(part, ())) or unless for part, unless in counted)
    if frequency in {"SECONDLY", "MINUTELY"} or a_day > OFTENEST:
        raise CalendarError("an event recurs more often than once an hour.")
    if any(each < 1 for each in rule.get("INTERVAL", ())):
        raise CalendarError("an event recurs after no time at all (INTERVAL).")


def _see_that_names_are_their_own(events: list[Component]) -> None:
    """Of two events of one name and revision the library keeps one."""
    known: dict[tuple[str, int], Component] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            continue
        before = known.setdefault((str(event["UID"]), int(event.get("SEQUENCE", -1))), event)
        if any(before.get(name) != event.get(name) for name in ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE")):
            raise wrong(event, f"has the same UID as “{called(before)[:60]}”, so one of the two would be missed")


def _until(until: date, start: date) -> date:
    if not isinstance(start, datetime):
        return until.date() if isinstance(until, datetime) else until
    if not isinstance(until, datetime):
        until = datetime.combine(until, time(23, 59, 59))
    return (until if until.tzinfo else until.replace(tzinfo=start.tzinfo)).astimezone(UTC)


def _give_zones(event: Component, zone: ZoneInfo, shown_in: ZoneInfo | None) -> None:
    """Every time gets its zone.

    What is written in UTC recurs by the clock on the wall that the calendar is shown in (X-WR-TIMEZONE), as the
    programs that write it have it.
    """
    only_days = not isinstance(day_or_time(event, "DTSTART"), datetime)
    for name in _TIMES:
        for value in _times(event, name):
            unknown = value.params.get("TZID")
            for each in value.dts:
                each.dt = _in_a_zone(each.dt, event, unknown, zone, shown_in)
                if only_days and name in {"RDATE", "EXDATE"} and isinstance(each.dt, datetime):
                    each.dt = each.dt.date()  # some programs write the exceptions of all-day events as times


def _in_a_zone(shown: object, event: Component, given: str | None, zone: ZoneInfo, shown_in: ZoneInfo | None) -> object:
    """A day as it is; a time, or both ends of a period, with a zone. `given` is the name that was given with it."""
    if isinstance(shown, tuple):
        return tuple(_in_a_zone(each, event, given, zone, shown_in) for each in shown)
    if not isinstance(shown, datetime):
        return shown
    if shown.tzinfo is None:
        if given is not None:
            raise wrong(event, f"is in a time zone that nobody knows ({given})")
        return shown.replace(tzinfo=zone)
    return shown.astimezone(shown_in) if shown_in and shown.tzname() == "UTC" else shown


def _duration(event: Component) -> timedelta:
    lasts = event["DURATION"]
    if not isinstance(lasts, vDuration | vDDDTypes) or not isinstance(lasts.dt, timedelta):
        raise wrong(event, "can't be read for sure (DURATION)")
    return lasts.dt


def _times(event: Component, name: str) -> Iterator[vDDDTypes | vDDDLists]:
    for each in _all(event, name):
        if not isinstance(each, vDDDTypes | vDDDLists):
            raise wrong(event, f"can't be read for sure ({name})")
        yield each


def _rules(event: Component) -> Iterator[vRecur]:
    for each in _all(event, "RRULE"):
        if not isinstance(each, vRecur):
            raise wrong(event, "can't be read for sure (RRULE)")
        yield each


def _all(event: Component, name: str) -> list[object]:
    """Everything of that name that the event has."""
    found = event.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _known_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
