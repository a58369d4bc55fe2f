"""Checks: what automatic tests say of a commit. A passed one ticks the checklist's lines that are named after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.rules.checklist import Evidence, Item
from bot.rules.people import SLIPWAY
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

    def supersedes(self, known: CheckResult | None) -> bool:
        """Whether it changes what is known of the same: it was said later. At the same moment, the failure counts."""
        return known is None or (self.at, not self.passed) > (known.at, not known.passed)


def heard(items: Iterable[Item], results: Iterable[CheckResult], at: datetime) -> tuple[Item, ...]:
    """The checklist once this is known: a check that passed ticks its lines, one that failed opens them again."""
    said = {each.name: each for each in results}
    return tuple(_as_said(item, said.get(item.check), at) if item.check else item for item in items)


def _as_said(item: Item, result: CheckResult | None, at: datetime) -> Item:
    if result is None or result.passed is item.done:
        return item
    return item.ticked(SLIPWAY, at, Evidence(link=result.link)) if result.passed else item.reopened()
