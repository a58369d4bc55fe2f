"""A chain of environments by the real engine, over a restart: staging, an hour of baking, production by itself.

An hour takes two seconds here: the verbs' clock runs that much faster, and every pause is that much shorter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.ports import Advance, Next, Work
from bot.rules.deployment import Attempt, Deployment
from bot.rules.policy import Promotion
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.engine import Engine, EngineStarter
from tests.engine.workshop import Ticks
from tests.makers import FEATURE, NOW, PRODUCTION, STAGING, an_environment
from tests.verbs.workshop import Workshop

HURRY = 1800


class HurriedWorkshop(Workshop):
    """Its clock runs by itself, an hour in two seconds."""

    def __init__(self, *args: Any, **service: Any) -> None:
        self._began = time.monotonic()
        super().__init__(*args, **service)

    @property
    def at(self):
        return NOW + timedelta(seconds=(time.monotonic() - self._began) * HURRY)

    @at.setter
    def at(self, moment: object) -> None:
        """Nobody moves it."""


def hurried(advance: Advance) -> Advance:
    async def moves(key: int) -> Next:
        following = await advance(key)
        return Next(following.done, following.after / HURRY)

    return moves


@asynccontextmanager
async def at_work(shop: Workshop, url: str) -> AsyncIterator[Engine]:
    works = {
        Work.FOLLOW_DEPLOYMENT: hurried(shop.follow_deploy),
        Work.WATCH_RELEASE: hurried(shop.watch_release),
        Work.RUN_TRAIN: hurried(shop.run_train),
    }
    async with Engine(url, works=works, tick=Ticks()) as engine:
        yield engine


async def until(true: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        while not await true():  # noqa: ASYNC110 - what is looked at is in the database
            await asyncio.sleep(0.05)


async def test_what_has_baked_is_brought_on_by_itself_over_a_restart(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        engines = open_engines(database_url)
        stack.push_async_callback(engines.dispose)
        starter = EngineStarter(database_url)
        stack.callback(starter.close)
        production = an_environment(PRODUCTION, after=(STAGING,), promote=Promotion.ITSELF, bake=timedelta(hours=1))
        staging = an_environment(STAGING, promote=Promotion.ITSELF)
        shop = HurriedWorkshop(DatabaseRecords(engines, starter, lambda: None), environments=(staging, production))
        shop.agrees_on(FEATURE, approvals={})

        async def all_of(environment: str) -> list[Deployment]:
            async with shop.records.read() as page:
                return [each for each in await page.deployments() if each.order.environment == environment]

        async def is_in(environment: str) -> bool:
            return any(each.attempt is Attempt.SUCCEEDED for each in await all_of(environment))

        async with at_work(shop, database_url):
            await shop.planned(shop.a, "1.0.0", FEATURE)
            await until(lambda: is_in(STAGING))
            assert await all_of(PRODUCTION) == []
        # Nobody is at work for a while; then another process takes it up.
        async with at_work(shop, database_url):
            await until(lambda: is_in(PRODUCTION))
        (first,), (last,) = await all_of(STAGING), await all_of(PRODUCTION)
        assert first.ended_at is not None
        assert last.order.confirmed_at - first.ended_at >= timedelta(hours=1)
        assert len(shop.target.started) == 2
