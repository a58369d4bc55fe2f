"""Break the glass: checkout is down at night; Ines goes past the gate, everybody hears of it, and others review it."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.stories.conftest import a_world
from tests.stories.roads import in_staging, planned
from tests.stories.world import World, read
from tests.twins.deployer import Script

REASON = "Checkout is down, and this mends it"
LOOK = f"/deploy break-glass R-1 to production {REASON}"
DO = f"/deploy break-glass confirm R-1 to production {REASON}"


def to_production(world: World) -> int:
    return [each.order.environment for each in world.target.started].count("production")


def told_privately(player, containing: str) -> str:
    """The private messages that say so, as they stand now."""
    return "\n".join(read(each) for each in player.private() if not each.ephemeral_to and containing in read(each))


async def broken(world: World) -> None:
    """Nothing has been said about the release, and it goes to production."""
    await planned(world)
    await world.ines.types(LOOK)
    await world.ines.types(DO)
    await world.until(lambda: "2.4.0 is in production" in world.thread())


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_ines_breaks_the_glass_and_maya_reviews_it(tmp_path, database_url, transport):
    async with a_world(tmp_path, database_url, transport) as world, world.running():
        await planned(world)
        await world.omar.presses("Approve")

        look = await world.ines.types(LOOK)
        assert "Break the glass for R-1 Payments 2.4.0?" in look
        assert "The approval of @change is missing." in look
        assert "Checklist: “Release notes are written” is not done." in look
        assert "This candidate has not been in staging yet." in look
        assert "@relmgrs reviews it within 3 days." in look
        assert f"`{DO}`" in look
        assert world.ines.private()[-1].ephemeral_to == "U0INES"
        assert to_production(world) == 0

        answer = await world.ines.types(DO)
        assert "You broke the glass: D-1 brings *2.4.0*" in answer
        await world.until(lambda: "2.4.0 is in production" in world.thread())
        assert to_production(world) == 1

        for place in (world.thread(), world.channel("payments"), world.channel("releases")):
            assert f"@ines broke the glass: R-1 (2.4.0, `{world.commits['new'][:7]}`) goes to production" in place
            assert REASON in place
            assert "The approval of @change is missing." in place
        assert "It broke the glass" in world.thread()
        assert "🚨 broke the glass" in read(world.card())
        assert "broke the glass" in told_privately(world.omar, REASON)
        assert "broke the glass" in told_privately(world.ruth, REASON)

        (question,) = [each for each in world.maya.private() if not each.ephemeral_to and "Review" in read(each)]
        assert "@ines broke the glass" in read(question)
        await world.maya.presses("Review", on=question)
        assert "Please say what was learned" in await world.maya.fills_in(learned="ok")
        answer = await world.maya.fills_in(learned="The alarm came late; QA gets a pager")
        assert "Reviewed: D-1" in answer
        assert "@maya reviewed D-1, with which @ines broke the glass" in world.thread()
        assert "The alarm came late; QA gets a pager" in world.thread()
        assert "The alarm came late" in told_privately(world.ines, "reviewed D-1")
        after = next(each for each in world.maya.private() if each.ts == question.ts)
        assert "✅ @maya reviewed it" in read(after)
        assert "Review" not in [each.element.get("text", {}).get("text") for each in world.maya.desk.shown(after)]
        assert (await world.bot.verify_audit()).broken is None


async def test_what_was_not_looked_at_is_not_broken(world: World):
    await planned(world)
    assert "look first at what would be broken" in await world.ines.types(DO)
    await world.ines.types(LOOK)
    await world.ben.types("/release build R-1 mend")
    assert "has changed since you looked" in await world.ines.types(DO)
    assert to_production(world) == 0


async def test_only_who_may_breaks_the_glass_and_only_with_a_reason(world: World):
    await planned(world)
    assert "Only @oncall can break the glass for Payments" in await world.maya.types(LOOK)
    assert "Only @oncall" in await world.maya.types(DO)
    assert "guest" in await world.gus.types(LOOK)
    assert "Please say why" in await world.ines.types("/deploy break-glass R-1 to production")
    assert "a reason that tells the others" in await world.ines.types("/deploy break-glass R-1 to production burns")
    assert to_production(world) == 0


async def test_with_an_open_gate_there_is_no_glass_to_break(world: World):
    await in_staging(world)
    assert "Nothing blocks production, so there is no glass to break" in await world.ines.types(LOOK)


async def test_a_double_confirmation_breaks_it_once(world: World):
    await planned(world)
    world.target.script = Script(waits=True)
    await world.ines.types(LOOK)
    await asyncio.gather(*(world.ines.desk.types("payments", DO) for _ in range(6)))
    await world.until(lambda: to_production(world) == 1)
    assert "is on its way to production" in "\n".join(read(each) for each in world.ines.private())
    world.target.lets_go()
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert to_production(world) == 1
    assert world.thread().count("@ines broke the glass:") == 1


async def test_a_stand_in_breaks_it_with_both_names(world: World):
    await planned(world)
    await world.ines.types("/release away until 2 weeks with @ben on holiday")
    assert "in the place of @ines" in await world.ben.types(LOOK)
    await world.ben.types(DO)
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert "@ben in the place of @ines broke the glass" in world.thread()


async def test_the_evidence_tells_what_was_broken(world: World):
    await broken(world)
    told = json.loads((await world.bot.verbs.evidence(1)).text)
    (deployment,), (review,) = told["deployments"], told["reviews"]
    assert deployment["order"]["broke_glass"] is True
    assert deployment["order"]["reason"] == REASON
    assert "The approval of @qa is missing." in review["duty"]["passed"]
    entry = next(each["happened"] for each in told["entries"] if each["happened"]["verb"] == "break glass")
    assert {"key": "approval:qa", "why": "The approval of @qa is missing."} in entry["detail"]["passed"]
