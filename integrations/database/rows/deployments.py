"""Deployments: each one row, complete by itself, the candidate included: it is evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, or_, select, text, union_all
from sqlalchemy.exc import IntegrityError

from bot.ports import HeldError
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind, Order
from integrations.database.rows import candidates
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.rows.words_of_targets import read_heard, read_steps, written_heard, written_steps
from integrations.database.tables import HOLDS, WAITS
from integrations.database.tables import deployments as table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Row, ScalarSelect

    from bot.rules.policy import EnvironmentName, ServiceName
    from bot.rules.release import ReleaseId

SUCCESSES_WANTED = 20
"""How many successes per environment a gate and a rollback look back."""


def one(connection: Connection, number: DeploymentId, *, lock: bool) -> Deployment | None:
    """The deployment of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()
    return _read(row) if row else None


def several(
    connection: Connection,
    *,
    service: ServiceName | None,
    environment: EnvironmentName | None,
    release: ReleaseId | None,
    holding_only: bool,
    since: datetime | None,
    before: DeploymentId | None,
    limit: int,
) -> list[Deployment]:
    """Deployments, newest first."""
    statement = select(table).order_by(table.c.id.desc()).limit(limit)
    if service is not None:
        statement = statement.where(table.c.service == service)
    if environment is not None:
        statement = statement.where(table.c.environment == environment)
    if release is not None:
        statement = statement.where(table.c.release_id == release)
    if holding_only:
        statement = statement.where(text(HOLDS))
    if before is not None:
        statement = statement.where(table.c.id < before)
    if since is not None:
        statement = statement.where(or_(table.c.ended_at.is_(None), table.c.ended_at >= since))
    return _newest_first(connection.execute(statement))


def history_for(connection: Connection, service: ServiceName, releases: Sequence[ReleaseId]) -> tuple[Deployment, ...]:
    """All of these releases and what took them away, and of the service all that hold and the newest successes."""
    place = func.row_number().over(partition_by=table.c.environment, order_by=table.c.id.desc())
    successes = (
        select(table.c.id, place.label("place"))
        .where(table.c.service == service, table.c.attempt == Attempt.SUCCEEDED)
        .subquery()
    )
    wanted = select(successes.c.id).where(successes.c.place <= SUCCESSES_WANTED)
    holding = select(table.c.id).where(table.c.service == service, text(HOLDS))
    numbers = [wanted, holding]
    if releases:
        own = select(table.c.id).where(table.c.release_id.in_(releases))
        # However long ago: what was rolled back does not become good again by many successes of others since.
        numbers += [own, select(table.c.id).where(table.c.replaces.in_(own), table.c.kind == Kind.ROLLBACK)]
    rows = connection.execute(select(table).where(table.c.id.in_(union_all(*numbers))).order_by(table.c.id.desc()))
    return tuple(_newest_first(rows))


def _newest_first(rows: Iterable[Row[Any]]) -> list[Deployment]:
    """By when they went, and not by when they were confirmed."""
    return sorted(map(_read, rows), key=lambda each: each.newness, reverse=True)


def _next_turn() -> ScalarSelect[int]:
    """The turn of whoever takes an environment now. Two elsewhere may take the same: only one takes this place."""
    return select(func.coalesce(func.max(table.c.turn), 0) + 1).scalar_subquery()


def waiting(connection: Connection, service: ServiceName, environment: EnvironmentName | None) -> list[Deployment]:
    """Those that wait their turn, in the order in which it comes."""
    statement = select(table).where(table.c.service == service, text(WAITS))
    if environment is not None:
        statement = statement.where(table.c.environment == environment)
    return sorted((_read(row) for row in connection.execute(statement)), key=lambda each: each.place)


