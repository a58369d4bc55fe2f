"""A Slipway that answers machines in a thread of its own, for those who ask it the ordinary, blocking way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from queue import Queue

from bot.rules.deployment import Step, StepState
from bot.rules.freeze import Window
from bot.verbs.lock import Wish
from handlers.api.pace import Pace
from tests.grounds import database_ground
from tests.handlers.api.machine import at_work
from tests.makers import FEATURE, PAYMENTS, PRODUCTION, STAGING
from tests.people import INES, MAYA, OMAR
from tests.verbs.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is, a token that opens everything, and the commits that were released or wait."""

    address: str
    token: str
    commits: tuple[str, ...]


@contextmanager
def served(database_url: str) -> Iterator[Served]:
    """As long as this lasts, with something of everything on its record."""
    ready: Queue[Served | BaseException] = Queue()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        try:
            async with database_ground(database_url) as ground:
                shop = Workshop(ground.records)
                await something_of_everything(shop)
                async with at_work(shop, pace=Pace(at_once=10**9)) as machine:
                    ready.put(Served(machine.address, machine.token, (shop.a, shop.b, shop.c, shop.d)))
                    await over.wait()
        except BaseException as error:
            ready.put(error)
            raise

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    there = ready.get(timeout=60)
    if isinstance(there, BaseException):
        raise there
    try:
        yield there
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(timeout=60)
        loop.close()


async def something_of_everything(shop: Workshop) -> None:
    """R-1 runs again, after R-2 was rolled back; R-3 waits for people, R-4 was cancelled; a lock and two freezes."""
    await shop.shipped(shop.a, "1.0.0")
    second = await shop.shipped(shop.b, "1.1.0")
    await shop.rolled_back()
    shop.agrees_on(FEATURE, checklist=())
    third = await shop.planned(shop.c, "1.2.0", FEATURE)
    await shop.approve(third, PRODUCTION, None, by=shop.by(OMAR))
    fourth = await shop.planned(None, "1.3.0", FEATURE, depends_on=(second,))
    await shop.cancel_release(fourth, "Not wanted", by=shop.by(MAYA))
    running = await shop.started(third, STAGING)
    async with shop.records.open() as page:
        there = await page.deployment(running.id)
        assert there is not None
        await page.keep_deployment(replace(there, steps=(Step("Migrate", StepState.RUNNING),)))
        await page.commit()
    for start, environments in ((shop.at, {PRODUCTION}), (shop.at + timedelta(days=2), frozenset())):
        window = Window(start, start + timedelta(hours=9), "The annual sale", frozenset(environments))
        await shop.start_freeze(window, by=shop.by(MAYA))
    await shop.lock(Wish(PAYMENTS, PRODUCTION, "The database is moved"), by=shop.by(INES))
