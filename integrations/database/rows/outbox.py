"""What is to be told, in the order in which it was said. A living message waits at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, and_, delete, func, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.notices import Notice, lane, living
from integrations.database.notices import written
from integrations.database.tables import asked, checks, intents
from integrations.database.tables import outbox as table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select

UNSENT = and_(table.c.sent_at.is_(None), table.c.given_up_at.is_(None))
_FREE = {"claimed_by": None, "claimed_until": None}


@dataclass(frozen=True, slots=True)
class Claim:
    """A sender's hold on one row."""

    id: int
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is in the outbox. `oldest` is when the oldest of what waits was told."""

    waiting: int
    failing: int
    """Those of the waiting that could not be sent at least once."""
    given_up: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What will not be sent any more, and why."""

    id: int
    lane: str
    kind: str
    body: Any
    created_at: datetime
    given_up_at: datetime
    attempts: int
    reason: str


def tell(connection: Connection, notices: Sequence[Notice], now: datetime) -> None:
    """Put these into the outbox, except what waits there already to be drawn from the newest facts.

    What waits and is said in another way now (somebody asks for what we had asked for) takes that way, and is due.
    """
    waiting = _lock_waiting(connection, {name for notice in notices if (name := living(notice))})
    rows: list[dict[str, Any]] = []
    for notice in notices:
        name = living(notice)
        kind, body = written(notice)
        if name in waiting:
            if waiting[name] is not None and waiting[name] != body:
                same = and_(table.c.living == name, UNSENT, table.c.claimed_by.is_(None))
                connection.execute(update(table).where(same).values(body=body, not_before=None))
                waiting[name] = body
            continue
        if name is not None:
            waiting[name] = None
        rows.append(
            {"lane": lane(notice), "kind": kind, "living": name, "body": body, "created_at": now, "attempts": 0}
        )
    if rows:
        connection.execute(plain_insert(table), rows)


def _lock_waiting(connection: Connection, names: Iterable[str]) -> dict[str, Any]:
    """Which of these living messages wait, untouched by any sender, and will until this transaction ends: their bodies.

    The lock keeps a sender from drawing the message between our look and our commit, from facts older than ours. Names
    are locked in their order, so that two transactions can't wait for each other.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = connection.execute(
        select(table.c.living, table.c.body)
        .where(UNSENT, table.c.living.in_(wanted), table.c.claimed_by.is_(None))
        .order_by(table.c.living, table.c.id)
        .with_for_update()
    )
    return {row.living: row.body for row in rows}


def heads(connection: Connection, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """The oldest row of each lane that may be sent now."""
    return connection.execute(_heads(now, limit)).all()


def claim(connection: Connection, now: datetime, owner: str, until: datetime, limit: int) -> Sequence[Row[Any]]:
    """The same, held for this owner; what another one is just taking is left to it."""
    rows = connection.execute(_heads(now, limit).with_for_update(skip_locked=True)).all()
    if rows:
        connection.execute(
            update(table)
            .where(table.c.id.in_([row.id for row in rows]))
            .values(claimed_by=owner, claimed_until=until, attempts=table.c.attempts + 1)
        )
    return rows


def _heads(now: datetime, limit: int) -> Select[Any]:
    oldest = select(func.min(table.c.id)).where(UNSENT).group_by(table.c.lane)
    return (
        select(table)
        .where(
            table.c.id.in_(oldest),
            UNSENT,
            or_(table.c.not_before.is_(None), table.c.not_before <= now),
            or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now),
        )
        .order_by(table.c.id)
        .limit(limit)
    )


def sent(connection: Connection, number: int, now: datetime) -> None:
    """It has arrived."""
    connection.execute(update(table).where(table.c.id == number, UNSENT).values(sent_at=now, **_FREE))


def later(connection: Connection, held: Claim, until: datetime, error: str) -> bool:
    """Let go of it until then; False if it was not held any more."""
    return _let_go(connection, held, {"not_before": until, "last_error": error})


def drop(connection: Connection, held: Claim, at: datetime, reason: str) -> bool:
    """Let go of it for ever; False if it was not held any more."""
    return _let_go(connection, held, {"given_up_at": at, "last_error": reason})


def _let_go(connection: Connection, held: Claim, values: dict[str, Any]) -> bool:
    statement = (
        update(table)
        .where(table.c.id == held.id, table.c.claimed_by == held.owner, table.c.claimed_until == held.until, UNSENT)
        .values(**values, **_FREE)
    )
    return connection.execute(statement).rowcount == 1


def free(connection: Connection, owner: str) -> int:
    """Let go of all that this owner holds; how much it was."""
    return connection.execute(update(table).where(table.c.claimed_by == owner, UNSENT).values(**_FREE)).rowcount


def next_moment(connection: Connection) -> datetime | None:
    """The first moment for which something that is held back waits."""
    rows = connection.execute(select(func.min(table.c.not_before), func.min(table.c.claimed_until)).where(UNSENT)).one()
    return min((moment for moment in rows if moment is not None), default=None)


def depth(connection: Connection) -> Depth:
    """How much waits, and how much was given up."""
    waiting, failing, oldest = connection.execute(
        select(func.count(), func.count(table.c.last_error), func.min(table.c.created_at)).where(UNSENT)
    ).one()
    lost = connection.execute(select(func.count()).where(table.c.given_up_at.is_not(None))).scalar_one()
    return Depth(waiting, failing, lost, oldest)


def given_up(connection: Connection, limit: int) -> list[GivenUp]:
    """What was given up, newest first."""
    rows = connection.execute(
        select(table)
        .where(table.c.given_up_at.is_not(None))
        .order_by(table.c.given_up_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [
        GivenUp(
            id=row.id,
            lane=row.lane,
            kind=row.kind,
            body=row.body,
            created_at=row.created_at,
            given_up_at=row.given_up_at,
            attempts=row.attempts,
            reason=row.last_error,
        )
        for row in rows
    ]


def prune(connection: Connection, before: datetime) -> int:
    """Forget what was sent and noted before that moment, whom people asked then, and what checks said then."""
    moments = (table.c.sent_at, intents.c.noted_at, asked.c.asked_at, checks.c.said_at)
    return sum(connection.execute(delete(moment.table).where(moment < before)).rowcount for moment in moments)
