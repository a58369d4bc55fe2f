"""People, the roles they hold, and who is speaking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable

PersonId = NewType("PersonId", str)
RoleName = NewType("RoleName", str)

SLIPWAY = PersonId("slipway")
"""What Slipway does by itself (a schedule, following a deployment) is on the record under this name."""


class Standing(StrEnum):
    """What the directory says of an account. Only a member may act."""

    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    FOREIGN = "foreign"
    """Somebody from another workspace, seen through a shared channel."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the directory, as looked up just now. `tz` is an IANA name."""

    id: PersonId
    name: str
    tz: str = "UTC"
    standing: Standing = Standing.MEMBER


class Surface(StrEnum):
    """Where somebody said it; kept on the record."""

    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    HOME = "home"
    TERMINAL = "terminal"
    WEBHOOK = "webhook"
    SCHEDULE = "schedule"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is speaking, where, and the one intent behind it.

    `intent` is the same for a repeated delivery of the same press or command, and different for every new one; an
    intent has one effect. Empty means that the verb protects itself otherwise.
    """

    person: Person
    surface: Surface
    intent: str = ""

    @property
    def id(self) -> PersonId:
        """The person's id."""
        return self.person.id


def slipway(surface: Surface = Surface.ENGINE, intent: str = "") -> Actor:
    """Slipway itself as the actor."""
    return Actor(Person(SLIPWAY, "Slipway", standing=Standing.BOT), surface, intent)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who holds which role now. A role that could not be looked up is in `unknown`, with why; nobody holds it."""

    members: Mapping[RoleName, frozenset[PersonId]] = field(default_factory=dict)
    unknown: Mapping[RoleName, str] = field(default_factory=dict)

    def hold(self, person: PersonId, role: RoleName) -> bool:
        """Whether this person is known to hold that role."""
        return person in self.members.get(role, frozenset())

    def held_by(self, person: PersonId) -> frozenset[RoleName]:
        """Every role that this person is known to hold."""
        return frozenset(role for role, members in self.members.items() if person in members)

    def any_of(self, person: PersonId, roles: Iterable[RoleName]) -> bool:
        """Whether this person holds at least one of these roles."""
        return any(self.hold(person, role) for role in roles)
