"""Candidates: the history of what a release proposed; the newest counts, and none is ever removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, func, insert, select

from bot.rules.candidate import Candidate
from integrations.database.tables import candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row


def newest(connection: Connection, releases: Sequence[int]) -> dict[int, Candidate]:
    """What each of these releases proposes now."""
    last = (
        select(candidates.c.release_id, func.max(candidates.c.number).label("number"))
        .where(candidates.c.release_id.in_(releases))
        .group_by(candidates.c.release_id)
        .subquery()
    )
    same = and_(candidates.c.release_id == last.c.release_id, candidates.c.number == last.c.number)
    return {row.release_id: read(row) for row in connection.execute(select(candidates).join(last, same))}


def add(connection: Connection, release: int, candidate: Candidate) -> None:
    """One more in this release's history, whose row is locked."""
    number = select(func.count() + 1).where(candidates.c.release_id == release).scalar_subquery()
    connection.execute(insert(candidates).values(release_id=release, number=number, **written(candidate)))


def written(candidate: Candidate) -> dict[str, Any]:
    """A candidate's columns, which a deployment has too."""
    return {
        "commit": candidate.commit,
        "artifact": candidate.artifact,
        "ref": candidate.ref,
        "authors": list(candidate.authors),
        "author_ids": sorted(candidate.author_ids),
        "set_by": candidate.set_by,
        "set_at": candidate.set_at,
        "irreversible": candidate.irreversible,
    }


def read(row: Row[Any]) -> Candidate:
    """The candidate in these columns."""
    return Candidate(
        commit=row.commit,
        artifact=row.artifact,
        ref=row.ref,
        authors=tuple(row.authors),
        author_ids=frozenset(row.author_ids),
        set_by=row.set_by,
        set_at=row.set_at,
        irreversible=row.irreversible,
    )
