"""Review: what was learned from broken glass; a late review takes the right away until others have done it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.policy import ReviewRules
from tests.stories.roads import planned
from tests.stories.test_break_glass import broken
from tests.stories.world import World, read


async def test_a_late_review_takes_the_right_away_until_it_is_done(world: World):
    holder = world.bot.agreed.holder
    holder._current = replace(holder.current, reviews=ReviewRules(within=timedelta(0)))
    await broken(world)
    await world.until(lambda: "The review of D-1 was due" in world.channel("releases"))
    assert "@ines can't break the glass again. @relmgrs can do it: `/deploy review D-1 <findings>`" in world.channel(
        "releases"
    )
    await planned(world, "mend", "2.4.1")
    look = "/deploy break-glass R-2 to production It burns once more"
    answer = await world.ines.types(look)
    assert "@ines broke the glass with D-1, and the review of that was due" in answer
    assert "nobody reviews their own matter" in await world.ines.types("/deploy review D-1 All went well, I think")
    assert "Only @relmgrs can review D-1" in await world.omar.types("/deploy review D-1 All went well, I think")
    assert "Reviewed: D-1" in await world.maya.types("/deploy review D-1 The alarm came late; QA gets a pager")
    assert "Break the glass for R-2" in await world.ines.types(look)


async def test_home_shows_the_reviews_that_one_owes_and_takes_them_there(world: World):
    await broken(world)
    assert "Reviews that you owe" not in await world.ines.opens_home()
    assert "Reviews that you owe" in await world.maya.opens_home()
    await world.maya.desk.presses(world.maya.desk.home, "Review")
    await world.settles()
    await world.maya.fills_in(learned="The alarm came late; QA gets a pager")
    await world.settles()
    assert "@maya reviewed D-1" in world.thread()
    assert "Reviews that you owe" not in read(world.maya.desk.home)


async def test_status_and_digest_tell_what_is_owed(world: World):
    await broken(world)
    owed = "*D-1* broke the glass of production in payments · @ines · its review is due"
    assert owed in await world.omar.types("/deploy status")
    assert owed not in await world.omar.types("/deploy status storefront")
    assert owed in await world.omar.types("/release digest")
    await world.maya.types("/deploy review D-1 The alarm came late; QA gets a pager")
    assert owed not in await world.omar.types("/deploy status")


async def test_an_old_button_says_who_has_done_it(world: World):
    await broken(world)
    (question,) = [each for each in world.maya.private() if not each.ephemeral_to and "Review" in read(each)]
    await world.maya.types("/deploy review D-1 The alarm came late; QA gets a pager")
    assert "@maya reviewed D-1" in await world.maya.presses("Review", on=question, stale=True)
    assert "did not break the glass" not in world.thread()
    assert "There is no deployment D-99" in await world.maya.types("/deploy review D-99 What was learned here")
