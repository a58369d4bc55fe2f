"""Absences: each one row; `leave` is what is in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, or_, select

from bot.rules.absence import Absence, AbsenceId, Leave
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import absences as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.people import PersonId


def locked(connection: Connection, number: AbsenceId) -> Absence | None:
    """The absence of that number, which nobody else changes before this transaction ends."""
    row = connection.execute(select(table).where(table.c.id == number).with_for_update()).one_or_none()
    return _read(row) if row else None


def several(connection: Connection, *, not_over_at: datetime, person: PersonId | None) -> list[Absence]:
    """Those not over at that moment, the one that starts first first."""
    statement = select(table).where(
        table.c.ends_at > not_over_at, or_(table.c.ended_at.is_(None), table.c.ended_at > not_over_at)
    )
    if person is not None:
        statement = statement.where(table.c.person == person)
    return [_read(row) for row in connection.execute(statement.order_by(table.c.starts_at, table.c.id))]


def add(connection: Connection, leave: Leave, by: PersonId, at: datetime) -> Absence:
    """A new row."""
    values = {**_leave(leave), "declared_by": by, "declared_at": at, "revision": 0}
    number = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return Absence(AbsenceId(number), leave, by, at)


def keep(connection: Connection, before: Absence, after: Absence) -> Absence:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: Absence, after: Absence) -> None:
    """Raise ValueError if it is to have been somebody else's: that is a mistake of ours, and no conflict."""
    if (before.leave.person, before.declared_by, before.declared_at) != (
        after.leave.person,
        after.declared_by,
        after.declared_at,
    ):
        raise ValueError(f"Whose {after.name} is, who declared it, and when can't be changed.")


def _leave(leave: Leave) -> dict[str, Any]:
    return {
        "person": leave.person,
        "starts_at": leave.starts_at,
        "ends_at": leave.ends_at,
        "stand_in": leave.stand_in,
        "roles": sorted(leave.roles),
        "reason": leave.reason,
    }


def _state(absence: Absence) -> dict[str, Any]:
    return {**_leave(absence.leave), "ended_at": absence.ended_at, "ended_by": absence.ended_by}


def _read(row: Row[Any]) -> Absence:
    return Absence(
        id=row.id,
        leave=Leave(
            person=row.person,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            stand_in=row.stand_in,
            roles=frozenset(row.roles),
            reason=row.reason,
        ),
        declared_by=row.declared_by,
        declared_at=row.declared_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        revision=row.revision,
    )
