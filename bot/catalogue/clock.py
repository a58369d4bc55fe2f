"""The clock's words inside a catalogue: times of the week, allowed hours, moments on the wall, time zones.

A wrong one is a ValueError whose message is a sentence for people.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadCronError, croniter  # type: ignore[import-untyped] # it has no types of its own

from bot.catalogue.words import nearest, shown
from bot.rules.hours import DAYS, Span

HOURS = r"(?:\S.*\s)?\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
MOMENT = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2})?"

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Nobody plans beyond these; a slip of the fingers ends up there."""

_WEEK_TIME = re.compile(r"(?:(?P<days>[a-z, -]+?)\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.IGNORECASE)
_HOURS = re.compile(r"(?:(?P<days>\S.*?)\s+)?(?P<starts>\d{1,2}:\d{2})\s*-\s*(?P<ends>\d{1,2}:\d{2})")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"daily": "mon-sun", "every day": "mon-sun", "weekdays": "mon-fri", "weekends": "sat-sun"}


def times(text: str) -> str:
    """A cron expression of five fields, from one or from friendlier words: `mon-fri 09:00`, `daily 17:30`."""
    plain = " ".join(text.split())
    match = _WEEK_TIME.fullmatch(plain)
    if match:
        at = _time(f"{match['hour']}:{match['minute']}")
        days = _days(match["days"] or "daily")
        # Cron counts from Sunday.
        named = ",".join(str(day) for day in sorted((day + 1) % 7 for day in days)) if len(days) < len(DAYS) else "*"
        return f"{at.minute} {at.hour} * * {named}"
    if len(plain.split(" ")) != 5:
        raise ValueError(
            f"“{text}” is not a time: write it like “mon-fri 09:00” or “daily 17:30”, or as the five fields of cron."
        )
    try:
        croniter(plain).get_next()
    except (CroniterBadCronError, ValueError, KeyError, ArithmeticError) as error:
        raise ValueError(f"The cron expression “{text}” can't be: {_reason(error, plain)}.") from error
    return plain


def _reason(error: Exception, expression: str) -> str:
    told = str(error).replace(f"[{expression}]", "").strip().rstrip(".")
    return (told[:1].lower() + told[1:]) or "it never comes"


def hours(text: object) -> Span:
    """Allowed hours: `mon-fri 09:00-16:00`, `sat,sun 00:00-24:00`, `daily 22:00-06:00` (until the next morning)."""
    if isinstance(text, Span):
        return text
    plain = " ".join(str(text).split())
    match = _HOURS.fullmatch(plain)
    if not match:
        raise ValueError(
            f"{shown(text)} is not a span of hours: write it like “mon-fri 09:00-16:00” or “daily 22:00-06:00”."
        )
    if re.search(r"\d:\d", match["days"] or ""):
        raise ValueError(
            f"“{text}” is more than one span of hours; make it a list: [mon-thu 09:00-16:00, fri 09:00-12:00]."
        )
    days = _days(match["days"] or "daily")
    starts = _time(match["starts"])
    ends = time(0) if match["ends"] == "24:00" else _time(match["ends"])
    if starts == ends and match["ends"] != "24:00":
        raise ValueError(f"“{text}” begins and ends at once; the whole day is 00:00-24:00.")
    return Span(days, starts, ends)


def _time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if hour > 23 or minute > 59:
        raise ValueError(f"“{text}” is not a time of the day; it goes from 00:00 to 23:59.")
    return time(hour, minute)


def _days(text: str) -> frozenset[int]:
    """The days of a week that are meant; 0 is Monday."""
    words = text.strip().lower()
    found: set[int] = set()
    for part in re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", _GROUPS.get(words, words))):
        first, dash, last = part.partition("-")
        start, end = _day(first), _day(last) if dash else _day(first)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return frozenset(found)


def _day(word: str) -> int:
    for known in (DAYS, _FULL_DAYS):
        if word in known:
            return known.index(word)
    raise ValueError(f"“{word}” is not a day; days are mon, tue, wed, thu, fri, sat and sun, or “daily”.")


def moment(text: object) -> datetime:
    """A moment as the clock on the wall shows it: `2026-12-18 17:00`, or `2026-12-18` for its first one."""
    if isinstance(text, datetime):
        return text
    plain = str(text).strip()
    if not re.fullmatch(MOMENT, plain):
        raise ValueError(
            f"{shown(text)} is not a moment; write it like 2026-12-18 17:00, or 2026-12-18 for its first one."
        )
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as error:
        raise ValueError(f"“{text}” is in no calendar: there is no such day, or no such time.") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"“{text}” can't be meant; a year from {FIRST_YEAR} to {LAST_YEAR} can.")
    return found


def zone(text: str) -> str:
    """The name of a time zone."""
    if text not in _zones():
        raise ValueError(_no_zone(text))
    ZoneInfo(text)
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _no_zone(text: str) -> str:
    by_name = {each.lower(): each for each in sorted(_zones())}
    city = {each.rpartition("/")[2].lower(): each for each in sorted(_zones()) if "/" in each}
    wanted = text.strip().lower().replace(" ", "_")
    meant = by_name.get(wanted) or city.get(wanted) or city.get(wanted.rpartition("/")[2]) or nearest(text, _zones())
    hint = f"did you mean {meant}?" if meant else "names look like Europe/Berlin or UTC."
    return f"There is no time zone called “{text}”; {hint}"
