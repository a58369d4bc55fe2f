"""Calendars: what others have written down about days on which nothing is released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.rules.policy import (
    CalendarSource,
    RecurringFreeze,
)


class CalendarError(Exception):
    """A calendar could not be read, or is none; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that something in a calendar takes place. Moments are in UTC."""

    key: str
    """The same each time it is read, and another one for each time it takes place."""
    starts_at: datetime
    ends_at: datetime
    title: str


class Calendars(Protocol):
    """When freezes come that nobody declares by hand."""

    def recurring(self, freeze: RecurringFreeze, start: datetime, end: datetime) -> list[Occurrence]:
        """The times of a recurring freeze that touch the time from `start` to `end`, the first one first.

        That its rule can be followed was seen to when the catalogue was read.
        """
        ...

    async def events(self, source: CalendarSource, start: datetime, end: datetime) -> list[Occurrence]:
        """The events of a calendar that touch that time, the first one first, read afresh.

        CalendarError if that is impossible, or if anything in it that decides when it freezes can't be read for sure.
        """
        ...
