"""Reader: for whom something is drawn. The same message differs by name, group, day and time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_TOKEN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Reader:
    """One person looking at the screen: names as this person sees them, times on this person's clock."""

    id: str
    tz: tzinfo
    now: datetime
    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    own_groups: frozenset[str] = frozenset()
    pickable_people: Mapping[str, str] = field(default_factory=dict)
    base: str = ""

    def local(self, timestamp: float) -> datetime:
        """That moment on this person's clock."""
        return datetime.fromtimestamp(timestamp, tz=UTC).astimezone(self.tz)

    def day(self, timestamp: float) -> str:
        """How a day is called in the list of messages: Today, Yesterday, or its date."""
        moment = self.local(timestamp)
        return (_relative_day(moment, self.now.astimezone(self.tz)) or _long(moment)).capitalize()

    def clock(self, timestamp: float) -> str:
        """The time of day, as it stands beside a message."""
        return f"{self.local(timestamp):%H:%M}"

    def ago(self, timestamp: float) -> str:
        """How long ago, roughly; or in how long."""
        return _ago(self.local(timestamp), self.now)

    def date(self, timestamp: float, form: str, *, opening: bool = False) -> Markup:
        """A date token as Slack's clients write it; `opening` gives its first word a capital letter."""
        moment = self.local(timestamp)
        now = self.now.astimezone(self.tz)

        def word(found: re.Match[str]) -> str:
            write = _FORMS.get(found[1])
            return write(moment, now) if write else found[0]

        text = _TOKEN.sub(word, form)
        if opening and text:
            text = text[0].upper() + text[1:]
        full = f"{_long(moment)} at {moment:%H:%M} ({moment:%Z})"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), full, text)


def _ordinal(day: int) -> str:
    suffix = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _short(moment: datetime) -> str:
    return f"{_MONTHS[moment.month - 1][:3]} {moment.day}, {moment.year}"


def _plain(moment: datetime) -> str:
    return f"{_MONTHS[moment.month - 1]} {_ordinal(moment.day)}, {moment.year}"


def _long(moment: datetime) -> str:
    return f"{_WEEKDAYS[moment.weekday()]}, {_plain(moment)}"


def _relative_day(moment: datetime, now: datetime) -> str | None:
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((moment.date() - now.date()).days)


def _ago(moment: datetime, now: datetime) -> str:
    distance = now - moment
    size = abs(distance)
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if size >= length:
            count = size // length
            phrase = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{phrase} ago" if distance > timedelta(0) else f"in {phrase}"
    return "just now"


_FORMS: dict[str, Callable[[datetime, datetime], str]] = {
    "date_num": lambda moment, _: f"{moment:%Y-%m-%d}",
    "date_slash": lambda moment, _: f"{moment:%m/%d/%Y}",
    "date": lambda moment, _: _plain(moment),
    "date_short": lambda moment, _: _short(moment),
    "date_long": lambda moment, _: _long(moment),
    "date_pretty": lambda moment, now: _relative_day(moment, now) or _plain(moment),
    "date_short_pretty": lambda moment, now: _relative_day(moment, now) or _short(moment),
    "date_long_pretty": lambda moment, now: _relative_day(moment, now) or _long(moment),
    "time": lambda moment, _: f"{moment:%H:%M}",
    "time_secs": lambda moment, _: f"{moment:%H:%M:%S}",
    "ago": _ago,
}
