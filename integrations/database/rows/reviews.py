"""Reviews of broken glass: each one row, from what is owed to what was learned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from bot.rules.review import Duty, Review
from integrations.database.rows.sql import change, conflict
from integrations.database.tables import reviews as table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from bot.rules.deployment import DeploymentId
    from bot.rules.people import PersonId
    from bot.rules.release import ReleaseId


def one(connection: Connection, number: DeploymentId, *, lock: bool) -> Review | None:
    """The review of that deployment; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _read(row) if row else None


def several(
    connection: Connection,
    *,
    open_only: bool,
    broken_by: PersonId | None,
    release: ReleaseId | None,
    limit: int | None,
) -> list[Review]:
    """Reviews, the one that is due first first."""
    statement = select(table).order_by(table.c.due_at, table.c.id).limit(limit)
    if open_only:
        statement = statement.where(table.c.closed_at.is_(None))
    if broken_by is not None:
        statement = statement.where(table.c.broken_by == broken_by)
    if release is not None:
        statement = statement.where(table.c.release_id == release)
    return [_read(row) for row in connection.execute(statement)]


def add(connection: Connection, duty: Duty) -> Review:
    """A new row, nothing said yet."""
    values = {"id": duty.deployment, **_duty(duty), **_closing(Review(duty)), "revision": 0}
    connection.execute(insert(table).values(values))
    return Review(duty)


def keep(connection: Connection, before: Review, after: Review) -> Review:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(f"The review of {after.name}")
    must_follow(before, after)
    old, new = _closing(before), _closing(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, table, before, values))


def must_follow(before: Review, after: Review) -> None:
    """Raise ValueError if what is owed is to be changed: that is a mistake of ours, and no conflict."""
    if before.duty != after.duty:
        raise ValueError(f"What is owed for {after.name} can't be changed.")


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "release_id": duty.release,
        "service": duty.service,
        "environment": duty.environment,
        "broken_by": duty.broken_by,
        "broken_for": duty.broken_for,
        "opened_at": duty.opened_at,
        "due_at": duty.due_at,
        "owner": duty.owner,
        "reason": duty.reason,
        "passed": list(duty.passed),
    }


def _closing(review: Review) -> dict[str, Any]:
    return {
        "closed_by": review.closed_by,
        "closed_for": review.closed_for,
        "closed_at": review.closed_at,
        "learned": review.learned,
    }


def _read(row: Row[Any]) -> Review:
    return Review(
        Duty(
            deployment=row.id,
            release=row.release_id,
            service=row.service,
            environment=row.environment,
            broken_by=row.broken_by,
            broken_for=row.broken_for,
            opened_at=row.opened_at,
            due_at=row.due_at,
            owner=row.owner,
            reason=row.reason,
            passed=tuple(row.passed),
        ),
        closed_by=row.closed_by,
        closed_for=row.closed_for,
        closed_at=row.closed_at,
        learned=row.learned,
        revision=row.revision,
    )
