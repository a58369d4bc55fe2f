"""Machines: a build asks whether its commit may go to production, and learns what people decide meanwhile."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.rules.machine_token import Scope
from bot.rules.people import Surface, slipway
from bot.verbs.make_machine_token import MadeForMachine, MakeMachineToken
from bot.wiring import utc_now
from tests.stories.roads import planned
from tests.stories.world import World


async def asks(world: World, token: str, path: str, **query: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{world.bot.address}/api/v1{path}"
    async with aiohttp.ClientSession() as session, session.get(address, params=query, headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def test_a_build_is_told_what_blocks_its_commit_until_people_have_agreed(world: World):
    await planned(world)
    make = MakeMachineToken(world.bot.records, utc_now)
    made = await make("deploy pipeline", [Scope.GATE, Scope.RELEASES], by=slipway(Surface.TERMINAL))
    assert isinstance(made, MadeForMachine)
    status, release = await asks(world, made.text, "/releases/R-1")
    assert status == 200
    question = {"service": "payments", "environment": "production", "commit": release["candidate"]["commit"]}

    _, before = await asks(world, made.text, "/gate", **question)
    assert before["open"] is False
    qa = next(each for each in before["blockers"] if each["key"] == "approval:qa")
    assert qa["lifted_by"][0]["people"], "those who can be asked are named"

    await world.omar.presses("Approve")
    await world.ruth.presses("Approve")
    _, after = await asks(world, made.text, "/gate", **question)
    assert "approval:qa" not in [each["key"] for each in after["blockers"]]
    assert "approval:change-manager" not in [each["key"] for each in after["blockers"]]

    status, problem = await asks(world, made.text, "/audit")
    assert (status, problem["scope"]) == (403, "audit:read")