def add(connection: Connection, order: Order, *, waits: bool) -> Deployment:
    """A new row, if nothing holds the environment; else HeldError, after which the transaction can go on.

    With `waits`, a row that waits its turn; HeldError if the same waits there already.
    """
    added = Deployment(DeploymentId(0), order)
    if waits:
        added = replace(added, attempt=Attempt.QUEUED, waits_since=order.confirmed_at)
    statement = (
        insert(connection, table)
        .values(**_ordered(order), **_state(added), turn=None if waits else _next_turn(), revision=0)
        # Skipped, not failed: a failed statement would end the transaction on PostgreSQL. Where somebody else has put
        # one there and not yet committed, this waits for their word.
        .on_conflict_do_nothing()
        .returning(table.c.id, table.c.turn)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise HeldError(f"{order.environment} of {order.service} is held by another deployment.")
    return replace(added, id=DeploymentId(row.id), turn=row.turn)


def keep(connection: Connection, before: Deployment, after: Deployment) -> Deployment:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it.

    HeldError if its turn has come and another holds the environment; then the transaction can go on, too.
    """
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old = {**_state(before), "replaces": before.order.replaces}
    new = {**_state(after), "replaces": after.order.replaces}
    values = {name: value for name, value in new.items() if value != old[name]}
    if not (before.waits and after.holds):
        return replace(after, revision=change(connection, table, before, values))
    try:
        with connection.begin_nested():
            revision = change(connection, table, before, {**values, "turn": _next_turn()})
            turn = connection.execute(select(table.c.turn).where(table.c.id == after.id)).scalar_one()
            return replace(after, revision=revision, turn=turn)
    except IntegrityError as error:
        order = after.order
        raise HeldError(f"{order.environment} of {order.service} is held by another deployment.") from error


def must_follow(before: Deployment, after: Deployment) -> None:
    """Raise ValueError if what was ordered is to be changed: that is a mistake of ours, and no conflict.

    What it replaces is known when its turn comes.
    """
    ordered = replace(after.order, replaces=before.order.replaces) if before.waits else after.order
    if before.order != ordered:
        raise ValueError(f"What was ordered with {after.name} can't be changed.")


def _ordered(order: Order) -> dict[str, Any]:
    return {
        "release_id": order.release,
        "service": order.service,
        "environment": order.environment,
        "kind": order.kind,
        "version": order.version,
        **candidates.written(order.candidate),
        "confirmed_by": order.confirmed_by,
        "confirmed_at": order.confirmed_at,
        "reason": order.reason,
        "replaces": order.replaces,
        "broke_glass": order.broke_glass,
    }


def _state(deployment: Deployment) -> dict[str, Any]:
    return {
        "attempt": deployment.attempt,
        "target_ref": deployment.target_ref,
        "link": deployment.link,
        "detail": deployment.detail,
        "served": deployment.served,
        "since": deployment.since,
        "started_at": deployment.started_at,
        "ended_at": deployment.ended_at,
        "cancel_asked_by": deployment.cancel_asked_by,
        "cancel_asked_at": deployment.cancel_asked_at,
        "silent_since": deployment.silent_since,
        "waits_since": deployment.waits_since,
        "heard": written_heard(deployment.heard),
        "steps": written_steps(deployment.steps),
    }


def _read(row: Row[Any]) -> Deployment:
    order = Order(
        release=row.release_id,
        service=row.service,
        environment=row.environment,
        kind=Kind(row.kind),
        version=row.version,
        candidate=candidates.read(row),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        reason=row.reason,
        replaces=row.replaces,
        broke_glass=row.broke_glass,
    )
    return Deployment(
        id=row.id,
        order=order,
        attempt=Attempt(row.attempt),
        target_ref=row.target_ref,
        link=row.link,
        detail=row.detail,
        served=row.served,
        since=row.since,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cancel_asked_by=row.cancel_asked_by,
        cancel_asked_at=row.cancel_asked_at,
        silent_since=row.silent_since,
        waits_since=row.waits_since,
        turn=row.turn,
        heard=read_heard(row.heard),
        steps=read_steps(row.steps),
        revision=row.revision,
    )
