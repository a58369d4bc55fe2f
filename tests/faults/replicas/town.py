"""A town with as many environments as a test needs, and the tests' hold on the processes that deploy to them."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

from bot.ports import Records, Work
from bot.rules.deployment import Attempt, DeploymentId
from bot.rules.policy import Catalogue, EnvironmentName
from bot.rules.release import ReleaseId
from integrations.database.engine import Engines, open_engines
from integrations.database.records import DatabaseRecords
from integrations.engine import EngineStarter
from tests.faults.replicas.target import DiskTarget
from tests.makers import PAYMENTS, a_candidate, a_catalogue, a_draft, a_service, an_environment, an_order

HOUSES = tuple(EnvironmentName(f"house-{number}") for number in range(1, 101))
ROOT = Path(__file__).parents[3]
PROCESS = Path(__file__).with_name("process.py")


@cache
def town() -> Catalogue:
    """One service with an environment in each house."""
    return a_catalogue(services={PAYMENTS: a_service(environments=tuple(an_environment(each) for each in HOUSES))})


class Replica:
    """One process that follows deployments."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, said: Path) -> None:
        self.process = process
        self._folder = folder
        self._said = said

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_open(self) -> bool:
        return (self._folder / f"open-{self.pid}").exists()

    def said(self) -> list[str]:
        """The lines of its log."""
        return self._said.read_text().splitlines()

    def suspend(self) -> None:
        """As a machine that is paused."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """As `kill -9` does."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self, within: float = 30) -> None:
        """As a service manager does."""
        self.process.terminate()
        async with asyncio.timeout(within):
            await self.process.wait()


class Town:
    """Records, deployments in them, and the replicas that follow these."""

    def __init__(self, url: str, folder: Path, *, lasts: float = 0.5) -> None:
        self.url = url
        self.folder = folder
        self.target = DiskTarget(folder, lasts)
        self._lasts = lasts
        self.engines: Engines = open_engines(url)
        self.starter = EngineStarter(url)
        self.records: Records = DatabaseRecords(self.engines, self.starter, lambda: None)
        self.replicas: list[Replica] = []
        self._numbers = itertools.count()
        self._release: ReleaseId | None = None
        self._houses = 0

    async def replica(self, *wishes: str, through: str | None = None) -> Replica:
        """Start one more; `wishes` are the words of process.py."""
        said = self.folder / f"said-{next(self._numbers)}"
        with said.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(PROCESS),
                through or self.url,
                str(self.folder),
                *("lasts", str(self._lasts)),
                *wishes,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=log,
            )
        replica = Replica(process, self.folder, said)
        self.replicas.append(replica)
        await until(lambda: replica.is_open or process.returncode is not None, within=40)
        assert process.returncode is None, "\n".join(replica.said())
        return replica

    async def several(self, count: int, *wishes: str) -> list[Replica]:
        """Start so many at once."""
        return list(await asyncio.gather(*(self.replica(*wishes) for _ in range(count))))

    async def deploys(self, count: int) -> list[DeploymentId]:
        """So many deployments are confirmed, each to a house of its own."""
        async with self.records.open() as page:
            release = self._release = self._release or (await page.add_release(a_draft(candidate=a_candidate()))).id
            made = []
            for house in HOUSES[self._houses : self._houses + count]:
                made.append((await page.add_deployment(an_order(release, house))).id)
                await page.start(Work.FOLLOW_DEPLOYMENT, made[-1])
            await page.commit()
        self._houses += count
        return made

    async def numbers(self) -> list[DeploymentId]:
        """Every deployment that there is."""
        async with self.records.read() as page:
            return sorted(each.id for each in await page.deployments())

    async def followed(self, numbers: Iterable[DeploymentId], looks: int = 3) -> None:
        """Wait until each has been looked at so often."""
        await until(lambda: all(len(self.target.noted("looked", each)) >= looks for each in numbers))

    async def attempts(self, numbers: Iterable[DeploymentId]) -> list[Attempt]:
        """How far these are."""
        async with self.records.read() as page:
            found = [await page.deployment(number) for number in numbers]
        return [each.attempt for each in found if each is not None]

    async def all_end(self, numbers: list[DeploymentId], within: float = 60) -> None:
        """Wait until these have succeeded, and see that the target began each once."""
        async with asyncio.timeout(within):
            while set(await self.attempts(numbers)) != {Attempt.SUCCEEDED}:  # noqa: ASYNC110 - it is in the database
                await asyncio.sleep(0.05)
        for number in numbers:
            assert len(self.target.noted("began", number)) == 1, number

    async def recorded(self, number: DeploymentId) -> list[str]:
        """What the record says of it, in order."""
        async with self.records.read() as page:
            entries = await page.record()
        return [each.happened.verb for each in entries if each.happened.subject == f"D-{number}"]

    async def close(self) -> None:
        for replica in self.replicas:
            await replica.kill()
        self.starter.close()
        await self.engines.dispose()


async def until(true: Callable[[], object], within: float = 60) -> None:
    """Wait until that is so. Patiently: the machine may have others to serve."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what is looked at is in another process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_town(url: str, folder: Path, *, lasts: float = 0.5) -> AsyncIterator[Town]:
    there = Town(url, folder, lasts=lasts)
    try:
        yield there
    finally:
        await there.close()
