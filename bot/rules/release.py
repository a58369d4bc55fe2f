"""A release: what a team wants to give its customers, with everything that has been said about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, NewType

from bot.rules.approval import Verdict
from bot.rules.candidate import Candidate
from bot.rules.checklist import Item
from bot.rules.people import PersonId
from bot.rules.policy import ChangeTypeName, ServiceName

if TYPE_CHECKING:
    pass

ReleaseId = NewType("ReleaseId", int)


def r(release: ReleaseId) -> str:
    """A release's name, as people write it: `R-12`."""
    return f"R-{release}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: everything that the form asks for, the candidate excepted."""

    service: ServiceName
    version: str
    change_type: ChangeTypeName
    title: str
    scope: str = ""
    requirements: str = ""
    target: date | None = None
    depends_on: tuple[ReleaseId, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended or launched it, when, and why."""

    by: PersonId
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One release. `revision` counts its changes; keeping an outdated one fails."""

    id: ReleaseId
    plan: Plan
    requested_by: PersonId
    created_at: datetime
    candidate: Candidate | None = None
    checklist: tuple[Item, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    """In the order in which they were said, withdrawn ones included."""
    launched: Ending | None = None
    cancelled: Ending | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`R-12`."""
        return r(self.id)

    @property
    def open(self) -> bool:
        """Whether anything can still happen to it: neither launched nor cancelled."""
        return self.launched is None and self.cancelled is None

    def with_candidate(self, candidate: Candidate) -> Release:
        """The same release, proposing something else. What was said stays, and stops counting by its seal."""
        return replace(self, candidate=candidate)

    def with_item(self, item: Item) -> Release:
        """The same release with that line of its checklist replaced."""
        return replace(self, checklist=tuple(item if each.key == item.key else each for each in self.checklist))

    def with_verdict(self, verdict: Verdict) -> Release:
        """The same release with one more word said."""
        return replace(self, verdicts=(*self.verdicts, verdict))

    def without(self, verdict: Verdict, at: datetime) -> Release:
        """The same release with that word taken back."""
        return replace(self, verdicts=tuple(each.withdrawn(at) if each is verdict else each for each in self.verdicts))

    def item(self, key: str) -> Item | None:
        """The checklist's line of that key."""
        return next((each for each in self.checklist if each.key == key), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that has no number yet."""

    plan: Plan
    requested_by: PersonId
    created_at: datetime
    candidate: Candidate | None
    checklist: tuple[Item, ...] = field(default=())


_REFERENCE = re.compile(r"(?:r-?)?(\d{1,9})", re.IGNORECASE)


def parse_release_id(text: str) -> ReleaseId | None:
    """`R-12`, `r12` and `12` are the same; anything else is None."""
    match = _REFERENCE.fullmatch(text.strip())
    return ReleaseId(int(match[1])) if match else None
