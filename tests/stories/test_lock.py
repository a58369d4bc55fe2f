"""Lock: somebody holds an environment, everybody sees who and why, and nobody loses one unheard."""

from __future__ import annotations

from tests.stories.roads import deployed, in_staging
from tests.stories.world import World, read


async def test_a_lock_blocks_says_who_and_why_and_ends(world: World):
    await in_staging(world)
    answer = await world.maya.types("/deploy lock payments production 2h the database moves")
    assert "You have locked production of payments" in answer.replace("*", "")
    await world.until(lambda: "has locked production" in read(world.card()))
    assert "locked by @maya for 1 minute" in await world.ines.types("/deploy status payments")
    preview = await world.maya.types("/deploy R-1 to production")
    assert "@maya has locked production since" in preview
    assert "the database moves" in preview
    assert "may not go to *production* yet" in await world.maya.types("/deploy confirm R-1 to production")
    assert "To let go" in await world.maya.opens_home()
    assert "is unlocked" in await world.maya.types("/deploy unlock payments production")
    await world.until(lambda: "has locked production" not in read(world.card()))
    await deployed(world, "production")


async def test_somebody_elses_lock_is_taken_over_with_a_reason(world: World):
    await in_staging(world)
    await world.maya.types("/deploy lock payments production 2h the database moves")
    refused = await world.ines.types("/deploy lock payments production checkout is down")
    assert "@maya has locked production of payments since" in refused
    assert "/deploy lock payments production take over <reason>" in refused
    taken = await world.ines.types("/deploy lock payments production take over checkout is down")
    assert "over from @maya, who is told" in taken
    told = [read(each) for each in world.maya.private()]
    assert any("@ines has taken over your lock on production of payments: checkout is down" in each for each in told)


async def test_a_lock_for_one_release_lets_that_one_go(world: World):
    await in_staging(world)
    answer = await world.ines.types("/deploy lock payments production for R-1 1h refunds first")
    assert "only R-1 may go there" in answer
    await world.until(lambda: "holds production for this release" in world.thread())
    await deployed(world, "production")
    await world.maya.presses("Launch")
    await world.until(lambda: any("has ended your lock" in read(each) for each in world.ines.private()))
    assert "is not locked" in await world.ines.types("/deploy unlock payments production")


async def test_who_may_not_deploy_neither_locks_nor_unlocks(world: World):
    await in_staging(world)
    assert "Only" in await world.ben.types("/deploy lock payments production because")
    await world.maya.types("/deploy lock payments production the database moves")
    assert "Only" in await world.ben.types("/deploy unlock payments production because")


async def test_those_who_can_unlock_it_are_asked(world: World):
    await in_staging(world)
    await world.ines.types("/deploy lock payments production 2h the database moves")
    await world.maya.types("/release why R-1 production")
    asked = await world.maya.asks("has locked production", world.maya.private()[-1])
    assert "I have asked @ines" in asked
    assert any("whether *production* can be unlocked" in read(each) for each in world.ines.private())
