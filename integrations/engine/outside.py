"""The engine as it is seen from outside: who is at work and with what, from the database alone. Nothing is started."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import TableClause, and_, column, func, inspect, select, table, text

from bot.ports import RecordsError
from integrations.database.errors import in_our_words
from integrations.engine.alone import lock_beside
from integrations.engine.lease import LOCKS, SIGN
from integrations.engine.names import FOLLOW, root_of
from integrations.engine.rows import ACTIVE
from integrations.engine.store import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from integrations.database.engine import Engines


@dataclass(frozen=True, slots=True)
class Process:
    """One Slipway at work. `executor` is how the engine calls it, or the end of that."""

    host: str
    pid: int | None
    executor: str
    since: datetime
    seen_at: datetime
    """When it last gave a sign of life. On SQLite its lock is one at every moment."""

    def has(self, executor: str) -> bool:
        """Whether this is the process of that name."""
        return bool(self.executor) and executor.endswith(self.executor)


@dataclass(frozen=True, slots=True)
class Going:
    """One piece of durable work that goes on: `queued`, `moving`, `waiting` (until then), or `in trouble`."""

    work: str
    key: int
    state: str
    executor: str
    since: datetime
    until: datetime | None = None
    trouble: str = ""


async def processes(engines: Engines, now: datetime) -> list[Process]:
    """Every Slipway that is at work on this database, the one that has been longest first."""
    if engines.is_sqlite:
        return _the_one(engines, now)
    with in_our_words():
        async with engines.reading.connect() as connection:
            found = await connection.execute(_SIGNS, {"locks": LOCKS, "sign": f"{SIGN} %"})
            there = [_process(row.name, row.since, row.seen_at) for row in found]
    return sorted(there, key=lambda each: each.since)


async def work(engines: Engines, now: datetime) -> list[Going]:
    """All durable work that goes on, the oldest first."""
    with in_our_words():
        async with engines.reading.begin() as connection:
            return await connection.run_sync(_work, now)


# A process holds the lock of its own number, and for a moment those of others that are gone: each is counted once.
_SIGNS = text(
    """
    SELECT a.application_name AS name, min(a.backend_start) AS since,
           max(coalesce(a.state_change, a.backend_start)) AS seen_at
    FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :locks AND a.datname = current_database()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND a.application_name LIKE :sign
    GROUP BY a.pid, a.application_name
    """
)


def _process(name: str, since: datetime, seen_at: datetime) -> Process:
    executor = name.removeprefix(f"{SIGN} ")
    host, pid, _ = executor.rsplit("-", 2)
    return Process(host, int(pid), executor, since.astimezone(UTC), seen_at.astimezone(UTC))


def _the_one(engines: Engines, now: datetime) -> list[Process]:
    """Whoever has the file's lock. It is asked for only to see whether it could be had, and given back at once."""
    path = lock_beside(engines.url)
    try:
        lock = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordsError(
            f"Whether a Slipway is at work can't be seen: {path} can't be read ({error.strerror}). Please type this as "
            "the user that Slipway runs as."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
        since = datetime.fromtimestamp(os.fstat(lock).st_mtime, UTC)
        return [Process(socket.gethostname(), int(holder) if holder.isdigit() else None, "the-one", since, now)]
    finally:
        os.close(lock)
    return []


def _work(connection: Connection, now: datetime) -> list[Going]:
    schema = SCHEMA if connection.dialect.name == "postgresql" else None
    if not inspect(connection).has_table("workflow_status", schema=schema):
        return []
    statuses = _columns("workflow_status", schema, "workflow_uuid", "name", "status", "executor_id", "created_at")
    active = and_(statuses.c.name == FOLLOW, statuses.c.status.in_(ACTIVE))
    moves = _last_moves(connection, schema, select(statuses.c.workflow_uuid).where(active))
    found = connection.execute(select(statuses).where(active).order_by(statuses.c.created_at, statuses.c.workflow_uuid))
    return [_going(row, moves.get(row.workflow_uuid), now) for row in found]


def _last_moves(connection: Connection, schema: str | None, which: Any) -> dict[str, dict[str, Any]]:
    """What the last move of each said, for those that have made one."""
    steps = _columns("operation_outputs", schema, "workflow_uuid", "function_id", "function_name", "output")
    last = (
        select(steps.c.workflow_uuid, func.max(steps.c.function_id).label("function_id"))
        .where(steps.c.workflow_uuid.in_(which), steps.c.function_name == "move")
        .group_by(steps.c.workflow_uuid)
        .subquery()
    )
    same = and_(steps.c.workflow_uuid == last.c.workflow_uuid, steps.c.function_id == last.c.function_id)
    found = connection.execute(select(steps.c.workflow_uuid, steps.c.output).join(last, same))
    return {row.workflow_uuid: json.loads(row.output) for row in found if row.output}


def _going(row: Any, moved: dict[str, Any] | None, now: datetime) -> Going:
    name, _, key = root_of(row.workflow_uuid).rpartition(":")
    since = datetime.fromtimestamp(row.created_at / 1000, UTC)
    executor = row.executor_id or ""
    if row.status != "PENDING":
        return Going(name, int(key), "queued", executor, since)
    if moved is None:
        return Going(name, int(key), "moving", executor, since)
    at = datetime.fromisoformat(moved["at"])
    if moved["error"]:
        return Going(name, int(key), "in trouble", executor, since, trouble=moved["error"])
    until = at + timedelta(seconds=moved["after"])
    return Going(name, int(key), "waiting" if until > now else "moving", executor, since, until)


def _columns(name: str, schema: str | None, *names: str) -> TableClause:
    return table(name, *(column(each) for each in names), schema=schema)
