"""A replica that is killed, suspended or cut off: another goes on with its work, and nothing is started twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.deployment import Attempt
from tests.faults.replicas.proxy import a_cable
from tests.faults.replicas.town import Town, a_town, until

pytestmark = pytest.mark.xdist_group("replicas")

WITHIN = 15.0
"""Seconds after which somebody follows again, by default."""

BRIEF = ("lease", "4")
"""A lease that a test can wait for."""

ITS_LIFE = ["deployment running", "deployment verifying", "deployment succeeded"]


@pytest.fixture
async def town(postgres_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(postgres_url, tmp_path) as there:
        yield there


async def test_what_a_killed_replica_followed_is_followed_by_its_peers_within_fifteen_seconds(town: Town) -> None:
    replicas = await town.several(3)
    town.target.dam.touch()
    deployments = await town.deploys(9)
    await until(lambda: all(town.target.noted("looked", each) for each in deployments))
    followers = Counter(town.target.follower(each) for each in deployments)
    (victim, _), *_ = followers.most_common()
    orphans = [each for each in deployments if town.target.follower(each) == victim]
    await next(each for each in replicas if each.pid == victim).kill()
    killed = time.time()
    await until(lambda: all(town.target.follower(each) != victim for each in orphans))
    assert time.time() - killed < WITHIN
    town.target.dam.unlink()
    await town.all_end(deployments)
    for each in deployments:
        assert await town.recorded(each) == ITS_LIFE


async def test_who_was_suspended_in_the_middle_of_a_start_starts_nothing_twice(town: Town) -> None:
    sleeper = await town.replica(*BRIEF)
    town.target.stone(1).touch()
    deployments = await town.deploys(3)
    await until(lambda: town.target.noted("asked", 1))
    sleeper.suspend()
    town.target.stone(1).unlink()
    awake = await town.replica(*BRIEF)
    await town.all_end(deployments)
    assert {process for _, process, _ in town.target.noted("arrived", 1)} == {awake.pid}

    sleeper.resume()  # its request goes out only now; the target knows the deployment, and that it has ended
    await until(lambda: sleeper.pid in {process for _, process, _ in town.target.noted("arrived", 1)})
    await town.all_end(deployments)
    assert await town.recorded(deployments[0]) == ITS_LIFE
    assert await town.attempts(deployments) == [Attempt.SUCCEEDED] * 3
    await until(lambda: any("stands again" in line for line in sleeper.said()))

    await awake.kill()  # and it is as good as ever
    later = await town.deploys(2)
    await town.all_end(later)
    assert {town.target.follower(each) for each in later} == {sleeper.pid}


async def test_who_was_suspended_between_two_looks_does_not_look_again_at_what_a_peer_took_over(town: Town) -> None:
    sleeper = await town.replica(*BRIEF)
    town.target.dam.touch()
    deployments = await town.deploys(5)
    await until(lambda: all(len(town.target.noted("looked", each)) > 2 for each in deployments))
    sleeper.suspend()
    slept = time.time()
    awake = await town.replica(*BRIEF)
    await until(lambda: {town.target.follower(each) for each in deployments} == {awake.pid})
    sleeper.resume()
    await until(lambda: any("stands again" in line for line in sleeper.said()))
    await asyncio.sleep(1)  # ten looks long
    late = [moment for _, process, moment in town.target.noted("looked") if process == sleeper.pid and moment > slept]
    # The suspension may have fallen between a look and its line in the file, which then is dated before.
    assert late == []
    town.target.dam.unlink()
    await town.all_end(deployments)


async def test_a_replica_that_is_cut_off_from_the_database_stands_still_and_its_peer_goes_on(town: Town) -> None:
    with a_cable(town.url) as cable:
        lonely = await town.replica(*BRIEF, through=cable.url)
        town.target.dam.touch()
        deployments = await town.deploys(5)
        await until(lambda: all(town.target.noted("looked", each) for each in deployments))
        cable.hangs()
        near = await town.replica(*BRIEF)
        await until(lambda: {town.target.follower(each) for each in deployments} == {near.pid})
        taken_over = time.time()
        cable.is_whole_again()  # whatever the lonely one has asked for is answered now
        await until(lambda: any("stands again" in line for line in lonely.said()))
        await asyncio.sleep(1)
        again = [m for _, process, m in town.target.noted("looked") if process == lonely.pid and m > taken_over]
        assert again == []
        town.target.dam.unlink()
        await town.all_end(deployments)
        for each in deployments:
            assert await town.recorded(each) == ITS_LIFE
