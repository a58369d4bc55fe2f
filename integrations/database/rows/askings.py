"""What people were asked for about a release, so that nobody is asked again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.ports import Asked
from integrations.database.rows.sql import insert
from integrations.database.tables import asked as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.rules.release import ReleaseId


def of(connection: Connection, release: ReleaseId) -> list[Asked]:
    """What people were asked for about that release, each the last time."""
    mine = select(table).where(table.c.release_id == release).order_by(table.c.environment, table.c.blocker)
    return [
        Asked(row.release_id, row.environment, row.blocker, row.person, row.asked_at, tuple(row.people))
        for row in connection.execute(mine)
    ]


def keep(connection: Connection, asked: Asked) -> None:
    """They were asked, now for the last time."""
    key = {"release_id": asked.release, "environment": asked.environment, "blocker": asked.blocker}
    values = {"person": asked.by, "asked_at": asked.at, "people": list(asked.people)}
    statement = insert(connection, table).values(**key, **values)
    same = [table.c.release_id, table.c.environment, table.c.blocker]
    connection.execute(statement.on_conflict_do_update(index_elements=same, set_=values))
