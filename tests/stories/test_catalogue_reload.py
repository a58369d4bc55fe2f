"""The catalogue is reloaded without a restart; a bad edit changes nothing, and its owners are told."""

from __future__ import annotations

from tests.stories.roads import approved, in_staging, planned
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


async def test_an_edit_that_loosens_the_rules_is_told_in_the_thread_and_is_on_the_record(world: World):
    await in_staging(world)
    before = (await world.bot.verify_audit()).entries
    good = world.catalogue.read_text("utf-8")
    loosened = good.replace("  feature:\n    approvals:\n      production: [qa, change-manager]\n", "  feature:\n")
    assert loosened != good
    world.catalogue.write_text(loosened, "utf-8")
    await world.until(lambda: "the rules for production" in world.thread())
    (line,) = [each for each in world.thread().splitlines() if "the rules for production" in each]
    assert "Before: approved by qa, change-manager" in line
    assert "Now: no approval" in line
    assert (await world.bot.verify_audit()).entries == before + 1


async def test_an_edit_that_asks_for_more_asks_those_people(world: World):
    await approved(world)
    assert world.thread().count("asks for your approval") == 1
    good = world.catalogue.read_text("utf-8")
    stricter = good.replace("production: [qa, change-manager]", "production: {qa: 1, change-manager: 1, on-call: 1}")
    world.catalogue.write_text(stricter, "utf-8")
    await world.until(lambda: world.thread().count("asks for your approval") == 2)
    assert "@oncall" in world.thread().splitlines()[-1]


async def test_an_edit_that_is_about_something_else_is_not_told_in_the_thread(world: World):
    await planned(world)
    before = world.thread()
    good = world.catalogue.read_text("utf-8")
    world.catalogue.write_text(good.replace("title: Storefront", "title: Shop window"), "utf-8")
    await world.until(lambda: any(each.title == "Shop window" for each in world.bot.agreed().services.values()))
    await world.settles()
    assert world.thread() == before
