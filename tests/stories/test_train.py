"""A release train: payments, the ledger that needs them, and the storefront go to production together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.rules.policy import ServiceName
from integrations.sandbox.messages import Message
from tests.stories.conftest import a_world
from tests.stories.roads import deployed, presses_in_thread
from tests.stories.world import World, read
from tests.twins.deployer import Script

SERVICES = ("payments", "ledger", "storefront")
LEDGER = """\
  ledger:
    title: Ledger
    channel: C0RELEASES
    repository: /srv/payments
    environments:
      production:
        deployer: {command: {program: ["deploy", "{commit}"]}}
change_types:
"""
LOOK, CONFIRM = "/deploy train R-1 R-3 R-2 to production", "/deploy train confirm R-1 R-3 R-2 to production"


@pytest.fixture
async def world(tmp_path: Path, sqlite_url: str) -> AsyncIterator[World]:
    """The world, with a third service, and nobody who has to be two."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        text = made.catalogue.read_text("utf-8").replace("    two_people: true\n", "")
        made.catalogue.write_text(text.replace("change_types:\n", LEDGER), "utf-8")
        await stack.enter_async_context(made.running())
        yield made


async def ready(world: World, version: str = "2.4.0", ref: str = "main", first: int = 1) -> None:
    """A hotfix of each service, approved; the ledger's needs that of payments."""
    for number, service in enumerate(SERVICES, start=first):
        await world.maya.types(f"/release new {service} {version} {ref}")
        await world.maya.types(f"/release edit R-{number}")
        needs = {"depends_on": f"R-{first}"} if service == "ledger" else {}
        await world.maya.fills_in(change_type="hotfix", **needs)
        await world.omar.types(f"/release approve R-{number} production")


async def departed(world: World, look: str = LOOK, confirm: str = CONFIRM) -> str:
    """Maya has looked and confirmed."""
    await world.maya.types(look)
    told = await world.maya.types(confirm)
    assert "goes: R-1, R-3 and R-2" in told or "goes: R-4" in told
    return told


async def stands_still(world: World, release: int) -> Message:
    """The train's message in that release's thread, once it asks."""
    await world.until(
        lambda: "It stands still" in world.thread(release) or "stands still, and waits" in world.thread(release)
    )
    card = world.card(release)
    replies = [m for m in world.workspace.messages[card.channel] if m.thread_ts == card.ts and m.is_reply]
    return next(m for m in reversed(replies) if "🚆" in read(m))


async def test_a_train_of_three_is_looked_at_confirmed_and_arrives(world: World):
    await ready(world)
    preview = await world.maya.types(LOOK)
    assert "R-1, R-3 and R-2 to production?" in preview
    assert "R-1 goes before it on this train" in preview
    assert preview.index("R-1 Payments") < preview.index("R-3 Storefront") < preview.index("R-2 Ledger")
    assert f"To start it, type\n`{CONFIRM}`" in preview
    assert world.target.started == []
    assert "T-1 goes: R-1, R-3 and R-2 to *production*" in await world.maya.types(CONFIRM)
    for number in (1, 2, 3):
        await world.until(lambda number=number: "2.4.0 is in production" in world.thread(number))
    await world.until(lambda: "to *production*  ·  ended" in world.thread(2))
    assert [each.order.service for each in world.target.started] == ["payments", "storefront", "ledger"]
    assert "✅ *R-2* ledger 2.4.0  ·  there (D-3)" in world.thread(1)
    await world.until(
        lambda: any("T-1 has ended: R-1, R-3, R-2 are in production." in read(m) for m in world.maya.private())
    )


async def test_what_makes_no_train_is_answered_with_what_would(world: World):
    await ready(world)
    assert "Take it along: `/deploy train R-1 R-2 R-3 to production`" in await world.maya.types(
        "/deploy train R-2 R-3 to production"
    )
    assert "Please look first" in await world.maya.types(CONFIRM)
    assert "Only @relmgrs and @oncall can deploy" in await world.ben.types(LOOK)
    assert "There is no train T-7" in await world.maya.types("/deploy train T-7")
    assert "it can be “go on”, “try again”, “stop” or “roll back”" in await world.maya.types("/deploy train T-1 fly")


async def test_a_double_confirmation_makes_one_train(world: World):
    await ready(world)
    world.target.script = Script(waits=True)
    await departed(world)
    await world.until(lambda: len(world.target.started) == 1)
    assert "R-1 is on its way to production already, as D-1" in await world.maya.types(CONFIRM)
    assert "R-3 is aboard T-1 already" in await world.maya.types(CONFIRM.replace("R-1 R-3 R-2", "R-3 R-1 R-2"))
    assert "T-1* R-1, R-3 and R-2 to production: 0 of 3 there" in await world.maya.types("/deploy status")
    assert "Release trains" in await world.ines.opens_home()


