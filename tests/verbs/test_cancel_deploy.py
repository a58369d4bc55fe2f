"""Cancel a deployment: the environment is free when the target has ended, and an unknown outcome can be given up."""

from __future__ import annotations

import pytest

from bot.ports import DeployerError, Phase
from bot.rules.deployment import Attempt
from bot.rules.sentence import Refused
from tests.makers import PAYMENTS, PRODUCTION
from tests.people import BEN, INES, MAYA, OMAR
from tests.twins import Script
from tests.verbs.workshop import EVERYBODY_MAY_DEPLOY, Workshop


async def test_a_start_whose_answer_was_lost_is_cancelled_at_the_target_before_the_environment_is_free(shop):
    shop.target.script = Script(waits=True)
    really_start = shop.deployer.start

    async def answer_is_lost(*what):
        await really_start(*what)
        raise DeployerError("The answer was lost.", ended=False)

    shop.deployer.start = answer_is_lost
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert deployment.attempt is Attempt.STARTING
    assert shop.target.progress(deployment.id).phase is Phase.RUNNING
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.CANCELLED
    assert shop.target.progress(deployment.id).phase is Phase.CANCELLED


async def test_while_the_target_is_silent_a_cancelled_start_holds_the_environment(shop):
    shop.target.silent = "It does not answer."
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    after = await shop.followed(deployment, moves=1)
    assert (after.attempt, after.holds) == (Attempt.STARTING, True)


async def test_a_target_that_cannot_stop_any_more_may_still_succeed(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))

    async def cannot(*_):
        raise DeployerError("It can't be stopped any more.", ended=False)

    shop.deployer.cancel = cannot
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    shop.target.lets_go()
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED


async def test_the_first_deployment_of_all_can_be_given_up_when_nobody_knows_its_outcome(shop):
    """Nothing ever stood there, so there is nothing to roll back to: somebody must be able to settle it."""
    release = await shop.approved(shop.a, "1.0.0")
    deployment = await shop.with_an_unknown_outcome(release)
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, Refused)
    assert (await shop.deployment(deployment.id)).holds
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    settled = await shop.deployment(deployment.id)
    assert (settled.attempt, settled.holds) == (Attempt.FAILED, False)
    await shop.deployed(release)


@pytest.mark.parametrize("person", [MAYA, BEN, INES, OMAR], ids=lambda person: person.name)
async def test_whoever_may_deploy_may_cancel(person):
    shop = Workshop(rights=EVERYBODY_MAY_DEPLOY)
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert not isinstance(await shop.cancel_deploy(deployment.id, by=shop.by(person)), Refused)
