"""Readings: what the directory said when it was last asked, kept for a terminal while Slack is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.rules.people import Person, PersonId, RoleName


@dataclass(frozen=True, slots=True)
class RoleRead:
    """Who held a role; or why Slack, which did answer, would not tell (`problem`)."""

    role: RoleName
    people: frozenset[PersonId]
    read_at: datetime
    made_of: str = ""
    """The user group and the people of which the catalogue made it up then: another role since says nothing of this."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PersonRead:
    """How somebody was known."""

    person: Person
    read_at: datetime


Read = RoleRead | PersonRead


class Readings(Protocol):
    """Where they are kept. RecordsError where they can't be asked or kept."""

    async def roles(self, names: Iterable[RoleName]) -> Mapping[RoleName, RoleRead]:
        """What was last said of these roles; those that were never read are missing."""
        ...

    async def people(self, ids: Iterable[PersonId]) -> Mapping[PersonId, PersonRead]:
        """What was last said of these people; those that were never read are missing."""
        ...

    async def keep(self, readings: Iterable[Read]) -> None:
        """Keep these, in the place of what was read before them; what was read later stays."""
        ...
