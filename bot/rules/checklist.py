"""The checklist: what must have been done, by whom, and who says that it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from bot.rules.people import PersonId, RoleName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.policy import ItemRule


LONGEST_NOTE = 500
"""What is longer belongs onto the page that the link leads to."""
LONGEST_LINK = 1000
_WEB_ADDRESS = re.compile(r"https?://[^ /<>|\"][^ <>|\"]*")


def is_web_address(text: str) -> bool:
    """Whether a browser can go there, and a message can lead there."""
    return len(text) <= LONGEST_LINK and text.isprintable() and _WEB_ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody who ticks a line wants others to see: a few words, a link to the run or the page."""

    note: str = ""
    link: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return not self.note and self.link is None


NOTHING_TO_SHOW = Evidence()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a release's checklist, copied from its template when the release was planned."""

    key: str
    text: str
    owner: RoleName | None
    required: bool
    ticked_by: PersonId | None = None
    ticked_at: datetime | None = None
    note: str = ""
    """How it is done, by the template."""
    link: str | None = None
    due: timedelta | None = None
    """So long before the target date."""
    check: str | None = None
    """The automatic check that ticks it."""
    reopens: bool = False
    """Whether a new candidate opens it again."""
    evidence: Evidence = NOTHING_TO_SHOW
    """What was said when it was ticked; kept when it is opened again, until it is ticked anew."""

    @property
    def done(self) -> bool:
        """Whether somebody has said that it is done."""
        return self.ticked_by is not None

    def ticked(self, by: PersonId, at: datetime, evidence: Evidence = NOTHING_TO_SHOW) -> Item:
        """The same line, done."""
        return replace(self, ticked_by=by, ticked_at=at, evidence=evidence)

    def reopened(self) -> Item:
        """The same line, not done."""
        return replace(self, ticked_by=None, ticked_at=None)

    def due_at(self, target: date | None, zone: tzinfo = UTC) -> datetime | None:
        """When it should be done: so long before the first moment of the target date there. None: at no moment."""
        if target is None or self.due is None:
            return None
        return (datetime.combine(target, time(0), zone) - self.due).astimezone(UTC)


def fresh(rules: Iterable[ItemRule]) -> tuple[Item, ...]:
    """A new release's checklist."""
    return tuple(_copied(rule) for rule in rules)


def _copied(rule: ItemRule) -> Item:
    return Item(
        rule.key,
        rule.text,
        rule.owner,
        rule.required,
        note=rule.note,
        link=rule.link,
        due=rule.due,
        check=rule.check,
        reopens=rule.reopens,
    )


def merged(items: tuple[Item, ...], rules: Iterable[ItemRule]) -> tuple[Item, ...]:
    """The checklist with what the rules in force ask for besides: nothing that was asked for is taken out."""
    asked = {rule.key: rule for rule in rules}
    had = {item.key for item in items}
    kept = tuple(_as_asked(item, asked.get(item.key)) for item in items)
    return kept + fresh(rule for key, rule in asked.items() if key not in had)


def _as_asked(item: Item, rule: ItemRule | None) -> Item:
    """A line as the rules have it now. Its text and owner stay, and what was required stays so.

    So does the check that ticks it, unless an open line has another one now: nobody might report the old one any more.
    """
    if rule is None:
        return item
    check = item.check or rule.check if item.done else rule.check or item.check
    return replace(
        item,
        required=item.required or rule.required,
        reopens=item.reopens or rule.reopens,
        note=rule.note,
        link=rule.link,
        due=rule.due,
        check=check,
    )


def after_new_candidate(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The checklist once something else is proposed: lines that ask for it are open again, as are automatic checks."""
    return tuple(item.reopened() if item.done and (item.reopens or item.check) else item for item in items)


def left_to_do(items: Iterable[Item]) -> tuple[Item, ...]:
    """The required lines that nobody has ticked."""
    return tuple(item for item in items if item.required and not item.done)
