"""Plan a release: by form or in one line; it has one card, and its thread is the log."""

from __future__ import annotations

import pytest

from tests.stories.roads import planned
from tests.stories.world import World, read


async def test_the_form_asks_for_what_a_release_is(world: World):
    form = await world.maya.types("/release new payments")
    assert "Title" in form
    answer = await world.maya.fills_in(
        version="2.4.0", ref="main", change_type="feature", title="Instant refunds", scope="Refunds within a minute"
    )
    assert "R-1" in answer
    card = read(world.card())
    assert "Instant refunds" in card
    assert "Refunds within a minute" in card
    assert "0/2" in card or "2 required" in card or "0 of" in card


async def test_a_wrong_version_is_said_in_the_form_and_nothing_is_lost(world: World):
    await world.maya.types("/release new payments")
    red = await world.maya.fills_in(version="2.4 beta!", ref="main", change_type="feature", title="Instant refunds")
    assert "version" in red.lower()
    assert world.maya.desk.modal is not None
    assert "R-1" in await world.maya.fills_in(version="2.4.0")


async def test_a_branch_that_was_mistyped_in_the_form_is_mended_in_the_form(world: World):
    """Everything else that was written there is still there."""
    await world.maya.types("/release new payments")
    answer = await world.maya.fills_in(
        version="2.4.0", ref="mian", change_type="feature", title="Instant refunds", scope="Refunds within a minute"
    )
    assert "no commit, branch or tag" in answer
    assert "R-1" in await world.maya.fills_in(ref="main")
    card = read(world.card())
    assert "Instant refunds" in card
    assert "Refunds within a minute" in card


async def test_an_unknown_branch_is_said_and_nothing_is_planned(world: World):
    assert "has no commit, branch or tag" in await world.maya.types("/release new payments 2.4.0 nowhere")
    assert "no open release" in await world.maya.types("/release show payments")


async def test_the_same_version_twice_points_to_the_first(world: World):
    await planned(world)
    assert "planned already: R-1" in await world.maya.types("/release new payments 2.4.0 mend")


async def test_a_branch_is_pinned_to_the_commit_it_named_at_that_moment(world: World):
    await planned(world)
    world.code.branch("/srv/payments", "main", world.commits["mended"])
    await world.maya.types("/deploy R-1 to staging")
    await world.maya.types("/deploy confirm R-1 to staging")
    await world.until(lambda: "is in staging" in world.thread())
    assert world.target.started[0].order.candidate.commit == world.commits["new"]


async def test_a_code_host_that_is_away_is_said_and_nothing_is_planned(world: World):
    world.code.away = "The repository can't be reached."
    assert "can't be reached" in await world.maya.types("/release new payments 2.4.0 main")
    assert "no open release" in await world.maya.types("/release show payments")


async def test_one_card_is_edited_in_place(world: World):
    await planned(world)
    await world.omar.presses("Approve")
    await world.omar.presses("Withdraw")
    await world.maya.types("/release build R-1 mend")
    cards = [m for m in world.workspace.messages["C0PAYMENTS"] if not m.is_reply and not m.ephemeral_to]
    assert len(cards) == 1


async def test_a_release_waits_for_what_it_depends_on(world: World):
    await planned(world)
    await world.maya.types("/release new storefront 1.0.0 main")
    await world.maya.types("/release edit R-2")
    await world.maya.fills_in(depends_on="R-1", change_type="bugfix")
    assert "depends on R-1" in await world.maya.types("/release why R-2")
    await world.maya.types("/release edit R-1")
    assert "wait for itself" in await world.maya.fills_in(depends_on="R-2")


async def test_a_cancelled_release_is_over(world: World):
    await planned(world)
    assert "why" in (await world.maya.types("/release cancel R-1")).lower()
    await world.maya.types("/release cancel R-1 The customer left")
    assert "cancelled" in read(world.card())
    assert "ended" in await world.omar.types("/release approve R-1")
    assert "ended" in await world.maya.types("/release build R-1 mend")


async def test_only_what_is_deployed_can_be_launched(world: World):
    await planned(world)
    assert "It can be launched once" in await world.maya.types("/release launch R-1")


@pytest.mark.parametrize("word", ["R-1", "r1", "1", "payments"])
async def test_a_release_is_found_by_any_of_its_names(world: World, word):
    await planned(world)
    assert "2.4.0" in await world.maya.types(f"/release show {word}")


async def test_lists_show_what_is_open(world: World):
    await planned(world)
    listed = await world.ben.types("/release list")
    assert "R-1" in listed
    assert "2.4.0" in listed
    assert "R-1" not in await world.ben.types("/release list mine")
    assert "R-1" in await world.maya.types("/release list payments mine")
