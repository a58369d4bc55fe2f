"""The catalogue is reloaded without a restart; a bad edit changes nothing, and its owners are told."""

from __future__ import annotations

from tests.stories.roads import planned
from tests.stories.world import World


async def test_a_bad_edit_keeps_what_is_in_force_and_tells_the_owners(world: World):
    await planned(world)
    good = world.catalogue.read_text("utf-8")
    world.catalogue.write_text(good.replace("qa, change-manager", "qa, chnage-manager"), "utf-8")
    await world.until(lambda: "chnage-manager" in world.channel("releases"))
    assert "2.4.0" in await world.maya.types("/release show R-1")
    world.catalogue.write_text(good, "utf-8")


async def test_a_good_edit_is_in_force_at_once_and_voids_what_was_agreed_under_other_rules(world: World):
    await planned(world)
    await world.omar.presses("Approve")
    good = world.catalogue.read_text("utf-8")
    stricter = good.replace("production: [qa, change-manager]", "production: {qa: 1, change-manager: 1, on-call: 1}")
    world.catalogue.write_text(stricter, "utf-8")
    await world.until(lambda: "on-call" in world.bot.agreed().change_types["feature"].approvals["production"][-1].role)
    why = await world.maya.types("/release why R-1 production")
    assert "approved something else" in why
    assert "@oncall" in why
