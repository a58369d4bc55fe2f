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
    stand_ins: Mapping[RoleName, Mapping[PersonId, PersonId]] = field(default_factory=dict)
    """For each role those who may act in somebody's place, each with whose place that is."""
    away: frozenset[PersonId] = frozenset()
    """Those who are away now, and not waited for."""

    def belongs(self, person: PersonId, role: RoleName) -> bool:
        """Whether this person is known to hold that role themselves."""
        return person in self.members.get(role, frozenset())

    def hold(self, person: PersonId, role: RoleName) -> bool:
        """Whether this person may act in that role: they hold it, or stand in for somebody who does."""
        return self.belongs(person, role) or self.principal(person, role) is not None

    def principal(self, person: PersonId, role: RoleName) -> PersonId | None:
        """In whose place this person acts in that role; None if in their own name, or not at all."""
        return None if self.belongs(person, role) else self.stand_ins.get(role, {}).get(person)

    def in_whose_place(self, person: PersonId, roles: Iterable[RoleName]) -> PersonId | None:
        """In whose place this person acts where any of these roles will do; None as in `principal`."""
        roles = tuple(roles)
        if any(self.belongs(person, role) for role in roles):
            return None
        return next(filter(None, (self.principal(person, role) for role in roles)), None)

    def holders(self, role: RoleName) -> frozenset[PersonId]:
        """Everybody who may act in that role."""
        return self.members.get(role, frozenset()).union(self.stand_ins.get(role, {}))

    def reachable(self, role: RoleName) -> frozenset[PersonId]:
        """Those of them who are not away: the ones to ask."""
        return self.holders(role) - self.away

    def held_by(self, person: PersonId) -> frozenset[RoleName]:
        """Every role in which this person may act."""
        return frozenset(role for role in (*self.members, *self.stand_ins) if self.hold(person, role))

    def any_of(self, person: PersonId, roles: Iterable[RoleName]) -> bool:
        """Whether this person may act in at least one of these roles."""
        return any(self.hold(person, role) for role in roles)
