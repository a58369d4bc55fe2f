"""Handover: how long deployments stand still when the process that follows them is killed.

    python bench/handover.py [--kills 20]

Three replicas on PostgreSQL: one is killed (`kill -9`) in the middle of its deployments, again and again; measured is
the time until each of these is looked at by another. Then the same on SQLite, where the process is started again.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from integrations.database.schema import upgrade
from tests.faults.replicas.server import an_own_server
from tests.faults.replicas.town import Town, a_town, until

DEPLOYMENTS = 6
QUICK = ("pace", "0.05")


async def stood_still(town: Town, numbers: list[int], since: float) -> float:
    """Seconds until all of these were looked at again."""

    def looked() -> bool:
        return all(town.target.noted("looked", each)[-1][2] > since for each in numbers)

    await until(looked)
    firsts = [min(at for _, _, at in town.target.noted("looked", each) if at > since) for each in numbers]
    return max(firsts) - since


async def on_postgresql(url: str, folder: Path, kills: int) -> list[float]:
    """Kill whoever follows most, and start another in its place."""
    async with a_town(url, folder) as town:
        town.target.dam.touch()
        await town.several(3, *QUICK)
        numbers = await town.deploys(DEPLOYMENTS)
        await town.followed(numbers)
        measured = []
        for _ in range(kills):
            (victim, _), *_ = Counter(town.target.follower(each) for each in numbers).most_common()
            orphans = [each for each in numbers if town.target.follower(each) == victim]
            await next(each for each in town.replicas if each.pid == victim).kill()
            measured.append(await stood_still(town, orphans, time.time()))
            await town.replica(*QUICK)
        town.target.dam.unlink()
        await town.all_end(numbers)
        return measured


async def on_sqlite(folder: Path, kills: int) -> list[float]:
    """Kill the one process, and start it again at once; the time of the start counts."""
    url = f"sqlite:///{folder}/slipway.db"
    await upgrade(url)
    async with a_town(url, folder) as town:
        town.target.dam.touch()
        process = await town.replica(*QUICK)
        numbers = await town.deploys(DEPLOYMENTS)
        await town.followed(numbers)
        measured = []
        for _ in range(kills):
            await process.kill()
            killed = time.time()
            process = await town.replica(*QUICK)
            measured.append(await stood_still(town, numbers, killed))
        town.target.dam.unlink()
        await town.all_end(numbers)
        return measured


def tell(where: str, measured: list[float]) -> None:
    """One line."""
    print(
        f"{where}: {len(measured)} kills, min {min(measured):.2f} s, median {statistics.median(measured):.2f} s, "
        f"max {max(measured):.2f} s; {DEPLOYMENTS} deployments ended, each begun once"
    )


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    with an_own_server() as server, tempfile.TemporaryDirectory() as folder:
        tell("PostgreSQL, three replicas", asyncio.run(on_postgresql(server.url, Path(folder), kills)))
    with tempfile.TemporaryDirectory() as folder:
        tell("SQLite, started again", asyncio.run(on_sqlite(Path(folder), kills)))


if __name__ == "__main__":
    main()
