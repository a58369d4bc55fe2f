"""Follow a deployment: it ends as what was seen, and what nobody could see is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import DeploymentChanged, ThreadLine
from bot.rules.deployment import Attempt, Phase, Step, StepState
from bot.rules.people import SLIPWAY
from bot.rules.policy import Timeouts, Verification
from bot.verbs.roll_back import RollingBack
from tests.grounds import database_ground
from tests.makers import PAYMENTS, PRODUCTION, STAGING, an_environment
from tests.people import INES, MAYA, OMAR
from tests.twins import Script
from tests.verbs.workshop import Workshop

LOOKED_AT = (an_environment(STAGING), an_environment(PRODUCTION, verification=Verification("http://127.0.0.1:1/")))
"""What production serves is looked at."""


async def test_after_a_long_deployment_there_is_still_time_for_it_to_be_served(database_url):
    """Ten minutes of deploying; the new version shows three seconds after the target said that it is done."""
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records, environments=LOOKED_AT)
        shop.target.script, shop.target.on_success = Script(waits=True), None
        shop.verifier.serves(PRODUCTION, "0" * 40)
        deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
        shop.at += timedelta(minutes=10)
        shop.target.lets_go()
        assert (await shop.followed(deployment, moves=2)).attempt is Attempt.VERIFYING
        shop.at += timedelta(seconds=3)
        shop.verifier.serves(PRODUCTION, shop.a)
        assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED


async def test_what_is_not_served_in_time_has_failed():
    shop = Workshop(environments=LOOKED_AT)
    shop.target.on_success = None
    shop.verifier.serves(PRODUCTION, "0" * 40)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert (await shop.followed(deployment, moves=3)).attempt is Attempt.VERIFYING
    shop.at += timedelta(seconds=31)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.FAILED


async def test_what_is_at_work_is_neither_called_unknown_nor_doubled_however_long_it_takes(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.c, "3.0.0"))
    for _ in range(70):
        shop.at += timedelta(minutes=1)
        assert (await shop.followed(deployment, moves=1)).attempt is Attempt.RUNNING
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    assert (await shop.followed(back.deployment, moves=3)).waits
    at_work = [each for each in shop.target.started if shop.target.progress(each.id).phase is Phase.RUNNING]
    assert [each.id for each in at_work] == [deployment.id]


async def test_what_is_silent_for_too_long_has_an_unknown_outcome(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.target.silent = "It does not answer."
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.RUNNING
    shop.at += timedelta(minutes=59)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.RUNNING
    shop.at += timedelta(minutes=1)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.UNKNOWN


async def test_what_is_served_and_cannot_be_read_has_an_unknown_outcome_and_has_not_failed():
    shop = Workshop(environments=LOOKED_AT)
    shop.verifier.is_down(PRODUCTION, "It does not answer.")
    shop.target.on_success = None
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    await shop.followed(deployment, moves=2)
    shop.at += timedelta(minutes=1)
    after = await shop.followed(deployment, moves=1)
    assert after.attempt is Attempt.UNKNOWN
    assert "It does not answer." in after.detail


async def test_an_old_build_that_calls_itself_the_same_version_is_not_taken_for_the_new_one():
    shop = Workshop(environments=LOOKED_AT)
    shop.target.on_success = None
    shop.verifier.serves(PRODUCTION, "1.0.0")
    release = await shop.approved(shop.a, "1.0.0")
    await shop.deployed(release)
    await shop.set_candidate(release, shop.b, by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    deployment = await shop.started(release)
    assert (await shop.followed(deployment, moves=3)).attempt is Attempt.VERIFYING
    shop.verifier.serves(PRODUCTION, shop.b[:7])
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED


async def test_silence_is_counted_over_a_restart(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.target.silent = "It does not answer."
    await shop.followed(deployment, moves=1)
    shop.at += timedelta(hours=1)
    restarted = replace(shop.follow_deploy)
    await restarted(deployment.id)
    assert (await shop.deployment(deployment.id)).attempt is Attempt.UNKNOWN


async def test_what_is_heard_again_is_no_longer_silent(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    for _ in range(3):
        shop.target.silent = "It does not answer."
        await shop.followed(deployment, moves=1)
        shop.at += timedelta(minutes=50)
        shop.target.silent = ""
        assert (await shop.followed(deployment, moves=1)).silent_since is None


async def test_a_target_that_never_takes_it_has_an_unknown_outcome_after_its_own_time():
    shop = Workshop(environments=(an_environment(STAGING), an_environment(PRODUCTION, timeouts=QUICK)))
    shop.target.silent = "It does not answer."
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.at += QUICK.start - timedelta(seconds=2)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.STARTING
    shop.at += timedelta(seconds=3)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.UNKNOWN


async def test_what_takes_too_long_is_stopped_and_has_failed():
    shop = Workshop(environments=(an_environment(STAGING), an_environment(PRODUCTION, timeouts=QUICK)))
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.at += QUICK.run
    after = await shop.followed(deployment, moves=1)
    assert (after.attempt, after.cancel_asked_by) == (Attempt.RUNNING, SLIPWAY)
    after = await shop.followed(deployment)
    assert (after.attempt, after.detail) == (Attempt.FAILED, "It took longer than 20 minutes and was stopped.")
    assert [
        each.loud for each in await shop.told(ThreadLine) if "takes longer than 20 minutes" in str(each.sentence)
    ] == [True]


async def test_what_cannot_be_stopped_and_takes_too_long_has_an_unknown_outcome():
    shop = Workshop(environments=(an_environment(STAGING), an_environment(PRODUCTION, timeouts=QUICK)))
    shop.deployer.cancels = False
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.at += QUICK.run
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.UNKNOWN


async def test_what_does_not_stop_when_asked_has_an_unknown_outcome_that_can_still_be_explained():
    shop = Workshop(environments=(an_environment(STAGING), an_environment(PRODUCTION, timeouts=QUICK)))
    shop.target.script, shop.target.stops = Script(waits=True), False
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.RUNNING
    shop.at += QUICK.stop
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.UNKNOWN
    shop.target.stops = True
    shop.target.stop(deployment.id)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.FAILED


async def test_an_unknown_outcome_is_asked_about_again_after_pauses_that_widen_up_to_an_hour(shop):
    deployment = await shop.with_an_unknown_outcome(await shop.approved(shop.a, "1.0.0"))
    pauses = []
    for _ in range(20):
        following = await shop.follow_deploy(deployment.id)
        pauses.append(following.after)
        shop.at += following.after
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=5)
    assert pauses[-1] == timedelta(hours=1)


async def test_the_longer_it_is_at_work_the_less_often_it_is_looked_at(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    pauses = []
    for minutes in (0, 1, 4, 60):
        shop.at += timedelta(minutes=minutes)
        pauses.append((await shop.follow_deploy(deployment.id)).after.total_seconds())
    assert pauses == [1, 1, 5, 15]


QUICK = Timeouts(start=timedelta(minutes=1), run=timedelta(minutes=20), stop=timedelta(minutes=2))


async def test_a_target_that_says_it_deploys_another_commit_is_stopped_and_has_failed(shop):
    """A branch was dispatched that has moved on: what was approved is not what is deployed."""
    shop.target.script, shop.target.deploys = Script(waits=True), shop.b
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    after = await shop.followed(deployment, moves=1)
    assert (after.attempt, after.cancel_asked_by) == (Attempt.RUNNING, SLIPWAY)
    after = await shop.followed(deployment)
    told = f"The target says that it deploys {shop.b[:10]}; approved was {shop.a[:10]}."
    assert (after.attempt, after.detail) == (Attempt.FAILED, f"{told} It was stopped.")
    assert [each.loud for each in await shop.told(ThreadLine) if f"I stop D-1: {told}" in str(each.sentence)] == [True]


async def test_what_ended_well_with_another_commit_has_failed(shop):
    shop.target.deploys = shop.b
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    after = await shop.followed(deployment)
    assert after.attempt is Attempt.FAILED
    assert after.touched
    assert shop.b[:10] in after.detail


async def test_another_commit_is_also_seen_when_an_unknown_outcome_is_explained(shop):
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.target.silent = "It does not answer."
    await shop.followed(deployment, moves=1)
    shop.at += timedelta(hours=1)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.UNKNOWN
    shop.target.silent, shop.target.deploys = "", shop.b
    shop.target.lets_go()
    after = await shop.followed(deployment, moves=1)
    assert after.attempt is Attempt.FAILED
    assert shop.b[:10] in after.detail


async def test_the_approved_commit_may_be_written_in_capitals(shop):
    shop.target.deploys = shop.a.upper()
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED


async def test_the_steps_of_a_target_are_kept_and_told_and_stay_when_it_shows_none_any_more(shop):
    build, ship = Step("Build", StepState.DONE, "https://ci.example.com/1"), Step("Ship", StepState.RUNNING)
    shop.target.script, shop.target.steps = Script(waits=True), (build, ship)
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    before = len(await shop.told(DeploymentChanged))
    assert (await shop.followed(deployment, moves=1)).steps == (build, ship)
    assert len(await shop.told(DeploymentChanged)) == before + 1
    await shop.followed(deployment, moves=1)
    assert len(await shop.told(DeploymentChanged)) == before + 1, "nothing new is nothing to tell"
    shop.target.steps = ()
    shop.target.lets_go()
    after = await shop.followed(deployment)
    assert (after.attempt, after.steps) == (Attempt.SUCCEEDED, (build, ship))


# ---------------------------------------------------------------- targets that would start a second time


class DiesError(BaseException):
    """The process is killed."""


async def test_whoever_goes_on_after_a_crash_does_not_ask_such_a_target_a_second_time(shop):
    shop.target.finds_again = False
    shop.target.script = Script(waits=True)
    starts = shop.deployer.start

    async def starts_and_dies(*asked):
        await starts(*asked)
        raise DiesError

    shop.deployer.start = starts_and_dies
    with pytest.raises(DiesError):
        await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.deployer.start = starts
    deployment = await shop.deployment(1)
    assert (await shop.followed(deployment, moves=1)).attempt is Attempt.RUNNING
    shop.target.lets_go()
    assert (await shop.followed(deployment)).attempt is Attempt.SUCCEEDED
    assert len(shop.target.started) == 1


async def test_what_such_a_target_does_not_know_of_afterwards_has_an_unknown_outcome(shop):
    shop.target.finds_again = False
    shop.target.silent = "It does not answer."
    deployment = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.target.silent = ""
    after = await shop.followed(deployment, moves=1)
    assert after.attempt is Attempt.UNKNOWN
    assert after.detail.startswith("It was asked to start, and its answer got lost. I ask no second time.")
    assert shop.target.started == []


async def test_what_is_cancelled_before_such_a_target_was_asked_never_reaches_it(shop):
    shop.target.finds_again = False
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    confirmed = await shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA))
    await shop.cancel_deploy(confirmed.deployment.id, by=shop.by(MAYA))
    shop.target.silent = "It does not answer."
    assert (await shop.followed(confirmed.deployment)).attempt is Attempt.CANCELLED
