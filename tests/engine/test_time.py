"""What waits for a moment is not forgotten by a restart: it goes on where it was, or is made good."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.ports import Advance, Work
from bot.rules.lock import Hold
from bot.verbs.freeze import WatchFreeze
from bot.verbs.watch_lock import WatchLock
from integrations.database.tables import outbox
from tests.engine.workshop import Workshop, all_ended
from tests.makers import PAYMENTS, PRODUCTION, a_catalogue, a_window
from tests.people import MAYA

SOON = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)


async def a_freeze(workshop: Workshop) -> None:
    async with workshop.records.open() as page:
        window = a_window(starts_at=now() - SOON, ends_at=now() + SOON)
        freeze = await page.add_freeze(window, MAYA.id, now())
        await page.start(Work.WATCH_FREEZE, freeze.id)
        await page.commit()


async def a_lock(workshop: Workshop) -> None:
    async with workshop.records.open() as page:
        lock = await page.add_lock(Hold(PAYMENTS, PRODUCTION, MAYA.id, now() + SOON, "It moves"), now())
        await page.start(Work.WATCH_LOCK, lock.id)
        await page.commit()


@pytest.mark.parametrize(
    ("waits", "kind", "word"), [(a_freeze, "FreezeTold", "ended"), (a_lock, "DirectLine", "If you still need it")]
)
async def test_what_ends_while_nobody_is_there_is_told_once_at_the_next_start(
    workshop: Workshop, waits, kind: str, word: str
) -> None:
    works: dict[Work, Advance] = {
        Work.WATCH_FREEZE: WatchFreeze(workshop.records, a_catalogue, now),
        Work.WATCH_LOCK: WatchLock(workshop.records, a_catalogue, now),
    }
    async with workshop.engine(works=works):
        await waits(workshop)
        await asyncio.sleep(0.3)
    await asyncio.sleep(1.2)
    for _ in range(2):
        async with workshop.engine(works=works) as engine:
            await all_ended(engine)
    async with workshop.engines.reading.connect() as connection:
        rows = (await connection.execute(select(outbox.c.kind, outbox.c.body))).all()
    assert sum(row.kind == kind and word in str(row.body) for row in rows) == 1
