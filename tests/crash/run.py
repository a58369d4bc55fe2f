"""A run: a workspace, a target, a database, people at six places, one life after the other, and a judgement."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.wired import manifest
from integrations.database.engine import open_engines
from integrations.engine import prepare
from integrations.sandbox.server import Sandbox
from tests.crash.catalogue import DOORS, PLACES, catalogue
from tests.crash.fleet import PATIENCE, ROOT, Fleet, Life
from tests.crash.hands import Hands, Tally
from tests.crash.judge import Judgement, judge
from tests.crash.record import Record
from tests.stories.world import BOT_TOKEN, SECRET, a_workspace

LONGEST_LIFE = 5.0
"""A life that is ready and comes to no marked point for so many seconds is killed all the same."""

AN_IDLE_START = 0.4
"""Seconds from a birth to the first order on an idle machine. What takes longer here, is given longer everywhere."""

MISSES = 30
"""After so many of those in a row, the points that are left are not waited for any more."""

REST = 60.0
"""Seconds in which everything has to come to its end once nobody is killed any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a run is to be: kills at random moments, and at these marked points (each once for each time it is named)."""

    replicas: int
    seed: int
    at_random: int
    points: tuple[str, ...]
    passages: tuple[int, ...] = (1, 1, 2, 3)
    """A life ends at a point when it comes there for the first time, or for one of these, by chance."""


@dataclass(slots=True)
class Killed:
    """How lives ended."""

    at_random: int = 0
    at_points: Counter[str] = field(default_factory=Counter)
    all_at_once: int = 0
    """Of those at random: how many ended together with all others, as in a power cut."""
    before_ready: int = 0

    @property
    def total(self) -> int:
        return self.at_random + self.at_points.total()


@dataclass(slots=True)
class Run:
    """Everything of one run."""

    wanted: Wanted
    fleet: Fleet
    record: Record
    tally: Tally
    after_each: Callable[[int], None]
    killed: Killed = field(default_factory=Killed)
    over: bool = False
    left: Counter[str] = field(default_factory=Counter)
    """The marked points at which lives are to end yet."""
    _misses: int = 0
    _slowness: float = 1.0

    async def kill(self) -> None:
        """Let lives begin and end until enough have ended; then nobody is killed any more."""
        self.left = Counter(self.wanted.points)
        async with asyncio.TaskGroup() as group:
            for slot in range(self.wanted.replicas):
                group.create_task(self._slot(random.Random(f"{self.wanted.seed} slot {slot}")))
        self.over = True

    async def _slot(self, rng: random.Random) -> None:
        """One replica's place: as soon as one life has ended there, the next begins."""
        while True:
            by_chance, at_points = self.wanted.at_random - self.killed.at_random, self.left.total()
            if by_chance <= 0 and (at_points <= 0 or self._misses >= MISSES):
                return
            if rng.random() * (max(by_chance, 0) + at_points) < at_points:
                # Armed with everything that is still wanted: the first that it comes to is the one.
                life = await self.fleet.bear({point: rng.choice(self.wanted.passages) for point in self.left})
                await self._ready(life)
                await self._dead(life, LONGEST_LIFE * self._slowness)
                self._misses = 0 if life.point else self._misses + 1
            else:
                life = await self.fleet.bear()
                if rng.random() < 0.2:
                    await self._dead(life, rng.uniform(0.0, 0.6) * self._slowness)
                else:
                    await self._ready(life)
                    await self._dead(life, rng.uniform(0.0, 1.2) * self._slowness)
            if not life.dead.is_set():
                doomed = self.fleet.ready() if rng.random() < 0.07 and self.wanted.replicas > 1 else []
                for each in {life.number: life, **{other.number: other for other in doomed}}.values():
                    each.kill()
                self.killed.all_at_once += len(doomed)
                await life.dead.wait()
            self._count(life)

    async def _ready(self, life: Life) -> None:
        """Wait for that, and learn how fast this machine is just now."""
        began = time.monotonic()
        await life_is_ready(life)
        if life.ready.is_set():
            self._slowness += (max(1.0, (time.monotonic() - began) / AN_IDLE_START) - self._slowness) / 4

    def _count(self, life: Life) -> None:
        self.killed.before_ready += not life.ready.is_set()
        if life.point:
            self.killed.at_points[life.point] += 1
            self.left[life.point] -= 1
            self.left += Counter()  # what has come to nothing is gone
        else:
            self.killed.at_random += 1
        self.after_each(self.killed.total)

    @staticmethod
    async def _dead(life: Life, within: float) -> None:
        try:
            await asyncio.wait_for(life.dead.wait(), within)
        except TimeoutError:
            return

    async def live_on(self) -> None:
        """Lives that nobody ends."""
        for life in [await self.fleet.bear() for _ in range(self.wanted.replicas)]:
            await life_is_ready(life)

    async def at_rest(self) -> None:
        """Wait until nothing is to be done or told; if it takes too long, the judge will say what is left."""
        end = time.monotonic() + REST
        while time.monotonic() < end:
            followed, _ = await self.record.engine()
            if not followed and not await self.record.waiting():
                return
            await asyncio.sleep(0.3)


