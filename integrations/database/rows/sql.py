"""The few statements that are the same everywhere: insert if new, and change if nobody else has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Table, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ports import ConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Revised(Protocol):
    """What has a number, and another revision after each change."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> int: ...


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do on a conflict, in this database's words."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def change(connection: Connection, table: Table, seen: Revised, values: Mapping[str, Any]) -> int:
    """Compare and set: change its row if that still has the revision seen, and give the new revision."""
    same = (table.c.id == seen.id, table.c.revision == seen.revision)
    changed = connection.execute(update(table).where(*same).values(**values, revision=seen.revision + 1))
    if changed.rowcount != 1:
        raise conflict(seen.name)
    return seen.revision + 1


def conflict(name: str) -> ConflictError:
    """Somebody was faster."""
    return ConflictError(f"{name} was changed by somebody else in the meantime.")
