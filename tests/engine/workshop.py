"""The engine beside real records, and advances that a test can steer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.ports import DONE, Advance, Next, Tick, Work, again
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.engine import Engine, EngineStarter, Status

DEPLOYMENT = Work.FOLLOW_DEPLOYMENT
FREEZE = Work.WATCH_FREEZE
LONG = again(timedelta(hours=1))
CHILD = Path(__file__).with_name("child.py")
ROOT = Path(__file__).parents[2]


async def until(true: Callable[[], Any], within: float = 10.0) -> None:
    """Wait until that is so; fail if it takes too long."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what is looked at may be in another process
            await asyncio.sleep(0.01)


async def until_status(engine: Engine, fits: Callable[[Status], Any], within: float = 10.0) -> None:
    """Wait until the engine's status is so."""
    async with asyncio.timeout(within):
        while not fits(await engine.status()):  # noqa: ASYNC110 - what is looked at is in the database
            await asyncio.sleep(0.02)


async def all_ended(engine: Engine) -> None:
    """Wait until no work goes on."""
    await until_status(engine, lambda status: not status.pending)


class Moves:
    """An advance that remembers its calls. `plan` says per key what each of its moves answers; then it is done."""

    def __init__(self, plan: dict[int, list[Next | Exception]] | None = None) -> None:
        self.plan = plan or {}
        self.seen: dict[int, int] = defaultdict(int)
        self.hold: asyncio.Event | None = None

    async def __call__(self, key: int) -> Next:
        self.seen[key] += 1
        if self.hold is not None:
            await self.hold.wait()
        answers = self.plan.get(key, [])
        answer = answers[self.seen[key] - 1] if self.seen[key] <= len(answers) else DONE
        if isinstance(answer, Exception):
            raise answer
        return answer


class Ticks:
    """A tick that remembers what it was called for. `fails` says how often it fails first."""

    def __init__(self, fails: int = 0) -> None:
        self.seen: list[tuple[str, datetime]] = []
        self.fails = fails

    async def __call__(self, key: str, due: datetime) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("The channel is away.")
        self.seen.append((key, due))


class Workshop:
    """One database, our records in it, and engines on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engines = open_engines(url)
        self.starter = EngineStarter(url)
        self.records = DatabaseRecords(self.engines, self.starter, lambda: None)

    def engine(self, moves: Advance | None = None, ticks: Tick | None = None, **settings: Any) -> Engine:
        moves = moves or Moves()
        works = {DEPLOYMENT: moves, FREEZE: moves}
        return Engine(self.url, **{"works": works, "tick": ticks or Ticks(), **settings})

    async def starts(self, *keys: int, work: Work = DEPLOYMENT) -> None:
        async with self.records.open() as page:
            for key in keys:
                await page.start(work, key)
            await page.commit()

    async def nudges(self, key: int, word: str = "changed", work: Work = DEPLOYMENT) -> None:
        async with self.records.open() as page:
            await page.nudge(work, key, word)
            await page.commit()

    async def close(self) -> None:
        self.starter.close()
        await self.engines.dispose()


class Child:
    """Another Slipway, as a process of its own, which leaves a line in a file for whatever it does."""

    def __init__(self, process: asyncio.subprocess.Process, lines: Path) -> None:
        self.process = process
        self._lines = lines

    def lines(self) -> list[str]:
        return self._lines.read_text().splitlines() if self._lines.exists() else []

    async def kill(self) -> None:
        """As `kill -9` does."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def a_child(url: str, folder: Path, *wishes: str) -> AsyncIterator[Child]:
    """`wishes`: see child.py."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), url, str(folder / "lines"), *wishes, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    child = Child(process, folder / "lines")
    try:
        await until(lambda: "open" in child.lines() or process.returncode is not None)
        yield child
    finally:
        await child.kill()
