"""Nothing that was started is lost: not by a kill, not by a stop, not with the machine of another replica."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbos import _queue, _sys_db
from psycopg import AsyncConnection
from sqlalchemy.exc import OperationalError

from bot.notices import CardChanged
from bot.rules.release import ReleaseId
from integrations.database.engine import DatabaseError
from integrations.database.outbox import Outbox
from integrations.engine import engine as engines
from integrations.engine import lease, store
from tests.engine.workshop import LONG, Moves, Workshop, a_child, all_ended, until


async def test_a_kill_in_the_middle_of_a_move_repeats_that_move_and_no_other(
    workshop: Workshop, tmp_path: Path
) -> None:
    async with a_child(workshop.url, tmp_path, "moves", "3", "hang-in", "2") as child:
        await workshop.starts(1)
        await until(lambda: child.lines().count("begin 1") == 2)
        await child.kill()
    killed = time.monotonic()
    async with a_child(workshop.url, tmp_path, "moves", "3") as child:
        await until(lambda: child.lines().count("end 1") == 2)
        assert time.monotonic() - killed < 5
        assert child.lines().count("begin 1") == 3


async def test_a_kill_between_two_moves_repeats_none(workshop: Workshop, tmp_path: Path) -> None:
    async with a_child(workshop.url, tmp_path, "moves", "3", "pause", "0.8") as child:
        await workshop.starts(1)
        await until(lambda: child.lines().count("end 1") == 2)
        await asyncio.sleep(0.3)
        await child.kill()
    moves = Moves()
    async with workshop.engine(moves) as engine:
        await all_ended(engine)
        assert moves.seen[1] == 1  # the third of three


async def test_a_stop_lets_the_running_move_end_and_the_next_start_goes_on(workshop: Workshop) -> None:
    moves = Moves({1: [LONG, LONG], 2: [LONG]})
    moves.hold = asyncio.Event()
    engine = workshop.engine(moves)
    await engine.open()
    await workshop.starts(1)
    await until(lambda: moves.seen[1] == 1)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0.2)
    assert not closing.done()
    moves.hold.set()
    await closing
    assert await asyncio.to_thread(lambda: "threads are there") == "threads are there"

    async with workshop.engine(moves):
        await asyncio.sleep(0.3)
        assert moves.seen[1] == 1  # its move was kept: it waits, as it did
        await workshop.nudges(1)
        await until(lambda: moves.seen[1] == 2)


async def test_a_stop_waits_only_so_long(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    moves = Moves({1: [LONG]})
    moves.hold = asyncio.Event()
    engine = workshop.engine(moves)
    await engine.open()
    await workshop.starts(1)
    await until(lambda: moves.seen[1] == 1)
    began = time.monotonic()
    await engine.close(within=timedelta(seconds=0.3))
    assert time.monotonic() - began < 3
    assert "cut off" in caplog.text

    moves.hold.set()
    async with workshop.engine(moves):
        await until(lambda: moves.seen[1] == 2)


async def test_a_quiet_life_leaves_a_quiet_log(file_workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("dbos").setLevel(logging.WARNING)
    moves = Moves({1: [LONG, LONG]})
    async with file_workshop.engine(moves):
        await file_workshop.starts(1)
        await until(lambda: moves.seen[1] == 1)
        await asyncio.sleep(0.1)
    assert [record.getMessage() for record in caplog.records if record.name == "dbos"] == []


async def test_a_closed_engine_is_closed_for_good(file_workshop: Workshop) -> None:
    engine = file_workshop.engine()
    async with engine:
        with pytest.raises(RuntimeError, match="open engine already"):
            await file_workshop.engine().open()
    await engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        await engine.open()


BRIEF = timedelta(seconds=2)
"""A lease that a test can wait for."""


async def test_what_was_taken_up_and_never_begun_is_begun(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the database goes away just as the engine takes work up: by the record it has it, and nobody knows."""
    monkeypatch.setattr(engines, "LOOK_AFTER", timedelta(seconds=0.2))
    begin, lost = _queue.execute_dequeued_workflow, []

    def loses_the_first(dbos: Any, status: Any, owner: str) -> Any:
        if not lost:
            lost.append(status["workflow_uuid"])
            raise OSError("The database is away.")
        return begin(dbos, status, owner)

    monkeypatch.setattr(_queue, "execute_dequeued_workflow", loses_the_first)
    moves = Moves()
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until(lambda: moves.seen[1])
        await all_ended(engine)
    assert lost == ["follow-deployment:1"]
    assert "follow-deployment:1 was taken up and never begun; it begins now." in caplog.text
    assert moves.seen[1] == 1


