"""How a freeze recurs: a rule of iCalendar (RFC 5545), and what follows from it on the clock of a wall.

A rule on its own can be wrong in its words. Whether it comes at all, and whether one time is over before the next one
begins, is seen with the first time that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped] # it has no types of its own

from bot.catalogue.clock import FIRST_YEAR, LAST_YEAR
from bot.catalogue.words import nearest
from bot.rules.hours import instant
from bot.rules.policy import RecurringFreeze

RULE = r"(?:RRULE:)?\w+=[^;=]+(?:;\w+=[^;=]+)*;?"
"""What it looks like; editors are told no more."""

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TOO_FINE = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_OF_THE_CLOCK = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_DAY = re.compile(r"(?:[+-]?[1-9][0-9]?)?(?:MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?")
_COUNTS = {"INTERVAL": 1000, "COUNT": 1000}
_NUMBERS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
"""The largest number of each. All but months can be counted from the end, with a minus."""
_KNOWN = ("FREQ", *_COUNTS, "UNTIL", "BYDAY", *_NUMBERS, "WKST")

SOON_ENOUGH = 40
"""Years within which a rule comes: even a 29th of February on a certain day of the week does."""

_CYCLE = 400
"""Years after which the calendar repeats itself, days of the week and all."""

_LOOKED_AT = 100
"""So many times in a row show how close to each other they can be."""


def rule(text: str) -> str:
    """The rule in capitals, if it is one. Whether it ever comes is another question."""
    plain = "".join(text.split()).upper().removeprefix("RRULE:").strip(";")
    parts: dict[str, str] = {}
    for part in plain.split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise ValueError(
                f"“{text}” is no rule of recurrence; write it like FREQ=WEEKLY or FREQ=MONTHLY;BYDAY=-1FR."
            )
        if key in parts:
            raise ValueError(f"“{key}” is in this rule twice; only one of them can be meant.")
        parts[key] = value
    for key, value in parts.items():
        _see_that_it_can_be(key, value)
    _see_that_they_go_together(parts)
    return plain


def _see_that_it_can_be(key: str, value: str) -> None:
    """One part of a rule."""
    shown = f"{key}={value}"
    if key in _OF_THE_CLOCK:
        raise ValueError(f"“{shown}” can't be in a rule here: the time of the day is that of “starts”. Take it out.")
    if key not in _KNOWN:
        meant = nearest(key, _KNOWN)
        hint = f"did you mean {meant}?" if meant else f"there can be {', '.join(_KNOWN)}."
        raise ValueError(f"“{key}” is no part of a rule of recurrence; {hint}")
    wrong = f"“{shown}” can't be in a rule; "
    if key == "FREQ" and value in _TOO_FINE:
        raise ValueError(f"{wrong}nothing is frozen so often. The finest is FREQ=DAILY.")
    if key == "FREQ" and value not in FREQUENCIES:
        raise ValueError(f"{wrong}FREQ is one of {', '.join(FREQUENCIES)}.")
    if key in _COUNTS and not _is_number(value, _COUNTS[key], positive=True):
        raise ValueError(f"{wrong}{key} is a number from 1 to {_COUNTS[key]}.")
    if key == "UNTIL" and not _moment(value):
        raise ValueError(
            f"{wrong}UNTIL is a day like 20271231, or a moment like 20271231T170000, "
            f"in a year from {FIRST_YEAR} to {LAST_YEAR}."
        )
    if key == "BYDAY" and not all(_DAY.fullmatch(each) for each in value.split(",")):
        raise ValueError(f"{wrong}days are MO, TU, WE, TH, FR, SA and SU; the first Monday is 1MO, the last one -1MO.")
    if key == "WKST" and value not in {"MO", "TU", "WE", "TH", "FR", "SA", "SU"}:
        raise ValueError(f"{wrong}WKST is the day on which weeks begin: MO, TU, WE, TH, FR, SA or SU.")
    if key in _NUMBERS and not all(
        _is_number(each, _NUMBERS[key], positive=key == "BYMONTH") for each in value.split(",")
    ):
        least = "1" if key == "BYMONTH" else f"-{_NUMBERS[key]}"
        raise ValueError(f"{wrong}{key} is made of numbers from {least} to {_NUMBERS[key]}, without 0.")


def _is_number(text: str, most: int, *, positive: bool) -> bool:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text):
        return False
    return (1 if positive else -most) <= int(text) <= most and int(text) != 0


def _see_that_they_go_together(parts: dict[str, str]) -> None:
    if "FREQ" not in parts:
        raise ValueError(
            "This rule doesn't say how often it comes; begin it with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY."
        )
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("A rule ends after so many times (COUNT) or on a day (UNTIL); it can't have both.")
    numbered = next((each for each in parts.get("BYDAY", "").split(",") if re.search(r"\d", each)), None)
    if numbered and parts["FREQ"] not in {"MONTHLY", "YEARLY"}:
        raise ValueError(f"“{numbered}” is counted within a month or a year; it needs FREQ=MONTHLY or FREQ=YEARLY.")
    if "BYSETPOS" in parts and not any(key in parts for key in ("BYDAY", *_NUMBERS) if key != "BYSETPOS"):
        raise ValueError("BYSETPOS chooses among days; say which ones, as in FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1.")


def _moment(text: str) -> datetime | None:
    """The moment that UNTIL names: a day goes on until its last second."""
    if not _UNTIL.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found if "T" in text else found.replace(hour=23, minute=59, second=59)


def times(rule: str, starts: datetime, timezone: str) -> Iterator[datetime]:
    """When it comes, as the wall in that zone shows it (naive), the first time first.

    That the library would look through eight thousand years for a rule that never comes is avoided by letting it look
    at a time of the same days of the week shortly before the end of its calendar.
    """
    parts = dict(part.split("=") for part in rule.split(";"))
    until = _moment(parts.pop("UNTIL", ""))
    if until is not None and until.tzinfo is not None:
        until = until.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    years = (MAXYEAR - SOON_ENOUGH - starts.year) // _CYCLE * _CYCLE
    later = starts.replace(year=starts.year + years)
    found = rrulestr(";".join(f"{key}={value}" for key, value in parts.items()), dtstart=later)
    come: Iterator[datetime] = (each.replace(year=each.year - years) for each in found)
    return takewhile(lambda each: until is None or each <= until, come)


def misfit(rule: str, starts: datetime, timezone: str) -> str | None:
    """What is wrong with a rule whose first time is that one: it must be the rule's own."""
    first = next(times(rule, starts, timezone), None)
    if first == starts:
        return None
    if first is not None:
        return f"It comes first on {first:%a %Y-%m-%d}, but “starts” is {starts:%a %Y-%m-%d}; let it start on that day."
    if "UNTIL=" in rule:
        return "It is over before it comes for the first time; look at UNTIL and “starts”."
    return f"It never comes: there is no such day within {SOON_ENOUGH} years."


def closest(rule: str, starts: datetime, timezone: str) -> timedelta | None:
    """The shortest time from one beginning to the next; None if it comes only once."""
    some = islice(times(rule, starts, timezone), _LOOKED_AT)
    return min((after - before for before, after in pairwise(some)), default=None)


def is_over(freeze: RecurringFreeze, at: datetime) -> bool:
    """Whether the last time is behind us, so that it can be taken out of the file."""
    if "UNTIL=" not in freeze.rule and "COUNT=" not in freeze.rule:
        return False
    *_, last = times(freeze.rule, freeze.starts, freeze.timezone)
    return instant(last + (freeze.ends - freeze.starts), freeze.timezone) <= at.astimezone(UTC)
