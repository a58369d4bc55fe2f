"""Vetoes: what was rolled back does not come again by the next release, until its revert is in or somebody lifts it."""

from __future__ import annotations

from tests.stories.roads import deployed, two_versions_in_production
from tests.stories.world import World


async def rolled_back(world: World) -> None:
    """2.4.0 (R-2) burned, and production is back on 2.3.9."""
    await two_versions_in_production(world)
    await world.ines.types("/rollback payments now Refunds go out twice")
    await world.until(lambda: "stays out of production" in world.thread(2))


async def hotfix(world: World, version: str, ref: str, number: int) -> None:
    """Maya has planned it as a hotfix, and Omar has approved it."""
    await world.maya.types(f"/release new payments {version} {ref}")
    await world.maya.types(f"/release edit R-{number}")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")


async def read(world: World, number: int, wanted: str, *, there: bool = True) -> str:
    """What blocks it, once that has come to be so."""
    told = ""
    for _ in range(100):
        told = await world.maya.types(f"/release why R-{number} production")
        if (wanted in told) is there and "isn't known yet" not in told:
            return told
    raise AssertionError(told)


async def test_after_a_rollback_the_next_release_is_blocked_until_it_has_the_revert(world: World):
    await rolled_back(world)
    thread = world.thread(2)
    assert "What 2.4.0 brought since 2.3.9 stays out of production and whatever comes after it (V-1)" in thread
    await hotfix(world, "2.4.1", "mend", 3)
    told = await read(world, 3, "V-1")
    assert "It carries 1 commit that was rolled back in production with 2.4.0 (V-1)" in told
    assert "“Refund at once” by Ben Castillo" in told
    assert f"git revert {world.commits['new'][:7]}" in told
    await world.until(lambda: "carries what was rolled back in production with 2.4.0" in world.thread(3))
    assert "Nothing was started" in await world.maya.types("/deploy confirm R-3 to production")

    revert = world.code.commit(
        "/srv/payments",
        'Revert "Refund at once"',
        parents=[world.commits["mended"]],
        body=f"This reverts commit {world.commits['new']}.",
    )
    await world.maya.types(f"/release build R-3 {revert}")
    await world.omar.presses("Approve")
    await read(world, 3, "V-1", there=False)
    await deployed(world, "production", 3)
    status = await world.maya.types("/deploy status payments")
    assert "older than" not in status


async def test_on_call_says_what_mends_it_and_whose_own_change_it_is_does_not(world: World):
    await rolled_back(world)
    await hotfix(world, "2.4.1", "mend", 3)
    await read(world, 3, "V-1")
    mend = world.commits["mended"][:9]
    assert "your own change" in await world.maya.types(f"/rollback lift V-1 with {mend} Refunds are counted")
    assert "Only @relmgrs and @oncall can roll back" in await world.ben.types("/rollback lift V-1 Please")
    told = await world.ines.types(f"/rollback lift payments with {mend} Refunds are counted now")
    assert "V-1 is lifted for whatever has" in told
    assert "Refunds are counted now" in world.thread(2)
    assert "Refunds are counted now" in world.thread(3)
    await read(world, 3, "V-1", there=False)
    await deployed(world, "production", 3)


async def test_a_culprit_that_is_no_part_of_it_is_refused_and_a_wrong_command_shows_the_right_one(world: World):
    await rolled_back(world)
    old = world.commits["old"][:9]
    assert "is no part of what was rolled back" in await world.ines.types(f"/rollback culprit V-1 {old} This one")
    named = await world.ines.types(f"/rollback culprit V-1 {world.commits['new'][:9]} Refunds go out twice")
    assert "are suspected now" in named or "is suspected now" in named
    assert "There is no veto `V-9`" in await world.ines.types("/rollback lift V-9 because")
    assert "/rollback culprit V-3 1a2b3c4" in await world.ines.types("/rollback culprit V-1 it was Ben")


async def test_where_it_stands_on_an_older_version_everybody_sees_it(world: World):
    await rolled_back(world)
    status = await world.ben.types("/deploy status payments")
    assert "older than 2.4.0" in status.replace("*", "")
    assert "On an older version" in await world.ines.opens_home()
    digest = await world.ben.types("/release digest")
    assert "Payments production stands on 2.3.9, older than 2.4.0" in digest


async def test_what_cant_be_undone_and_what_is_gone_is_shown_before_anybody_presses(world: World):
    await two_versions_in_production(world)
    await world.maya.types("/release new payments 2.5.0 mend")
    await world.maya.types("/release build R-3 mend irreversible drops payments.memo")
    await world.maya.types("/release edit R-3")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve")
    preview = await world.maya.types("/deploy R-3 to production")
    assert "This can't be rolled back past: drops payments.memo." in preview
    await deployed(world, "production", 3)
    world.target.gone = {world.commits["new"]}
    way_back = await world.ines.types("/rollback payments")
    assert "2.5.0 came with a migration that can't be undone: drops payments.memo. 2.3.9 will have" in way_back
    assert "No longer there, so not offered: 2.4.0" in way_back
    assert "isn't there any more" in await world.ines.types("/rollback payments to 2.4.0")
    await world.ines.types("/rollback payments now Refunds go out twice")
    await world.until(lambda: "production is back on 2.3.9" in world.thread(3))
    assert "came with a migration that can't be undone" in world.channel("payments")
