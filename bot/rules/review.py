"""Reviews: whoever breaks the glass leaves one to be done by others: what was passed, until when, what was learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.rules.deployment import DeploymentId
from bot.rules.gate import Blocker, Reason
from bot.rules.people import PersonId, RoleName, Roles
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Sentence

NEVER_PASSED = frozenset({Reason.ENDED, Reason.CANDIDATE, Reason.HELD, Reason.OVERTAKEN})
"""What not even breaking the glass passes: there is nothing to bring, something is on its way, or it is a rollback."""

BEFOREHAND = timedelta(days=1)
"""So long before a review is due, those who owe it are reminded."""
AFTERWARDS = timedelta(days=7)
"""How often they are reminded once it is overdue."""
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Passed:
    """One thing that stood in the way, and was passed: its name, and what it said."""

    key: str
    why: Sentence


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed: everything that is known once the glass is broken."""

    deployment: DeploymentId
    release: ReleaseId
    service: ServiceName
    environment: EnvironmentName
    broken_by: PersonId
    broken_for: PersonId | None
    """In whose place, if not in their own name."""
    opened_at: datetime
    due_at: datetime
    owner: RoleName
    """The role that reviews it."""
    reason: str
    passed: tuple[str, ...] = ()
    """What stood in the way, in plain words."""

    @property
    def parties(self) -> frozenset[PersonId]:
        """Those whose own matter it is."""
        return frozenset({self.broken_by} if self.broken_for is None else {self.broken_by, self.broken_for})


@dataclass(frozen=True, slots=True)
class Review:
    """One review, named by its deployment; open until somebody says what was learned."""

    duty: Duty
    closed_by: PersonId | None = None
    closed_for: PersonId | None = None
    """In whose place, if not in their own name."""
    closed_at: datetime | None = None
    learned: str = ""
    revision: int = 0

    @property
    def id(self) -> DeploymentId:
        """The number of its deployment."""
        return self.duty.deployment

    @property
    def name(self) -> str:
        """`D-40`: reviews have no numbers of their own."""
        return f"D-{self.duty.deployment}"

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.closed_at is None

    def overdue(self, at: datetime) -> bool:
        """Whether it should have been done by that moment, and isn't."""
        return self.open and at >= self.duty.due_at

    def reviewers(self, owners: RoleName) -> tuple[RoleName, ...]:
        """The roles that may do it: its own, and the catalogue's owners, so that it can't get stuck."""
        return tuple(dict.fromkeys((self.duty.owner, owners)))

    def own_matter(self, person: PersonId, owners: RoleName, roles: Roles) -> PersonId | None:
        """Whose own matter it would be if this person reviewed it: theirs, or of the one in whose place they act."""
        principal = roles.in_whose_place(person, self.reviewers(owners))
        return next((each for each in (person, principal) if each in self.duty.parties), None)

    def may_be_done_by(self, person: PersonId, owners: RoleName, roles: Roles) -> bool:
        """Whether this person can do it."""
        held = roles.any_of(person, self.reviewers(owners))
        return self.open and held and self.own_matter(person, owners, roles) is None

    def asked(self, owners: RoleName, roles: Roles, at: datetime) -> frozenset[PersonId]:
        """Those who owe it now: its own role; the catalogue's owners as well once it is overdue, or nobody else can."""
        for group in ((self.duty.owner,), self.reviewers(owners)):
            people = frozenset[PersonId]().union(*(roles.reachable(role) for role in group))
            able = frozenset(each for each in people if self.may_be_done_by(each, owners, roles))
            if able and (not self.overdue(at) or group == self.reviewers(owners)):
                return able
        return frozenset()

    def owed_by(self, person: PersonId, owners: RoleName, roles: Roles, at: datetime) -> bool:
        """Whether it waits for this person, also while they are away."""
        own = roles.hold(person, self.duty.owner) and self.may_be_done_by(person, owners, roles)
        return own or person in self.asked(owners, roles, at)


class Reminder(StrEnum):
    """Why people hear of a review again."""

    SOON = "soon"
    OVERDUE = "overdue"
    STILL = "still"


def due(opened_at: datetime, within: timedelta, timezone: str) -> datetime:
    """When a review is due: after so long, or on the Monday after it, if that is a Saturday or Sunday there."""
    wall = (opened_at + within).astimezone(ZoneInfo(timezone))
    while wall.weekday() >= SATURDAY:
        wall += timedelta(days=1)  # by the clock on the wall
    return wall.astimezone(opened_at.tzinfo)


def reminders(duty: Duty) -> Iterator[tuple[Reminder, datetime]]:
    """Every moment at which people are to be reminded of what is not done, the first one first; without an end."""
    if duty.due_at - BEFOREHAND > duty.opened_at:
        yield Reminder.SOON, duty.due_at - BEFOREHAND
    at = duty.due_at
    yield Reminder.OVERDUE, at
    while True:
        at += AFTERWARDS
        yield Reminder.STILL, at


def reminded(duty: Duty, at: datetime) -> tuple[tuple[Reminder, datetime] | None, datetime]:
    """What was to be said last by that moment (None: nothing yet), and when there is something to say next."""
    last: tuple[Reminder, datetime] | None = None
    for each in reminders(duty):
        if each[1] > at:
            return last, each[1]
        last = each
    raise AssertionError("there is always a next reminder")


def withdrawn_by(reviews: Iterable[Review], at: datetime) -> Review | None:
    """The overdue review that takes the right to break the glass from whoever owes it the answer; the oldest one."""
    late = [each for each in reviews if each.overdue(at)]
    return min(late, key=lambda each: each.duty.due_at, default=None)


def never_passed(blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
    """Those of them that not even breaking the glass passes."""
    return tuple(each for each in blockers if each.reason in NEVER_PASSED)


def grown(shown: Iterable[str], now: Iterable[Passed]) -> tuple[Passed, ...]:
    """What stands in the way now and was not on the screen."""
    known = frozenset(shown)
    return tuple(each for each in now if each.key not in known)
