"""Hear a target: what it says by itself is kept for whoever follows; who can't prove to be it is not heard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ports import Delivery, NotGenuineError, Work
from bot.rules.deployment import Attempt, DeploymentId, Phase
from bot.rules.sentence import Refused
from bot.verbs.hear_target import HearTarget
from tests.grounds import Ground
from tests.verbs.workshop import Workshop


def says(shop: Workshop, phase: Phase = Phase.RUNNING, *, secret: str = "known", after: int = 0) -> Delivery:
    return Delivery({"x-fake-secret": secret}, phase.value.encode(), shop.at + timedelta(seconds=after))


@pytest.fixture
async def heard(ground: Ground):
    shop = Workshop(ground.records)
    hear = HearTarget(ground.records, {"command": shop.deployer}, lambda: shop.catalogue)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    return shop, hear, deployment


async def kept(shop: Workshop, number: DeploymentId):
    async with shop.records.read() as page:
        return (await page.deployment(number)).heard


async def test_a_word_is_kept_and_whoever_follows_looks(heard, ground):
    shop, hear, deployment = heard
    assert await hear(deployment.id, says(shop)) is True
    assert (await kept(shop, deployment.id)).words == "It says so itself."
    assert f"nudged {Work.FOLLOW_DEPLOYMENT} {deployment.id} heard" in await ground.started()


async def test_the_same_word_again_and_one_that_was_overtaken_change_nothing(heard):
    shop, hear, deployment = heard
    assert await hear(deployment.id, says(shop, Phase.SUCCEEDED, after=1)) is True
    for late in (says(shop, Phase.SUCCEEDED, after=1), says(shop, Phase.RUNNING, after=2)):
        assert await hear(deployment.id, late) is False
    assert (await kept(shop, deployment.id)).phase is Phase.SUCCEEDED


async def test_who_does_not_prove_to_be_the_target_is_not_heard(heard):
    shop, hear, deployment = heard
    with pytest.raises(NotGenuineError):
        await hear(deployment.id, says(shop, secret="guessed"))
    assert await kept(shop, deployment.id) is None


async def test_a_deployment_that_is_over_hears_nothing_any_more(heard):
    shop, hear, deployment = heard
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED
    assert await hear(deployment.id, says(shop, Phase.FAILED)) is False
    assert await kept(shop, deployment.id) is None


async def test_a_word_that_comes_before_the_answer_to_the_start_is_kept_through_it(heard):
    shop, hear, deployment = heard
    async with shop.records.read() as page:
        assert (await page.deployment(deployment.id)).attempt in {Attempt.STARTING, Attempt.RUNNING}
    await hear(deployment.id, says(shop))
    after = await shop.followed(deployment)
    assert (after.attempt, after.heard.phase) == (Attempt.SUCCEEDED, Phase.RUNNING)


async def test_nobody_listens_for_deployments_that_are_none(heard):
    shop, hear, _ = heard
    assert isinstance(await hear(DeploymentId(99), says(shop)), Refused)


async def test_nobody_listens_where_the_deployer_does_not(heard):
    shop, _, deployment = heard
    deaf = HearTarget(shop.records, {}, lambda: shop.catalogue)
    assert isinstance(await deaf(deployment.id, says(shop)), Refused)
