"""Allowed hours: when in the week something may be done, by the clock on the wall of one time zone.

Days and hours are those of the wall, so that `mon-fri 09:00-16:00` is the same for people before and after clocks
change. An hour that comes twice in autumn is allowed twice; one that spring leaves out is simply not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = time(0)
_A_WEEK = 8
"""Days to look ahead: today's hours may be over, so the same weekday is looked at again."""


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
        return start, end if end > start else end + timedelta(days=1)


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
        yesterday = wall.date() - timedelta(days=1)
        found = (span.on(day) for day in (yesterday, wall.date()) for span in self.spans)
        return any(hours is not None and hours[0] <= wall < hours[1] for hours in found)

    def next_from(self, at: datetime) -> datetime | None:
        """The first allowed moment from then on, in UTC; None if no hour of the week is allowed."""
        if self.allow(at):
            return at.astimezone(UTC)
        today = at.astimezone(ZoneInfo(self.timezone)).date()
        days = (today + timedelta(days=each) for each in range(-1, _A_WEEK + 1))
        # Whether a beginning is allowed is asked again: one in the gap of spring may lie behind its own end.
        return min(
            (each for day in days for each in self._beginnings(day) if each >= at and self.allow(each)), default=None
        )

    def _beginnings(self, day: date) -> Iterator[datetime]:
        """The moments at which spans of that day can begin: two, where the clock shows that hour twice."""
        for span in self.spans:
            hours = span.on(day)
            if hours is None:
                continue
            start, end = hours
            for fold in (0, 1):
                yield instant(start, self.timezone, fold=fold)
            # Clocks that go back while a span lasts show its beginning, or a part of it, once more.
            yield from _second_times(start, end, self.timezone)


def instant(wall: datetime, timezone: str, *, fold: int = 0) -> datetime:
    """The moment (UTC) at which the wall in that zone shows this (naive).

    What it shows twice is the first (`fold=0`) or the second time; what it never shows is the first moment after the
    gap.
    """
    zone = ZoneInfo(timezone)
    aware = wall.replace(tzinfo=zone, fold=fold)
    there = aware.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == wall:
        return there
    # In a gap the two folds take the offset before and the one after it: the gap ends where they meet.
    before, after = (wall.replace(tzinfo=zone, fold=each).utcoffset() for each in (0, 1))
    assert before is not None
    assert after is not None
    early, late = (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC)
    return _change_between(early, late, zone)


def whole_day(day: date, timezone: str) -> tuple[datetime, datetime]:
    """The first moment (UTC) of that day there, and the first of the next: 23, 24 or 25 hours later."""
    wall = datetime.combine(day, _MIDNIGHT)
    return instant(wall, timezone), instant(wall + timedelta(days=1), timezone)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `low` at which the zone has the offset that it has at `high`, to the second."""
    wanted = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == wanted:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def _second_times(start: datetime, end: datetime, timezone: str) -> Iterator[datetime]:
    """Where the clock goes back over the end of a span, the moment at which it is in the span again."""
    zone = ZoneInfo(timezone)
    first_end = end.replace(tzinfo=zone, fold=0)
    if first_end.utcoffset() != end.replace(tzinfo=zone, fold=1).utcoffset():
        low, high = first_end.astimezone(UTC), end.replace(tzinfo=zone, fold=1).astimezone(UTC)
        back = _change_between(low - timedelta(seconds=1), high, zone)
        shown = back.astimezone(zone).replace(tzinfo=None)
        yield back if shown >= start else instant(start, timezone, fold=1)


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
