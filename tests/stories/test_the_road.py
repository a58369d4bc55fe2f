"""The whole road: plan, tick, reject, mend, approve twice, wait out a freeze, deploy, roll back, tell the digest.

Over Socket Mode and over signed HTTP, on SQLite and on PostgreSQL: the words on the screen are the same.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import a_world
from tests.stories.roads import NOTES, REGRESSION
from tests.stories.world import World, read


@pytest.mark.parametrize("transport", ["socket", "http"])
@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_the_whole_road(transport, database, request, tmp_path):
    async with a_world(tmp_path, request.getfixturevalue(database), transport) as world, world.running():
        await the_old_version_stands(world)
        await maya_plans_the_new_one(world)
        await everybody_looks(world)
        await production_is_frozen_and_thawed(world)
        await it_is_deployed(world)
        await it_is_rolled_back(world)
        verified = await world.bot.verify_audit()
        assert verified.broken is None
        assert verified.entries > 25


async def the_old_version_stands(world: World) -> None:
    """2.3.9 went out as a hotfix, so that there is something to go back to."""
    await world.maya.types("/release new payments 2.3.9 v2.3.9")
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: "2.3.9 is in production" in world.thread())
    await world.maya.types("/release launch R-1")
    assert "released" in read(world.card(1))


async def maya_plans_the_new_one(world: World) -> None:
    await world.maya.types("/release new payments 2.4.0 main")
    card = read(world.card())
    assert "R-2" in card
    assert "2.4.0" in card
    assert world.commits["new"][:7] in card
    assert "@qa" in world.thread()


async def everybody_looks(world: World) -> None:
    rejecting = await world.omar.presses("Reject")
    assert "reason" in rejecting.lower()
    await world.omar.fills_in(reason="Refunds go out twice")
    assert "@omar rejected" in world.thread()
    assert "Refunds go out twice" in read(world.card())

    before = world.card()
    answer = await world.ben.types("/release build R-2 mend")
    assert world.commits["mended"][:7] in answer
    assert "no longer counts" in world.thread()

    assert "changed since you looked" in await world.omar.presses("Approve", on=before, stale=True)

    await world.omar.presses("Approve")
    await world.ruth.presses("Approve")
    await world.omar.presses("Checklist")
    await world.omar.ticks(REGRESSION)
    assert "@omar ticked “The regression tests have passed”" in world.thread()
    await world.maya.presses("Checklist")
    await world.maya.ticks(NOTES)
    why = await world.maya.types("/release why R-2")
    assert "has not been in staging" in why

    await world.maya.types("/deploy R-2 to staging")
    await world.maya.types("/deploy confirm R-2 to staging")
    await world.until(lambda: "2.4.0 is in staging" in world.thread())


async def production_is_frozen_and_thawed(world: World) -> None:
    await world.ruth.types("/freeze start production until tomorrow 07:00 The annual sale")
    await world.until(lambda: "The annual sale" in world.channel("payments"))
    frozen = await world.maya.types("/deploy R-2 to production")
    assert "F-1" in frozen
    assert "The annual sale" in frozen
    refused = await world.maya.types("/deploy confirm R-2 to production")
    assert "F-1" in refused
    assert [each.order.environment for each in world.target.started] == ["production", "staging"]
    await world.ruth.types("/freeze end F-1")
    await world.until(lambda: "The annual sale" in world.channel("payments"))


async def it_is_deployed(world: World) -> None:
    preview = await world.maya.types("/deploy R-2 to production")
    assert "Refund once, not twice" in preview
    assert "2.3.9" in preview
    assert "/deploy confirm R-2 to production" in preview
    await world.maya.types("/deploy confirm R-2 to production")
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert world.target.started[-1].order.candidate.commit == world.commits["mended"]
    assert "deployed" in read(world.card())


async def it_is_rolled_back(world: World) -> None:
    way_back = await world.ines.types("/rollback payments")
    assert "2.3.9" in way_back
    assert "Refund at once" in way_back
    message = world.ines.private()[-1]
    await world.ines.presses("Roll back", on=message)
    await world.until(lambda: "production is back on 2.3.9" in world.thread())
    assert world.target.started[-1].order.candidate.commit == world.commits["old"]
    assert "rolled back" in read(world.card(2))
    await world.maya.types("/release digest here")
    digest = world.channel("payments")
    assert "2.4.0" in digest
