"""Away: somebody stands in, says so on the card with both names, and stops when the absent one is back."""

from __future__ import annotations

from tests.stories.roads import planned
from tests.stories.world import World, read


async def test_ines_stands_in_for_ruth(world: World):
    await planned(world)
    assert "Only @qa and @change can approve" in await world.ines.presses("Approve")
    answer = await world.ruth.types("/release away until 2 weeks with @ines on holiday")
    assert "You are away" in answer
    assert "@ines stands in" in answer
    told = read(world.ines.desk.sees(world.ines.desk.direct.id)[-1])
    assert "@ruth is away" in told
    assert "you stand in for them as @change" in told
    assert "@ruth is away" in world.channel("releases")

    home = await world.ines.opens_home()
    assert "You stand in for @ruth" in home
    assert "as Change managers, in the place of @ruth" in home

    assert "in the place of @ruth" in await world.ines.presses("Approve")
    assert "@ines approved in the place of @ruth" in read(world.card())
    assert "as @change in the place of @ruth" in world.thread()

    assert "You are back" in await world.ruth.types("/release back")
    assert "@ines approved in the place of @ruth" in read(world.card())
    assert "one place is filled once" in await world.ruth.types("/release approve R-1 production")


async def test_nobody_makes_themselves_a_stand_in(world: World):
    answer = await world.ines.types("/release away @ruth until 2h with @ines")
    assert "Only @relmgrs can say that somebody else is away" in answer
    answer = await world.maya.types("/release away @ruth until 2h with @maya")
    assert "Nobody can make themselves somebody's stand-in" in answer


async def test_a_name_that_is_no_mention_is_asked_for(world: World):
    answer = await world.ruth.types("/release away until 2 weeks with ines")
    assert "Please mention them" in answer
    assert "is not away" in await world.ruth.types("/release back")


async def test_a_comment_stands_in_the_thread_and_decides_nothing(world: World):
    await planned(world)
    await world.omar.types("/release approve R-1 production saying refunds work on staging")
    assert "@omar approved" in world.thread()
    assert "refunds work on staging" in read(world.card())
    before = read(world.card())
    await world.ben.types("/release comment R-1 the load test runs until noon")
    assert "@ben: the load test runs until noon" in world.thread()
    assert read(world.card()) == before
    await world.ruth.presses("Approve")
    (answered,) = [each for each in world.ruth.private() if "✅ Approved" in read(each)]
    await world.ruth.presses("Comment", on=answered)
    await world.ruth.fills_in(text="Watch the refund queue")
    assert "@ruth: Watch the refund queue" in world.thread()


async def test_an_approval_that_expires_says_until_when_it_counts(world: World):
    text = world.catalogue.read_text("utf-8")
    world.catalogue.write_text(text.replace("  feature:\n", "  feature:\n    approvals_last: 14d\n"), "utf-8")
    await world.until(lambda: world.bot.agreed().change_types["feature"].approvals_last is not None)
    await planned(world)
    await world.omar.presses("Approve")
    assert "· counts until" in read(world.card())


async def test_a_rule_that_nobody_can_meet_is_told_to_the_owners_before_release_day(world: World):
    """QA has one member, and two are asked for."""
    text = world.catalogue.read_text("utf-8")
    world.catalogue.write_text(text.replace("production: [qa, change-manager]", "production: {qa: 2}"), "utf-8")
    await world.until(lambda: "nobody can do some of what the catalogue asks for" in world.channel("releases"))
    assert "it takes 2 of qa" in world.channel("releases")
    answer = await world.maya.types("/release new payments 2.4.0 main")
    assert "R-1 can't be approved: it takes 2 of qa" in answer
    assert "it takes 2 of qa" in world.thread()
