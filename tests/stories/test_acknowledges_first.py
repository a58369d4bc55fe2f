"""Slack gives three seconds. The acknowledgement waits for neither Slack's own answers nor the database."""

from __future__ import annotations

import asyncio

from tests.stories.roads import planned
from tests.stories.world import World


async def test_a_command_is_acknowledged_while_slack_does_not_say_who_is_speaking(world: World, monkeypatch):
    answers = asyncio.Event()
    ask = type(world.bot.directory).person

    async def held_up(directory, person):
        await answers.wait()
        return await ask(directory, person)

    monkeypatch.setattr(type(world.bot.directory), "person", held_up)
    await world.maya.desk.types("payments", "/release list")  # returns once it is acknowledged
    assert world.maya.desk.notices == []
    assert world.maya.private() == []
    answers.set()
    await world.settles()
    assert world.maya.private()


async def test_a_press_is_acknowledged_while_somebody_else_writes_to_the_database(world: World):
    await planned(world)
    async with world.bot.records.open() as page:
        assert await page.first_time("somebody else is writing")
        await world.omar.desk.presses(world.card(), "Approve")
        assert world.omar.desk.notices == []
        assert "approved" not in world.thread().replace("approval", "")
    await world.until(lambda: "@omar approved" in world.thread())
