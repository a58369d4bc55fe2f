"""Push: a release follows its branch until somebody has approved; the card and the thread say so. CI ticks its line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.rules.policy import ServiceName
from tests.github.payloads import example
from tests.handlers.hub import signature
from tests.stories.conftest import GITHUB_SECRET
from tests.stories.world import World, read

NAME = "acme/payments"
PAYMENTS = ServiceName("payments")


async def code_is_at_github(world: World) -> tuple[str, str, str]:
    """The team's code is at GitHub now; its releases follow `main`, and its workflow ticks a line. Three commits."""
    agreed = world.bot.agreed()
    feature = agreed.change_types["feature"]
    lines = tuple(
        replace(each, owner=None, check="test") if each.key == "regression" else each for each in feature.checklist
    )
    payments = replace(agreed.services[PAYMENTS], repository=NAME, candidate_from="main")
    await world.bot.agreed.holder._take(
        replace(
            agreed,
            services={**agreed.services, PAYMENTS: payments},
            change_types={**agreed.change_types, "feature": replace(feature, checklist=lines)},
        )
    )
    old = world.code.commit(NAME, "Show the receipt", email="lena@example.com")
    new = world.code.commit(NAME, "Refund at once", parents=[old])
    mended = world.code.commit(NAME, "Refund once, not twice", parents=[new])
    world.code.branch(NAME, "main", old)
    return old, new, mended


async def github_tells(world: World, event: str, payload: dict[str, Any]) -> str:
    """GitHub tells of it over HTTP; what its page of deliveries shows as the answer."""
    raw = json.dumps(payload).encode()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": signature(raw, GITHUB_SECRET),
        "Content-Type": "application/json",
    }
    address = f"{world.bot.address}/webhooks/github"
    async with aiohttp.ClientSession() as session, session.post(address, data=raw, headers=headers) as response:
        told = await response.json()
    assert response.status == 200, told
    await world.settles()
    return str(told["message"])


async def pushes(world: World, commit: str) -> str:
    """Somebody pushes it to `main`."""
    world.code.branch(NAME, "main", commit)
    now = int((datetime.now(UTC) + timedelta(seconds=1)).timestamp())
    payload = example(
        "push", ref="refs/heads/main", after=commit, repository__full_name=NAME, repository__pushed_at=now
    )
    return await github_tells(world, "push", payload)


async def test_a_release_follows_its_branch_until_somebody_has_approved(world: World):
    old, new, mended = await code_is_at_github(world)
    await world.maya.types(f"/release new payments 2.4.0 {old}")
    assert await pushes(world, new) == f"R-1 proposes {new[:7]} now."
    assert new[:7] in read(world.card())
    assert f"`main` has moved on: its newest commit `{new[:7]}` is the candidate now." in world.thread()
    assert "set by Slipway" in read(world.card())

    passed = example(
        "workflow_run.completed",
        repository__full_name=NAME,
        workflow_run__head_sha=new,
        workflow_run__updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    assert "ticked “The regression tests have passed” of R-1" in await github_tells(world, "workflow_run", passed)

    await world.omar.types("/release approve R-1")
    assert await pushes(world, mended) == "The thread of R-1 says that main has moved on."
    assert (
        "`main` has moved on, and R-1 stays as it is. @omar approved what it proposes. "
        "To propose its newest commit: `/release build R-1 main`."
    ) in world.thread()
    assert new[:7] in read(world.card())

    answer = await world.maya.types("/release build R-1 main")
    assert mended[:7] in answer
    assert mended[:7] in read(world.card())
    assert (await world.bot.verify_audit()).broken is None
