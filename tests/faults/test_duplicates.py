"""Deliveries that come twice, over both transports: one effect, one entry on the record, one message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from integrations.sandbox.messages import Message
from tests.faults.watch import Watch
from tests.stories.roads import NOTES, REGRESSION, approved, planned
from tests.stories.world import World, read
from tests.twins.deployer import Script

Act = Callable[[], Awaitable[object]]


async def twice(watch: Watch, act: Act, *verbs: str, line: str = "") -> None:
    """Do it, delivered twice: what is recorded, and said in the thread, is there once."""
    world = watch.world
    said = world.thread().count(line) if line else 0
    world.sandbox.faults.duplicate_next_delivery()
    after = await watch.act(_settled(world, act))
    assert after.recorded == list(verbs)
    assert not world.sandbox.faults.take_duplicate(), "nothing was delivered twice"
    if line:
        assert world.thread().count(line) == said + 1


async def _settled(world: World, act: Act) -> None:
    await act()
    await world.sandbox.settle()  # the second delivery may be on its way still


async def test_every_command_that_is_delivered_twice_acts_once(world: World, watch: Watch):
    maya, omar, ruth, ben = (each.desk for each in (world.maya, world.omar, world.ruth, world.ben))

    def typing(desk, text: str) -> Act:
        return lambda: desk.types("payments", text)

    await twice(watch, typing(maya, "/release new payments 2.4.0 main"), "plan")
    assert await watch.rows("releases") == 1
    assert len([m for m in world.workspace.messages["C0PAYMENTS"] if not m.is_reply and not m.ephemeral_to]) == 1
    for desk, text, verb, line in (
        (omar, "/release approve R-1", "approve", "@omar approved"),
        (ruth, "/release reject R-1 The runbook is missing", "reject", "@ruth rejected"),
        (ruth, "/release withdraw R-1", "withdraw", "@ruth withdrew"),
        (ben, "/release build R-1 mend", "set candidate", "@ben set"),
        (maya, "/release cancel R-1 It is superseded", "cancel release", "@maya cancelled"),
    ):
        await twice(watch, typing(desk, text), verb, line=line)
    await twice(watch, typing(maya, "/freeze start production until mon 07:00 Sale"), "freeze")
    assert await watch.rows("freezes") == 1
    await twice(watch, typing(maya, "/freeze extend F-1 until tue 07:00"), "extend freeze")
    await twice(watch, typing(maya, "/freeze end F-1"), "end freeze")
    told = len(world.workspace.messages["C0RELEASES"])
    world.sandbox.faults.duplicate_next_delivery()
    await watch.act(_settled(world, lambda: maya.types("releases", "/release digest here")))
    public = [m for m in world.workspace.messages["C0RELEASES"][told:] if not m.ephemeral_to]
    assert len(public) == 1


async def test_every_press_and_form_that_is_delivered_twice_acts_once(world: World, watch: Watch):
    await planned(world)
    card = world.card
    await twice(watch, lambda: world.omar.desk.presses(card(), "Approve"), "approve", line="@omar approved")
    await twice(watch, lambda: world.omar.desk.presses(card(), "Withdraw"), "withdraw", line="@omar withdrew")

    await watch.act(world.ruth.desk.presses(card(), "Reject"))
    form = world.ruth.desk.modal
    await twice(watch, lambda: world.ruth.desk.submits(form, {"reason": "It burns"}), "reject", line="@ruth rejected")

    await watch.act(world.maya.desk.types("payments", "/release new"))
    form = world.maya.desk.modal
    values = {"service": "Payments", "version": "2.5.0", "title": "Two five"}
    await twice(watch, lambda: world.maya.desk.submits(form, values), "plan")
    assert await watch.rows("releases") == 2

    await watch.act(world.maya.desk.types("payments", "/release edit R-2"))
    form = world.maya.desk.modal
    await twice(watch, lambda: world.maya.desk.submits(form, {"title": "Another title"}), "edit")

    world.workspace.show_modals("U0MAYA", [])
    await watch.act(world.omar.desk.presses(card(1), "Checklist"))

    def ticking(word: str) -> Act:
        desk = world.omar.desk
        shown = desk.shown(desk.modal)
        (line,) = [each for each in shown if each.element.get("accessibility_label") == f"{word} {REGRESSION}"]
        return lambda: desk.presses(desk.modal, word, block_id=line.block_id)

    await twice(watch, ticking("Tick"), "tick")
    assert "@omar" in read(world.omar.desk.modal)
    await twice(watch, ticking("Untick"), "untick")


async def test_the_glass_is_broken_and_that_is_reviewed_once(world: World, watch: Watch):
    ines, maya = world.ines.desk, world.maya.desk
    await planned(world)
    told = "R-1 to production Checkout is down, and this mends it"
    await twice(watch, lambda: ines.types("payments", f"/deploy break-glass {told}"), "ask to break glass")
    world.sandbox.faults.duplicate_next_delivery()
    await watch.act(_settled(world, lambda: ines.types("payments", f"/deploy break-glass confirm {told}")))
    await world.until(lambda: "2.4.0 is in production" in world.thread())
    assert await watch.rows("audit WHERE verb = 'break glass'") == 1
    assert await watch.rows("deployments") == 1
    assert world.thread().count("@ines broke the glass:") == 1
    (question,) = [each for each in maya.sees(maya.direct.id) if not each.ephemeral_to and "Review" in read(each)]
    await watch.act(maya.presses(question, "Review"))
    form, learned = maya.modal, {"learned": "The alarm came late; QA gets a pager"}
    await twice(watch, lambda: maya.submits(form, learned), "review", line="@maya reviewed D-1")
    assert await watch.rows("reviews") == 1


async def test_an_exception_is_asked_for_granted_and_refused_once(world: World, watch: Watch):
    maya, ruth = world.maya.desk, world.ruth.desk
    await planned(world)
    await world.ruth.types("/freeze start production until 2 days for payments The annual sale")
    ask = "/freeze except R-1 Refunds must work"
    await twice(watch, lambda: maya.types("payments", ask), "ask for an exception", line="@maya asks that")

    def question() -> Message:
        """The newest private message that asks; each stands there once."""
        return [each for each in ruth.sees(ruth.direct.id) if not each.ephemeral_to and "Grant" in read(each)][-1]

    await watch.act(ruth.presses(question(), "Refuse"))
    form = ruth.modal
    refuse = {"reason": "Not today"}
    await twice(watch, lambda: ruth.submits(form, refuse), "refuse an exception", line="@ruth refused X-1")
    await world.maya.types(ask)
    await twice(watch, lambda: ruth.presses(question(), "Grant"), "grant an exception", line="@ruth granted X-2")
    assert await watch.rows("freeze_exceptions") == 2
    asked = [each for each in ruth.sees(ruth.direct.id) if not each.ephemeral_to and "may pass" in read(each)]
    assert [read(each)[0] for each in asked] == ["❌", "✅"]


async def test_a_deployment_is_asked_for_started_cancelled_launched_and_rolled_back_once(world: World, watch: Watch):
    maya, ines = world.maya.desk, world.ines.desk
    await approved(world)
    await world.maya.types("/deploy R-1 to staging")
    world.target.script = Script(waits=True)
    world.sandbox.faults.duplicate_next_delivery()
    await watch.act(_settled(world, lambda: maya.types("payments", "/deploy confirm R-1 to staging")))
    await world.until(lambda: len(world.target.started) == 1)
    assert await watch.rows("deployments") == 1
    world.sandbox.faults.duplicate_next_delivery()
    await watch.act(_settled(world, lambda: maya.types("payments", "/deploy cancel D-1")))
    await world.until(lambda: "cancelled" in world.thread())
    assert await watch.rows("audit WHERE verb = 'cancel deploy'") == 1
    assert await watch.rows("audit WHERE verb = 'deployment cancelled'") == 1
    world.target.script = Script()
    for environment in ("staging", "production"):
        await world.maya.types(f"/deploy R-1 to {environment}")
        world.sandbox.faults.duplicate_next_delivery()
        confirm = f"/deploy confirm R-1 to {environment}"
        await watch.act(_settled(world, lambda confirm=confirm: maya.types("payments", confirm)))
        await world.until(lambda environment=environment: f"is in {environment}" in world.thread())
        assert world.thread().count(f"2.4.0 is in {environment}") == 1
    assert await watch.rows("deployments") == 3
    await twice(watch, lambda: maya.presses(world.card(), "Launch"), "launch")

    await world.maya.types("/release new payments 2.4.1 mend")
    await world.maya.types("/release edit R-2")
    await world.maya.fills_in(change_type="hotfix")
    await world.omar.presses("Approve", on=world.card(2))
    await world.maya.types("/deploy R-2 to production")
    await world.maya.types("/deploy confirm R-2 to production")
    await world.until(lambda: "is in production" in world.thread(2))
    await watch.act(ines.types("payments", "/rollback payments"))
    question = world.ines.private()[-1]
    world.sandbox.faults.duplicate_next_delivery()
    await watch.act(_settled(world, lambda: ines.presses(question, "Roll back")))
    await world.until(lambda: "back on 2.4.0" in world.thread(2))
    assert await watch.rows("deployments") == 5
    assert len(world.target.started) == 5
    verified = await world.bot.verify_audit()
    assert verified.broken is None


@pytest.mark.parametrize("repeat", ["delivered twice", "acknowledgement lost"])
async def test_an_event_that_comes_again_draws_home_once(world: World, watch: Watch, repeat):
    await planned(world)
    await world.omar.opens_home()
    before = [method for method, _ in world.sandbox.calls].count("views.publish")
    faults = world.sandbox.faults
    faults.duplicate_next_delivery() if repeat == "delivered twice" else faults.lose_next_ack()
    home = await world.omar.opens_home()
    assert "R-1" in home
    assert [method for method, _ in world.sandbox.calls].count("views.publish") == before + 1


async def test_a_change_of_a_group_that_is_told_again_and_again_is_heeded(world: World, watch: Watch):
    await planned(world)
    world.sandbox.faults.duplicate_next_delivery()
    world.sandbox.faults.lose_next_ack()
    world.workspace.change_group("qa", members=["U0BEN"])
    await world.sandbox.settle()
    assert "your own change" in await world.ben.presses("Approve")
    assert "Only" in await world.omar.presses("Approve")


async def test_everybody_does_the_same_at_once_and_it_is_done_once(world: World, watch: Watch):
    """Ten windows of the same person, and copies of each delivery on top."""
    await planned(world)
    card = world.card()
    world.sandbox.faults.duplicate_next_delivery(10)

    async def all_at_once() -> None:
        await asyncio.gather(*(world.omar.desk.presses(card, "Approve") for _ in range(10)))
        await world.sandbox.settle()

    after = await watch.act(all_at_once())
    assert after.recorded == ["approve"]
    assert world.thread().count("@omar approved") == 1

    world.sandbox.faults.duplicate_next_delivery(6)

    async def all_plan() -> None:
        line = "/release new payments 2.5.0 main"
        await asyncio.gather(*(who.desk.types("payments", line) for who in (world.maya, world.ben, world.ines) * 2))
        await world.sandbox.settle()

    after = await watch.act(all_plan())
    assert after.recorded == ["plan"]
    assert await watch.rows("releases") == 2

    async def all_tick() -> None:
        await asyncio.gather(*(world.omar.desk.presses(form, "Tick", block_id=line.block_id) for _ in range(6)))
        await world.sandbox.settle()

    await watch.act(world.omar.desk.presses(world.card(1), "Checklist"))
    form = world.omar.desk.modal
    line = next(
        each for each in world.omar.desk.shown(form) if each.element.get("accessibility_label") == f"Tick {REGRESSION}"
    )
    after = await watch.act(all_tick())
    assert after.recorded == ["tick"]
    assert NOTES not in world.thread()
    verified = await world.bot.verify_audit()
    assert verified.broken is None