async def test_a_server_that_would_not_notice_a_silent_replica_is_refused(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "OLDEST_SERVER", 990_000)
    workshop = Workshop(postgres_url)
    with pytest.raises(DatabaseError, match="needs PostgreSQL 14 or newer; this server is 1"):
        await workshop.engine().open()
    await workshop.close()


def test_the_engine_waits_only_a_moment_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own pauses grow to a minute and a half, and it has no setting for them."""
    store.hush()
    slept: list[float] = []
    monkeypatch.setattr(store.TRIES._over, "wait", slept.append)

    @_sys_db.db_retry()
    def away_nine_times(_database: object) -> str:
        if len(slept) < 9:
            raise OperationalError("SELECT 1", None, Exception("server closed the connection unexpectedly"), None, True)
        return "there"

    assert away_nine_times(object()) == "there"
    assert max(slept) == store.LONGEST_PAUSE


class Heard:
    """Remembers which processes are gone."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def __call__(self, name: str) -> None:
        self.names.append(name)


async def test_whoever_was_there_before_on_sqlite_is_gone(workshop: Workshop) -> None:
    gone = Heard()
    async with workshop.engine(gone=gone) as engine:
        assert gone.names == [engine.name]


class TestReplicas:
    """Two processes on one PostgreSQL."""

    @pytest.fixture
    async def replicas(self, postgres_url: str):
        workshop = Workshop(postgres_url)
        yield workshop
        await workshop.close()

    async def test_the_living_keep_their_work_and_the_dead_leave_it(self, replicas: Workshop, tmp_path: Path) -> None:
        moves, gone = Moves(), Heard()
        async with a_child(replicas.url, tmp_path, "moves", "2", "hang-in", "1") as child:
            await replicas.starts(1)
            await until(lambda: child.lines().count("begin 1") == 1)
            async with replicas.engine(moves, lease=BRIEF, gone=gone) as engine:
                await asyncio.sleep(1)
                assert not moves.seen[1]
                assert gone.names == [engine.name]
                assert [each.state for each in (await engine.status()).pending] == ["elsewhere"]
                await child.kill()
                killed = time.monotonic()
                await until(lambda: moves.seen[1])
                assert time.monotonic() - killed < 5
                await all_ended(engine)
                dead = gone.names[1]
                assert f"-{child.process.pid}-" in dead

    async def test_whoever_held_only_a_message_is_found_to_be_dead_as_well(self, replicas: Workshop) -> None:
        gone = Heard()
        async with replicas.engine(lease=BRIEF, gone=gone) as engine:
            async with replicas.records.open() as page:
                await page.tell(CardChanged(ReleaseId(1)))
                await page.commit()
            box, now = Outbox(replicas.engines), datetime.now(UTC)
            assert await box.claim(now, "elsewhere-1-dead", timedelta(minutes=2), 1)
            await until(lambda: "elsewhere-1-dead" in gone.names)
            assert gone.names[0] == engine.name

    async def test_nothing_moves_while_the_life_sign_is_lost(
        self, replicas: Workshop, caplog: pytest.LogCaptureFixture
    ) -> None:
        moves = Moves({1: [LONG, LONG]})
        async with replicas.engine(moves, lease=BRIEF) as engine:
            await replicas.starts(1)
            await until(lambda: moves.seen[1] == 1)
            async with await AsyncConnection.connect(replicas.url, autocommit=True) as admin:
                signs = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'slipway life sign %'"
                await admin.execute(f"SELECT pg_terminate_backend(pid) FROM ({signs})")
            await until(lambda: "nothing moves until it stands again" in caplog.text)
            await until(engine._guard._stands.is_set)
            await replicas.nudges(1)
            await until(lambda: moves.seen[1] == 2)
        assert "nothing moves until it stands again" in caplog.text
        assert "stands again." in caplog.text

    async def test_a_tick_happens_once_over_all_of_them(self, replicas: Workshop, tmp_path: Path) -> None:
        from bot.ports import Schedule
        from tests.engine.workshop import Ticks

        ticks = Ticks()
        async with a_child(replicas.url, tmp_path, "ticks") as child, replicas.engine(ticks=ticks) as engine:
            await engine.keep_schedules([Schedule("every-second", "* * * * * *", "Europe/Berlin")])

            def done() -> list[str]:
                theirs = [line.split()[2] for line in child.lines() if line.startswith("tick")]
                return [*theirs, *(due.isoformat() for _, due in ticks.seen)]

            await until(lambda: len(done()) >= 4)
            await engine.keep_schedules([])
            assert len(done()) == len(set(done()))
