"""The schema: a fresh database, the guard at the start, and nothing of anybody else's touched."""

from __future__ import annotations

import asyncio
import logging
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, inspect, text

from integrations.database import schema, tables
from integrations.database.columns import Moment, Words
from integrations.database.engine import DatabaseError, open_engines
from integrations.database.guard import check_schema
from integrations.database.migrations.__main__ import write_next
from integrations.database.schema import VERSIONS, SchemaError, ours, upgrade, upgrade_blocking
from integrations.database.tables import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from integrations.database.engine import Engines


@asynccontextmanager
async def engines_for(url: str) -> AsyncIterator[Engines]:
    engines = open_engines(url)
    try:
        yield engines
    finally:
        await engines.dispose()


async def write(engines: Engines, *statements: str) -> None:
    async with engines.writing.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_the_start_is_refused_until_the_database_has_its_tables(empty_url: str) -> None:
    async with engines_for(empty_url) as engines:
        with pytest.raises(SchemaError, match="Please run: slipway db upgrade"):
            await check_schema(engines)
        await upgrade(empty_url)
        await check_schema(engines)


async def test_looking_for_a_file_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    async with engines_for(f"sqlite:///{file}") as engines:
        with pytest.raises(SchemaError, match=r"There is no database at .*none\.db yet"):
            await check_schema(engines)
    assert not await asyncio.to_thread(file.exists)


async def test_an_empty_file_is_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    async with engines_for(f"sqlite:///{tmp_path / 'empty.db'}") as engines:
        with pytest.raises(SchemaError, match="The database is empty"):
            await check_schema(engines)


async def test_upgrading_twice_or_from_two_replicas_at_once_is_upgrading_once(empty_url: str) -> None:
    await asyncio.gather(upgrade(empty_url), upgrade(empty_url), upgrade(empty_url))
    await upgrade(empty_url)
    async with engines_for(empty_url) as engines:
        await check_schema(engines)


async def test_a_database_of_a_newer_program_is_left_alone(database_url: str) -> None:
    async with engines_for(database_url) as engines:
        await write(engines, "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(SchemaError, match=r"made by a newer version of Slipway \(9999; this one knows \d{4}\)"):
            await check_schema(engines)
        with pytest.raises(SchemaError, match="newer version"):
            await upgrade(database_url)


async def test_an_upgrade_that_fails_leaves_everything_as_it_was(empty_url: str) -> None:
    async with engines_for(empty_url) as engines:
        # In the way of the table that the upgrade makes after several others.
        await write(engines, "CREATE TABLE outbox (x INTEGER)")
        with pytest.raises(DatabaseError, match="outbox"):
            await upgrade(empty_url)
        async with engines.reading.connect() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert tables == ["outbox"]


async def test_the_migrations_lead_to_exactly_the_tables_that_the_program_describes(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = compare_metadata(context, metadata)
        return found

    async with engines_for(database_url) as engines, engines.reading.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize("kind", ["ck", "where"])
async def test_checks_and_partial_indexes_are_those_that_the_program_describes(
    sqlite_url: str, kind: str, tmp_path: Path
) -> None:
    """Alembic compares neither, so they are compared as SQLite has them on record."""

    def texts(connection: Connection) -> set[str]:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")).scalars()
        lines = [" ".join(line.split()).rstrip(",").replace('"', "") for sql in rows for line in sql.splitlines()]
        return {line for line in lines if (kind == "ck" and "CHECK" in line) or (kind == "where" and "WHERE" in line)}

    async with engines_for(sqlite_url) as migrated, migrated.reading.connect() as connection:
        by_migration = await connection.run_sync(texts)
    async with engines_for(f"sqlite:///{tmp_path / 'described.db'}") as described:
        async with described.writing.begin() as connection:
            await connection.run_sync(metadata.create_all)
        async with described.reading.connect() as connection:
            by_description = await connection.run_sync(texts)
    assert by_migration == by_description
    assert by_migration


def test_the_next_version_is_written_from_what_has_changed_in_the_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = shutil.copytree(VERSIONS, tmp_path / "versions", ignore=shutil.ignore_patterns("__pycache__"))
    described = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(described)
    Table("notes", described, Column("since", Moment, nullable=False), Column("name", Words, unique=True))
    monkeypatch.setattr(tables, "metadata", described)
    monkeypatch.setattr(schema, "metadata", described)
    written = write_next("Releases have notes", versions)
    assert written.name.endswith("_releases_have_notes.py")
    text_of_it = written.read_text()
    assert text_of_it.startswith('"""Releases have notes."""')
    assert "op.create_table('notes'," in text_of_it
    assert "sa.Column('since', sa.DateTime(timezone=True), nullable=False)" in text_of_it
    assert "sa.Column('name', sa.Text(), nullable=True)" in text_of_it
    # Nothing but that table has changed, and the new version works.
    assert text_of_it.count("op.") == 1 + text_of_it.count("op.f(")
    url = f"sqlite:///{tmp_path / 'next.db'}"
    upgrade_blocking(url, versions=versions)
    upgrade_blocking(url, versions=versions)


async def test_the_tables_of_the_durable_engine_are_none_of_our_business(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        found: list[object] = compare_metadata(context, metadata)
        return found

    async with engines_for(database_url) as engines:
        schema = "" if engines.is_sqlite else "dbos."
        if schema:
            await write(engines, "CREATE SCHEMA dbos")
        await write(engines, f"CREATE TABLE {schema}workflow_status (workflow_uuid TEXT PRIMARY KEY)")
        await upgrade(database_url)
        async with engines.reading.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_an_upgrade_leaves_loggers_as_they_are(empty_url: str) -> None:
    log = logging.getLogger("slipway.somewhere")
    before = (log.disabled, log.level, list(logging.getLogger().handlers), logging.getLogger().level)
    await upgrade(empty_url)
    assert (log.disabled, log.level, list(logging.getLogger().handlers), logging.getLogger().level) == before


async def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    nowhere = f"postgresql://slipway:secret@/slipway?host={tmp_path}"
    with pytest.raises(DatabaseError, match="can't be opened") as upgrading:
        await upgrade(nowhere)
    async with engines_for(nowhere) as engines:
        with pytest.raises(DatabaseError, match="can't be opened") as checking:
            await check_schema(engines)
    for refusal in (upgrading, checking):
        assert "secret" not in str(refusal.value)
        assert "\n" not in str(refusal.value)


async def test_a_file_in_a_folder_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"nowhere/slipway\.db can't be opened: unable to open database file"):
        await upgrade(f"sqlite:///{tmp_path}/nowhere/slipway.db")
