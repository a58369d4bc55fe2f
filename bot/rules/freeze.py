"""Code freezes: windows in which deployments are blocked, or need an acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NewType

from bot.rules.people import PersonId
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName

if TYPE_CHECKING:
    pass

FreezeId = NewType("FreezeId", int)


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

    @property
    def name(self) -> str:
        """`F-3`."""
        return f"F-{self.id}"

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
