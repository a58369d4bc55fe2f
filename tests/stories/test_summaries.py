"""Digests and App Home: what shipped, what waits and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.clockwork import TIDYING
from tests.stories.roads import deployed, in_staging, planned
from tests.stories.world import World


async def test_a_digest_here_is_posted_for_everybody(world: World):
    await in_staging(world)
    await deployed(world, "production")
    await world.maya.types("/release new storefront 1.0.0 main")
    await world.maya.types("/release digest here")
    await world.until(lambda: "1.0.0" in world.channel("payments"))
    assert "2.4.0" in world.channel("payments")


async def test_a_digest_without_here_is_private(world: World):
    await planned(world)
    before = world.channel("payments")
    assert "2.4.0" in await world.maya.types("/release digest")
    assert world.channel("payments") == before


async def test_a_scheduled_digest_is_posted_once_for_its_tick(world: World):
    await planned(world)
    (digest,) = world.bot.agreed().digests
    due = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    for _ in range(3):
        await world.bot.tick(digest.key, due)
    await world.settles()
    assert world.channel("releases").count("2.4.0") == 1 or world.channel("releases").count("R-1") == 1
    await world.bot.tick(digest.key, due + timedelta(days=1))
    await world.bot.tick("a schedule that has left", due)
    await world.settles()
    posts = [m for m in world.workspace.messages["C0RELEASES"] if not m.is_reply]
    assert len(posts) == 2


async def test_home_shows_what_waits_for_me(world: World):
    await planned(world)
    home = await world.omar.opens_home()
    assert "R-1" in home
    assert "The regression tests have passed" in home
    assert "R-1" in await world.maya.opens_home()
    assert "The regression tests have passed" not in await world.ben.opens_home()


async def test_approving_from_home_is_the_same_act(world: World):
    await planned(world)
    await world.omar.opens_home()
    await world.omar.desk.presses(world.omar.desk.home, "Approve")
    await world.until(lambda: "@omar approved" in world.thread())


async def test_what_was_told_long_ago_is_tidied_up_and_the_record_stays(world: World):
    await planned(world)
    before = (await world.bot.verify_audit()).entries
    await world.bot.tick(TIDYING.key, datetime.now(UTC) + timedelta(days=40))
    assert (await world.bot.verify_audit()).entries == before
    assert "2.4.0" in await world.maya.types("/release show R-1")
    await world.omar.presses("Approve")
    assert "@omar approved" in world.thread()
