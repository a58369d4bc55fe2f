"""Verdicts: every word ever said about a release; withdrawing one adds when that was, nothing removes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from bot.rules.approval import Verdict, Word
from bot.rules.terms import Terms
from integrations.database.tables import verdicts as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row


def of(connection: Connection, releases: Sequence[int]) -> dict[int, tuple[Verdict, ...]]:
    """What was said about each of these releases, in the order in which it was said."""
    found: dict[int, list[Verdict]] = {release: [] for release in releases}
    for row in connection.execute(select(table).where(table.c.release_id.in_(releases)).order_by(table.c.number)):
        found[row.release_id].append(_read(row))
    return {release: tuple(words) for release, words in found.items()}


def keep(connection: Connection, release: int, before: Sequence[Verdict], after: Sequence[Verdict]) -> None:
    """Add the new words, and note which old ones were taken back."""
    for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        if new != old:
            connection.execute(
                update(table)
                .where(table.c.release_id == release, table.c.number == number)
                .values(withdrawn_at=new.withdrawn_at)
            )
    rows = [
        {"release_id": release, "number": number, **_written(verdict)}
        for number, verdict in enumerate(after[len(before) :], start=len(before) + 1)
    ]
    if rows:
        connection.execute(insert(table), rows)


def must_grow(before: Sequence[Verdict], after: Sequence[Verdict]) -> None:
    """Raise ValueError if something that was said is to be unsaid or said otherwise: that is a mistake of ours."""
    kept = [replace(verdict, withdrawn_at=None) for verdict in after[: len(before)]]
    if kept != [replace(verdict, withdrawn_at=None) for verdict in before]:
        raise ValueError(
            "What was said about a release can be added to and withdrawn, but neither changed nor removed."
        )


def _written(verdict: Verdict) -> dict[str, Any]:
    return {
        "person": verdict.person,
        "role": verdict.role,
        "environment": verdict.environment,
        "seal": verdict.seal,
        "word": verdict.word,
        "said_at": verdict.at,
        "reason": verdict.reason,
        "withdrawn_at": verdict.withdrawn_at,
        "on_behalf_of": verdict.on_behalf_of,
        "subject": verdict.subject,
        "candidate": verdict.candidate,
        "version": verdict.version,
        "terms": None if verdict.terms is None else verdict.terms.as_json(),
    }


def _read(row: Row[Any]) -> Verdict:
    return Verdict(
        person=row.person,
        role=row.role,
        environment=row.environment,
        seal=row.seal,
        word=Word(row.word),
        at=row.said_at,
        reason=row.reason,
        withdrawn_at=row.withdrawn_at,
        on_behalf_of=row.on_behalf_of,
        subject=row.subject,
        terms=None if row.terms is None else Terms.from_json(row.terms),
        candidate=row.candidate,
        version=row.version,
    )
