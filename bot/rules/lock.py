"""Locks: somebody holds a service's environment for a while, so that nothing goes there but what they name.

A lock is about the change, not the person: its holder's own releases wait as well, unless the lock is for one of them.
Going back is never locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from bot.rules.people import PersonId
from bot.rules.policy import EnvironmentName, LockRules, ServiceName

if TYPE_CHECKING:
    from bot.rules.release import ReleaseId

LockId = NewType("LockId", int)


@dataclass(frozen=True, slots=True)
class Hold:
    """What is held, by whom, until when and why. `release`: the only one that may go there; None: none may."""

    service: ServiceName
    environment: EnvironmentName
    by: PersonId
    ends_at: datetime
    reason: str
    release: ReleaseId | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock. Its holder may prolong it or say something else; `hold` is what is in force."""

    id: LockId
    hold: Hold
    locked_at: datetime
    said_at: datetime
    """When its holder said last until when it is and why."""
    ended_at: datetime | None = None
    ended_by: PersonId | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`L-3`."""
        return f"L-{self.id}"

    @property
    def over_at(self) -> datetime:
        """When it is over: its end, or when somebody ended it."""
        return min(self.hold.ends_at, self.ended_at) if self.ended_at else self.hold.ends_at

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at that moment, whether or not anybody has noticed its end."""
        return self.locked_at <= at < self.over_at

    def is_on(self, service: ServiceName, environment: EnvironmentName) -> bool:
        """Whether it is that place's."""
        return (self.hold.service, self.hold.environment) == (service, environment)

    def lets(self, release: ReleaseId) -> bool:
        """Whether that release may go there all the same."""
        return self.hold.release == release

    def ended(self, at: datetime, by: PersonId) -> Lock:
        """The same, over: at that moment, or at its own end if that was before."""
        return replace(self, ended_at=min(at, self.hold.ends_at), ended_by=by)


class Moment(StrEnum):
    """What is to be told of a lock by the clock."""

    FORGOTTEN = "forgotten"
    """It is old: its holder and those who may deploy are asked whether it is still needed."""
    STILL_THERE = "still there"
    """It is older still: the owners of the catalogue hear of it."""
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be told at that moment. `intent` makes sure that it is told once."""

    moment: Moment
    at: datetime
    intent: str


def moments(lock: Lock, rules: LockRules) -> Iterator[Due]:
    """What is to be told of it and when, as it stands now, the first one first."""
    end = lock.over_at
    found = [
        Due(Moment.FORGOTTEN, lock.locked_at + rules.forgotten_after, f"{lock.name} is old"),
        Due(Moment.STILL_THERE, lock.locked_at + 2 * rules.forgotten_after, f"{lock.name} is very old"),
    ]
    before = end - rules.remind_before
    if before > lock.said_at:
        found.append(Due(Moment.ENDING, before, f"{lock.name} ends {end.isoformat()}"))
    yield from sorted((each for each in found if each.at < end), key=lambda each: each.at)
    yield Due(Moment.ENDED, end, f"{lock.name} has ended")
