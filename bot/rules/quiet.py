"""Quiet hours: the hours of a week in which nobody is reminded of anything. What is urgent is told all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rules.hours import Hours, Span


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When people are left alone: each by the clock on their own wall, or all by that of `timezone`."""

    spans: tuple[Span, ...]
    timezone: str | None = None

    def until(self, at: datetime, zone: str) -> datetime | None:
        """When the quiet hours are over that hold at that moment for somebody in that zone; None: none hold."""
        hours = Hours(self.spans, self.timezone or _known(zone))
        return hours.closes_from(at) if hours.allow(at) else None


def _known(zone: str) -> str:
    """That zone, or UTC for one that nobody here knows."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return zone
