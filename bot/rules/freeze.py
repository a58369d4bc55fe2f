"""Code freezes: windows in which deployments are blocked, or need an acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NewType

from bot.rules.people import PersonId, RoleName
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName

if TYPE_CHECKING:
    from bot.rules.release import ReleaseId

FreezeId = NewType("FreezeId", int)
ExceptionId = NewType("ExceptionId", int)


@dataclass(frozen=True, slots=True)
class Window:
    """What is frozen, when and why. An empty scope means all."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    environments: frozenset[EnvironmentName] = frozenset()
    services: frozenset[ServiceName] = frozenset()
    change_types: frozenset[ChangeTypeName] = frozenset()
    hard: bool = True


@dataclass(frozen=True, slots=True)
class Freeze:
    """A declared freeze. Ending it early or extending it is on the record; `window` is what is in force."""

    id: FreezeId
    window: Window
    declared_by: PersonId
    declared_at: datetime
    ended_at: datetime | None = None
    ended_by: PersonId | None = None
    revision: int = 0
    origin: str = ""
    """Where it comes from if nobody declared it by hand: `weekends/2026-11-27T17:00`, by its name in the catalogue."""
    owner: RoleName | None = None
    """The role that grants exceptions; None: whoever declared it, and those who may freeze."""

    @property
    def name(self) -> str:
        """`F-3`."""
        return f"F-{self.id}"

    @property
    def source(self) -> str:
        """The recurring freeze or the calendar that it comes from, by its name; empty if somebody declared it."""
        return self.origin.partition("/")[0]

    @property
    def over_at(self) -> datetime:
        """When it is over: its end, or when somebody ended it."""
        return min(self.window.ends_at, self.ended_at) if self.ended_at else self.window.ends_at

    def active(self, at: datetime) -> bool:
        """Whether it is in force at that moment. It starts on its first instant and is over on its last."""
        return self.window.starts_at <= at < self.over_at

    def covers(self, service: ServiceName, environment: EnvironmentName, change: ChangeTypeName) -> bool:
        """Whether its scope includes this change."""
        window = self.window
        return (
            (not window.environments or environment in window.environments)
            and (not window.services or service in window.services)
            and (not window.change_types or change in window.change_types)
        )


@dataclass(frozen=True, slots=True)
class Plea:
    """What is asked for: that a release may pass a freeze, and why. `soft`: it only had to be acknowledged."""

    freeze: FreezeId
    release: ReleaseId
    by: PersonId
    at: datetime
    reason: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class FreezeException:
    """A freeze that lets one release pass for a while, once one of its owners says so."""

    id: ExceptionId
    plea: Plea
    granted: bool | None = None
    """None: nobody has decided yet."""
    decided_by: PersonId | None = None
    decided_at: datetime | None = None
    answer: str = ""
    ends_at: datetime | None = None
    """When it stops counting; set when it is granted."""
    revision: int = 0

    @property
    def name(self) -> str:
        """`X-4`."""
        return f"X-{self.id}"

    def counts(self, at: datetime) -> bool:
        """Whether the release may pass at that moment."""
        return self.granted is True and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class CalendarState:
    """How it stands with a calendar that freezes come from."""

    name: str
    read_at: datetime | None
    """When it was last read well; None: never yet."""
    problem: str = ""
    """Why it can't be read now; empty if it can."""


STALE_AFTER = timedelta(hours=2)
"""A calendar that was read well within this time is taken at its word, even if it can't be read right now; one that
nobody has read for longer is not, even if nothing went wrong: it is read every few minutes where Slipway runs."""


def unread(state: CalendarState, at: datetime) -> bool:
    """Whether nobody can say what that calendar holds now."""
    return state.read_at is None or at - state.read_at > STALE_AFTER
