"""The engines: what each connection promises, and errors of the databases in our words."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.ports import ConflictError, RecordsError
from bot.rules.release import ReleaseId
from integrations.database import engine as engine_module
from integrations.database.engine import WAL_IS_SAFE, open_engines
from tests.grounds import DatabaseGround, database_ground
from tests.makers import NOW, a_draft, a_window, an_order
from tests.people import MAYA

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine


async def ask(engine: AsyncEngine, question: str) -> object:
    async with engine.connect() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def test_sqlite_holds_foreign_keys_and_readers_can_only_read(sqlite_url: str) -> None:
    async with database_ground(sqlite_url) as there:
        for engine in (there.engines.writing, there.engines.reading):
            assert await ask(engine, "PRAGMA foreign_keys") == 1
            assert await ask(engine, "PRAGMA busy_timeout") == 30_000
        assert await ask(there.engines.reading, "PRAGMA query_only") == 1
        assert await ask(there.engines.writing, "PRAGMA query_only") == 0


async def test_a_reader_can_change_nothing(there: DatabaseGround) -> None:
    async with there.engines.reading.connect() as connection:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await connection.execute(text("DELETE FROM asks"))


@pytest.mark.parametrize(("version", "mode"), [(WAL_IS_SAFE, "wal"), ((3, 51, 2), "delete"), ((3, 6, 99), "delete")])
async def test_the_write_ahead_log_is_used_only_where_it_is_safe(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], mode: str
) -> None:
    class Library:
        sqlite_version_info = version

    monkeypatch.setattr(engine_module, "sqlite3", Library)
    async with database_ground(sqlite_url) as there:
        assert await ask(there.engines.writing, "PRAGMA journal_mode") == mode


async def test_a_file_left_with_a_log_by_a_newer_library_is_led_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("PRAGMA journal_mode=wal")
    connection.close()

    class Library:
        sqlite_version_info = (3, 40, 1)

    monkeypatch.setattr(engine_module, "sqlite3", Library)
    async with database_ground(sqlite_url) as there:
        assert await ask(there.engines.writing, "PRAGMA journal_mode") == "delete"


async def test_a_writing_page_holds_the_file_from_its_start(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's write is waited for at the beginning, where nothing has been read yet; then it is a conflict."""
    monkeypatch.setattr(engine_module, "BUSY", 0.05)
    async with database_ground(sqlite_url) as there, database_ground(sqlite_url) as another:
        async with there.records.open():
            with pytest.raises(ConflictError, match="Somebody else is changing the same thing"):
                async with another.records.open():
                    raise AssertionError("It must not come this far.")
        async with another.records.open() as page:
            await page.add_release(a_draft())
            await page.commit()


async def test_pages_that_wait_too_long_for_their_turn_are_told_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY", 0.05)
    async with database_ground(sqlite_url) as there, there.records.open():
        with pytest.raises(RecordsError, match="All connections to the database are in use"):
            async with there.records.open():
                raise AssertionError("It must not come this far.")


async def test_on_postgres_a_lock_that_is_not_given_in_time_is_a_conflict(postgres_url: str) -> None:
    async with database_ground(f"{postgres_url}&options=-c%20lock_timeout%3D50ms") as there:
        async with there.records.open() as page:
            release = await page.add_release(a_draft())
            await page.commit()
        async with there.records.open() as holder, there.records.open() as other:
            assert await holder.release(release.id)
            with pytest.raises(ConflictError, match="Somebody else is changing the same thing"):
                await other.release(release.id)
            with pytest.raises(RuntimeError, match="broken by an error of the database"):
                await other.commit()


async def test_locks_are_not_waited_for_for_ever_on_postgres(postgres_url: str) -> None:
    async with database_ground(postgres_url) as there:
        assert await ask(there.engines.writing, "SHOW lock_timeout") == "15s"
        assert await ask(there.engines.writing, "SHOW idle_in_transaction_session_timeout") == "10s"


async def test_a_page_that_met_an_error_of_the_database_can_keep_nothing_more(there: DatabaseGround) -> None:
    async with there.records.open() as page:
        await page.add_release(a_draft())
        with pytest.raises(RecordsError, match=r"(?i)foreign key"):
            await page.add_deployment(an_order(99))
        with pytest.raises(RuntimeError, match="broken by an error of the database"):
            await page.commit()
    async with there.records.read() as reading:
        assert await reading.releases() == []


async def test_the_database_refuses_what_makes_no_sense(there: DatabaseGround) -> None:
    async with there.records.open() as page:
        with pytest.raises(RecordsError, match="ck_freezes_window"):
            await page.add_freeze(a_window(ends_at=NOW), MAYA.id, NOW)
    async with there.records.open() as page:
        with pytest.raises(RecordsError, match="no time zone"):
            await page.add_release(a_draft(created_at=NOW.replace(tzinfo=None)))


async def test_a_server_that_is_away_is_an_error_in_our_words(tmp_path: Path) -> None:
    async with database_ground(f"postgresql://slipway:secret@/slipway?host={tmp_path}") as there:
        with pytest.raises(RecordsError, match="could not be asked") as refusal:
            async with there.records.open():
                raise AssertionError("It must not come this far.")
        assert "secret" not in str(refusal.value)


async def test_a_server_that_was_restarted_is_found_again(postgres_url: str) -> None:
    async with database_ground(postgres_url) as there:
        async with there.records.open() as page:
            await page.add_release(a_draft())
            await page.commit()
        async with there.engines.writing.connect() as connection:
            # Everybody else's connection is cut, as by a restart.
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        async with there.records.read() as reading:
            assert await reading.release(ReleaseId(1))


async def test_readers_go_on_while_somebody_writes(there: DatabaseGround) -> None:
    async with there.records.open() as page:
        await page.add_release(a_draft())
        async with asyncio.timeout(2), there.records.read() as reading:
            assert await reading.releases() == []
        await page.commit()


def test_opening_engines_connects_to_nothing(tmp_path: Path) -> None:
    open_engines(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()
