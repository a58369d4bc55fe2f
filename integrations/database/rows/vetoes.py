"""Vetoes: each one row, and what was read of candidates about them: one row for each of both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bot.rules.veto import Finding, Ruling, Suspect, TakenBack, Veto, VetoId
from integrations.database.rows.sql import change, conflict, insert
from integrations.database.tables import veto_findings, vetoes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from bot.rules.policy import ServiceName


def one(connection: Connection, number: VetoId, *, lock: bool) -> Veto | None:
    """The veto of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(vetoes).where(vetoes.c.id == number)
    row = connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()
    return _read(row) if row else None


def of(connection: Connection, service: ServiceName) -> list[Veto]:
    """All of that service, newest first."""
    statement = select(vetoes).where(vetoes.c.service == service).order_by(vetoes.c.id.desc())
    return [_read(row) for row in connection.execute(statement)]


def add(connection: Connection, taken: TakenBack) -> Veto | None:
    """A new row; None if that rollback has one."""
    statement = (
        insert(connection, vetoes)
        .values(**_taken(taken), **_state(Veto(VetoId(0), taken)), revision=0)
        .on_conflict_do_nothing(index_elements=[vetoes.c.rollback_id])
        .returning(vetoes.c.id)
    )
    number = connection.execute(statement).scalar_one_or_none()
    return None if number is None else Veto(VetoId(number), taken)


def keep(connection: Connection, before: Veto, after: Veto) -> Veto:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    return replace(after, revision=change(connection, vetoes, before, values))


def must_follow(before: Veto, after: Veto) -> None:
    """Raise ValueError if what was taken back is to be changed: that is a mistake of ours, and no conflict."""
    if before.taken != after.taken:
        raise ValueError(f"What {after.name} is about can't be changed.")


def findings(connection: Connection, service: ServiceName, commits: Sequence[str]) -> list[Finding]:
    """What was read of these commits about that service's vetoes."""
    if not commits:
        return []
    statement = (
        select(veto_findings)
        .join(vetoes, vetoes.c.id == veto_findings.c.veto_id)
        .where(vetoes.c.service == service, veto_findings.c.commit.in_(sorted(set(commits))))
        .order_by(veto_findings.c.veto_id, veto_findings.c.commit)
    )
    return [_finding(row) for row in connection.execute(statement)]


def keep_finding(connection: Connection, finding: Finding) -> None:
    """Write it over what was read of the same before."""
    values = {
        "read_at": finding.at,
        "culprits": list(finding.culprits),
        "answers": list(finding.answers),
        "suspects": finding.suspects,
        "carried": [[each.commit, each.subject, each.author] for each in finding.carried],
        "total": finding.total,
        "mended": finding.mended,
        "problem": finding.problem,
    }
    statement = insert(connection, veto_findings).values(veto_id=finding.veto, commit=finding.commit, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(veto_findings.primary_key), set_=values))


def _taken(taken: TakenBack) -> dict[str, Any]:
    return {
        "service": taken.service,
        "environment": taken.environment,
        "bad": taken.bad,
        "good": taken.good,
        "bad_version": taken.bad_version,
        "good_version": taken.good_version,
        "rollback_id": taken.rollback,
        "release_id": taken.release,
        "person": taken.by,
        "reason": taken.reason,
        "taken_at": taken.at,
        "known": list(taken.known),
    }


def _state(veto: Veto) -> dict[str, Any]:
    named, lifted = veto.named, veto.lifted
    return {
        "culprits": list(veto.culprits),
        "named_by": named.by if named else None,
        "named_at": named.at if named else None,
        "named_reason": named.reason if named else None,
        "answers": list(veto.answers),
        "lifted_by": lifted.by if lifted else None,
        "lifted_at": lifted.at if lifted else None,
        "lifted_reason": lifted.reason if lifted else None,
    }


def _read(row: Row[Any]) -> Veto:
    return Veto(
        id=row.id,
        taken=TakenBack(
            service=row.service,
            environment=row.environment,
            bad=row.bad,
            good=row.good,
            bad_version=row.bad_version,
            good_version=row.good_version,
            rollback=row.rollback_id,
            release=row.release_id,
            by=row.person,
            reason=row.reason,
            at=row.taken_at,
            known=tuple(row.known),
        ),
        culprits=tuple(row.culprits),
        named=Ruling(row.named_by, row.named_at, row.named_reason or "") if row.named_by else None,
        answers=tuple(row.answers),
        lifted=Ruling(row.lifted_by, row.lifted_at, row.lifted_reason or "") if row.lifted_by else None,
        revision=row.revision,
    )


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        veto=row.veto_id,
        commit=row.commit,
        at=row.read_at,
        culprits=tuple(row.culprits),
        answers=tuple(row.answers),
        suspects=row.suspects,
        carried=tuple(Suspect(*each) for each in row.carried),
        total=row.total,
        mended=row.mended,
        problem=row.problem,
    )
