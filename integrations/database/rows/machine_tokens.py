"""Machine tokens: what is known of each. What it is written as is kept nowhere, only its digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from bot.rules.machine_token import Grant, MachineToken, MachineTokenId, Scope
from bot.rules.people import PersonId
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import machine_tokens as table

if TYPE_CHECKING:
    from sqlalchemy import Row


def one(connection: Connection, number: MachineTokenId, *, lock: bool) -> MachineToken | None:
    """The token of that number; locked, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def by(connection: Connection, digest: str) -> MachineToken | None:
    """The token of that digest."""
    row = connection.execute(select(table).where(table.c.digest == digest)).one_or_none()
    return _read(row) if row else None


def every(connection: Connection) -> list[MachineToken]:
    """Newest first."""
    return [_read(row) for row in connection.execute(select(table).order_by(table.c.id.desc()))]


def add(connection: Connection, grant: Grant) -> MachineToken:
    """A new row."""
    values = {
        "label": grant.label,
        "scopes": sorted(grant.scopes),
        "digest": grant.digest,
        "made_by": grant.made_by,
        "made_at": grant.made_at,
        "expires_at": grant.expires_at,
        "revision": 0,
    }
    number = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return MachineToken(MachineTokenId(number), grant)


def keep(connection: Connection, before: MachineToken, after: MachineToken) -> MachineToken:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: MachineToken, after: MachineToken) -> None:
    """Raise ValueError if it is to open something else: that is a mistake of ours, and no conflict."""
    if before.grant != after.grant:
        raise ValueError(f"What {after.name} opens, and until when, can't be changed; a new one is made instead.")


def _state(token: MachineToken) -> dict[str, Any]:
    return {"used_at": token.used_at, "revoked_at": token.revoked_at, "revoked_by": token.revoked_by}


def _read(row: Row[Any]) -> MachineToken:
    return MachineToken(
        id=MachineTokenId(row.id),
        grant=Grant(
            label=row.label,
            scopes=frozenset(map(Scope, row.scopes)),
            digest=row.digest,
            made_by=PersonId(row.made_by),
            made_at=row.made_at,
            expires_at=row.expires_at,
        ),
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        revoked_by=PersonId(row.revoked_by) if row.revoked_by else None,
        revision=row.revision,
    )
