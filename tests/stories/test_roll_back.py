"""Roll back: the last good version, seconds after somebody says so."""

from __future__ import annotations

from tests.stories.roads import deployed, planned, two_versions_in_production
from tests.stories.world import World, read
from tests.twins.deployer import Script


async def test_the_preview_shows_what_would_come_back_and_what_is_lost(world: World):
    await two_versions_in_production(world)
    preview = await world.ines.types("/rollback payments")
    assert "2.3.9" in preview
    assert "Refund at once" in preview
    assert len(world.target.started) == 2


async def test_now_starts_at_once_for_on_call(world: World):
    await two_versions_in_production(world)
    await world.ines.types("/rollback payments now Refunds go out twice")
    await world.until(lambda: "production is back on 2.3.9" in world.thread(2))
    assert "Refunds go out twice" in world.channel("payments")
    assert "rolled back" in read(world.card(2))
    assert world.target.started[-1].order.candidate.commit == world.commits["old"]


async def test_neither_a_freeze_nor_a_missing_approval_blocks_it_but_the_role_does(world: World):
    await two_versions_in_production(world)
    await world.ruth.types("/freeze start production until tomorrow 07:00 The annual sale")
    await world.omar.types("/release withdraw R-1")
    assert "Only @relmgrs and @oncall can roll back" in await world.ben.types("/rollback payments now Please")
    assert "Only @relmgrs and @oncall can roll back" in await world.ben.types("/rollback payments")
    await world.ines.types("/rollback payments now It burns")
    await world.until(lambda: "production is back on 2.3.9" in world.thread(2))


async def test_a_press_on_an_old_confirm_message_starts_nothing(world: World):
    await two_versions_in_production(world)
    await world.ines.types("/rollback payments")
    old = world.ines.private()[-1]
    await world.maya.types("/rollback payments now It burns")
    await world.until(lambda: "production is back on 2.3.9" in world.thread(2))
    assert "changed since you looked" in await world.ines.presses("Roll back", on=old, stale=True)
    assert len(world.target.started) == 3


async def test_with_nothing_to_go_back_to_it_says_so(world: World):
    assert "nothing to roll back" in await world.ines.types("/rollback payments")
    await planned(world)
    await deployed(world, "staging")
    assert "no good version" in await world.ines.types("/rollback payments in staging now It burns")


async def test_a_version_can_be_chosen_and_a_wrong_one_is_answered_with_the_good_ones(world: World):
    await two_versions_in_production(world)
    wrong = await world.ines.types("/rollback payments to 9.9.9 It burns")
    assert "2.3.9" in wrong
    assert "2.3.9" in await world.ines.types("/rollback payments to 2.3.9 It burns")


async def test_an_unknown_outcome_does_not_bar_the_way_back(world: World):
    await two_versions_in_production(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/release new payments 2.5.0 mend")
    await world.maya.types("/release edit R-3")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")
    await world.maya.types("/deploy R-3 to production")
    await world.maya.types("/deploy confirm R-3 to production")
    await world.until(lambda: len(world.target.started) == 3)
    world.target.loses_everything()
    await world.until(lambda: "I can't tell how" in world.thread(3))
    world.target.script = Script()
    # Nobody knows whether 2.5.0 came: what stood there before it is the good version, not the one before that.
    assert "2.4.0" in await world.ines.types("/rollback payments")
    await world.ines.types("/rollback payments now Nobody knows what runs")
    await world.until(lambda: "production is back on 2.4.0" in world.thread(3))
    assert world.target.started[-1].order.candidate.commit == world.commits["new"]
    assert "@ines settled D-3 as failed" in world.thread(3)
    assert "rolls production back" not in world.thread(2)
