"""Standing in: where no Slipway is at work, this process follows what was started, and leaves everything else alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.ports import Advance, Next, Work, again
from bot.program.desk import Desk, utc_now
from bot.verbs.follow_deploy import FollowDeploy
from bot.verbs.next_in_line import NextInLine
from bot.verbs.roll_back import RollBack
from bot.verbs.watch_deploy import WatchDeploy
from integrations.database.outbox import Outbox
from integrations.database.records import DatabaseRecords
from integrations.engine import Engine, EngineStarter

_LATER = timedelta(seconds=30)
_WITHIN = timedelta(seconds=3)


async def later(key: int) -> Next:  # noqa: ARG001 - an advance's shape
    """Nothing ships itself, and nothing is told of freezes, from a terminal: that waits for a whole Slipway."""
    return again(_LATER)


async def no_tick(key: str, due: datetime) -> None:  # noqa: ARG001 - a tick's shape
    """What the clock asks for waits for a whole Slipway as well: it is cut off here, and done there."""
    await asyncio.Event().wait()


@asynccontextmanager
async def standing_in(desk: Desk) -> AsyncIterator[None]:
    """The engine, at work in this process. AlreadyRunningError if a Slipway has come after all."""
    url = desk.engines.url
    starter = EngineStarter(url)
    # Not the desk's own: what the engine writes down is not decided on anybody's roles.
    records = DatabaseRecords(desk.engines, starter, lambda: None, utc_now)
    line = NextInLine(
        records, desk.people, lambda: desk.agreed, desk.neighbours.code_host, utc_now, only_back=lambda: True
    )
    neighbours = desk.neighbours
    back = RollBack(records, desk.people, lambda: desk.agreed, neighbours.deployers, neighbours.code_host, utc_now)
    watch = WatchDeploy(records, neighbours.verifier, neighbours.metrics, back, lambda: desk.agreed, utc_now)
    follow = FollowDeploy(records, neighbours.deployers, neighbours.verifier, line, watch, lambda: desk.agreed, utc_now)
    works: dict[Work, Advance] = {**dict.fromkeys(Work, later), Work.FOLLOW_DEPLOYMENT: follow}
    engine = Engine(url, works=works, tick=no_tick, lease=desk.settings.lease, gone=Outbox(desk.engines).free)
    try:
        await engine.open()
        yield
    finally:
        await engine.close(_WITHIN)
        starter.close()
