"""Work begins with the commit that asked for it, and with nothing else."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from bot.ports import DONE, Next, again
from integrations.engine import prepare
from tests.engine.workshop import DEPLOYMENT, FREEZE, LONG, Moves, Workshop, all_ended, until


@pytest.mark.usefixtures("real_pace")
async def test_work_begins_with_the_commit_and_soon(workshop: Workshop) -> None:
    moves = Moves()
    async with workshop.engine(moves):
        async with workshop.records.open() as page:
            await page.start(DEPLOYMENT, 1)
            await asyncio.sleep(0.25)
            assert not moves.seen  # nothing before the commit
            await page.commit()
        committed = time.monotonic()
        await until(lambda: moves.seen[1])
        assert time.monotonic() - committed < 1.5


async def test_a_rollback_leaves_nothing(workshop: Workshop) -> None:
    moves = Moves()
    async with workshop.engine(moves) as engine:
        async with workshop.records.open() as page:
            await page.start(DEPLOYMENT, 1)
        await workshop.starts(2)
        await until(lambda: moves.seen[2])
        assert not moves.seen[1]
        assert not any(each.key == 1 for each in (await engine.status()).pending)


async def test_a_word_that_was_rolled_back_wakes_nobody(workshop: Workshop) -> None:
    moves = Moves({1: [LONG, LONG]})
    async with workshop.engine(moves):
        await workshop.starts(1)
        await until(lambda: moves.seen[1] == 1)
        async with workshop.records.open() as page:
            await page.nudge(DEPLOYMENT, 1, "cancel")
        await asyncio.sleep(0.25)
        assert moves.seen[1] == 1


async def test_what_is_started_twice_is_one(workshop: Workshop) -> None:
    moves = Moves({1: [LONG]})
    async with workshop.engine(moves) as engine:
        await workshop.starts(1, 1)
        await until(lambda: moves.seen[1] == 1)
        await workshop.starts(1)
        await asyncio.sleep(0.25)
        assert moves.seen[1] == 1
        assert [each.key for each in (await engine.status()).pending] == [1]


async def test_what_has_ended_is_not_started_again(workshop: Workshop) -> None:
    moves = Moves()
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until(lambda: moves.seen[1] == 1)
        await all_ended(engine)
        await workshop.starts(1)
        await asyncio.sleep(0.25)
        assert moves.seen[1] == 1


async def test_one_number_may_have_several_kinds_of_work(file_workshop: Workshop) -> None:
    moves = Moves({1: [LONG, LONG]})
    async with file_workshop.engine(moves) as engine:
        await file_workshop.starts(1, work=DEPLOYMENT)
        await file_workshop.starts(1, work=FREEZE)
        await until(lambda: moves.seen[1] == 2)
        assert (await engine.status()).counts == {"follow-deployment": 1, "watch-freeze": 1}


@pytest.mark.usefixtures("real_pace")
async def test_a_word_wakes_work_that_waits(workshop: Workshop) -> None:
    moves = Moves({1: [LONG, LONG], 11: [LONG]})
    async with workshop.engine(moves):
        await workshop.starts(1, 11)
        await until(lambda: moves.seen[1] == moves.seen[11] == 1)
        await asyncio.sleep(0.1)
        await workshop.nudges(1)
        told = time.monotonic()
        await until(lambda: moves.seen[1] == 2)
        assert time.monotonic() - told < 1.5
        assert moves.seen[11] == 1  # only the one it was for


async def test_a_word_sent_with_the_start_is_heard(file_workshop: Workshop) -> None:
    moves = Moves({1: [LONG, LONG]})
    async with file_workshop.engine(moves):
        async with file_workshop.records.open() as page:
            await page.start(DEPLOYMENT, 1)
            await page.nudge(DEPLOYMENT, 1, "cancel")
            await page.commit()
        await until(lambda: moves.seen[1] == 2)


async def test_a_word_to_nobody_harms_no_page(workshop: Workshop) -> None:
    moves = Moves()
    async with workshop.engine(moves) as engine:
        await workshop.starts(1)
        await until(lambda: moves.seen[1])
        await all_ended(engine)
        async with workshop.records.open() as page:
            await page.nudge(DEPLOYMENT, 404, "cancel")  # never started
            await page.nudge(DEPLOYMENT, 1, "cancel")  # ended
            await page.start(DEPLOYMENT, 2)
            await page.commit()
        await until(lambda: moves.seen[2])


async def test_what_was_started_while_no_engine_ran_is_taken_up(workshop: Workshop) -> None:
    await prepare(workshop.url)
    await workshop.starts(1)
    await workshop.nudges(1)
    moves = Moves({1: [LONG]})
    async with workshop.engine(moves):
        await until(lambda: moves.seen[1] == 2)


async def test_a_move_may_start_other_work_and_send_it_words(workshop: Workshop) -> None:
    others = Moves({2: [LONG]})

    async def starts_another(key: int) -> Next:
        await workshop.starts(key + 1, work=FREEZE)
        await workshop.nudges(key + 1, work=FREEZE)
        return DONE

    async with workshop.engine(works={DEPLOYMENT: starts_another, FREEZE: others}):
        await workshop.starts(1)
        await until(lambda: others.seen[2] == 2)


async def test_many_pages_and_much_work_do_not_hinder_each_other(workshop: Workshop) -> None:
    keys = range(1, 21)
    moves = Moves({key: [again(timedelta(seconds=0.1))] * 3 for key in keys})
    async with workshop.engine(moves) as engine:
        await asyncio.gather(*(workshop.starts(key) for key in keys))
        await until(lambda: all(moves.seen[key] == 4 for key in keys), within=15)
        await all_ended(engine)
        assert not engine.troubles()
