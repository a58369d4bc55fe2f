"""The engine from outside: who is at work with what, read from the database alone."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ports import again
from integrations.database.engine import open_engines
from integrations.engine import AlreadyRunningError, processes, work
from integrations.engine.alone import Alone
from tests.engine.workshop import DEPLOYMENT, FREEZE, LONG, Moves, Workshop, a_child, until_status


def now() -> datetime:
    return datetime.now(UTC)


async def going(there: Workshop) -> list[tuple[str, int, str]]:
    return [(each.work, each.key, each.state) for each in await work(there.engines, now())]


async def until_nobody_is_there(there: Workshop) -> None:
    """A server takes a moment to see that a connection was closed."""
    async with asyncio.timeout(10):
        while await processes(there.engines, now()):  # noqa: ASYNC110 - another process is looked at
            await asyncio.sleep(0.05)


async def test_on_an_empty_database_nobody_is_at_work_with_nothing(database_url: str):
    engines = open_engines(database_url)
    assert await processes(engines, now()) == []
    assert await work(engines, now()) == []
    await engines.dispose()


async def test_who_is_at_work_is_told_by_host_process_and_last_sign_of_life(workshop: Workshop):
    async with workshop.engine():
        (there,) = await processes(workshop.engines, now())
        assert (there.host, there.pid) == (socket.gethostname(), os.getpid())
        assert there.has(str(DEPLOYMENT)) is False
        assert timedelta(0) <= now() - there.seen_at < timedelta(seconds=20)
        assert there.since <= now() + timedelta(seconds=1)
    await until_nobody_is_there(workshop)


async def test_what_goes_on_is_told_with_its_state_and_who_follows_it(workshop: Workshop):
    moves = Moves({1: [LONG], 2: [OSError("The target is away.")], 3: [again(timedelta(0))] * 500})
    async with workshop.engine(moves) as engine:
        await workshop.starts(1, 2)
        await until_status(engine, lambda status: {each.state for each in status.pending} == {"waiting", "in trouble"})
        (there,) = await processes(workshop.engines, now())
        waiting, trouble = await work(workshop.engines, now())
        assert (waiting.work, waiting.key, waiting.state) == (DEPLOYMENT, 1, "waiting")
        assert waiting.until is not None
        assert waiting.until > now()
        assert (trouble.key, trouble.state) == (2, "in trouble")
        assert "The target is away." in trouble.trouble
        assert there.has(waiting.executor)
    assert {state for *_, state in await going(workshop)} == {"waiting", "in trouble"}
    await workshop.starts(4, work=FREEZE)
    assert (FREEZE, 4, "queued") in await going(workshop)


async def test_what_is_at_its_first_move_is_moving(workshop: Workshop):
    moves = Moves()
    moves.hold = asyncio.Event()
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until_status(engine, lambda status: status.pending and status.pending[0].state == "moving")
        assert await going(workshop) == [(DEPLOYMENT, 1, "moving")]
        moves.hold.set()


async def test_a_process_that_was_killed_is_gone(workshop: Workshop, tmp_path: Path):
    async with a_child(workshop.url, tmp_path) as child:
        (there,) = await processes(workshop.engines, now())
        assert there.pid == child.process.pid
        await child.kill()
        await until_nobody_is_there(workshop)


async def test_of_several_replicas_each_is_told_once(postgres_url: str, tmp_path: Path):
    shop = Workshop(postgres_url)
    async with a_child(postgres_url, tmp_path) as child, shop.engine():
        there = await processes(shop.engines, now())
        assert {each.pid for each in there} == {child.process.pid, os.getpid()}
        assert len({each.executor for each in there}) == 2
    await shop.close()


async def test_whoever_looks_keeps_nobody_from_starting(file_workshop: Workshop):
    """To look means to hold the lock for a moment; a start in just that moment waits it out."""
    stop = False

    async def look_all_the_time() -> None:
        while not stop:
            await processes(file_workshop.engines, now())
            await asyncio.sleep(0)

    looking = asyncio.create_task(look_all_the_time())
    for _ in range(20):
        alone = Alone(file_workshop.engines.url)
        await alone.take()
        with pytest.raises(AlreadyRunningError):
            await Alone(file_workshop.engines.url).take()
        await alone.give_back()
    stop = True
    await looking
