"""Cancel a deployment: the environment is free when the target has ended, and an unknown outcome can be settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import DeployerError
from bot.rules.deployment import Attempt, DeploymentId, Phase
from bot.rules.policy import DeployerChoice, Right
from bot.rules.sentence import Refused
from tests.makers import PAYMENTS, PRODUCTION, STAGING, an_environment
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, RELEASE_MANAGER, RUTH
from tests.twins import FakeDeployer, Script
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


async def test_the_first_deployment_of_all_can_be_settled_when_nobody_knows_its_outcome(shop):
    """Nothing ever stood there, so there is nothing to roll back to: somebody must be able to settle it."""
    release = await shop.approved(shop.a, "1.0.0")
    deployment = await shop.with_an_unknown_outcome(release)
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, Refused)
    assert (await shop.deployment(deployment.id)).holds
    refused = await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    assert isinstance(refused, Refused)
    assert f"/deploy settle {deployment.name}" in str(refused.why)
    await shop.settle(deployment.id, "The old one is served.", succeeded=False, by=shop.by(MAYA))
    settled = await shop.deployment(deployment.id)
    assert (settled.attempt, settled.holds) == (Attempt.FAILED, False)
    assert "The old one is served." in settled.detail
    await shop.deployed(release)


async def test_what_somebody_has_seen_to_be_there_stands_there(shop):
    await shop.shipped(shop.a, "1.0.0")
    deployment = await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.0.0"))
    await shop.settle(deployment.id, "I looked: 2.0.0 is served.", succeeded=True, by=shop.by(MAYA))
    assert (await shop.deployment(deployment.id)).attempt is Attempt.SUCCEEDED
    back = await shop.rolled_back()
    assert back.order.version == "1.0.0"


async def test_only_an_unknown_outcome_is_settled_by_those_who_may_and_with_a_reason():
    shop = Workshop(rights={Right.DEPLOY: (RELEASE_MANAGER,), Right.ROLL_BACK: (ON_CALL,)})
    known = await shop.deployed(await shop.approved(shop.a, "1.0.0"))
    deployment = await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.0.0"))
    for number, why, person, word in (
        (known.id, "It is there.", MAYA, "is succeeded"),
        (deployment.id, "  ", MAYA, "Please say what you saw"),
        (deployment.id, "It is there.", RUTH, "Only"),
        (DeploymentId(99), "It is there.", MAYA, "no deployment D-99"),
    ):
        refused = await shop.settle(number, why, succeeded=True, by=shop.by(person))
        assert isinstance(refused, Refused)
        assert word in str(refused.why)
    assert (await shop.deployment(deployment.id)).attempt is Attempt.UNKNOWN


@pytest.mark.parametrize("person", [MAYA, BEN, INES, OMAR], ids=lambda person: person.name)
async def test_whoever_may_deploy_may_cancel(person):
    shop = Workshop(rights=EVERYBODY_MAY_DEPLOY)
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert not isinstance(await shop.cancel_deploy(deployment.id, by=shop.by(person)), Refused)


class AsSet(FakeDeployer):
    """A deployer whose targets can be stopped where the settings say how."""

    def capabilities_with(self, settings):
        return replace(self.capabilities, cancels="cancel" in settings)


@pytest.mark.parametrize("settings", [{}, {"cancel": "https://deploy.example.com/cancel"}])
async def test_whether_it_can_be_cancelled_is_for_the_settings_of_its_environment_to_say(settings):
    choice = DeployerChoice("as set", settings)
    shop = Workshop(environments=(an_environment(STAGING), an_environment(PRODUCTION, deployer=choice)))
    shop.target.script = Script(waits=True)
    deployers = {"as set": AsSet(shop.target)}
    shop.follow_deploy = replace(shop.follow_deploy, deployers=deployers)
    shop.cancel_deploy = replace(shop.cancel_deploy, deployers=deployers)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    done = await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    if settings:
        assert (await shop.followed(deployment)).attempt is Attempt.CANCELLED
    else:
        assert isinstance(done, Refused)
        assert str(done.why) == "What deploys to production (as set) can't be cancelled; D-1 has to run to its end."
