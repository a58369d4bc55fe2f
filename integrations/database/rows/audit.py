"""The record: entries are chained while one row, the head, is locked, so that they stand in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from bot.rules.audit import Entry, Happened, chained
from bot.rules.people import Surface
from integrations.database.storable import all_storable, storable
from integrations.database.tables import audit as table
from integrations.database.tables import audit_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from bot.rules.release import ReleaseId


def as_kept(happened: Happened) -> Happened:
    """The same, exactly as it will be read again, since digests depend on it: the moment in UTC, the detail as JSON."""
    return replace(
        happened,
        at=happened.at.astimezone(UTC),
        subject=storable(happened.subject),
        detail=all_storable(json.loads(json.dumps(dict(happened.detail)))),
    )


def append(connection: Connection, happenings: Sequence[Happened]) -> None:
    """Chain these to the record. The last thing before the commit, since everybody who writes waits for the head."""
    number, digest = connection.execute(select(audit_head.c.number, audit_head.c.digest).with_for_update()).one()
    last: Entry | None = Entry(number, happenings[0], "", digest) if number else None
    rows = []
    for happened in happenings:
        last = chained(as_kept(happened), last)
        rows.append(_written(last))
    connection.execute(insert(table), rows)
    newest = rows[-1]
    connection.execute(update(audit_head).values(number=newest["number"], digest=newest["digest"]))


def head(connection: Connection) -> tuple[int, str]:
    """The newest entry's number and digest, as noted apart from the entries."""
    row = connection.execute(select(audit_head.c.number, audit_head.c.digest)).one()
    return row.number, row.digest


def several(
    connection: Connection, *, release: ReleaseId | None, after: int, since: datetime | None, limit: int
) -> list[Entry]:
    """Entries, oldest first."""
    statement = select(table).order_by(table.c.number).limit(limit)
    if after:
        statement = statement.where(table.c.number > after)
    if release is not None:
        statement = statement.where(table.c.release_id == release)
    if since is not None:
        # Where to begin is found by the clock's index; from there on the record is read in its order.
        first = select(func.min(table.c.number)).where(table.c.happened_at >= since).scalar_subquery()
        statement = statement.where(table.c.number >= first, table.c.happened_at >= since)
    return [_read(row) for row in connection.execute(statement)]


def _written(entry: Entry) -> dict[str, Any]:
    happened = entry.happened
    return {
        "number": entry.number,
        "verb": happened.verb,
        "person": happened.by,
        "surface": happened.surface,
        "happened_at": happened.at,
        "release_id": happened.release,
        "candidate": happened.candidate,
        "subject": happened.subject,
        "detail": happened.detail,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _read(row: Row[Any]) -> Entry:
    happened = Happened(
        verb=row.verb,
        by=row.person,
        surface=Surface(row.surface),
        at=row.happened_at,
        release=row.release_id,
        candidate=row.candidate,
        subject=row.subject,
        detail=row.detail,
    )
    return Entry(row.number, happened, row.previous, row.digest)
