"""Moments: `mon 07:00`, `tomorrow`, `2026-12-01 08:00`, `2h`, read in the typist's own time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dateparser

from bot.rules.sentence import Code, Sentence, say

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WORDS = 5
"""A moment takes at most so many words."""
_FURTHEST = timedelta(days=366)
_DURATION = re.compile(r"(?:(\d{1,3})w)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?")
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_ISO = r"\d{4}-\d{1,2}-\d{1,2}"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_HOUR = r"(?:0?[1-9]|1[0-2])(?::[0-5]\d)?(?:am|pm)"
_UNIT = r"(?:minute|hour|day|week|month)s?"
_SAYS_WHEN = re.compile(
    rf"{_WEEKDAY}|{_MONTH}|{_ISO}(?:t{_CLOCK}z?)?|{_CLOCK}(?:am|pm)?|{_HOUR}|today|tomorrow|tonight|noon|midnight|"
    rf"yesterday|{_UNIT}|\d{{1,2}}(?:st|nd|rd|th)"
)
_BEFORE = frozenset({"in", "at", "on", "next", "this", "of", "the", "a", "an", "from"})
"""Small words of a moment, and of anything else: one at the end begins what comes after."""
_GOES_WITH = re.compile(rf"\d{{1,4}}|am|pm|morning|afternoon|evening|utc|gmt|now|ago|{'|'.join(sorted(_BEFORE))}")
_LEADS_ON = frozenset({"in", "at", "on", "next", "this", "of", "the", "a", "an", "from"})
"""No moment ends with one of these: `tomorrow 07:00 The annual sale` ends before its reason."""
_MONTHS = re.compile(_MONTH)
_UNITS = re.compile(_UNIT)
_HAS_HOUR = re.compile(rf"(?:{_ISO}t)?{_CLOCK}(?:am|pm|z)?|{_HOUR}|am|pm|noon|midnight|(?:\d+[wdhm])+")
_NUMBER = re.compile(r"\d{1,4}|\d{1,2}(?:st|nd|rd|th)")
_LIKE_A_CLOCK = re.compile(r"\d{1,3}(?:[:.h]\d{1,2}.*)?")
_SLASHED = re.compile(r"\d{1,4}[/.]\d{1,2}(?:[/.]\d{1,4})?")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment (UTC), and how many words said it."""

    at: datetime
    words: int


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why these words are no moment that can be meant."""

    why: Sentence


def moment(words: Sequence[str], now: datetime, zone: ZoneInfo, *, later: bool = True) -> Moment | Unclear:
    """The moment that the first words name: as many of them as belong to it, at most five.

    A clock time that exists twice, when clocks go back, is the later one (`later`) or the earlier one.
    """
    if not words:
        return Unclear(say("The time is missing."))
    if _SLASHED.fullmatch(words[0].lower().rstrip(",")):
        return Unclear(
            say(
                "{typed} can be read in two ways; please write the date like {example}.",
                typed=Code(words[0]),
                example=Code("2026-12-31"),
            )
        )
    for count in range(likely(words), 0, -1):
        if words[count - 1].lower() in _LEADS_ON:
            continue
        text = " ".join(words[:count]).lower().rstrip(",")
        if text.split()[-1] in _BEFORE:
            continue
        found = _read(text, now.astimezone(UTC).replace(second=0, microsecond=0), zone, later)
        if isinstance(found, Unclear):
            return found
        if found is not None and _goes_on(words[:count], words[count:]):
            return Unclear(
                say(
                    "I'm not sure about the hour in {typed}. Write it like {example}.",
                    typed=Code(" ".join(words[: count + 1])),
                    example=Code("mon 07:00"),
                )
            )
        if found is not None:
            return _ahead(text, found, now, count)
    return Unclear(
        say(
            "I can't read a time in {typed}. Write it like {first}, {second} or {third}.",
            typed=Code(" ".join(words[:MOST_WORDS])),
            first=Code("mon 07:00"),
            second=Code("2026-12-31 18:00"),
            third=Code("2h"),
        )
    )


def likely(words: Sequence[str]) -> int:
    """How many of the first words can be part of a moment at all. A quoted one is taken apart."""
    count = 0
    for word in words[:MOST_WORDS]:
        pieces = word.lower().rstrip(",").split()
        if not pieces or not all(_part_of_a_moment(each) for each in pieces):
            break
        count += 1
    return count


def _goes_on(taken: Sequence[str], following: Sequence[str]) -> bool:
    """Whether an hour seems to follow that was not understood: `mon 7`, `tue 24:00`."""
    if not following or not _LIKE_A_CLOCK.fullmatch(following[0].lower().rstrip(",")):
        return False
    has_hour = any(_HAS_HOUR.fullmatch(piece) for word in taken for piece in word.lower().split())
    return not has_hour or ":" in following[0]


def _is_whole(pieces: list[str]) -> bool:
    """Whether nothing in it hangs in the air: a month needs its day, a number its month or unit, a unit its number."""
    digits = any(piece[0].isdigit() for piece in pieces)
    months = any(_MONTHS.fullmatch(piece) for piece in pieces)
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        if _NUMBER.fullmatch(piece) and not months and not _UNITS.fullmatch(after) and after not in {"am", "pm"}:
            return False
    if months and not digits:
        return False
    units = any(_UNITS.fullmatch(piece) for piece in pieces)
    return not units or digits or not {"a", "an"}.isdisjoint(pieces)


def _part_of_a_moment(piece: str) -> bool:
    return bool(_SAYS_WHEN.fullmatch(piece) or _GOES_WITH.fullmatch(piece) or _length(piece) is not None)


def _length(text: str) -> timedelta | None:
    """`2h`, `90m`, `1d12h`; None if it is no length, or none at all."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return None
    weeks, days, hours, minutes = (int(each or 0) for each in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _read(text: str, now: datetime, zone: ZoneInfo, later: bool) -> datetime | Unclear | None:
    length = _length(text)
    if length is not None:
        return now + length
    pieces = text.split()
    if not any(_SAYS_WHEN.fullmatch(piece) for piece in pieces) or not _is_whole(pieces):
        return None
    if text == "tomorrow":
        text = "tomorrow 00:00"  # as a weekday alone is its beginning
    local = _parsed(text, now.astimezone(zone).replace(tzinfo=None))
    if local is None:
        return None
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    return _in_zone(text, local, zone, later)


@lru_cache(maxsize=512)
def _parsed(text: str, base: datetime) -> datetime | None:
    """What the library makes of it, as a clock on the wall shows it. The base is a whole minute, so this repeats."""
    try:
        return dateparser.parse(
            text,
            languages=["en"],
            settings={"PREFER_DATES_FROM": "future", "RELATIVE_BASE": base},
        )
    except (ValueError, OverflowError):
        return None  # years beyond the calendar and the like: not a moment anybody means


def _in_zone(text: str, local: datetime, zone: ZoneInfo, later: bool) -> datetime | Unclear | None:
    aware = local.replace(tzinfo=zone, fold=1 if later else 0)
    try:
        there = aware.astimezone(UTC)
    except OverflowError:
        return None  # at the very edge of the calendar: not a moment anybody means
    if there.astimezone(zone).replace(tzinfo=None) != local:
        return Unclear(
            say(
                "{typed} doesn't exist in your time zone ({zone}): clocks go forward then. Please name another time.",
                typed=Code(text),
                zone=zone.key,
            )
        )
    return there


def _ahead(text: str, found: datetime, now: datetime, words: int) -> Moment | Unclear:
    if found <= now:
        return Unclear(say("{typed} is in the past. Please name a time that is still to come.", typed=Code(text)))
    if found - now > _FURTHEST:
        return Unclear(say("{typed} is more than a year ahead. Please name a nearer time.", typed=Code(text)))
    return Moment(found, words)
