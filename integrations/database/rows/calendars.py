"""Calendars that freezes come from: when each was last read well, and why it can't be read now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.rules.freeze import CalendarState
from integrations.database.rows.sql import insert
from integrations.database.tables import calendars as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


def every(connection: Connection) -> list[CalendarState]:
    """How it stands with each, by name."""
    found = [CalendarState(row.name, row.read_at, row.problem) for row in connection.execute(select(table))]
    return sorted(found, key=lambda each: each.name)  # here, since each database has an order of words of its own


def keep(connection: Connection, state: CalendarState) -> None:
    """It stands so now."""
    values = {"read_at": state.read_at, "problem": state.problem}
    statement = insert(connection, table).values(name=state.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c.name], set_=values))
