"""Checks: what automatic tests say of a commit. A passed one ticks the checklist's lines that are named after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.policy import ServiceName


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check said of one commit. Of two about the same, the one that was said later counts."""

    service: ServiceName
    commit: str
    """The full SHA, lower case."""
    name: str
    passed: bool
    at: datetime
    """When the check said it, by its own clock."""
    link: str | None = None
    """Where its run can be seen."""
