"""Who may act: people of this workspace, in their role, and never on their own word."""

from __future__ import annotations

import pytest

from tests.stories.roads import in_staging, planned
from tests.stories.world import World, read


async def nothing_happened(world: World, before: int) -> None:
    verified = await world.bot.verify_audit()
    assert verified.entries == before


@pytest.mark.parametrize(("who", "because"), [("gus", "guest"), ("ben", "Only @qa and @change")])
async def test_a_guest_and_a_developer_cannot_approve(world: World, who, because):
    await planned(world)
    before = (await world.bot.verify_audit()).entries
    player = getattr(world, who)
    assert because in await player.presses("Approve")
    await nothing_happened(world, before)


async def test_somebody_from_another_workspace_cannot_approve_by_a_button(world: World):
    await planned(world)
    before = (await world.bot.verify_audit()).entries
    world.workspace.groups["S0QA"].members.append("U0FAY")
    world.bot.forget_roles()
    assert "another workspace" in await world.fay.presses("Approve")
    await nothing_happened(world, before)


async def test_somebody_who_was_deactivated_cannot_approve_from_an_open_window(world: World):
    await planned(world)
    card = world.card()
    before = (await world.bot.verify_audit()).entries
    world.workspace.change_person("omar", deleted=True)
    await world.omar.presses("Approve", on=card, stale=True)
    await nothing_happened(world, before)


async def test_the_requester_cannot_approve_even_in_the_role(world: World):
    await planned(world)
    world.workspace.groups["S0QA"].members.append("U0MAYA")
    world.bot.forget_roles()
    assert "nobody ships on their own word" in await world.maya.presses("Approve")


async def test_the_author_of_the_code_cannot_approve_even_in_the_role(world: World):
    await planned(world)
    world.workspace.groups["S0QA"].members.append("U0BEN")
    world.bot.forget_roles()
    assert "your own change" in await world.ben.presses("Approve")


async def test_one_person_fills_one_role(world: World):
    world.workspace.groups["S0CHANGE"].members.append("U0OMAR")
    world.bot.forget_roles()
    await planned(world)
    await world.omar.presses("Approve")
    assert "already" in await world.omar.presses("Approve", on=world.card(), stale=True)
    why = await world.maya.types("/release why R-1 production")
    assert "The approval of @change is missing" in why


async def test_who_leaves_the_role_takes_the_approval_along(world: World):
    await in_staging(world)
    world.workspace.groups["S0CHANGE"].members.clear()
    world.bot.forget_roles()
    preview = await world.maya.types("/deploy R-1 to production")
    assert "@ruth approved, but can't count" in preview
    await world.maya.types("/deploy confirm R-1 to production")
    assert [each.order.environment for each in world.target.started] == ["staging"]


async def test_a_role_that_cannot_be_looked_up_blocks_and_says_so(world: World):
    await in_staging(world)
    world.bot.forget_roles()
    world.sandbox.faults.next("usergroups.users.list", status=500, times=50)
    preview = await world.maya.types("/deploy R-1 to production")
    assert "can't look up" in preview
    assert [each.order.environment for each in world.target.started] == ["staging"]


async def test_only_the_role_may_deploy(world: World):
    await in_staging(world)
    assert "Only @relmgrs and @oncall can deploy" in await world.ben.types("/deploy R-1 to production")
    assert "Only @relmgrs and @oncall can deploy" in await world.ben.types("/deploy confirm R-1 to production")
    assert "deployed" not in read(world.card())


async def test_a_guest_may_look(world: World):
    await planned(world)
    assert "2.4.0" in await world.gus.types("/release show R-1")
