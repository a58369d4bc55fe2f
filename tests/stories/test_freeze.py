"""Freeze: nothing is deployed meanwhile, and everybody concerned hears of it in time."""

from __future__ import annotations

import pytest

from tests.stories.roads import in_staging, planned
from tests.stories.world import World, read


async def test_a_freeze_blocks_tells_and_ends(world: World):
    await in_staging(world)
    answer = await world.ruth.types("/freeze start production until tomorrow 07:00 for payments The annual sale")
    assert "F-1" in answer
    await world.until(lambda: "The annual sale" in world.channel("payments"))
    assert "The annual sale" not in world.channel("storefront")
    await world.until(lambda: "F-1" in read(world.card()))
    assert "F-1" in await world.maya.types("/freeze list")
    await world.ruth.types("/freeze end F-1")
    await world.until(lambda: "F-1 freezes" not in read(world.card()))
    assert "over" in await world.ruth.types("/freeze end F-1")


async def test_a_freeze_without_a_service_is_told_everywhere(world: World):
    await planned(world)
    await world.maya.types("/freeze start production until tomorrow 07:00 Year end")
    await world.until(lambda: all("Year end" in world.channel(each) for each in ("payments", "storefront")))


async def test_a_freeze_can_be_extended(world: World):
    await planned(world)
    await world.maya.types("/freeze start production until tomorrow 07:00 Year end")
    answer = await world.maya.types("/freeze extend F-1 until 2 days")
    assert "F-1" in answer
    assert "no freeze F-9" in await world.maya.types("/freeze extend F-9 until 2 days")


async def test_only_those_who_may_freeze_can(world: World):
    await planned(world)
    assert "Only @relmgrs and @change" in await world.ben.types("/freeze start production until 2h Because")
    await world.maya.types("/freeze start production until 2h Year end")
    assert "Only @relmgrs and @change" in await world.ben.types("/freeze end F-1")


async def test_planning_into_a_freeze_warns(world: World):
    await world.maya.types("/freeze start production until 5 days Year end")
    await world.maya.types("/release new")
    from datetime import UTC, datetime, timedelta

    target = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    answer = await world.maya.fills_in(
        service="payments", version="2.4.0", ref="main", change_type="feature", title="Instant refunds", target=target
    )
    assert "F-1" in answer


@pytest.mark.parametrize(
    "typed",
    [
        "/freeze start production until yesterday Because",
        "/freeze start production until 2h",
        "/freeze start moon until 2h Because",
        "/freeze start production until 3 years Because",
        "/freeze start production Because",
        "/freeze end 77",
        "/freeze melt",
    ],
)
async def test_what_cannot_be_frozen_is_answered_and_changes_nothing(world: World, typed):
    await planned(world)
    before = (await world.bot.verify_audit()).entries
    assert await world.maya.types(typed)
    assert (await world.bot.verify_audit()).entries == before
