"""Checklists: a release's lines in their order, and who ticked them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.rules.checklist import Item
from integrations.database.tables import checklist_items as table

if TYPE_CHECKING:
    from collections.abc import Sequence


def of(connection: Connection, releases: Sequence[int]) -> dict[int, tuple[Item, ...]]:
    """The checklist of each of these releases."""
    found: dict[int, list[Item]] = {release: [] for release in releases}
    for row in connection.execute(select(table).where(table.c.release_id.in_(releases)).order_by(table.c.position)):
        found[row.release_id].append(Item(row.key, row.text, row.owner, row.required, row.ticked_by, row.ticked_at))
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
        }
        for position, item in enumerate(items)
    }
