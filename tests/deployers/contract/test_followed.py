"""Deployments over each deployer as Slipway follows them: what people get to know, whatever befalls the target."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import NotGenuineError
from bot.rules.deployment import Attempt, Phase
from bot.rules.people import SLIPWAY
from bot.verbs.hear_target import HearTarget
from tests.deployers.contract.ground import ANOTHER_COMMIT, Ground
from tests.deployers.contract.patience import followed
from tests.makers import STAGING, an_environment
from tests.people import MAYA
from tests.twins import Script
from tests.verbs.workshop import Workshop


@pytest.fixture
def shop(ground: Ground) -> Workshop:
    """A workshop that deploys to this ground."""
    shop = Workshop(environments=(an_environment(STAGING), ground.environment))
    deployers = {ground.environment.deployer.kind: ground.deployer}
    shop.follow_deploy = replace(shop.follow_deploy, deployers=deployers)
    shop.cancel_deploy = replace(shop.cancel_deploy, deployers=deployers)
    shop.hear_target = HearTarget(shop.records, deployers, lambda: shop.catalogue)
    return shop


async def test_a_deployment_succeeds(ground: Ground, shop: Workshop):
    after = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")))

    assert after.attempt is Attempt.SUCCEEDED
    assert after.target_ref
    assert ground.starts() == 1


async def test_a_deployment_fails_with_the_targets_own_words(ground: Ground, shop: Workshop):
    ground.plays(Script(says=("column refunds.speed exists",), code=3))
    after = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")))

    assert after.attempt is Attempt.FAILED
    assert "column refunds.speed exists" in after.detail


@pytest.mark.needs("cancels")
async def test_a_deployment_is_cancelled(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))

    assert (await followed(shop, deployment)).attempt is Attempt.CANCELLED


async def test_whatever_a_target_that_is_down_makes_of_a_start_it_begins_once_at_most(ground: Ground, shop: Workshop):
    ground.goes_down()
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    ground.comes_up()
    after = await followed(shop, deployment)

    assert ground.starts() == (1 if after.attempt is Attempt.SUCCEEDED else 0)
    assert after.attempt is not Attempt.CANCELLED


async def test_a_start_without_an_answer_is_found_and_nothing_starts_twice(ground: Ground, shop: Workshop):
    ground.loses_the_next_answer()
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert deployment.attempt is Attempt.STARTING
    after = await followed(shop, deployment)

    assert after.attempt is Attempt.SUCCEEDED, after.detail
    assert ground.starts() == 1


async def test_another_slipway_goes_on_where_one_died_while_it_started(ground: Ground, shop: Workshop):
    ground.loses_the_next_answer()
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    kind = ground.environment.deployer.kind
    shop.follow_deploy = replace(shop.follow_deploy, deployers={kind: ground.another()})

    assert (await followed(shop, deployment)).attempt is Attempt.SUCCEEDED
    assert ground.starts() == 1


async def test_a_target_that_is_down_in_between_delays_and_changes_nothing(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    ground.goes_down()
    ground.lets_go()
    await shop.follow_deploy(deployment.id)
    silent = await shop.deployment(deployment.id)
    ground.comes_up()
    after = await followed(shop, deployment)

    assert (silent.attempt, silent.silent_since is None) == (Attempt.RUNNING, False)
    assert after.attempt is Attempt.SUCCEEDED
    assert ground.starts() == 1


async def test_an_outcome_that_nobody_knows_is_unknown_and_nothing_is_run_again(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    ground.loses_everything()
    after = await followed(shop, deployment)

    assert (after.attempt, after.holds) == (Attempt.UNKNOWN, True)
    await shop.follow_deploy(deployment.id)
    assert ground.starts() == 1


@pytest.mark.needs("names_commit")
async def test_a_target_that_has_deployed_another_commit_has_failed(ground: Ground, shop: Workshop):
    ground.says_it_deploys(ANOTHER_COMMIT)
    after = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")))

    assert after.attempt is Attempt.FAILED
    assert ANOTHER_COMMIT[:7] in after.detail


@pytest.mark.needs("names_commit", "cancels")
async def test_a_target_that_deploys_another_commit_is_stopped(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    ground.says_it_deploys(ANOTHER_COMMIT)
    after = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")))

    assert (after.attempt, after.cancel_asked_by) == (Attempt.FAILED, SLIPWAY)
    assert ANOTHER_COMMIT[:7] in after.detail


# ---------------------------------------------------------------- words that a target sends by itself


@pytest.mark.needs("pushes")
async def test_a_forged_word_changes_nothing(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    with pytest.raises(NotGenuineError):
        await shop.hear_target(deployment.id, ground.word(deployment, Phase.SUCCEEDED, forged=True))
    await shop.follow_deploy(deployment.id)

    there = await shop.deployment(deployment.id)
    assert (there.heard, there.attempt) == (None, Attempt.RUNNING)


@pytest.mark.needs("pushes")
async def test_a_target_tells_its_end_by_itself(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    ground.lets_go()
    assert await shop.hear_target(deployment.id, ground.word(deployment, Phase.SUCCEEDED)) is True

    assert (await followed(shop, deployment)).attempt is Attempt.SUCCEEDED


@pytest.mark.needs("pushes")
async def test_a_word_that_comes_before_the_answer_to_the_start_is_kept(ground: Ground, shop: Workshop):
    ground.loses_the_next_answer()
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert deployment.attempt is Attempt.STARTING

    assert await shop.hear_target(deployment.id, ground.word(deployment, Phase.SUCCEEDED)) is True
    after = await followed(shop, deployment)

    assert (after.attempt, ground.starts()) == (Attempt.SUCCEEDED, 1)
    assert after.heard is not None


@pytest.mark.needs("pushes")
async def test_the_same_word_again_is_no_news(ground: Ground, shop: Workshop):
    ground.plays(Script(waits=True))
    deployment = await followed(shop, await shop.started(await shop.approved(shop.a, "1.0.0")), Attempt.RUNNING)
    word = ground.word(deployment, Phase.RUNNING)
    assert await shop.hear_target(deployment.id, word) is True
    assert await shop.hear_target(deployment.id, word) is False
