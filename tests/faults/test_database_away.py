"""PostgreSQL is restarted or cut off in the middle of ten deployments: all reach their end, none is started twice.

The true minute is in bench/outages.py; here it is a few seconds.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.replicas.proxy import a_cable
from tests.faults.replicas.server import an_own_server
from tests.faults.replicas.town import Town, a_town, until
from tests.stories.conftest import a_world
from tests.stories.roads import in_staging
from tests.stories.world import World, read
from tests.twins.deployer import Script

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
    with a_cable(postgres_url) as cable:
        async with a_town(postgres_url, tmp_path) as town:
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


async def test_people_are_answered_while_the_database_is_away_and_afterwards_all_goes_on_by_itself(
    postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_cable(postgres_url) as cable:
        async with a_world(tmp_path, cable.url) as world, world.running():
            await in_staging(world)
            world.target.script = Script(waits=True)
            await world.maya.types("/deploy R-1 to production")
            await world.maya.types("/deploy confirm R-1 to production")
            await until(lambda: len(world.target.started) == 2)
            recorded = (await world.bot.verify_audit()).entries
            caplog.clear()

            cable.breaks()
            for person, text in (
                (world.omar, "/release withdraw R-1"),
                (world.ruth, "/release reject R-1 Not today"),
                (world.maya, "/release list"),
            ):
                told = len(answers(world))
                await person.desk.types("payments", text)
                await until(lambda told=told: len(answers(world)) > told)
                (reference,) = re.findall(r"\b[A-Z0-9]{6}\b", answers(world)[-1])
                assert any(reference in record.getMessage() for record in caplog.records)
            world.target.lets_go()
            await asyncio.sleep(AWAY / 2)
            kinds = Counter((record.name, record.getMessage()[:40]) for record in caplog.records)
            assert max(kinds.values()) < 20, kinds

            cable.is_whole_again(old_ones_too=False)
            await until(lambda: "2.4.0 is in production" in world.thread())
            assert world.thread().count("2.4.0 is in production") == 1
            assert "withdrew" not in world.thread()
            assert "R-1" in await world.maya.types("/release list")
            verified = await world.bot.verify_audit()
            assert verified.broken is None
            assert verified.entries > recorded


def answers(world: World) -> list[str]:
    """What people were told in private, everybody's together, oldest first."""
    private = [message for each in (world.omar, world.ruth, world.maya) for message in each.private()]
    return [read(message) for message in sorted(private, key=lambda message: message.ts)]


async def test_a_stop_while_the_database_is_away_comes_to_an_end(postgres_url: str, tmp_path: Path) -> None:
    with a_cable(postgres_url) as cable:
        async with a_town(postgres_url, tmp_path) as town:
            replica = await town.replica(through=cable.url)
            await ten_in_the_middle(town)
            cable.breaks()
            await asyncio.sleep(1)
            await replica.stop(within=60)
            town.target.dam.unlink()
            await town.replica()
            await town.all_end(await town.numbers())
