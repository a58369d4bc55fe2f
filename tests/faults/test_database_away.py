"""PostgreSQL is restarted or cut off in the middle of ten deployments: all reach their end, none is started twice.

The true minute is in bench/outages.py; here it is a few seconds.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.faults.replicas.proxy import a_cable
from tests.faults.replicas.server import an_own_server
from tests.faults.replicas.town import Town, a_town, until

pytestmark = pytest.mark.xdist_group("replicas")

AWAY = 6.0
"""Seconds without a database."""

TEN = 10


async def ten_in_the_middle(town: Town) -> None:
    """Some have begun, and none has ended."""
    town.target.dam.touch()
    await town.deploys(TEN)
    await until(lambda: len(town.target.noted("began")) >= TEN // 2)


async def all_well(town: Town, *, lines: int) -> None:
    """Ten ends, each once on the record; the log is short enough to be read, and has nothing of the code's insides."""
    town.target.dam.unlink()
    deployments = await town.numbers()
    assert len(deployments) == TEN
    await town.all_end(deployments)
    for each in deployments:
        assert await town.recorded(each) == ["deployment running", "deployment verifying", "deployment succeeded"]
    said = [line for replica in town.replicas for line in replica.said()]
    assert len(said) < lines, "\n".join(said)
    assert not any("Traceback" in line or "sqlalche.me" in line for line in said), "\n".join(said)


async def test_a_server_that_is_restarted_in_immediate_mode(tmp_path: Path) -> None:
    with an_own_server() as server:
        async with a_town(server.url, tmp_path) as town:
            await town.replica()
            await ten_in_the_middle(town)
            server.falls()
            await asyncio.sleep(AWAY / 2)
            server.comes_back()
            back = time.time()
            await until(lambda: any(moment > back for _, _, moment in town.target.noted("looked")))
            await all_well(town, lines=60)


@pytest.mark.parametrize("how", ["breaks", "hangs"])
async def test_a_network_that_is_cut(how: str, postgres_url: str, tmp_path: Path) -> None:
    async with a_cable(postgres_url) as cable, a_town(postgres_url, tmp_path) as town:
        replica = await town.replica(through=cable.url)
        await ten_in_the_middle(town)
        before = cable.tries
        getattr(cable, how)()
        cut = time.time()
        await asyncio.sleep(AWAY)
        assert cable.tries - before < 30 * AWAY  # it asks again, and doesn't spin
        assert replica.process.returncode is None
        cable.is_whole_again(old_ones_too=False)
        back = time.time()
        await until(lambda: any(moment > back for _, _, moment in town.target.noted("looked")))
        assert not any(cut + 1 < moment < back for _, _, moment in town.target.noted("looked"))
        await all_well(town, lines=60)
