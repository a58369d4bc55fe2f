"""Personal tokens: what is known of each. What it is written as is kept nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from bot.rules.people import PersonId
from bot.rules.token import Token, TokenId
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import tokens as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row


def one(connection: Connection, number: TokenId, *, lock: bool) -> Token | None:
    """The token of that number; locked, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def several(connection: Connection, *, person: PersonId | None, good_at: datetime | None) -> list[Token]:
    """Newest first; with `good_at`, those that were neither over nor revoked then."""
    statement = select(table).order_by(table.c.id.desc())
    if person is not None:
        statement = statement.where(table.c.person == person)
    if good_at is not None:
        statement = statement.where(table.c.expires_at > good_at, table.c.revoked_at.is_(None))
    return [_read(row) for row in connection.execute(statement)]


def add(connection: Connection, person: PersonId, at: datetime, expires_at: datetime) -> Token:
    """A new row."""
    values = {"person": person, "made_at": at, "expires_at": expires_at, "revision": 0}
    number = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return Token(TokenId(number), person, at, expires_at)


def keep(connection: Connection, before: Token, after: Token) -> Token:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: Token, after: Token) -> None:
    """Raise ValueError if it is to have been another one: that is a mistake of ours, and no conflict."""
    if (before.person, before.made_at, before.expires_at) != (after.person, after.made_at, after.expires_at):
        raise ValueError(f"Whose {after.name} is, when it was made and until when it lasts can't be changed.")


def _state(token: Token) -> dict[str, Any]:
    return {"used_at": token.used_at, "revoked_at": token.revoked_at, "revoked_by": token.revoked_by}


def _read(row: Row[Any]) -> Token:
    return Token(
        id=TokenId(row.id),
        person=PersonId(row.person),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        revoked_by=PersonId(row.revoked_by) if row.revoked_by else None,
        revision=row.revision,
    )
