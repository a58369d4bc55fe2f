"""Outages: PostgreSQL is away for a whole minute in the middle of ten deployments.

    python bench/outages.py [--seconds 60]

Restarted in immediate mode, reset, and cut off without a word. Measured is the time from the end of the outage until a
deployment is looked at again, and until all ten have ended; how often the database was asked for meanwhile, and how
many lines the log got.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.faults.replicas.proxy import Cable, a_cable
from tests.faults.replicas.server import OwnServer, an_own_server
from tests.faults.replicas.town import a_town, until

TEN = 10


async def outage(how: str, server: OwnServer, cable: Cable, folder: Path, seconds: float) -> None:
    """One outage, and what came of it, in one line."""
    async with a_town(server.url, folder) as town:
        town.target.dam.touch()
        replica = await town.replica(through=cable.url)
        numbers = await town.deploys(TEN)
        await until(lambda: len(town.target.noted("began")) >= TEN // 2)
        tries = cable.tries
        if how == "restarted":
            server.falls()
        else:
            {"reset": cable.breaks, "cut off": cable.hangs}[how]()
        town.target.dam.unlink()  # all ten end at their target while nobody can look
        await asyncio.sleep(seconds)
        tries = cable.tries - tries
        if how == "restarted":
            server.comes_back()
        else:
            cable.is_whole_again(old_ones_too=False)
        back = time.time()
        await until(lambda: any(at > back for _, _, at in town.target.noted("looked")))
        looked = time.time() - back
        await town.all_end(numbers)
        print(
            f"{how} for {seconds:.0f} s: followed again after {looked:.1f} s, all {TEN} ended after "
            f"{time.time() - back:.1f} s, each begun once; the database was asked for {tries} times, "
            f"{len(replica.said())} lines in the log"
        )


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    for how in ("restarted", "reset", "cut off"):
        with ExitStack() as stack:
            server = stack.enter_context(an_own_server())
            cable = stack.enter_context(a_cable(server.url))
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            asyncio.run(outage(how, server, cable, Path(folder), seconds))


if __name__ == "__main__":
    main()
