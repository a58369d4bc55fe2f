"""Wait in line: a confirmed deployment that meets another waits its turn where everybody sees it."""

from __future__ import annotations

from tests.stories.roads import two_versions_in_production
from tests.stories.world import World, read
from tests.twins.deployer import Script


async def two_hotfixes(world: World) -> None:
    """R-3 has what R-4 has, and one commit less; both are approved, and R-3 is on its way."""
    await two_versions_in_production(world)
    for number, version, ref in ((3, "2.4.1", "mend"), (4, "2.4.2", "mend")):
        await world.maya.types(f"/release new payments {version} {ref}")
        await world.maya.types(f"/release edit R-{number}")
        await world.maya.fills_in(change_type="hotfix")
        await world.omar.types(f"/release approve R-{number} production")
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-3 to production")
    await world.maya.types("/deploy confirm R-3 to production")
    await world.until(lambda: len(world.target.started) == 3)


async def waits(world: World) -> None:
    await two_hotfixes(world)
    preview = await world.maya.types("/deploy R-4 to production")
    assert "To have it wait its turn, type" in preview
    told = await world.maya.types("/deploy confirm R-4 to production")
    assert "D-4 is confirmed" in told
    assert "Waits its turn: place 1, behind D-3 (2.4.1, running)" in told


async def test_it_waits_visibly_and_goes_when_its_turn_comes(world: World):
    await waits(world)
    await world.until(lambda: "Waits its turn: place 1, behind D-3" in world.thread(4))
    assert "D-4 waits its turn" in read(world.card(4))
    assert "1. " in await world.maya.types("/deploy status payments")
    world.target.lets_go()
    await world.until(lambda: "2.4.1 is in production" in world.thread(3))
    await world.until(lambda: "It is D-4's turn" in world.thread(4))
    await world.until(lambda: len(world.target.started) == 4)
    world.target.lets_go()
    await world.until(lambda: "2.4.2 is in production" in world.thread(4))


async def test_it_can_be_withdrawn_while_it_waits(world: World):
    await waits(world)
    assert "D-4 is withdrawn; it had not begun" in await world.maya.types("/deploy cancel D-4")
    await world.until(lambda: "withdrew D-4" in world.thread(4))
    world.target.lets_go()
    await world.until(lambda: "2.4.1 is in production" in world.thread(3))
    assert len(world.target.started) == 3


async def test_nobody_to_let_pass_is_said(world: World):
    await waits(world)
    assert "Nobody waits behind D-4" in await world.maya.types("/deploy pass D-4")


async def test_a_rollback_stops_what_is_on_its_way_first(world: World):
    await waits(world)
    told = await world.ines.types("/rollback payments now Refunds go out twice")
    assert "as soon as D-3 has ended: it was asked to stop" in told
    await world.until(lambda: "D-3 was cancelled" in world.thread(3))
    await world.until(lambda: len(world.target.started) == 4)
    world.target.lets_go()
    await world.until(lambda: "production is back on 2.4.0" in world.thread(3))
    await world.until(lambda: "D-5 was a rollback there meanwhile" in world.thread(4))
    assert len(world.target.started) == 4


async def test_the_preview_of_a_rollback_says_that_it_stops_what_is_on_its_way(world: World):
    await two_hotfixes(world)
    assert "D-3 is on its way there (running): it is stopped first." in await world.ines.types("/rollback payments")
    answer = await world.ines.presses("Roll back", on=world.ines.private()[-1])
    assert "as soon as D-3 has ended" in answer


async def test_an_outcome_that_nobody_knows_is_settled_by_word(world: World):
    await two_hotfixes(world)
    world.target.loses_everything()
    await world.until(lambda: "I can't tell how D-3 ended" in world.thread(3))
    assert "It succeeded or it failed; `perhaps` is neither" in await world.maya.types("/deploy settle D-3 perhaps so")
    assert "D-3 is settled as failed" in await world.maya.types("/deploy settle D-3 failed 2.4.0 is still served")
    await world.until(lambda: "@maya settled D-3 as failed. 2.4.0 is still served" in world.thread(3))
