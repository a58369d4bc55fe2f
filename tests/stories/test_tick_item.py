"""Tick: who did what, when, and with what to show for it; CI ticks too; several people at once lose nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from tests.stories.roads import NOTES, REGRESSION, planned
from tests.stories.world import WEBHOOK_SECRET, World, read


async def test_a_tick_is_stored_shown_and_can_be_reopened(world: World):
    await planned(world)
    form = await world.omar.presses("Checklist")
    assert "The regression tests have passed" in form
    await world.omar.ticks(REGRESSION)
    assert "@omar ticked “The regression tests have passed”" in world.thread()
    assert "@omar" in read(world.omar.desk.modal)
    await world.omar.ticks(REGRESSION, word="Untick")
    assert "@omar reopened “The regression tests have passed”" in world.thread()


async def test_only_the_owner_ticks(world: World):
    await planned(world)
    from bot.rules.people import Actor, Person, PersonId, Surface
    from bot.rules.release import ReleaseId

    ben = Actor(Person(PersonId("U0BEN"), "Ben"), Surface.BUTTON)
    outcome = await world.bot.verbs.tick_item(ReleaseId(1), "regression", True, by=ben)
    assert "Only @qa can tick" in str(outcome.why)


async def test_two_people_ticking_at_once_lose_nothing(world: World):
    await planned(world)
    await world.omar.presses("Checklist")
    await world.maya.presses("Checklist")
    await asyncio.gather(world.omar.ticks(REGRESSION), world.maya.ticks(NOTES))
    await world.settles()
    thread = world.thread()
    assert "@omar ticked" in thread
    assert "@maya ticked" in thread


async def test_what_was_said_with_a_tick_is_seen_by_the_others(world: World):
    await planned(world)
    await world.omar.presses("Checklist")
    red = await world.omar.ticks_with(REGRESSION, note="214 of 214 are green", link="ci.example.com/runs/4711")
    assert "A link begins with https://" in red
    await world.omar.fills_in(link="https://ci.example.com/runs/4711")
    assert "ticked by @omar" in read(world.omar.desk.modal)
    seen = await world.maya.presses("Checklist")
    assert "“214 of 214 are green”  ·  ci.example.com/runs/4711" in seen
    assert (
        "@omar ticked “The regression tests have passed”: “214 of 214 are green” (ci.example.com/runs/4711)."
        in world.thread()
    )


async def ci_says(world: World, commit: str, status: str) -> str:
    """The team's CI has run the regression tests, and reports them over HTTP; what it reads in the answer."""
    now = datetime.now(UTC)
    report = {
        "service": "payments",
        "commit": world.commits[commit],
        "check": "regression",
        "status": status,
        "at": now.isoformat(),
        "url": f"https://ci.example.com/{commit}",
    }
    body, stamp = json.dumps(report), str(int(now.timestamp()))
    signed = hmac.new(WEBHOOK_SECRET.encode(), f"v1:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Slipway-Timestamp": stamp, "X-Slipway-Signature": f"v1={signed}"}
    address = f"{world.bot.address}/webhooks/checks"
    async with aiohttp.ClientSession() as session, session.post(address, data=body, headers=headers) as response:
        told = await response.json()
    await world.settles()
    return str(told["message"])


async def test_ci_ticks_what_it_has_tested_and_opens_it_for_another_candidate_and_when_it_fails(world: World):
    """Nobody has to remember, and nobody can: the line is as true as the tests of exactly what is proposed."""
    await ticked_by_ci(world)
    assert "no open release of payments proposes that commit yet" in await ci_says(world, "new", "passed")

    await planned(world)
    assert "regression passed for" in world.thread()
    checklist = await world.omar.presses("Checklist")
    assert "✅ The regression tests have passed" in checklist.replace("*", "")
    assert "ticked by the check `regression`" in checklist
    assert "ci.example.com/new" in checklist
    await world.omar.desk.closes()

    answer = await world.maya.types("/release build R-1 mend")
    assert "To be done again for this candidate:\n•  The regression tests have passed" in answer
    why = await world.maya.types("/release why R-1 production")
    assert "Checklist: “The regression tests have passed” is not done" in why
    assert "The check `regression` ticks it once it passes." in why

    await ci_says(world, "mended", "failed")
    assert "it leaves “The regression tests have passed” open" in world.thread()
    assert "ticked “The regression tests have passed” of R-1" in await ci_says(world, "mended", "passed")
    assert "1 of 3 done" in read(world.card())

    assert "opened “The regression tests have passed” of R-1 again" in await ci_says(world, "mended", "failed")
    assert "0 of 3 done" in read(world.card())
    assert (await world.bot.verify_audit()).broken is None


async def ticked_by_ci(world: World) -> None:
    """The team agrees that the regression tests tick their line, and nobody else does."""
    agreed = world.bot.agreed()
    feature = agreed.change_types["feature"]
    lines = tuple(
        replace(each, owner=None, check="regression") if each.key == "regression" else each
        for each in feature.checklist
    )
    change_types = {**agreed.change_types, "feature": replace(feature, checklist=lines)}
    await world.bot.agreed.holder._take(replace(agreed, change_types=change_types))
