"""Releases: a row, what it proposes, its checklist, and every word ever said about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, or_, select, text

from bot.ports import ConflictError
from bot.rules.checklist import Item
from bot.rules.release import Draft, Ending, Plan, Release, ReleaseId
from integrations.database.rows import candidates, checklists, verdicts
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.tables import OPEN
from integrations.database.tables import releases as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Select

    from bot.rules.approval import Verdict
    from bot.rules.candidate import Candidate
    from bot.rules.people import PersonId
    from bot.rules.policy import ServiceName


def one(connection: Connection, number: ReleaseId, *, lock: bool) -> Release | None:
    """The release of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    # Others may refer to it meanwhile (a deployment's foreign key): that neither waits for us nor we for it.
    found = _whole(connection, statement.with_for_update(key_share=True) if lock else statement)
    return found[0] if found else None


def several(
    connection: Connection,
    *,
    service: ServiceName | None,
    open_only: bool,
    ended_only: bool,
    requested_by: PersonId | None,
    ids: Sequence[ReleaseId] | None,
    before: ReleaseId | None,
    limit: int,
) -> list[Release]:
    """Releases, newest first."""
    statement = select(table).order_by(table.c.id.desc()).limit(limit)
    if service is not None:
        statement = statement.where(table.c.service == service)
    if open_only:
        statement = statement.where(table.c.launched_at.is_(None), table.c.cancelled_at.is_(None))
    if ended_only:
        statement = statement.where(or_(table.c.launched_at.is_not(None), table.c.cancelled_at.is_not(None)))
    if before is not None:
        statement = statement.where(table.c.id < before)
    if requested_by is not None:
        statement = statement.where(table.c.requested_by == requested_by)
    if ids is not None:
        statement = statement.where(table.c.id.in_(ids))
    return _whole(connection, statement)


def add(connection: Connection, draft: Draft) -> Release:
    """A new row, with its checklist, and its candidate if it has one."""
    values = {
        **_plan(draft.plan),
        "requested_by": draft.requested_by,
        "created_at": draft.created_at,
        "revision": 0,
    }
    statement = (
        insert(connection, table)
        .values(values)
        .on_conflict_do_nothing(index_elements=[table.c.service, table.c.version], index_where=text(OPEN))
        .returning(table.c.id)
    )
    found = connection.execute(statement).scalar_one_or_none()
    if found is None:
        raise ConflictError(f"{draft.plan.service} {draft.plan.version} was planned by somebody else a moment ago.")
    number = ReleaseId(found)
    if draft.candidate is not None:
        candidates.add(connection, number, draft.candidate)
    checklists.keep(connection, number, (), draft.checklist)
    return Release(number, draft.plan, draft.requested_by, draft.created_at, draft.candidate, draft.checklist)


def keep(connection: Connection, before: Release, after: Release) -> Release:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    revision = change(connection, table, before, _row_changes(before, after))
    if after.candidate is not None and after.candidate != before.candidate:
        candidates.add(connection, after.id, after.candidate)
    checklists.keep(connection, after.id, before.checklist, after.checklist)
    verdicts.keep(connection, after.id, before.verdicts, after.verdicts)
    return replace(after, revision=revision)


def must_follow(before: Release, after: Release) -> None:
    """Raise ValueError if history is to be lost: that is a mistake of ours, and no conflict."""
    if after.candidate is None and before.candidate is not None:
        raise ValueError(f"{after.name} can get another candidate, but can't lose the one it has.")
    if (before.requested_by, before.created_at) != (after.requested_by, after.created_at):
        raise ValueError(f"Who planned {after.name}, and when, can't be changed.")
    verdicts.must_grow(before.verdicts, after.verdicts)


def _whole(connection: Connection, statement: Select[Any]) -> list[Release]:
    """The releases of these rows with all that belongs to them: four questions, however many they are."""
    rows = connection.execute(statement).all()
    if not rows:
        return []
    numbers = [row.id for row in rows]
    proposed = candidates.newest(connection, numbers)
    items = checklists.of(connection, numbers)
    said = verdicts.of(connection, numbers)
    return [_read(row, proposed.get(row.id), items[row.id], said[row.id]) for row in rows]


def _read(
    row: Row[Any], candidate: Candidate | None, checklist: tuple[Item, ...], said: tuple[Verdict, ...]
) -> Release:
    return Release(
        id=row.id,
        plan=Plan(
            service=row.service,
            version=row.version,
            change_type=row.change_type,
            title=row.title,
            scope=row.scope,
            requirements=row.requirements,
            target=row.target,
            depends_on=tuple(row.depends_on),
        ),
        requested_by=row.requested_by,
        created_at=row.created_at,
        candidate=candidate,
        checklist=checklist,
        verdicts=said,
        launched=Ending(row.launched_by, row.launched_at, row.launched_reason) if row.launched_at else None,
        cancelled=Ending(row.cancelled_by, row.cancelled_at, row.cancelled_reason) if row.cancelled_at else None,
        revision=row.revision,
    )


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "service": plan.service,
        "version": plan.version,
        "change_type": plan.change_type,
        "title": plan.title,
        "scope": plan.scope,
        "requirements": plan.requirements,
        "target": plan.target,
        "depends_on": list(plan.depends_on),
    }


def _row_changes(before: Release, after: Release) -> dict[str, Any]:
    old, new = _plan(before.plan), _plan(after.plan)
    values = {name: value for name, value in new.items() if value != old[name]}
    for name, was, now in (
        ("launched", before.launched, after.launched),
        ("cancelled", before.cancelled, after.cancelled),
    ):
        if now != was:
            values |= {
                f"{name}_by": now.by if now else None,
                f"{name}_at": now.at if now else None,
                f"{name}_reason": now.reason if now else None,
            }
    return values
