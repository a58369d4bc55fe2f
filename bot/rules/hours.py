"""Allowed hours: when in the week something may be done, by the clock on the wall of one time zone.

Days and hours are those of the wall, so that `mon-fri 09:00-16:00` is the same for people before and after clocks
change. An hour that comes twice in autumn is allowed twice; one that spring leaves out is simply not there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = time(0)
_A_DAY = timedelta(days=1)
_MINUTES_OF_A_DAY = 24 * 60
_DAYS_AHEAD = 15
"""How far to look: next week's hours may be the ones that spring leaves out, and those of the week after are not."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some hours on some days of the week. `ends` before `starts`, or the same: on the next day."""

    days: frozenset[int]
    """0 is Monday, as in `date.weekday()`."""
    starts: time
    ends: time

    def __str__(self) -> str:
        return f"{_days(self.days)} {self.starts:%H:%M}-{'24:00' if self.ends == _MIDNIGHT else f'{self.ends:%H:%M}'}"

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """The hours that begin on that day, as the wall shows them (naive); None if it isn't one of its days."""
        if day.weekday() not in self.days:
            return None
        start, end = datetime.combine(day, self.starts), datetime.combine(day, self.ends)
        return start, end if end > start else end + _A_DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a week. `timezone` is an IANA name."""

    spans: tuple[Span, ...]
    timezone: str = "UTC"

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.spans))} ({self.timezone})"

    def allow(self, at: datetime) -> bool:
        """Whether that moment (aware) is in them. The first instant of a span is, its last is not."""
        wall = at.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)
        yesterday = wall.date() - _A_DAY
        found = (span.on(day) for day in (yesterday, wall.date()) for span in self.spans)
        return any(hours is not None and hours[0] <= wall < hours[1] for hours in found)

    def next_from(self, at: datetime) -> datetime | None:
        """The first allowed moment from then on, in UTC; None if no hour of the week is allowed."""
        at = at.astimezone(UTC)
        return at if self.allow(at) else min((each for each in self._turns(at, 0) if self.allow(each)), default=None)

    def closes_from(self, at: datetime) -> datetime | None:
        """The first moment from then on that is not allowed, in UTC; None if none comes within two weeks."""
        at = at.astimezone(UTC)
        return (
            min((each for each in self._turns(at, 1) if not self.allow(each)), default=None) if self.allow(at) else at
        )

    def as_json(self) -> dict[str, Any]:
        """As they are kept."""
        spans = [[sorted(each.days), each.starts.isoformat(), each.ends.isoformat()] for each in self.spans]
        return {"spans": spans, "timezone": self.timezone}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Hours:
        """As they were kept."""
        spans = tuple(
            Span(frozenset(days), time.fromisoformat(starts), time.fromisoformat(ends))
            for days, starts, ends in kept["spans"]
        )
        return cls(spans, kept["timezone"])

    def include(self, others: Hours) -> bool:
        """Whether whatever others allow is allowed here as well. Hours by another clock are taken for others."""
        return self.timezone == others.timezone and others._minutes() <= self._minutes()

    def _minutes(self) -> frozenset[int]:
        """The minutes that are allowed, counted from the beginning of the week."""
        found: set[int] = set()
        for span in self.spans:
            first, last = (each.hour * 60 + each.minute for each in (span.starts, span.ends))
            length = (last - first - 1) % _MINUTES_OF_A_DAY + 1
            for day in span.days:
                start = day * _MINUTES_OF_A_DAY + first
                found.update(each % (7 * _MINUTES_OF_A_DAY) for each in range(start, start + length))
        return frozenset(found)

    def _turns(self, at: datetime, end: Literal[0, 1]) -> Iterator[datetime]:
        """The moments after that one at which allowed hours can begin (0) or be over (1); not at each of them they are.

        That is where the wall shows the first minute of a span, or the one after its last, both times if it does so
        twice, or where the clock is changed and so shows something else at once.
        """
        zone = ZoneInfo(self.timezone)
        today = at.astimezone(zone).date()
        for day in (today + ahead * _A_DAY for ahead in range(-1, _DAYS_AHEAD + 1)):
            for hours in (span.on(day) for span in self.spans):
                if hours is not None:
                    shown = (hours[end].replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
                    yield from (each for each in shown if each > at)
        yield from _changes(zone, at, at + _DAYS_AHEAD * _A_DAY)


def instant(wall: datetime, timezone: str, *, fold: int = 0) -> datetime:
    """The moment (UTC) at which the wall in that zone shows this (naive).

    What it shows twice is the first (`fold=0`) or the second time; what it never shows is the first moment after the
    gap.
    """
    zone = ZoneInfo(timezone)
    there = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == wall:
        return there
    # In a gap the offset of before it leads behind the gap, and the one of after it leads before it.
    late, early = (wall.replace(tzinfo=zone, fold=each).astimezone(UTC) for each in (0, 1))
    return next(_changes(zone, early, late))


def whole_day(day: date, timezone: str) -> tuple[datetime, datetime]:
    """The first moment (UTC) of that day there, and the first of the next: 23, 24 or 25 hours later."""
    wall = datetime.combine(day, _MIDNIGHT)
    return instant(wall, timezone), instant(wall + timedelta(days=1), timezone)


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments after `start` and up to `end` (UTC) at which the clock there is changed; never two on one day."""
    while start < end:
        following = min(start + _A_DAY, end)
        if _offset(zone, following) != _offset(zone, start):
            yield _change(zone, start)
        start = following


def _change(zone: ZoneInfo, start: datetime) -> datetime:
    """The moment within a day after that one at which the clock is changed: always a whole second."""
    before, start = _offset(zone, start), start.replace(microsecond=0)
    seconds = range(int(_A_DAY.total_seconds()) + 1)
    until = bisect_left(seconds, True, key=lambda each: _offset(zone, start + timedelta(seconds=each)) != before)
    return start + timedelta(seconds=until)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _days(days: frozenset[int]) -> str:
    """`mon-fri`, `sat,sun`, `daily`."""
    if len(days) == len(DAYS):
        return "daily"
    ordered = sorted(days)
    runs: list[list[int]] = []
    for day in ordered:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ",".join(DAYS[day] for day in run) for run in runs
    )
