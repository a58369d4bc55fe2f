"""Protected runs: the questions of workflows that wait at the code host, and what was answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, text

from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.tables import UNANSWERED
from integrations.database.tables import protected_runs as table

if TYPE_CHECKING:
    from sqlalchemy import Row


def one(connection: Connection, number: ProtectedRunId, *, lock: bool) -> ProtectedRun | None:
    """The question of that number; locked, nobody else answers it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def add(connection: Connection, question: Question) -> ProtectedRun:
    """A new row, or the one that waits for an answer to the same."""
    same = {"repository": question.repository, "run": question.run, "environment": question.environment}
    values = {**same, "commit": question.commit, "asked_at": question.asked_at, "revision": 0}
    new = insert(connection, table).values(values)
    connection.execute(
        new.on_conflict_do_nothing(index_elements=["repository", "run", "environment"], index_where=text(UNANSWERED))
    )
    there = select(table).where(
        table.c.answered_at.is_(None), *(table.c[name] == value for name, value in same.items())
    )
    return _read(connection.execute(there).one())


def keep(connection: Connection, before: ProtectedRun, after: ProtectedRun) -> ProtectedRun:
    """Write what was answered. ConflictError if `after` didn't grow from `before`, which is what was stored."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    values = {"answered_at": after.answered_at, "approved": after.approved}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: ProtectedRun, after: ProtectedRun) -> None:
    """Raise ValueError if it is another question, or answered twice: that is a mistake of ours, and no conflict."""
    if before.question != after.question or before.answered_at is not None:
        raise ValueError(f"What {after.name} asked, and what was answered, can't be changed.")


def _read(row: Row[Any]) -> ProtectedRun:
    return ProtectedRun(
        id=ProtectedRunId(row.id),
        question=Question(row.repository, row.run, row.environment, row.commit, row.asked_at),
        answered_at=row.answered_at,
        approved=row.approved,
        revision=row.revision,
    )
