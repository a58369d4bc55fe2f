"""Tick: who did what, when; several people at once lose nothing."""

from __future__ import annotations

import asyncio

from tests.stories.roads import NOTES, REGRESSION, planned
from tests.stories.world import World, read


async def test_a_tick_is_stored_shown_and_can_be_reopened(world: World):
    await planned(world)
    form = await world.omar.presses("Checklist")
    assert "The regression tests have passed" in form
    await world.omar.ticks(REGRESSION)
    assert "@omar ticked “The regression tests have passed”" in world.thread()
    assert "@omar" in read(world.omar.desk.modal)
    await world.omar.ticks(REGRESSION, word="Untick")
    assert "@omar reopened “The regression tests have passed”" in world.thread()


async def test_only_the_owner_ticks(world: World):
    await planned(world)
    from bot.rules.people import Actor, Person, PersonId, Surface
    from bot.rules.release import ReleaseId

    ben = Actor(Person(PersonId("U0BEN"), "Ben"), Surface.BUTTON)
    outcome = await world.bot.verbs.tick_item(ReleaseId(1), "regression", True, by=ben)
    assert "Only @qa can tick" in str(outcome.why)


async def test_two_people_ticking_at_once_lose_nothing(world: World):
    await planned(world)
    await world.omar.presses("Checklist")
    await world.maya.presses("Checklist")
    await asyncio.gather(world.omar.ticks(REGRESSION), world.maya.ticks(NOTES))
    await world.settles()
    thread = world.thread()
    assert "@omar ticked" in thread
    assert "@maya ticked" in thread
