"""Approve: a name is put to exactly what was on the screen."""

from __future__ import annotations

import asyncio

from tests.stories.roads import approved, planned
from tests.stories.world import World, read


async def test_an_approval_counts_only_for_the_candidate_that_was_on_the_screen(world: World):
    await planned(world)
    stale = world.card()
    await world.ben.types("/release build R-1 mend")
    answer = await world.omar.presses("Approve", on=stale, stale=True)
    assert "changed since you looked" in answer
    assert world.commits["mended"][:7] in answer
    assert "approved" not in world.thread().replace("approval", "")


async def test_a_new_candidate_voids_what_was_said_and_asks_again(world: World):
    await approved(world)
    await world.ben.types("/release build R-1 mend")
    thread = world.thread()
    assert "What @omar and @ruth said was about" in thread
    assert thread.count("asks for your approval") == 2
    assert "approved something else" in await world.maya.types("/release why R-1 production")


async def test_the_thread_says_when_nothing_blocks_any_more(world: World):
    await world.maya.types("/release new storefront 1.0.0 main")
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="bugfix")
    await world.omar.presses("Approve")
    assert "Nothing blocks production any more" in world.thread()


async def test_an_approval_can_be_taken_back_and_given_again(world: World):
    await planned(world)
    await world.omar.presses("Approve")
    answer = await world.omar.presses("Withdraw")
    assert "withdrew the approval" in world.thread() or "withdrew" in answer
    await world.omar.presses("Approve")
    assert world.thread().count("@omar approved") == 2


async def test_withdraw_on_an_old_card_takes_back_only_what_it_showed(world: World):
    await planned(world)
    await world.omar.presses("Approve")
    old = world.card()
    await world.ben.types("/release build R-1 mend")
    await world.omar.presses("Approve")
    assert "changed since you looked" in await world.omar.presses("Withdraw", on=old, stale=True)
    assert "withdrew" not in world.thread()
    assert "@qa has not approved" not in await world.maya.types("/release why R-1 production")


async def test_a_second_press_says_that_it_was_done(world: World):
    await planned(world)
    await world.omar.presses("Approve")
    assert "already" in await world.omar.presses("Approve", on=world.card(), stale=True)
    assert world.thread().count("@omar approved") == 1


async def test_a_keyboard_is_as_good_as_a_button(world: World):
    await planned(world)
    answer = await world.omar.types("/release approve R-1")
    assert world.commits["new"][:7] in answer
    await world.ruth.types("/release reject R-1 The runbook is missing")
    assert "The runbook is missing" in await world.maya.types("/release why R-1")
    await world.ruth.types("/release withdraw R-1")
    assert "The runbook is missing" not in read(world.card())


async def test_a_repeated_delivery_has_one_effect(world: World):
    await planned(world)
    world.sandbox.faults.duplicate_next_delivery()
    await world.omar.presses("Approve")
    assert world.thread().count("@omar approved") == 1


async def test_everybody_presses_at_once_and_everything_is_recorded_once(world: World):
    await planned(world)
    card = world.card()
    await asyncio.gather(
        *(player.desk.presses(card, "Approve") for player in (world.omar, world.ruth) for _ in range(5))
    )
    await world.settles()
    thread = world.thread()
    assert thread.count("@omar approved") == 1
    assert thread.count("@ruth approved") == 1
    assert len([m for m in world.workspace.messages["C0PAYMENTS"] if not m.is_reply and not m.ephemeral_to]) == 1
