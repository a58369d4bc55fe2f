"""Except a freeze: Maya asks, Ruth decides in her private message, and what is let pass can be deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.rules.policy import ExceptionRules
from integrations.sandbox.messages import Message
from tests.stories.roads import deployed, in_staging, planned
from tests.stories.world import World, read

FREEZE = "/freeze start production until 2 days for payments The annual sale"


def message_to(player, containing: str) -> Message:
    """The one private message that says so, as it stands now."""
    found = [each for each in player.private() if not each.ephemeral_to and containing in read(each)]
    assert len(found) == 1, [read(each) for each in player.private()]
    return found[0]


async def frozen(world: World, typed: str = FREEZE) -> None:
    """Everything is done that people have to do, and then Ruth freezes production."""
    await in_staging(world)
    assert "F-1" in await world.ruth.types(typed)


async def asked(world: World) -> Message:
    """Maya has asked, and Ruth has the message."""
    await frozen(world)
    answer = await world.maya.types("/freeze except R-1 Refunds must work before the sale")
    assert "@ruth" in answer
    assert "to let it pass F-1 (X-1)" in answer
    return message_to(world.ruth, "X-1")


async def test_maya_asks_ruth_grants_and_maya_deploys(world: World):
    question = await asked(world)
    assert "@maya asks that *R-1 Payments 2.4.0* may pass *F-1* (X-1): Refunds must work before the sale" in read(
        question
    )
    assert "Refunds must work before the sale" in world.thread()
    assert "Nothing was started" in await world.maya.types("/deploy confirm R-1 to production")

    assert "✅ Granted: R-1 Payments 2.4.0 passes F-1 until" in await world.ruth.presses("Grant", on=question)

    after = message_to(world.ruth, "X-1")
    assert after.ts == question.ts  # the same message, edited in place
    assert "✅ @ruth granted it" in read(after)
    assert "Grant" not in [each.element.get("text", {}).get("text") for each in world.ruth.desk.shown(after)]
    assert "@ruth granted X-1: R-1 passes F-1 until" in world.thread()
    told = read(message_to(world.maya, "granted X-1"))
    assert "Nothing else blocks production: `/deploy R-1 to production`" in told
    card = read(world.card())
    assert "passes F-1 until" in card
    assert "by @ruth's exception X-1" in card
    assert "R-1 passes until" in await world.ben.types("/freeze list")

    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: "is in production" in world.thread())


async def test_ruth_refuses_and_says_why(world: World):
    question = await asked(world)
    await world.ruth.presses("Refuse", on=question)
    assert "Please say why" in await world.ruth.fills_in(reason="   ")
    answer = await world.ruth.fills_in(reason="The sale pays our salaries; Monday is soon enough")
    assert "❌ Refused: R-1 Payments 2.4.0 does not pass F-1" in answer
    why = "The sale pays our salaries; Monday is soon enough"
    assert f"@ruth refused X-1: R-1 does not pass F-1. {why}" in world.thread()
    assert why in read(message_to(world.maya, "refused X-1"))
    assert "❌ @ruth refused it" in read(message_to(world.ruth, "X-1"))
    assert "Nothing was started" in await world.maya.types("/deploy confirm R-1 to production")


async def test_an_old_button_decides_nothing_and_says_who_did(world: World):
    question = await asked(world)
    await world.ruth.types("/freeze grant X-1 only tonight")
    assert "@ruth granted X-1" in await world.ruth.presses("Grant", on=question, stale=True)
    assert "@ruth granted X-1" in await world.ruth.presses("Refuse", on=question, stale=True)
    assert "only tonight" in world.thread()
    assert world.thread().count("@ruth granted X-1:") == 1


async def test_nobody_grants_what_they_ask_for_themselves(world: World):
    await asked(world)
    assert "nobody grants what they ask for themselves" in await world.maya.types("/freeze grant X-1")
    assert "Only @ruth, @relmgrs and @change can grant or refuse" in await world.omar.types("/freeze grant X-1")
    assert "passes F-1" not in read(world.card())


async def test_asking_twice_says_who_is_asked(world: World):
    await asked(world)
    again = await world.ines.types("/freeze except R-1 The regulator asks for it")
    assert "@maya asked for an exception from F-1" in again
    assert "X-1 waits for @ruth" in again


async def test_a_guest_can_neither_ask_nor_decide(world: World):
    await asked(world)
    assert "guest" in await world.gus.types("/freeze except R-1 Please")
    assert "guest" in await world.gus.types("/freeze grant X-1")
    assert "X-1" in await world.gus.types("/freeze list")  # guests can look


async def test_the_inbox_decides_as_the_message_does(world: World):
    await asked(world)
    assert "Exceptions that wait for you" not in await world.maya.opens_home()
    assert "Exceptions that wait for you" in await world.ruth.opens_home()
    await world.ruth.desk.presses(world.ruth.desk.home, "Refuse")
    await world.settles()
    await world.ruth.fills_in(reason="It can wait")
    await world.settles()
    assert "@ruth refused X-1" in world.thread()
    assert "Exceptions that wait for you" not in read(world.ruth.desk.home)


async def test_the_budget_is_used_up(world: World):
    holder = world.bot.agreed.holder
    holder._current = replace(holder.current, exceptions=ExceptionRules(budget=1))
    question = await asked(world)
    await world.ruth.presses("Grant", on=question)
    await world.maya.types("/release new payments 2.5.0 mend")
    answer = await world.maya.types("/freeze except R-2 One more")
    assert "The one exception from freezes that Payments may be granted in 90 days is used up" in answer
    assert "@relmgrs can change the budget in the catalogue" in answer
    assert "X-2" not in world.thread(2)


async def test_a_soft_freeze_is_acknowledged_from_the_preview(world: World):
    await frozen(world, "/freeze start production feature soft until 2 days for payments Half of us are away")
    await world.until(lambda: "asks for care" in world.channel("payments"))
    assert "F-1 asks for care in production" in await world.maya.types("/deploy R-1 to production")
    preview = [each for each in world.maya.private() if "Deploy R-1 Payments 2.4.0 to production?" in read(each)][-1]
    assert "you acknowledge it" in await world.maya.presses("Acknowledge", on=preview)
    answer = await world.maya.fills_in(reason="I stay until it is over")
    assert "F-1 is acknowledged (X-1)" in answer
    assert "@maya acknowledged F-1 for this release (X-1): I stay until it is over" in world.thread()
    assert "by @maya's acknowledgement X-1" in read(world.card())
    await deployed(world, "production")


async def test_the_form_asks_only_what_was_on_the_screen(world: World):
    await frozen(world, "/freeze start production soft until 2 days for payments Half of us are away")
    await world.maya.types("/release why R-1")
    why = [each for each in world.maya.private() if "What blocks R-1" in read(each)][-1]
    await world.maya.presses("Acknowledge", on=why)
    await world.ruth.types("/freeze start production soft until 2 days for payments The auditors are here")
    assert "F-1 is acknowledged (X-1)" in await world.maya.fills_in(reason="I stay until it is over")
    assert "F-2 asks for care in production" in read(world.card())


async def test_why_has_a_button_that_asks_the_owners(world: World):
    await frozen(world)
    await world.maya.types("/release why R-1 production")
    why = [each for each in world.maya.private() if "What blocks R-1" in read(each)][-1]
    assert "you ask @ruth, @relmgrs and @change for an exception" in await world.maya.presses(
        "Ask for an exception", on=why
    )
    assert "to let it pass F-1 (X-1)" in await world.maya.fills_in(reason="Refunds must work before the sale")
    assert "Refunds must work before the sale" in read(message_to(world.ruth, "X-1"))


async def test_a_hotfix_needs_no_exception(world: World):
    await frozen(world)
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="hotfix")
    assert "freezes make room for a change of the type" in await world.maya.types("/freeze except R-1 Please")


async def test_moving_the_target_into_a_freeze_warns(world: World):
    await planned(world)
    await world.ruth.types("/freeze start production until 5 days for payments Year end")
    await world.maya.types("/release edit R-1")
    target = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    answer = await world.maya.fills_in(target=target)
    assert "falls into F-1 (Year end)" in answer
    assert "/freeze except R-1 <reason>" in answer
