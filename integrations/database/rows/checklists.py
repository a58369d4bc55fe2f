"""Checklists: a release's lines in their order, and who ticked them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.rules.checklist import Evidence, Item
from integrations.database.tables import checklist_items as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row


def of(connection: Connection, releases: Sequence[int]) -> dict[int, tuple[Item, ...]]:
    """The checklist of each of these releases."""
    found: dict[int, list[Item]] = {release: [] for release in releases}
    for row in connection.execute(select(table).where(table.c.release_id.in_(releases)).order_by(table.c.position)):
        found[row.release_id].append(_read(row))
    return {release: tuple(items) for release, items in found.items()}


def keep(connection: Connection, release: int, before: Sequence[Item], after: Sequence[Item]) -> None:
    """Write the lines that differ."""
    old, new = _rows(release, before), _rows(release, after)
    for key in old.keys() - new.keys():
        connection.execute(delete(table).where(table.c.release_id == release, table.c.key == key))
    for key, row in new.items():
        if key in old and row != old[key]:
            connection.execute(update(table).where(table.c.release_id == release, table.c.key == key).values(row))
    fresh = [row for key, row in new.items() if key not in old]
    if fresh:
        connection.execute(insert(table), fresh)


def _rows(release: int, items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    return {
        item.key: {
            "release_id": release,
            "position": position,
            "key": item.key,
            "text": item.text,
            "owner": item.owner,
            "required": item.required,
            "ticked_by": item.ticked_by,
            "ticked_at": item.ticked_at,
            "note": item.note,
            "link": item.link,
            "due": None if item.due is None else int(item.due.total_seconds()),
            "check_name": item.check,
            "reopens": item.reopens,
            "evidence_note": item.evidence.note,
            "evidence_link": item.evidence.link,
        }
        for position, item in enumerate(items)
    }


def _read(row: Row[Any]) -> Item:
    return Item(
        key=row.key,
        text=row.text,
        owner=row.owner,
        required=row.required,
        ticked_by=row.ticked_by,
        ticked_at=row.ticked_at,
        note=row.note,
        link=row.link,
        due=None if row.due is None else timedelta(seconds=row.due),
        check=row.check_name,
        reopens=row.reopens,
        evidence=Evidence(row.evidence_note, row.evidence_link),
    )
