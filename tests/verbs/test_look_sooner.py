"""Look sooner: a hint wakes whoever follows what it means, and changes nothing by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import Work
from bot.rules.deployment import Attempt, Deployment
from bot.verbs.look_sooner import Hint, LookSooner
from tests.grounds import Ground
from tests.verbs.workshop import Workshop

WOKEN = f"nudged {Work.FOLLOW_DEPLOYMENT} 1 heard"


async def on_its_way(ground: Ground, ref: str | None) -> tuple[Workshop, Deployment]:
    """D-1 runs; its target calls it so."""
    shop = Workshop(ground.records)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    async with ground.records.open() as page:
        deployment = await page.keep_deployment(replace(deployment, target_ref=ref))
        await page.commit()
    return shop, deployment


KEY = "D-1-1f3a90c2"


@pytest.mark.parametrize(
    ("ref", "hint", "means"),
    [
        ("4711", Hint("4711"), True),
        ("4711", Hint("471"), False),
        ("4711", Hint("815", f"Deploy {KEY}"), False),
        (None, Hint("4711", f"Deploy {KEY} to production"), True),
        (KEY, Hint("4711", f"Deploy {KEY} to production"), True),
        (None, Hint("4711", "Deploy D-11-1f3a90c2"), False),
        (None, Hint("4711", "Deploy D-1"), False),
        (None, Hint("4711", ""), False),
    ],
)
async def test_a_hint_means_what_the_target_calls_so_or_what_bears_its_key(ground, ref, hint, means):
    shop, deployment = await on_its_way(ground, ref)
    looked = await LookSooner(shop.records)(hint)
    assert [each.name for each in looked] == (["D-1"] if means else [])
    assert (WOKEN in await ground.started()) is means
    assert await shop.deployment(deployment.id) == deployment


async def test_what_is_over_is_left_alone(ground):
    shop, deployment = await on_its_way(ground, "4711")
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED
    assert await LookSooner(shop.records)(Hint("4711")) == ()
    assert WOKEN not in await ground.started()


async def test_an_unknown_outcome_is_asked_about_again(ground):
    shop, deployment = await on_its_way(ground, "4711")
    async with ground.records.open() as page:
        await page.keep_deployment(replace(deployment, attempt=Attempt.UNKNOWN))
        await page.commit()
    assert len(await LookSooner(shop.records)(Hint("4711"))) == 1