async def failed_in_the_middle(world: World) -> Message:
    """Payments are there; the storefront, next in line, has failed."""
    await ready(world)
    world.target.fails = {ServiceName("storefront")}
    await departed(world)
    message = await stands_still(world, 3)
    world.target.fails = set()
    return message


async def test_at_a_failure_it_asks_in_the_threads_and_whoever_confirmed_it(world: World):
    message = await failed_in_the_middle(world)
    assert "❌ *R-3* storefront 2.4.0  ·  stuck (D-2)" in read(message)
    assert "Go on*: leaves R-3 as it is, and goes on with the rest" in read(message)
    assert "T-1 stands still. D-2 has failed" in world.channel("storefront")
    await world.until(lambda: "stands still, and waits for a word" in world.thread(1))
    await world.until(lambda: any("🚆 *T-1*" in read(m) for m in world.maya.private()))
    assert "✋ *T-1*" in await world.maya.types("/deploy status payments")


async def test_go_on_goes_without_what_failed(world: World):
    message = await failed_in_the_middle(world)
    assert "T-1 goes on." in await presses_in_thread(world.maya, "Go on", message)
    await world.until(lambda: "2.4.0 is in production" in world.thread(2))
    await world.until(lambda: "to *production*  ·  ended" in world.thread(3))
    assert "lets T-1 go on without R-3" in world.thread(3)
    assert "⏭️ *R-3* storefront 2.4.0  ·  left out (D-2)" in world.thread(1)


async def test_stop_leaves_what_is_there(world: World):
    message = await failed_in_the_middle(world)
    assert "T-1 stops; what it brought stays." in await presses_in_thread(world.ines, "Stop", message)
    await world.until(lambda: "to *production*  ·  ended" in world.thread(1))
    assert len(world.target.started) == 2
    late = await world.maya.types("/deploy train T-1 go on")
    assert "T-1 has ended" in late


async def test_roll_all_back_takes_back_what_it_brought(world: World):
    for number, service in enumerate(SERVICES, start=1):
        await world.maya.types(f"/release new {service} 2.3.9 v2.3.9")
        await world.maya.types(f"/release edit R-{number}")
        await world.maya.fills_in(change_type="hotfix")
        await world.omar.types(f"/release approve R-{number} production")
        await deployed(world, "production", number)
    await ready(world, first=4)
    world.target.fails = {ServiceName("storefront")}
    aboard = "R-4 R-5 R-6 to production"
    await departed(world, f"/deploy train {aboard}", f"/deploy train confirm {aboard}")
    message = await stands_still(world, 6)
    world.target.fails = set()
    assert "Roll all back*: takes back R-6, R-5 and R-4, one after the other" in read(message)
    told = await presses_in_thread(world.ines, "Roll all back", message)
    assert "What T-1 brought is rolled back, one after the other" in told
    await world.until(lambda: "to *production*  ·  ended" in world.thread(4))
    assert [each.order.service for each in world.target.started[6:]] == ["storefront", "ledger", "payments"]
    assert "production is back on 2.3.9" in world.thread(4)
    assert "↩️ *R-4* payments 2.4.0  ·  rolled back" in world.thread(4)


async def test_a_press_on_a_message_from_before_decides_nothing(world: World):
    message = await failed_in_the_middle(world)
    value = next(e["value"] for b in message.blocks if b["type"] == "actions" for e in b["elements"])
    await world.maya.types("/deploy train T-1 go on")
    await world.until(lambda: "to *production*  ·  ended" in world.thread(3))
    assert "has gone on since you looked" in await presses_in_thread(
        world.maya, "Stop", message, value=value, stale=True
    )


async def test_a_restart_in_the_middle_starts_nothing_twice(world: World):
    await ready(world)
    world.target.script = Script(waits=True)
    await departed(world)
    for number in (1, 2, 3):
        await world.until(lambda number=number: len(world.target.started) == number)
        await world.restarts()
        world.target.lets_go()
    await world.until(lambda: "to *production*  ·  ended" in world.thread(1))
    assert [each.order.service for each in world.target.started] == ["payments", "storefront", "ledger"]


async def test_the_next_environment_is_offered_with_a_button_that_opens_the_preview(world: World):
    await world.maya.types("/release new payments 2.4.0 main")
    await world.maya.types("/release edit R-1")
    await world.maya.fills_in(change_type="bugfix")
    await world.omar.types("/release approve R-1 production")
    assert "Nothing blocks" not in world.thread(1)
    await deployed(world, "staging", 1)
    await world.until(lambda: "Nothing blocks production any more. @relmgrs and @oncall, to deploy:" in world.thread(1))
    card = world.card(1)
    offer = next(
        m for m in world.workspace.messages[card.channel] if m.is_reply and "Nothing blocks production" in m.text
    )
    assert "`/deploy confirm R-1 to production`" in await presses_in_thread(world.ines, "Deploy to production", offer)
    assert len(world.target.started) == 1
