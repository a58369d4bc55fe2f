"""Absence: somebody is away for a while, and somebody else may stand in for them. Both names are on the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from bot.rules.people import PersonId, RoleName, Roles

AbsenceId = NewType("AbsenceId", int)


@dataclass(frozen=True, slots=True)
class Leave:
    """Who is away from when to when, who stands in for them, and why."""

    person: PersonId
    starts_at: datetime
    ends_at: datetime
    stand_in: PersonId | None = None
    roles: frozenset[RoleName] = frozenset()
    """The roles in which the stand-in may act; none named: all that the person holds."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """A leave that was declared. Coming back early is on the record."""

    id: AbsenceId
    leave: Leave
    declared_by: PersonId
    declared_at: datetime
    ended_at: datetime | None = None
    ended_by: PersonId | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`A-3`."""
        return f"A-{self.id}"

    @property
    def over_at(self) -> datetime:
        """When it is over: its end, or when somebody ended it."""
        return min(self.leave.ends_at, self.ended_at) if self.ended_at else self.leave.ends_at

    def active(self, at: datetime) -> bool:
        """Whether the person is away at that moment."""
        return self.leave.starts_at <= at < self.over_at


def with_stand_ins(roles: Roles, absences: Iterable[Absence], at: datetime) -> Roles:
    """The roles as they can be filled at that moment.

    A stand-in acts in the roles that the absent person holds themselves; there are no chains. Nobody stops holding a
    role by being away: they are only not waited for.
    """
    now = [each for each in absences if each.active(at)]
    stand_ins: dict[RoleName, dict[PersonId, PersonId]] = {}
    for absence in sorted(now, key=lambda each: each.id):
        leave = absence.leave
        if leave.stand_in is None:
            continue
        for role, members in roles.members.items():
            if leave.person in members and (not leave.roles or role in leave.roles):
                stand_ins.setdefault(role, {}).setdefault(leave.stand_in, leave.person)
    return replace(roles, stand_ins=stand_ins, away=frozenset(each.leave.person for each in now))
