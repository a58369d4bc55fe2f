"""The load: sends requests that were signed beforehand, one after another or many at once, and notes the times."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from bench.ground import Database, Signed
from bench.servers import Server

Finish = Callable[[Sequence[Signed]], Awaitable[dict[str, float]]]
"""Waits until everything that was asked is done: when each request was, by its key."""


@dataclass
class Round:
    """What one round measured, in milliseconds."""

    acknowledged: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    """From sending to the answer, or to the committed row."""
    seconds: float = 0.0
    """From the first request to the last acknowledgement."""
    all_done: float = 0.0
    """From the first request to the end of all the work."""

    @property
    def median(self) -> float:
        """Half of the acknowledgements came sooner."""
        return statistics.median(self.acknowledged)

    @property
    def p95(self) -> float:
        """Nineteen of twenty came sooner."""
        return statistics.quantiles(self.acknowledged, n=20, method="inclusive")[-1]

    @property
    def rate(self) -> float:
        """Acknowledgements in a second."""
        return len(self.acknowledged) / self.seconds


class Load:
    """Sends."""

    def __init__(self, session: aiohttp.ClientSession, slack: Server, database: Database) -> None:
        self._session = session
        self._slack = slack
        self._database = database

    async def one_by_one(self, target: Server, requests: Sequence[Signed], finish: Finish | None = None) -> Round:
        """Each once the one before is done: with `finish` wholly, else as soon as it was acknowledged."""
        measured = Round()
        begun = time.monotonic()
        for each in requests:
            sent, took = await self._send(target, each)
            measured.acknowledged.append(took)
            if finish is not None:
                measured.done.append((await finish([each]))[each.key] * 1000 - sent * 1000)
        # What was waited for in between doesn't count: so fast can acknowledgements follow each other.
        measured.seconds = sum(measured.acknowledged) / 1000
        measured.all_done = time.monotonic() - begun
        return measured

    async def at_once(
        self, target: Server, requests: Sequence[Signed], people: int, finish: Finish | None = None
    ) -> Round:
        """So many at a time: each sends the next as soon as the last was acknowledged, whatever is still being done."""
        measured, waiting, sent_at = Round(), iter(requests), {}

        async def somebody() -> None:
            for each in waiting:
                sent_at[each.key], took = await self._send(target, each)
                measured.acknowledged.append(took)

        begun = time.monotonic()
        await asyncio.gather(*(somebody() for _ in range(people)))
        measured.seconds = time.monotonic() - begun
        if finish is not None:
            came = await finish(requests)
            measured.done = [(came[key] - sent) * 1000 for key, sent in sent_at.items()]
            measured.all_done = max(came.values()) - begun
        return measured

    async def answered(self, requests: Sequence[Signed]) -> dict[str, float]:
        """All of these have their answer at their `response_url`."""
        async with self._session.post(f"{self._slack.url}/bench/told", json=[each.key for each in requests]) as reply:
            reply.raise_for_status()
            return dict(await reply.json())

    async def committed(self, requests: Sequence[Signed]) -> dict[str, float]:
        """All of these have their row in the database. That is looked at every few milliseconds, for all together."""
        releases = [each.release for each in requests]
        with self._database.looking() as looking:
            async with asyncio.timeout(90):
                while looking.approved(releases) < len(releases):  # noqa: ASYNC110 - another process's row
                    await asyncio.sleep(0.002 if len(releases) == 1 else 0.02)
        return dict.fromkeys((each.key for each in requests), time.monotonic())

    async def slow_down(self, milliseconds: int) -> None:
        """From now on every call of Slack's Web API takes that long."""
        async with self._session.post(f"{self._slack.url}/bench/delay/{milliseconds}") as reply:
            reply.raise_for_status()

    async def calls(self) -> dict[str, int]:
        """How often which method of the Web API was called."""
        async with self._session.get(f"{self._slack.url}/bench/calls") as reply:
            return dict(await reply.json())

    async def _send(self, target: Server, each: Signed) -> tuple[float, float]:
        begun = time.monotonic()
        async with self._session.post(target.entry, data=each.body, headers=each.headers) as response:
            said = await response.read()
        took = (time.monotonic() - begun) * 1000
        if response.status != 200:
            raise RuntimeError(f"{target.process.args!r} answered {response.status}: {said[:200]!r}")
        return begun, took
