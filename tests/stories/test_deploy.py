"""Deploy: look first, confirm once, and follow it to its end."""

from __future__ import annotations

import asyncio

import pytest

from tests.stories.roads import approved, deployed, in_staging, planned
from tests.stories.world import World, read
from tests.twins.deployer import Script


def to_production(world: World) -> int:
    return [each.order.environment for each in world.target.started].count("production")


async def test_the_preview_says_what_would_change_and_starts_nothing(world: World):
    await in_staging(world)
    preview = await world.maya.types("/deploy R-1 to production")
    assert "Refund at once" in preview
    assert "/deploy confirm R-1 to production" in preview
    assert to_production(world) == 0
    assert world.maya.private()[-1].ephemeral_to == "U0MAYA"


async def test_the_cards_button_opens_the_same_preview_and_starts_nothing(world: World):
    await in_staging(world)
    assert "/deploy confirm R-1 to production" in await world.maya.presses("Deploy")
    assert to_production(world) == 0


async def test_what_was_not_looked_at_cannot_be_confirmed(world: World):
    await in_staging(world)
    assert "look first" in await world.maya.types("/deploy confirm R-1 to production")
    assert to_production(world) == 0


async def test_the_gate_is_asked_again_at_the_confirmation(world: World):
    await in_staging(world)
    await world.maya.types("/deploy R-1 to production")
    await world.omar.presses("Withdraw")
    answer = await world.maya.types("/deploy confirm R-1 to production")
    assert "The approval of @qa is missing" in answer
    assert to_production(world) == 0


async def test_a_preview_of_another_candidate_does_not_count(world: World):
    await planned(world)
    await world.maya.types("/deploy R-1 to staging")
    await world.ben.types("/release build R-1 mend")
    assert "look first" in await world.maya.types("/deploy confirm R-1 to staging")
    assert world.target.started == []


async def test_a_double_confirmation_starts_one_deployment(world: World):
    await in_staging(world)
    await world.maya.types("/deploy R-1 to production")
    world.target.script = Script(waits=True)
    await asyncio.gather(*(world.maya.desk.types("payments", "/deploy confirm R-1 to production") for _ in range(8)))
    await world.until(lambda: to_production(world) == 1)
    answers = "\n".join(read(each) for each in world.maya.private())
    assert "is on its way to production" in answers
    world.target.lets_go()
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert to_production(world) == 1


async def test_one_preview_starts_one_deployment_even_if_the_target_is_quick(world: World):
    """The first one has ended when the second confirmation comes, so that nothing holds the environment."""
    await in_staging(world)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert "look first" in await world.maya.types("/deploy confirm R-1 to production")
    assert to_production(world) == 1


async def test_after_a_long_deployment_there_is_still_time_for_it_to_be_served(world: World):
    """The target works for longer than what is served may take to show; it shows a little after the target is done."""
    await in_staging(world)
    world.target.on_success = None
    world.verifier.serves("production", world.commits["old"])
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: to_production(world) == 1)
    await asyncio.sleep(1.2)
    world.target.lets_go()
    await asyncio.sleep(0.2)
    world.verifier.serves("production", world.commits["new"])
    await world.until(lambda: "2.4.0 is in production" in world.thread() or "failed" in world.thread())
    assert "failed" not in world.thread()


async def test_nothing_else_starts_while_something_is_on_its_way(world: World):
    await in_staging(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: to_production(world) == 1)
    assert "is on its way to production" in await world.ines.types("/deploy R-1 to production")
    assert "on its way" in await world.maya.types("/release build R-1 mend")
    assert "holds production" in await world.ines.types("/rollback payments now It burns") or to_production(world) == 1


async def test_a_failure_is_told_loudly_with_the_targets_last_words(world: World):
    await in_staging(world)
    world.target.script = Script(says=("copying", "disk full"), code=3)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: "failed" in world.thread())
    assert "disk full" in world.thread()
    assert "disk full" in world.channel("payments")
    assert "deployed" not in read(world.card())


async def test_what_the_target_calls_done_is_looked_at(world: World):
    await in_staging(world)
    world.target.on_success = None
    world.verifier.serves("production", world.commits["old"])
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: "failed" in world.thread())
    assert f"but {world.commits['old']} is served" in world.thread()


async def test_a_lost_outcome_is_unknown_told_and_never_run_again(world: World):
    await in_staging(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: to_production(world) == 1)
    world.target.loses_everything()
    await world.until(lambda: "I can't tell how" in world.thread())
    assert "unknown" in await world.ines.types("/deploy R-1 to production")
    assert to_production(world) == 1


async def test_a_deployment_can_be_cancelled(world: World):
    await in_staging(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to production")
    await world.maya.types("/deploy confirm R-1 to production")
    await world.until(lambda: to_production(world) == 1)
    assert "no deployment" in await world.ines.types("/deploy cancel D-99")
    await world.ines.types("/deploy cancel D-2")
    await world.until(lambda: "was cancelled" in world.thread())
    assert "nothing to cancel" in await world.ines.types("/deploy cancel D-2")


async def test_where_two_people_are_wanted_the_confirmer_is_somebody_else(world: World):
    await world.maya.types("/release new storefront 1.0.0 main")
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="bugfix")
    await world.omar.presses("Approve")
    await world.maya.types("/deploy R-1 to production")
    assert "two people" in await world.maya.types("/deploy confirm R-1 to production")
    assert to_production(world) == 0
    await world.ines.types("/deploy confirm R-1 to production")
    await world.until(lambda: "1.0.0 is in production" in world.thread())


async def test_what_was_started_is_followed_over_a_restart(world: World):
    """The shutdown happens in the middle; the program that comes after finds what was started, and starts nothing."""
    await approved(world)
    world.target.script = Script(waits=True)
    await world.maya.types("/deploy R-1 to staging")
    await world.maya.types("/deploy confirm R-1 to staging")
    await world.until(lambda: len(world.target.started) == 1)
    await world.restarts()
    world.target.lets_go()
    await world.until(lambda: "2.4.0 is in staging" in world.thread())
    assert len(world.target.started) == 1


async def test_status_shows_what_runs_where(world: World):
    await approved(world)
    await deployed(world, "staging")
    status = await world.ines.types("/deploy status payments")
    assert "staging" in status
    assert "2.4.0" in status


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/deploy R-1 to moon", "has no environment"),
        ("/deploy R-99 to production", "no release R-99"),
        ("/deploy confirm R-99 to production", "no release R-99"),
        ("/deploy R-1 production", "to production"),
        ("/deploy", "/deploy"),
    ],
)
async def test_what_cannot_be_is_answered_with_what_can(world: World, typed, answer):
    await planned(world)
    before = (await world.bot.verify_audit()).entries
    assert answer in await world.maya.types(typed)
    assert (await world.bot.verify_audit()).entries == before
