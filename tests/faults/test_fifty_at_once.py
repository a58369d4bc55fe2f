"""Fifty people press Approve at once: each word is recorded exactly once, there is one card, nobody sees an error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.rules.approval import Word
from bot.rules.release import ReleaseId
from tests.stories.conftest import a_world
from tests.stories.world import Player, World, read

if TYPE_CHECKING:
    from pathlib import Path

FIFTY = [f"tester{number}" for number in range(1, 51)]
PRESSES = 2
"""An impatient person presses twice."""


def everybody_tests(world: World) -> list[Player]:
    """Fifty more people in the workspace, all of them in QA, and all of them needed."""
    for number, name in enumerate(FIFTY, start=1):
        world.workspace.add_person(name, f"Tester {number}", id=f"U0TEST{number}", email=f"{name}@example.com")
    world.workspace.change_group("qa", members=FIFTY)
    for channel in world.workspace.channels.values():
        channel.members |= {f"U0TEST{number}" for number in range(1, 51)}
    text = world.catalogue.read_text("utf-8")
    world.catalogue.write_text(text.replace("production: [qa, change-manager]", "production: {qa: 50}"), "utf-8")
    return [Player(world, world.workspace.desk(name)) for name in FIFTY]


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_fifty_people_press_approve_at_once(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with a_world(tmp_path, request.getfixturevalue(database)) as world:
        people = everybody_tests(world)
        async with world.running():
            await world.maya.types("/release new payments 2.4.0 main")
            card = world.card()

            await asyncio.gather(*(person.desk.presses(card, "Approve") for person in people for _ in range(PRESSES)))
            await world.settles(60)

            async with world.bot.records.read() as page:
                release = await page.release(ReleaseId(1))
            assert release is not None
            assert sorted(each.person for each in release.verdicts) == sorted(
                f"U0TEST{number}" for number in range(1, 51)
            )
            assert all(each.word is Word.YES and each.stands for each in release.verdicts)
            assert world.thread().count(" approved ") == len(FIFTY)
            posted = [m for m in world.workspace.messages["C0PAYMENTS"] if not m.is_reply and not m.ephemeral_to]
            assert len(posted) == 1
            assert "has not approved" not in read(world.card())
            assert "approvals by" not in read(world.card())
            for person in people:
                answers = [read(message) for message in person.private()]
                assert sum("✅ Approved" in each for each in answers) == 1, answers
                assert sum("already" in each for each in answers) == PRESSES - 1, answers
                assert len(answers) == PRESSES, answers
            assert (await world.bot.verify_audit()).broken is None