async def life_is_ready(life: Life) -> None:
    """Wait until it can be ordered, or is dead."""
    waits = [asyncio.create_task(life.ready.wait()), asyncio.create_task(life.dead.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
    for each in waits:
        each.cancel()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run has come to."""

    wanted: Wanted
    killed: Killed
    missed: list[str]
    """Marked points that were wanted, and that no life ended at."""
    tally: Tally
    judgement: Judgement
    failures: list[str]
    log: list[str]
    seconds: float

    @property
    def broken(self) -> list[str]:
        """Every promise that was broken, with the facts; what failed without being killed is among them."""
        never = [f"no life ended {each}, as was wanted" for each in self.missed]
        return [*self.judgement.broken, *never, *self.failures]


async def crash(url: str, folder: Path, wanted: Wanted, after_each: Callable[[int], None] = lambda _: None) -> Ended:
    """The whole of it, in a database that is migrated already. `after_each` kill it is told how many there were."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        workspace = a_workspace(manifest())
        slack = await stack.enter_async_context(
            Sandbox(
                workspace,
                bot_token=BOT_TOKEN,
                signing_secret=SECRET,
                deliver="http",
                request_url="http://127.0.0.1:9/nobody",
                rate_limits="off",
            )
        )
        target = await stack.enter_async_context(a_target())
        file = folder / "slipway.yaml"
        file.write_text(catalogue(target), "utf-8")
        environment = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": slack.api_url,
            "SLIPWAY_DATABASE_URL": url,
            "SLIPWAY_CATALOGUE": str(file),
            "SLIPWAY_LISTEN": "127.0.0.1:0",
        }
        await prepare(url)
        engines = open_engines(url)
        stack.push_async_callback(engines.dispose)
        record, tally = Record(engines), Tally()
        fleet = await stack.enter_async_context(Fleet(folder, environment, target).open())
        run = Run(wanted, fleet, record, tally, after_each)
        people = [
            Hands(
                fleet,
                record,
                service,
                environment,
                random.Random(f"{wanted.seed} {service} {environment}"),
                tally,
                lambda: run.over,
            )
            for service in PLACES
            for environment in DOORS
        ]
        async with asyncio.TaskGroup() as group:
            at_work = [group.create_task(each.work()) for each in people]
            await run.kill()
            await run.live_on()
            _, waiting = await asyncio.wait(at_work, timeout=REST)
            for each in waiting:  # what never ends is the judge's to tell
                each.cancel()
        await run.at_rest()
        async with aiohttp.ClientSession() as session, session.get(f"{target}/report") as report:
            told = await report.json()
        judgement = await judge(record, told, workspace, tally)
        missed = sorted(set(wanted.points) - set(run.killed.at_points))
        took = time.monotonic() - began
        return Ended(wanted, run.killed, missed, tally, judgement, fleet.failures, fleet.log(), took)


@asynccontextmanager
async def a_target() -> AsyncIterator[str]:
    """The target, a program of its own: its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.target", str(port), cwd=ROOT, stdin=asyncio.subprocess.PIPE
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await _answers(url)
        yield url
    finally:
        assert program.stdin is not None
        program.stdin.close()
        await program.wait()


async def _answers(url: str) -> None:
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/report"):
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)
