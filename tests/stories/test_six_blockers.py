"""The six things that stop a release in a real week: each says on the card what blocks, who can lift it, and how.

Each story runs into its blocker, reads it, has the right person asked, and gets it out of the way.
"""

from __future__ import annotations

from tests.stories.roads import NOTES, REGRESSION, approved, deployed, in_staging, planned
from tests.stories.world import Player, World, read


async def open_in_the_end(world: World) -> None:
    """Nothing is left: the preview ends with the command that confirms."""
    assert "/deploy confirm R-1 to production" in await world.maya.types("/deploy R-1 to production")


async def message_to(player: Player) -> str:
    """The newest private message that somebody has, as it stands there now."""
    return read(player.desk.sees(player.desk.direct.id)[-1])


async def test_qa_rejected(world: World):
    await in_staging(world)
    await world.omar.types("/release withdraw R-1")
    await world.omar.types("/release reject R-1 Refunds go out twice")
    assert "*QA* · @omar rejected it" in read(world.card())
    assert "Refunds go out twice" in read(world.card())
    why = await world.maya.types("/release why R-1 production")
    assert "@omar rejected this candidate as @qa: Refunds go out twice" in why
    assert "Set a new candidate, or have the rejection withdrawn." in why
    await world.ben.types("/release build R-1 mend")
    assert "no longer counts: that was" in read(world.card())
    for person in (world.omar, world.ruth):
        await person.presses("Approve")
    await deployed(world, "staging")
    await open_in_the_end(world)


async def test_the_wrong_person(world: World):
    await planned(world)
    assert "Only @qa and @change can approve this for production" in await world.ben.presses("Approve")
    assert "*QA* · waiting for @qa" in read(world.card())
    why = await world.maya.types("/release why R-1 production")
    assert "The approval of @qa is missing." in why
    assert "Press Approve, or type /release approve R-1 production." in why.replace("`", "")


async def test_those_who_can_lift_it_are_asked_and_answer_in_their_message(world: World):
    await planned(world)
    await world.maya.types("/release why R-1 production")
    asking = world.maya.private()[-1]
    answer = await world.maya.asks(on=asking, why="The approval of @qa is missing.")
    assert "I have asked @omar in a private message" in answer
    told = await message_to(world.omar)
    assert "@maya asks you" in told
    assert "The approval of @qa is missing." in told
    direct = world.omar.desk.sees(world.omar.desk.direct.id)[-1]
    await world.omar.presses("Approve", on=direct)
    assert "@omar approved" in world.thread()
    await world.until(lambda: "you have approved it" in read(world.omar.desk.sees(world.omar.desk.direct.id)[0]))


async def test_the_cards_own_button_asks_for_everything_at_once(world: World):
    await planned(world)
    answer = await world.maya.presses("Ask them")
    assert "@omar" in answer
    assert "@ruth" in answer
    assert "in a private message" in answer
    for person, role in ((world.omar, "qa"), (world.ruth, "change")):
        lacks = f"The approval of @{role} is missing."
        assert any(lacks in read(each) for each in person.desk.sees(person.desk.direct.id))
    assert "had them asked" in await world.maya.presses("Ask them")


async def test_the_changed_candidate(world: World):
    await in_staging(world)
    before = world.card()
    await world.ben.types("/release build R-1 mend")
    card = read(world.card())
    assert card.count("no longer counts: that was") == 2
    assert "@qa approved something else; this candidate needs its own approval." in card
    assert "changed since you looked" in await world.omar.presses("Withdraw", on=before, stale=True)
    for person in (world.omar, world.ruth):
        await person.presses("Approve")
    await deployed(world, "staging")
    await open_in_the_end(world)


async def test_frozen(world: World):
    await in_staging(world)
    await world.ruth.types("/freeze start production until tomorrow 07:00 for payments The annual sale")
    await world.until(lambda: "F-1 freezes production until" in read(world.card()))
    why = await world.maya.types("/release why R-1 production")
    assert "The annual sale" in why
    assert "/freeze except R-1" in why
    assert "It opens by itself" in why
    assert "Nothing was started" in await world.maya.types("/deploy confirm R-1 to production")
    await world.ruth.types("/freeze end F-1")
    await world.until(lambda: "F-1 freezes" not in read(world.card()))
    await open_in_the_end(world)


async def test_the_order_of_environments(world: World):
    await approved(world)
    why = await world.maya.types("/release why R-1 production")
    assert "This candidate has not been in staging yet" in why
    assert "/deploy R-1 to staging" in why
    assert "Nothing was started" in await world.maya.types("/deploy confirm R-1 to production")
    await deployed(world, "staging")
    await open_in_the_end(world)


async def test_the_forgotten_checklist(world: World):
    await in_staging(world)
    await world.maya.presses("Checklist")
    await world.maya.ticks(NOTES, word="Untick")
    await world.maya.desk.closes()
    assert f"Checklist: “{NOTES}” is not done" in read(world.card())
    why = await world.maya.types("/release why R-1 production")
    assert "@relmgrs" in why
    assert "/release checklist R-1" in why
    assert REGRESSION not in why
    await world.maya.presses("Checklist")
    await world.maya.ticks(NOTES)
    await open_in_the_end(world)
