"""Slack being away is an inconvenience: what goes on goes on, and what is to be told arrives once, in order."""

from __future__ import annotations

import asyncio
import re

from tests.stories.roads import approved, in_staging
from tests.stories.world import World, read
from tests.twins.deployer import Script


async def test_a_deployment_goes_on_without_slack_and_the_thread_is_complete_afterwards(world: World):
    await in_staging(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: len(world.target.started) == 2)
    world.sandbox.away = True
    world.target.lets_go()
    await asyncio.sleep(1.0)
    assert "2.4.0 is in production" not in world.thread()
    world.sandbox.away = False
    await world.until(lambda: "2.4.0 is in production" in world.thread(), within=40)
    thread = world.thread()
    assert thread.count("2.4.0 is in production") == 1
    assert thread.index("started D-2") < thread.index("2.4.0 is in production")
    assert "deployed" in read(world.card())


async def test_a_message_whose_answer_was_lost_is_not_said_twice(world: World):
    await world.maya.types("/release new payments 2.4.0 main")
    world.sandbox.faults.next("chat.postMessage", status="drop_after_effect", times=1)
    await world.omar.presses("Approve")
    await world.until(lambda: "@omar approved" in world.thread(), within=40)
    assert world.thread().count("@omar approved") == 1


async def test_a_rate_limit_only_delays(world: World):
    await approved(world)
    world.sandbox.faults.next("chat.update", status=429, times=2)
    await world.omar.presses("Withdraw")
    await world.until(lambda: "withdrew" in world.thread(), within=40)


async def test_an_unexpected_failure_is_answered_with_a_reference_that_the_log_has(world: World, caplog, monkeypatch):
    await world.maya.types("/release new payments 2.4.0 main")
    before = (await world.bot.verify_audit()).entries

    async def breaks(*_args, **_kwargs):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("bot.verbs.speak.take", breaks)
    answer = await world.omar.presses("Approve")
    (reference,) = re.findall(r"\b[A-Z0-9]{6}\b", answer)
    assert "disk is on fire" not in answer
    assert any(reference in record.getMessage() for record in caplog.records)
    assert (await world.bot.verify_audit()).entries == before
