"""A replica: follows deployments to a target on disk, and nothing else. For tests that kill and suspend it.

process.py URL FOLDER [lease SECONDS] [lasts SECONDS] [pace SECONDS] [look-after SECONDS] [form first|next|careless]
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import Served, Work
from bot.rules.policy import Environment
from bot.verbs.follow_deploy import FollowDeploy
from bot.verbs.next_in_line import NextInLine
from bot.verbs.roll_back import RollBack
from bot.verbs.watch_deploy import WatchDeploy
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.engine import Engine, EngineStarter
from integrations.engine import engine as engine_module
from tests.faults.replicas import forms
from tests.faults.replicas.target import DiskTarget
from tests.faults.replicas.town import town
from tests.twins import FakeCodeHost, FakeMetrics
from tests.verbs.workshop import FakeDirectory


class NobodyLooks:
    """No environment here says what it serves."""

    async def served(self, environment: Environment) -> Served:
        return Served(None, f"{environment.name} does not tell.")

    async def unhealthy(self, address: str) -> str:
        return ""


async def no_tick(key: str, due: datetime) -> None:
    """Nothing is scheduled here."""


async def main(url: str, folder: Path, wishes: list[str]) -> None:
    def wish(name: str, otherwise: str) -> str:
        return wishes[wishes.index(name) + 1] if name in wishes else otherwise

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    engines, starter = open_engines(url), EngineStarter(url)
    records = DatabaseRecords(engines, starter, lambda: None)
    target = DiskTarget(folder, float(wish("lasts", "0.5")))
    deployers, looks = {"command": target}, NobodyLooks()
    back = RollBack(records, FakeDirectory(), town, deployers, FakeCodeHost(), lambda: datetime.now(UTC))
    follow = FollowDeploy(
        records,
        deployers,
        looks,
        NextInLine(records, FakeDirectory(), town, FakeCodeHost(), lambda: datetime.now(UTC)),
        WatchDeploy(records, looks, FakeMetrics(), back, town, lambda: datetime.now(UTC)),
        town,
        lambda: datetime.now(UTC),
        pace=timedelta(seconds=float(wish("pace", "0.1"))),
    )
    lease = timedelta(seconds=float(wish("lease", "10")))

    async def greet(key: int) -> None:
        target.note("greeted", key)

    forms.take(wish("form", ""), greet)
    engine_module.LOOK_AFTER = timedelta(seconds=float(wish("look-after", "5")))
    async with Engine(url, works={Work.FOLLOW_DEPLOYMENT: follow}, tick=no_tick, lease=lease):
        (folder / f"open-{os.getpid()}").touch()
        await stop.wait()
    starter.close()
    await engines.dispose()


logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
