"""Locks: each one row; `hold` is what is in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, or_, select, text

from bot.ports import ConflictError
from bot.rules.lock import Hold, Lock, LockId
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.tables import NOT_ENDED
from integrations.database.tables import locks as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.policy import EnvironmentName, ServiceName
    from bot.rules.release import ReleaseId


def one(connection: Connection, number: LockId, *, lock: bool) -> Lock | None:
    """The lock of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def several(connection: Connection, *, not_over_at: datetime, release: ReleaseId | None) -> list[Lock]:
    """Those not over at that moment, the oldest first."""
    # Found by their end before they are put in order: those that are over grow more with every week.
    found = select(table.c.id).where(
        table.c.ends_at > not_over_at, or_(table.c.ended_at.is_(None), table.c.ended_at > not_over_at)
    )
    if release is not None:
        found = found.where(table.c.release_id == release)
    statement = select(table).where(table.c.id.in_(found)).order_by(table.c.id)
    return [_read(row) for row in connection.execute(statement)]


def on(connection: Connection, service: ServiceName, environment: EnvironmentName, *, lock: bool) -> Lock | None:
    """The one there that nobody has ended; with `lock`, nobody else asks for that place meanwhile."""
    if lock and connection.dialect.name == "postgresql":
        # There may be no row yet that could be locked. SQLite has one writer at a time anyway.
        place = func.hashtextextended(f"lock on {service} {environment}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(place)))
    statement = select(table).where(table.c.service == service, table.c.environment == environment, text(NOT_ENDED))
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def add(connection: Connection, hold: Hold, at: datetime) -> Lock:
    """A new row; ConflictError if that place has one that nobody has ended, after which the transaction can go on."""
    statement = (
        insert(connection, table)
        .values(
            service=hold.service,
            environment=hold.environment,
            held_by=hold.by,
            locked_at=at,
            **_said(hold),
            said_at=at,
            revision=0,
        )
        .on_conflict_do_nothing(index_elements=[table.c.service, table.c.environment], index_where=text(NOT_ENDED))
        .returning(table.c.id)
    )
    number = connection.execute(statement).scalar_one_or_none()
    if number is None:
        raise ConflictError(f"{hold.environment} of {hold.service} is locked already.")
    return Lock(LockId(number), hold, at, at)


def keep(connection: Connection, before: Lock, after: Lock) -> Lock:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: Lock, after: Lock) -> None:
    """Raise ValueError if it is to have been another place's or somebody else's: that is a mistake of ours."""
    if _fixed(before) != _fixed(after):
        raise ValueError(f"What {after.name} is on, whose it is, and since when can't be changed.")


def _fixed(lock: Lock) -> tuple[object, ...]:
    return lock.hold.service, lock.hold.environment, lock.hold.by, lock.locked_at


def _said(hold: Hold) -> dict[str, Any]:
    return {"ends_at": hold.ends_at, "reason": hold.reason, "release_id": hold.release}


def _state(lock: Lock) -> dict[str, Any]:
    return {**_said(lock.hold), "said_at": lock.said_at, "ended_at": lock.ended_at, "ended_by": lock.ended_by}


def _read(row: Row[Any]) -> Lock:
    return Lock(
        id=row.id,
        hold=Hold(
            service=row.service,
            environment=row.environment,
            by=row.held_by,
            ends_at=row.ends_at,
            reason=row.reason,
            release=row.release_id,
        ),
        locked_at=row.locked_at,
        said_at=row.said_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        revision=row.revision,
    )
