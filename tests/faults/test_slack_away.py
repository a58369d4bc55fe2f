"""Slack fails for the whole of a deployment: it ends all the same, and afterwards all is there, once, in order."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.rules.deployment import Attempt, DeploymentId
from tests.stories.conftest import a_world
from tests.stories.roads import approved, deployed
from tests.stories.world import World, read
from tests.twins.deployer import Script

SPEAKING = ("chat.postMessage", "chat.update")


def lines(world: World) -> list[str]:
    """The thread, message by message."""
    card = world.card()
    return [
        read(each) for each in world.workspace.messages[card.channel] if each.thread_ts == card.ts and each.is_reply
    ]


async def attempt(world: World, number: int) -> Attempt:
    async with world.bot.records.read() as page:
        found = await page.deployment(DeploymentId(number))
    assert found is not None
    return found.attempt


def _at_any_time(line: str) -> str:
    """The same, whenever it was: a minute may end in between."""
    return re.sub(r"\d\d:\d\d UTC", "then", line)


@pytest.mark.parametrize(
    ("database", "status"),
    [
        ("sqlite_url", 503),
        ("sqlite_url", "drop_after_effect"),
        ("postgres_url", "drop"),
        ("postgres_url", 429),
        ("postgres_url", "timeout"),
    ],
)
async def test_a_deployment_without_slack(
    database: str, status: int | str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with a_world(tmp_path, request.getfixturevalue(database)) as world, world.running():
        await approved(world)
        before = len(lines(world))
        await deployed(world, "staging")  # as it is told when Slack is there
        told = lines(world)[before:]
        undisturbed = [each for each in told if not each.startswith("Nothing blocks production any more")]
        assert len(undisturbed) == len(told) - 1

        await world.maya.types("/deploy R-1 to production")
        world.target.script = Script(waits=True)
        for method in SPEAKING:
            world.sandbox.faults.next(method, status=status, times=1000, retry_after=1)  # type: ignore[arg-type]
        await world.maya.desk.types("payments", "/deploy confirm R-1 to production")
        async with asyncio.timeout(30):
            while len(world.target.started) < 2:  # noqa: ASYNC110 - the twin of a target rings no bell
                await asyncio.sleep(0.02)
            world.target.lets_go()
            while await attempt(world, 2) is not Attempt.SUCCEEDED:  # noqa: ASYNC110 - it is in the database
                await asyncio.sleep(0.02)
        if status != "drop_after_effect":
            assert len(lines(world)) == before + len(told)
        waiting = (await world.bot.outbox.depth()).waiting
        assert waiting < 20  # of a card only the newest state waits

        world.sandbox.faults.clear()
        await world.until(lambda: "2.4.0 is in production" in world.thread(), within=60)
        since = [
            each.replace("production", "staging").replace("D-2", "D-1") for each in lines(world)[before + len(told) :]
        ]
        assert [_at_any_time(each) for each in since] == [_at_any_time(each) for each in undisturbed]
        cards = [m for m in world.workspace.messages["C0PAYMENTS"] if not m.is_reply and not m.ephemeral_to]
        assert len(cards) == 1
        assert "deployed" in read(world.card())
