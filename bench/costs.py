"""What a request is made of: each step of showing and approving by itself, in this process, without anybody else.

`python bench/costs.py` prints the median of each step, how many statements the database was asked, and how the list of
open releases grows. docs/performance.md quotes it.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import event

from bench.ground import OMAR, planned
from bot.catalogue.loading import load
from bot.rules.people import Actor, Person, PersonId, Roles, Standing, Surface
from bot.rules.policy import Catalogue
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.approve import Approve
from bot.verbs.look import Look
from handlers.names import CommandNames
from handlers.views.text import Pen
from handlers.views.timeline import card_with_timeline
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords, utc_now
from integrations.deployers.kinds import KINDS
from integrations.engine import EngineStarter
from tests.stories.world import CATALOGUE, GROUPS

RELEASES = 100
TIMES = 60


class Here:
    """The directory, without a way to go."""

    def __init__(self, agreed: Catalogue) -> None:
        holders = {name: frozenset(map(PersonId, GROUPS[role.group or ""][1])) for name, role in agreed.roles.items()}
        self._roles = Roles(holders)

    async def roles(self, names: Any = None) -> Roles:
        """Known at once."""
        del names
        return self._roles


async def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="slipway-costs-") as folder:
        url = f"sqlite:///{folder}/slipway.db"
        await planned(url, RELEASES)
        agreed = load(CATALOGUE, deployers=KINDS)
        assert isinstance(agreed, Catalogue)
        engines, starter, asked = open_engines(url), EngineStarter(url), [0]
        for engine in (engines.reading, engines.writing):
            event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: asked.__setitem__(0, asked[0] + 1))
        records = DatabaseRecords(engines, starter, lambda: None, utc_now)
        directory, pen = Here(agreed), Pen(agreed.roles, CommandNames())
        look = Look(records, directory, lambda: agreed, utc_now)  # type: ignore[arg-type]
        approve = Approve(records, directory, lambda: agreed, utc_now)  # type: ignore[arg-type]
        omar = Person(OMAR, "omar", standing=Standing.MEMBER)
        picture = await look(ReleaseId(1))
        assert not isinstance(picture, Refused)
        async with records.read() as page:
            entries = await page.record(release=ReleaseId(1))
        numbers = iter(range(1, RELEASES + 1))

        async def say_yes() -> None:
            number = next(numbers)
            said = await approve(ReleaseId(number), None, None, by=Actor(omar, Surface.BUTTON, f"action:{number}"))
            assert not isinstance(said, Refused), said

        async def read_the_record() -> None:
            async with records.read() as page:
                await page.record(release=ReleaseId(1))

        async def draw() -> None:
            card_with_timeline(picture, entries, pen)

        async def nothing() -> None:
            async with records.read():
                pass

        print("| step | median ms | statements |\n| --- | --- | --- |")
        steps: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
            ("open and close a reading", nothing),
            ("look at a release (read and judge)", lambda: look(ReleaseId(1))),
            ("read its record", read_the_record),
            ("draw its card with the timeline", draw),
            ("approve (read, judge, write, commit)", say_yes),
        ]
        for name, step in steps:
            took, statements = await timed(step, TIMES, asked)
            print(f"| {name} | {took:.2f} | {statements:.0f} |")
        for limit in (10, RELEASES):
            took, statements = await timed(partial(look.several, open_only=True, limit=limit), 10, asked)
            print(f"| look at {limit} open releases at once | {took:.2f} | {statements:.0f} |")
        starter.close()
        await engines.dispose()


async def timed(step: Callable[[], Awaitable[Any]], times: int, asked: list[int]) -> tuple[float, float]:
    """Milliseconds that it takes, and statements that the database is asked, each time."""
    await step()
    before, took = asked[0], []
    for _ in range(times):
        begun = time.perf_counter()
        await step()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took), (asked[0] - before) / times


if __name__ == "__main__":
    asyncio.run(main())
