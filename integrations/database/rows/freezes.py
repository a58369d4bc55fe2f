"""Freezes: each one row; `window` is what is in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, or_, select

from bot.rules.freeze import Freeze, FreezeId, Window
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import freezes as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.people import PersonId


def one(connection: Connection, number: FreezeId, *, lock: bool) -> Freeze | None:
    """The freeze of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def several(connection: Connection, *, not_over_at: datetime | None, limit: int) -> list[Freeze]:
    """Freezes, the one that starts first first."""
    statement = select(table).order_by(table.c.starts_at, table.c.id).limit(limit)
    if not_over_at is not None:
        statement = statement.where(
            table.c.ends_at > not_over_at, or_(table.c.ended_at.is_(None), table.c.ended_at > not_over_at)
        )
    return [_read(row) for row in connection.execute(statement)]


def add(connection: Connection, window: Window, by: PersonId, at: datetime) -> Freeze:
    """A new row."""
    values = {**_window(window), "declared_by": by, "declared_at": at, "revision": 0}
    number = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return Freeze(FreezeId(number), window, by, at)


def keep(connection: Connection, before: Freeze, after: Freeze) -> Freeze:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def _window(window: Window) -> dict[str, Any]:
    return {
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        "reason": window.reason,
        "environments": sorted(window.environments),
        "services": sorted(window.services),
        "change_types": sorted(window.change_types),
        "hard": window.hard,
    }


def _state(freeze: Freeze) -> dict[str, Any]:
    return {**_window(freeze.window), "ended_at": freeze.ended_at, "ended_by": freeze.ended_by}


def _read(row: Row[Any]) -> Freeze:
    return Freeze(
        id=row.id,
        window=Window(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            reason=row.reason,
            environments=frozenset(row.environments),
            services=frozenset(row.services),
            change_types=frozenset(row.change_types),
            hard=row.hard,
        ),
        declared_by=row.declared_by,
        declared_at=row.declared_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        revision=row.revision,
    )
