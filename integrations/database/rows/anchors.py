"""Where the living messages stand in Slack: their channel and time stamp, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from integrations.database.rows.sql import insert
from integrations.database.tables import messages as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Anchor:
    """A living message, by its name. `body_digest` tells whether what it shows is what it should show."""

    name: str
    channel: str
    ts: str
    body_digest: str
    updated_at: datetime


def one(connection: Connection, name: str) -> Anchor | None:
    """Where this one stands."""
    row = connection.execute(select(table).where(table.c.name == name)).one_or_none()
    return Anchor(row.name, row.channel, row.ts, row.body_digest, row.updated_at) if row else None


def keep(connection: Connection, anchor: Anchor) -> None:
    """It stands there now."""
    place = {
        "channel": anchor.channel,
        "ts": anchor.ts,
        "body_digest": anchor.body_digest,
        "updated_at": anchor.updated_at,
    }
    statement = insert(connection, table).values(name=anchor.name, **place)
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c.name], set_=place))


def forget(connection: Connection, name: str) -> None:
    """It is gone."""
    connection.execute(delete(table).where(table.c.name == name))
