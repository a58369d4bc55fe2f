"""Exceptions from freezes: each one row, from what was asked for to what was decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from bot.rules.freeze import ExceptionId, FreezeException, Plea
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import freeze_exceptions as table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.freeze import FreezeId
    from bot.rules.release import ReleaseId


def one(connection: Connection, number: ExceptionId, *, lock: bool) -> FreezeException | None:
    """The exception of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def several(
    connection: Connection,
    *,
    releases: Sequence[ReleaseId] | None,
    freeze: FreezeId | None,
    since: datetime | None,
    limit: int,
) -> list[FreezeException]:
    """What was asked of freezes, newest first."""
    statement = select(table).order_by(table.c.asked_at.desc(), table.c.id.desc()).limit(limit)
    if releases is not None:
        statement = statement.where(table.c.release_id.in_(releases))
    if freeze is not None:
        statement = statement.where(table.c.freeze_id == freeze)
    if since is not None:
        statement = statement.where(table.c.asked_at >= since)
    return [_read(row) for row in connection.execute(statement)]


def add(connection: Connection, plea: Plea) -> FreezeException:
    """A new row, nothing decided."""
    values = {**_plea(plea), **_decision(FreezeException(ExceptionId(0), plea)), "revision": 0}
    number = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return FreezeException(ExceptionId(number), plea)


def keep(connection: Connection, before: FreezeException, after: FreezeException) -> FreezeException:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _decision(before), _decision(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: FreezeException, after: FreezeException) -> None:
    """Raise ValueError if what was asked for is to be changed: that is a mistake of ours, and no conflict."""
    if before.plea != after.plea:
        raise ValueError(f"What was asked for with {after.name} can't be changed.")


def _plea(plea: Plea) -> dict[str, Any]:
    return {
        "freeze_id": plea.freeze,
        "release_id": plea.release,
        "asked_by": plea.by,
        "asked_at": plea.at,
        "reason": plea.reason,
        "soft": plea.soft,
    }


def _decision(exception: FreezeException) -> dict[str, Any]:
    return {
        "granted": exception.granted,
        "decided_by": exception.decided_by,
        "decided_at": exception.decided_at,
        "answer": exception.answer,
        "ends_at": exception.ends_at,
    }


def _read(row: Row[Any]) -> FreezeException:
    return FreezeException(
        id=row.id,
        plea=Plea(
            freeze=row.freeze_id,
            release=row.release_id,
            by=row.asked_by,
            at=row.asked_at,
            reason=row.reason,
            soft=row.soft,
        ),
        granted=row.granted,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        answer=row.answer,
        ends_at=row.ends_at,
        revision=row.revision,
    )
