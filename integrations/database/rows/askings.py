"""When people were last asked for what blocks, so that nobody is asked again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.ports import Asked
from integrations.database.rows.sql import insert
from integrations.database.tables import asked as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


def one(connection: Connection, key: str) -> Asked | None:
    """When people were last asked for that, and by whom."""
    row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return Asked(row.key, row.person, row.asked_at) if row else None


def keep(connection: Connection, asked: Asked) -> None:
    """They were asked, now for the last time."""
    values = {"person": asked.by, "asked_at": asked.at}
    statement = insert(connection, table).values(key=asked.key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c.key], set_=values))
