"""What goes on is shown, what ended long ago is forgotten, and waiting costs next to nothing."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import again
from integrations.engine import moves as moving
from integrations.engine import prepare
from tests.engine.workshop import DEPLOYMENT, LONG, Moves, Workshop, all_ended, until, until_status


async def test_the_status_says_what_each_piece_of_work_waits_for(file_workshop: Workshop) -> None:
    moves = Moves({1: [LONG]})
    moving_on = asyncio.Event()

    async def advance(key: int):
        if key == 2:
            await moving_on.wait()
        return await moves(key)

    async with file_workshop.engine(advance) as engine:
        await file_workshop.starts(1, 2)
        await until(lambda: moves.seen[1])
        await asyncio.sleep(0.1)
        status = await engine.status()
        assert status.counts == {DEPLOYMENT: 2}
        assert (status.ticks, status.failed) == (0, 0)
        waiting, running = sorted(status.pending, key=lambda each: each.key)
        assert (waiting.state, running.state) == ("waiting", "moving")
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        assert waiting.until is not None
        assert abs(waiting.until - in_an_hour) < timedelta(seconds=10)
        moving_on.set()


async def test_what_nobody_has_taken_up_is_queued(workshop: Workshop) -> None:
    await prepare(workshop.url)
    await workshop.starts(1)
    engine = workshop.engine()
    assert [each.state for each in (await engine.status()).pending] == ["queued"]
    await engine.close()


async def test_what_has_ended_is_forgotten_and_what_goes_on_is_not(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "MOVES_IN_A_LIFE", 1)
    moves = Moves({2: [again(timedelta(0)), LONG, LONG]})
    async with workshop.engine(moves) as engine:
        await workshop.starts(1, 2)
        await until(lambda: moves.seen[2] == 2)
        await until_status(engine, lambda status: len(status.pending) == 1)
        now = datetime.now(UTC)
        assert await engine.prune(now - timedelta(hours=1)) == 0
        assert await engine.prune(now + timedelta(hours=1)) == 1
        await workshop.starts(2)  # still the same work, though its first life is long over
        await workshop.nudges(2)
        await until(lambda: moves.seen[2] == 3)
        await workshop.starts(1)  # this one is forgotten, so it may begin anew
        await until(lambda: moves.seen[1] == 2)


@pytest.mark.usefixtures("real_pace")
async def test_waiting_costs_next_to_nothing(workshop: Workshop) -> None:
    moves = Moves({key: [LONG] for key in range(1, 6)})
    async with workshop.engine(moves):
        await workshop.starts(*range(1, 6))
        await until(lambda: sum(moves.seen.values()) == 5)
        await asyncio.sleep(0.3)
        used = time.process_time()
        await asyncio.sleep(1)
        assert time.process_time() - used < 0.15  # of one core; some 0.03 where nothing else is measured


async def test_a_restart_after_a_long_watch_is_quick(workshop: Workshop) -> None:
    moves = Moves({1: [again(timedelta(0))] * 100 + [LONG, LONG]})
    async with workshop.engine(moves):
        await workshop.starts(1)
        await until(lambda: moves.seen[1] == 101, within=20)
        await asyncio.sleep(0.1)
    began = time.monotonic()
    async with workshop.engine(moves) as engine:
        await workshop.nudges(1)
        await until(lambda: moves.seen[1] == 102)
        assert time.monotonic() - began < 5
        await workshop.nudges(1)
        await all_ended(engine)
