"""A twin of the calendars: rules that count days one by one, and calendars that hold what a test writes into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.ports import CalendarError, Occurrence
from bot.rules.hours import instant
from bot.rules.policy import CalendarSource, RecurringFreeze

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Event:
    """Something in a calendar. Its times are days, times without a zone, or times in UTC."""

    uid: str
    starts: date
    ends: date
    title: str = "The annual sale"
    weeks: int = 1
    """So many times, once a week."""
    moved: Mapping[int, tuple[date, date]] = field(default_factory=dict)
    """The times that take place at another time than the rule says, by their number (0 is the first)."""
    cancelled: bool = False
    free: bool = False

    def times(self) -> Iterator[tuple[int, date, date]]:
        """Each time it takes place."""
        for number in range(self.weeks):
            shift = timedelta(weeks=number)
            starts, ends = self.moved.get(number, (self.starts + shift, self.ends + shift))
            yield number, starts, ends


class FakeCalendars:
    """Calendars by their names."""

    def __init__(self) -> None:
        self._events: dict[str, tuple[Event, ...]] = {}
        self.away: dict[str, str] = {}
        """Why a calendar can't be read just now."""
        self.read: list[str] = []
        """Every calendar that was read, in order."""

    def has(self, name: str, *events: Event) -> None:
        """From now on exactly these are in that calendar."""
        self._events[name] = events
        self.away.pop(name, None)

    def recurring(self, freeze: RecurringFreeze, start: datetime, end: datetime) -> list[Occurrence]:
        lasts = freeze.ends - freeze.starts
        found = []
        for shown in _times(freeze, end):
            first = instant(shown, freeze.timezone)
            last = instant(shown + lasts, freeze.timezone, fold=1)
            if first < last and first < end and last > start:
                found.append(Occurrence(f"{shown:%Y-%m-%dT%H:%M}", first, last, freeze.reason))
        return found

    async def events(self, source: CalendarSource, start: datetime, end: datetime) -> list[Occurrence]:
        self.read.append(source.name)
        if source.name in self.away:
            raise CalendarError(self.away[source.name])
        found = []
        for event in self._events.get(source.name, ()):
            for number, starts, ends in event.times():
                first, last = _moment(starts, source.timezone, 0), _moment(ends, source.timezone, 1)
                key = f"{event.uid}/{event.starts + timedelta(weeks=number)}" if event.weeks > 1 else event.uid
                if first < end and last > start and not event.cancelled and not event.free:
                    found.append(Occurrence(key, first, last, _title(event.title)))
        if len(found) > 1000:
            raise CalendarError("this calendar has more than 1000 events in that time.")
        return sorted(found, key=lambda each: each.starts_at)


def _times(freeze: RecurringFreeze, end: datetime) -> Iterator[datetime]:
    """By rules such as `FREQ=DAILY` and `FREQ=WEEKLY;INTERVAL=2;BYDAY=FR`; others are not for the twin."""
    parts = dict(part.split("=") for part in freeze.rule.split(";"))
    frequency, interval = parts.pop("FREQ"), int(parts.pop("INTERVAL", "1"))
    days = parts.pop("BYDAY", _DAYS[freeze.starts.weekday()]).split(",") if frequency == "WEEKLY" else _DAYS
    assert frequency in {"DAILY", "WEEKLY"}, f"the twin can't follow {freeze.rule}"
    assert not parts, f"the twin can't follow {freeze.rule}"
    monday = freeze.starts.date() - timedelta(days=freeze.starts.weekday())
    day = freeze.starts.date()
    while day <= end.date() + timedelta(days=1):
        apart = (day - monday).days // 7 if frequency == "WEEKLY" else (day - freeze.starts.date()).days
        if (apart % interval == 0 and _DAYS[day.weekday()] in days) or day == freeze.starts.date():
            yield datetime.combine(day, freeze.starts.time())
        day += timedelta(days=1)


def _moment(shown: date, timezone: str, fold: int) -> datetime:
    if not isinstance(shown, datetime):
        shown = datetime.combine(shown, time())
    return shown.astimezone(UTC) if shown.tzinfo else instant(shown, timezone, fold=fold)


def _title(told: str) -> str:
    line = " ".join(told.split())
    return line if len(line) <= 200 else line[:199] + "…"
