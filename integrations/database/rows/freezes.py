"""Freezes: each one row; `window` is what is in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, or_, select, text

from bot.ports import ConflictError
from bot.rules.freeze import Freeze, FreezeId, Window
from integrations.database.columns import Words
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.tables import OF_NO_HAND
from integrations.database.tables import freezes as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.people import PersonId, RoleName


def one(connection: Connection, number: FreezeId, *, lock: bool) -> Freeze | None:
    """The freeze of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    # Exceptions may be asked of it meanwhile: their foreign key neither waits for us nor we for it.
    row = connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()
    return _read(row) if row else None


def several(connection: Connection, *, not_over_at: datetime | None, limit: int | None) -> list[Freeze]:
    """Freezes, the one that starts first first."""
    statement = select(table).order_by(table.c.starts_at, table.c.id).limit(limit)
    if not_over_at is not None:
        # Found by their end before they are put in order: those that are over grow more with every weekend.
        not_over = or_(table.c.ended_at.is_(None), table.c.ended_at > not_over_at)
        statement = statement.where(table.c.id.in_(select(table.c.id).where(table.c.ends_at > not_over_at, not_over)))
    return [_read(row) for row in connection.execute(statement)]


def of(connection: Connection, origins: str, *, not_over_at: datetime) -> list[Freeze]:
    """Those of an origin that begins so, by when they would have been over, even if somebody ended them before."""
    # Compared letter by letter: LIKE and the order of words are other things on each database.
    begins = func.substr(table.c.origin, 1, len(origins), type_=Words) == origins
    found = select(table.c.id).where(text(OF_NO_HAND), begins, table.c.ends_at > not_over_at)
    statement = select(table).where(table.c.id.in_(found)).order_by(table.c.starts_at, table.c.id)
    return [_read(row) for row in connection.execute(statement)]


def add(
    connection: Connection, window: Window, by: PersonId, at: datetime, *, origin: str, owner: RoleName | None
) -> Freeze:
    """A new row; ConflictError if its origin has one, after which the transaction can go on."""
    statement = (
        insert(connection, table)
        .values(**_window(window), declared_by=by, declared_at=at, origin=origin, owner=owner, revision=0)
        .on_conflict_do_nothing(index_elements=[table.c.origin], index_where=text(OF_NO_HAND))
        .returning(table.c.id)
    )
    number = connection.execute(statement).scalar_one_or_none()
    if number is None:
        raise ConflictError(f"There is a freeze of {origin} already.")
    return Freeze(FreezeId(number), window, by, at, origin=origin, owner=owner)


def keep(connection: Connection, before: Freeze, after: Freeze) -> Freeze:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: Freeze, after: Freeze) -> None:
    """Raise ValueError if it is to have come from somewhere else: that is a mistake of ours, and no conflict."""
    if (before.declared_by, before.declared_at, before.origin) != (after.declared_by, after.declared_at, after.origin):
        raise ValueError(f"Who declared {after.name}, when, and where it comes from can't be changed.")


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
    return {
        **_window(freeze.window),
        "ended_at": freeze.ended_at,
        "ended_by": freeze.ended_by,
        "owner": freeze.owner,
    }


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
        origin=row.origin,
        owner=row.owner,
    )
