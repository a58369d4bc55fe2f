"""What the watch over a deployment has seen: one row, its looks as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.rules.judging import Found, Judgement, Look, Usual, Watched
from integrations.database.rows.sql import insert
from integrations.database.storable import storable
from integrations.database.tables import watches as table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from bot.rules.deployment import DeploymentId


def one(connection: Connection, number: DeploymentId) -> Watched | None:
    """What is kept of the watch over that deployment."""
    row = connection.execute(select(table).where(table.c.id == number)).one_or_none()
    if row is None:
        return None
    return Watched(
        deployment=row.id,
        looks=tuple(map(_read, row.looks)),
        usual=_read_usual(row.usual),
        asks_since=row.asks_since,
        asks_why=row.asks_why,
        kept_by=row.kept_by,
        kept_why=row.kept_why,
    )


def keep(connection: Connection, watched: Watched) -> None:
    """All of it, in place of what was kept before."""
    usual = watched.usual
    values: dict[str, Any] = {
        "looks": [_written(each) for each in watched.looks],
        "usual": None
        if usual is None
        else {storable(name): [each.mean, each.deviation, each.count] for name, each in usual.items()},
        "asks_since": watched.asks_since,
        "asks_why": watched.asks_why,
        "kept_by": watched.kept_by,
        "kept_why": watched.kept_why,
    }
    statement = insert(connection, table).values(id=watched.deployment, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c.id], set_=values))


def _written(look: Look) -> list[Any]:
    """When it was, and of each thing: judgement, value, sigma, why."""
    found = {
        storable(name): [each.judgement, each.value, each.sigma, storable(each.why)]
        for name, each in look.found.items()
    }
    return [look.at.isoformat(), found]


def _read(kept: Sequence[Any]) -> Look:
    at, found = kept
    return Look(
        datetime.fromisoformat(at),
        {name: Found(Judgement(word), value, sigma, why) for name, (word, value, sigma, why) in found.items()},
    )


def _read_usual(kept: Mapping[str, Sequence[Any]] | None) -> dict[str, Usual] | None:
    return None if kept is None else {name: Usual(*each) for name, each in kept.items()}
