"""The fleet: the lives that there are, what they are ordered to do, and their deaths."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.life import Birth

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds after which something is wrong with the harness itself, also on a machine that has much else to do."""


class DiedError(Exception):
    """Whoever was to answer died first: what was ordered is done, or it isn't."""


@dataclass(slots=True)
class Life:
    """One process, from outside."""

    number: int
    process: int = 0
    writer: asyncio.StreamWriter | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0
    point: str = ""
    """The marked point at which it ended, if it ended at one."""
    orders: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    @property
    def hears(self) -> bool:
        """Whether it can be ordered, as far as anybody knows."""
        return self.ready.is_set() and self.writer is not None and not self.writer.transport.is_closing()

    def kill(self) -> None:
        """As `kill -9` does."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)


class Fleet:
    """Lives, by their number."""

    def __init__(self, folder: Path, environment: dict[str, str], target: str) -> None:
        self._environment = environment
        self._target = target
        self._socket = str(folder / "orders")
        self._deaths = folder / "deaths"
        self._log = folder / "lives.log"
        self._numbers = itertools.count(1)
        self._orders = itertools.count(1)
        self._nursery: asyncio.subprocess.Process | None = None
        self._born: dict[int, asyncio.Future[int]] = {}
        self._changed = asyncio.Condition()
        self._read_in = asyncio.Event()
        self.lives: dict[int, Life] = {}
        self.failures: list[str] = []
        """What orders failed with, and lives that ended by themselves."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Fleet]:
        """Until the end of this nobody lives longer."""
        server = await asyncio.start_unix_server(self._greet, self._socket)
        with self._log.open("ab") as log:
            self._nursery = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.crash.nursery", cwd=ROOT, stdin=-1, stdout=-1, stderr=log
            )
        hearing = asyncio.create_task(self._hear())
        try:
            async with asyncio.timeout(PATIENCE):
                await self._read_in.wait()
            yield self
        finally:
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            await self._nursery.wait()
            await hearing
            server.close()
            await server.wait_closed()

    async def bear(self, armed: dict[str, int] | None = None) -> Life:
        """A new life. It may be armed: to end at a marked point, the so-many-th time that it comes there."""
        life = Life(next(self._numbers))
        self.lives[life.number] = life
        birth = Birth(life.number, self._environment, self._socket, self._target, armed or {}, str(self._deaths))
        born = self._born[life.number] = asyncio.get_running_loop().create_future()
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(json.dumps(asdict(birth)).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            life.process = await born
        return life

    def ready(self) -> list[Life]:
        """Those who can be ordered."""
        return [life for life in self.lives.values() if life.hears]

    async def somebody(self, rng: random.Random, many: int = 1) -> list[Life]:
        """So many who are ready, or as many as there are; waits until there is one."""
        async with self._changed:
            await self._changed.wait_for(self.ready)
            there = self.ready()
            return rng.sample(there, min(many, len(there)))

    async def order(self, life: Life, **order: Any) -> dict[str, Any]:
        """Have it do that: what it says. DiedError if it dies before."""
        if not life.hears:
            raise DiedError
        assert life.writer is not None
        number = next(self._orders)
        answer = life.orders[number] = asyncio.get_running_loop().create_future()
        life.writer.write(json.dumps({"n": number, **order}).encode() + b"\n")
        try:
            async with asyncio.timeout(PATIENCE):
                told = await answer
        finally:
            life.orders.pop(number, None)
        if "failed" in told:
            self.failures.append(f"{order['do']}: {told['failed']}")
        return told

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        life: Life | None = None
        with suppress(ConnectionError):
            while line := await reader.readline():
                told = json.loads(line)
                if "life" in told:
                    life = self.lives[told["life"]]
                    life.writer = writer
                elif "ready" in told and life is not None:
                    async with self._changed:
                        life.ready.set()
                        self._changed.notify_all()
                elif life is not None and told["n"] in life.orders:
                    life.orders[told["n"]].set_result(told)
        writer.close()

    async def _hear(self) -> None:
        """What the nursery tells."""
        assert self._nursery is not None
        assert self._nursery.stdout is not None
        while line := await self._nursery.stdout.readline():
            told = json.loads(line)
            if "ready" in told:
                self._read_in.set()
            elif "born" in told:
                self._born.pop(told["born"]).set_result(told["process"])
            elif "died" in told:
                await self._died(self.lives.pop(told["died"]), told["code"])

    async def _died(self, life: Life, code: int) -> None:
        life.code = code
        life.point = self._last_words().get(life.number, "")
        if code not in {0, -signal.SIGKILL}:
            self.failures.append(f"life {life.number} ended by itself, with {code}")
        for answer in life.orders.values():
            if not answer.done():
                answer.set_exception(DiedError())
        if life.writer is not None:
            life.writer.close()
        life.dead.set()

    def _last_words(self) -> dict[int, str]:
        if not self._deaths.exists():
            return {}
        words = map(json.loads, self._deaths.read_text().splitlines()[-20:])
        return {each["life"]: each["point"] for each in words}

    def log(self) -> list[str]:
        """What the lives wrote into their log."""
        return self._log.read_text().splitlines()
