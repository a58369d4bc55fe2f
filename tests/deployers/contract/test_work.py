"""Work at a target: started once, followed to its end, cancelled, found again."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.ports import Available, DeployerError, HearsItsTarget, capabilities_of
from bot.rules.deployment import Phase
from bot.rules.policy import DeployerChoice
from tests.deployers.contract.ground import D40, SERVICE, Ground
from tests.deployers.contract.patience import ENDINGS, LONGEST, until
from tests.makers import a_deployment
from tests.twins import Script


async def test_what_is_started_is_followed_to_its_success(ground: Ground):
    started = await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert started.ref
    assert ended.phase is Phase.SUCCEEDED
    assert ended.step == "done"
    assert ground.starts() == 1


async def test_slow_work_is_running_and_tells_its_latest_step(ground: Ground):
    ground.plays(Script(says=("fetching", "migrating"), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    seen = await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")
    ground.lets_go()
    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert seen.step == "migrating"
    assert ended.phase is Phase.SUCCEEDED


async def test_a_failure_tells_its_code_and_its_last_words(ground: Ground):
    ground.plays(Script(says=("migrating", "column refunds.speed exists"), code=3))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert ended.phase is Phase.FAILED
    assert "exit code 3" in ended.step
    assert "column refunds.speed exists" in ended.step


@pytest.mark.needs("links")
async def test_people_are_led_to_where_it_can_be_watched(ground: Ground):
    started = await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert (ended.link or started.link or "").startswith("http")


@pytest.mark.needs("steps")
async def test_its_steps_are_shown(ground: Ground):
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    assert ended.steps
    assert all(step.name for step in ended.steps)


# ---------------------------------------------------------------- cancelling


@pytest.mark.needs("cancels")
async def test_a_deployment_can_be_cancelled(ground: Ground):
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.RUNNING)

    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.CANCELLED


@pytest.mark.needs("cancels")
async def test_cancelling_twice_is_cancelling_once(ground: Ground):
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    await asyncio.gather(*(ground.deployer.cancel(D40, SERVICE, ground.environment) for _ in range(3)))

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.CANCELLED


@pytest.mark.needs("cancels")
async def test_cancelling_what_has_ended_changes_nothing(ground: Ground):
    await ground.deployer.start(D40, SERVICE, ground.environment)
    ended = await until(ground.deployer, ground.environment, *ENDINGS)

    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    assert await ground.deployer.follow(D40, SERVICE, ground.environment) == ended


@pytest.mark.needs("cancels", "forestalls")
async def test_what_is_cancelled_before_it_began_never_begins(ground: Ground):
    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    with pytest.raises(DeployerError, match="cancelled before it began") as refusal:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    assert refusal.value.ended
    assert (await ground.deployer.follow(D40, SERVICE, ground.environment)).phase is Phase.CANCELLED
    assert ground.starts() == 0


# ---------------------------------------------------------------- asked again


@pytest.mark.needs("finds_again")
async def test_asked_to_start_again_it_finds_what_it_started(ground: Ground):
    ground.plays(Script(waits=True))

    first = await ground.deployer.start(D40, SERVICE, ground.environment)
    second = await ground.deployer.start(D40, SERVICE, ground.environment)

    assert first == second
    ground.lets_go()
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert await ground.deployer.start(D40, SERVICE, ground.environment) == first
    assert ground.starts() == 1


@pytest.mark.needs("finds_again")
async def test_five_at_once_start_it_once(ground: Ground):
    several = [ground.another() for _ in range(5)]

    started = await asyncio.gather(*(each.start(D40, SERVICE, ground.environment) for each in several))

    assert len(set(started)) == 1
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert ground.starts() == 1


@pytest.mark.needs("survives_restart", "finds_again", "cancels")
async def test_after_a_restart_it_finds_follows_and_cancels_what_another_started(ground: Ground):
    ground.plays(Script(says=("migrating",), waits=True))
    first = await ground.deployer.start(D40, SERVICE, ground.environment)

    after = ground.another()

    assert await after.start(D40, SERVICE, ground.environment) == first
    await until(after, ground.environment, Phase.RUNNING, step="migrating")
    await after.cancel(D40, SERVICE, ground.environment)
    assert (await until(after, ground.environment, *ENDINGS)).phase is Phase.CANCELLED
    assert ground.starts() == 1


async def test_what_was_never_started_is_not_known(ground: Ground):
    progress = await ground.deployer.follow(D40, SERVICE, ground.environment)

    assert progress.phase is Phase.LOST
    assert progress.step


async def test_different_deployments_do_not_meet(ground: Ground):
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.SUCCEEDED)

    other = await ground.deployer.follow(a_deployment(41), SERVICE, ground.environment)
    await ground.deployer.start(a_deployment(41), SERVICE, ground.environment)

    assert other.phase is Phase.LOST
    deadline = time.monotonic() + LONGEST
    while ground.starts() < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


# ---------------------------------------------------------------- refusals and settings


async def test_a_refusal_says_why_and_that_nothing_was_done(ground: Ground):
    ground.refuses()

    with pytest.raises(DeployerError) as refusal:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    assert refusal.value.ended
    assert str(refusal.value).endswith(".")
    assert ground.starts() == 0


async def test_right_settings_have_no_problems_and_wrong_ones_are_told(ground: Ground):
    assert await ground.deployer.check(ground.environment.deployer) == []
    assert await ground.deployer.check(DeployerChoice(ground.environment.deployer.kind, {})) != []


async def test_nobody_can_do_more_than_their_kind(ground: Ground):
    can, most = capabilities_of(ground.deployer, ground.environment.deployer), ground.deployer.capabilities

    more = [each for each in can.__slots__ if getattr(can, each) and not getattr(most, each)]

    assert more == []
    assert most.pushes == isinstance(ground.deployer, HearsItsTarget)


# ---------------------------------------------------------------- whether an artifact is still there


@pytest.mark.needs("finds_artifacts")
async def test_whether_an_artifact_is_there_is_known_gone_or_not_to_be_told(ground: Ground):
    ground.keeps(D40.order.candidate.commit)
    there = await ground.deployer.available(D40.order, SERVICE, ground.environment)
    ground.keeps()
    gone = await ground.deployer.available(D40.order, SERVICE, ground.environment)
    ground.goes_blind()
    blind = await ground.deployer.available(D40.order, SERVICE, ground.environment)

    assert (there.there, gone.there, blind.there) == (True, False, None)
    assert "tidied away" in gone.why
    assert blind.why


@pytest.mark.needs("finds_artifacts")
async def test_where_nothing_says_how_to_look_nobody_can_tell(ground: Ground):
    ground.says_nothing_of_artifacts()
    assert await ground.deployer.available(D40.order, SERVICE, ground.environment) == Available(None)
