"""An upgrade with deployments in flight: what the old code began the new code ends, and nothing is started twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.replicas.town import Town, a_town, until

pytestmark = pytest.mark.xdist_group("replicas")

OLD = ("form", "first", "look-after", "0.5", "lease", "4")
NEW = ("form", "next", "look-after", "0.5", "lease", "4")
CARELESS = ("form", "careless", "look-after", "0.5")

ITS_LIFE = ["deployment running", "deployment verifying", "deployment succeeded"]


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(database_url, tmp_path) as there:
        yield there


@pytest.fixture
async def harbour(postgres_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A town with room for several replicas."""
    async with a_town(postgres_url, tmp_path) as there:
        yield there


def greeted(town: Town) -> set[int]:
    """The deployments that went the new code's way."""
    return {number for number, _, _ in town.target.noted("greeted")}


async def all_well(town: Town, *deployments: int) -> None:
    town.target.dam.unlink(missing_ok=True)
    await town.all_end(list(deployments))
    for each in deployments:
        assert await town.recorded(each) == ITS_LIFE


async def test_what_the_first_version_began_goes_on_its_old_way_and_what_begins_now_goes_the_new_one(
    town: Town,
) -> None:
    old = await town.replica(*OLD)
    town.target.dam.touch()
    before = await town.deploys(4)
    await town.followed(before)
    await old.kill()
    new = await town.replica(*NEW)
    after = await town.deploys(2)
    await town.followed(after)
    await all_well(town, *before, *after)
    assert greeted(town) == set(after)
    assert not any("another life" in line for line in new.said())


async def test_a_rolling_upgrade_with_old_and_new_side_by_side(harbour: Town) -> None:
    first, second = await harbour.several(2, *OLD)
    harbour.target.dam.touch()
    deployments = await harbour.deploys(4)
    await harbour.followed(deployments)
    third = await harbour.replica(*NEW)
    await first.stop()
    deployments += await harbour.deploys(3)
    await harbour.followed(deployments)
    await second.kill()
    await until(lambda: {harbour.target.follower(each) for each in deployments} == {third.pid})
    deployments += await harbour.deploys(1)
    await harbour.followed(deployments)
    await all_well(harbour, *deployments)
    assert not greeted(harbour) & set(deployments[:4])
    assert deployments[-1] in greeted(harbour)


async def test_an_upgrade_that_is_taken_back_loses_nothing(harbour: Town) -> None:
    """The old code can't go the new way: it says so, and begins another life, which goes on where the record is."""
    new = await harbour.replica(*NEW)
    harbour.target.dam.touch()
    deployments = await harbour.deploys(3)
    await harbour.followed(deployments)
    old = await harbour.replica(*OLD)
    await new.kill()
    await until(lambda: {harbour.target.follower(each) for each in deployments} == {old.pid})
    await all_well(harbour, *deployments)
    assert any("goes on in another life" in line for line in old.said())


async def test_a_change_without_the_recipe_fails_loudly_and_loses_nothing(town: Town) -> None:
    old = await town.replica(*OLD)
    town.target.dam.touch()
    before = await town.deploys(3)
    await town.followed(before)
    await old.kill()
    careless = await town.replica(*CARELESS)
    looks = len(town.target.noted("looked"))
    await until(lambda: len(town.target.noted("looked")) > looks + 3)
    await all_well(town, *before)
    said = "\n".join(careless.said())
    assert "DBOSUnexpectedStepError" in said
    for each in before:
        assert f"follow-deployment {each} was ended by an error of the engine; it goes on in another life." in said
