"""Metrics: numbers that say how a service is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.rules.watch import MetricsSource


class MetricsError(Exception):
    """A metric could not be read; the message says why, for people.

    `empty`: the question was understood, and there is nothing to it (yet).
    """

    def __init__(self, message: str, *, empty: bool = False) -> None:
        super().__init__(message)
        self.empty = empty


@dataclass(frozen=True, slots=True)
class Sample:
    """One value at one moment; it may be NaN or infinite. `warnings` are the source's own words about the query."""

    value: float
    at: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one metric over time, oldest first."""

    samples: tuple[tuple[datetime, float], ...]
    warnings: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[float, ...]:
        """The values alone."""
        return tuple(value for _, value in self.samples)


class Metrics(Protocol):
    """Where metrics are kept. A query must give exactly one number; MetricsError says so where it doesn't."""

    async def now(self, source: MetricsSource, query: str) -> Sample:
        """What it gives right now."""
        ...

    async def history(
        self, source: MetricsSource, query: str, start: datetime, end: datetime, step: timedelta
    ) -> Series:
        """What it gave between these moments, at each step; what was missing then is left out."""
        ...
