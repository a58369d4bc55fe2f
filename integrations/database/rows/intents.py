"""Intents that were acted upon, against repeated deliveries; wishes to deploy, which the second person confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy import insert as plain_insert

from bot.ports import Ask
from integrations.database.rows.sql import insert
from integrations.database.tables import asks, intents

if TYPE_CHECKING:
    from datetime import datetime

    from bot.rules.candidate import Seal
    from bot.rules.people import PersonId
    from bot.rules.policy import EnvironmentName
    from bot.rules.release import ReleaseId


def first_time(connection: Connection, intent: str, at: datetime) -> bool:
    """Note it; False if it was noted before. One that somebody else is just noting is waited for."""
    statement = insert(connection, intents).values(intent=intent, noted_at=at).on_conflict_do_nothing()
    return connection.execute(statement.returning(intents.c.intent)).one_or_none() is not None


def ask(
    connection: Connection, release: ReleaseId, environment: EnvironmentName, seal: Seal, *, not_by: PersonId | None
) -> Ask | None:
    """The newest wish to deploy exactly this; with `not_by`, the newest of somebody else."""
    statement = select(asks).order_by(asks.c.id.desc()).limit(1)
    statement = statement.where(asks.c.release_id == release, asks.c.environment == environment, asks.c.seal == seal)
    if not_by is not None:
        statement = statement.where(asks.c.person != not_by)
    row = connection.execute(statement).one_or_none()
    return Ask(row.release_id, row.environment, row.seal, row.person, row.asked_at) if row else None


def keep_ask(connection: Connection, ask: Ask) -> None:
    """One more wish; those before stay."""
    connection.execute(
        plain_insert(asks).values(
            release_id=ask.release, environment=ask.environment, seal=ask.seal, person=ask.by, asked_at=ask.at
        )
    )
