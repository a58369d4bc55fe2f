"""The checklist: what must have been done, by whom, and who says that it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.rules.people import PersonId, RoleName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.policy import ItemRule


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a release's checklist, copied from its template when the release was planned."""

    key: str
    text: str
    owner: RoleName | None
    required: bool
    ticked_by: PersonId | None = None
    ticked_at: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether somebody has said that it is done."""
        return self.ticked_by is not None

    def ticked(self, by: PersonId, at: datetime) -> Item:
        """The same line, done."""
        return replace(self, ticked_by=by, ticked_at=at)

    def reopened(self) -> Item:
        """The same line, not done."""
        return replace(self, ticked_by=None, ticked_at=None)


def fresh(rules: Iterable[ItemRule]) -> tuple[Item, ...]:
    """A new release's checklist."""
    return tuple(Item(rule.key, rule.text, rule.owner, rule.required) for rule in rules)


def merged(items: tuple[Item, ...], rules: Iterable[ItemRule]) -> tuple[Item, ...]:
    """The checklist with what the rules in force ask for besides: nothing that was asked for is taken out."""
    asked = {rule.key: rule for rule in rules}
    had = {item.key for item in items}
    kept = tuple(
        replace(item, required=item.required or (item.key in asked and asked[item.key].required)) for item in items
    )
    return kept + fresh(rule for key, rule in asked.items() if key not in had)


def left_to_do(items: Iterable[Item]) -> tuple[Item, ...]:
    """The required lines that nobody has ticked."""
    return tuple(item for item in items if item.required and not item.done)
