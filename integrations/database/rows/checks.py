"""What automatic checks said of commits: the newest word of each, in whatever order their words arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from bot.rules.check import CheckResult
from integrations.database.rows.sql import insert
from integrations.database.tables import checks as table

if TYPE_CHECKING:
    from bot.rules.policy import ServiceName


def of(connection: Connection, service: ServiceName, commit: str, *, lock: bool) -> list[CheckResult]:
    """What was said of that commit, by the check's name; with `lock`, nobody else asks or adds to it meanwhile."""
    if lock and connection.dialect.name == "postgresql":
        # There may be no row yet that could be locked. SQLite has one writer at a time anyway.
        commit_of = func.hashtextextended(f"checks of {service} {commit}", 0)
        connection.execute(select(func.pg_advisory_xact_lock(commit_of)))
    rows = connection.execute(select(table).where(table.c.service == service, table.c.commit == commit))
    found = [CheckResult(row.service, row.commit, row.name, row.passed, row.said_at, row.link) for row in rows]
    return sorted(found, key=lambda each: each.name)  # here, since each database has an order of words of its own


def keep(connection: Connection, result: CheckResult) -> bool:
    """Write it over what that check said before; False if that was said later, and stays."""
    values = {"passed": result.passed, "said_at": result.at, "link": result.link}
    same = {"service": result.service, "commit": result.commit, "name": result.name}
    statement = insert(connection, table).values(**same, **values)
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_=values, where=table.c.said_at <= statement.excluded.said_at
    )
    return connection.execute(statement.returning(table.c.name)).one_or_none() is not None
