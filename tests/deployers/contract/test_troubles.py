"""Troubles at a target: it is down at the start, in the middle, at the end; it loses answers, and its memory."""

from __future__ import annotations

import asyncio

import pytest

from bot.ports import DeployerError
from bot.rules.deployment import Phase
from tests.deployers.contract.ground import D40, SERVICE, Ground
from tests.deployers.contract.patience import ENDINGS, until
from tests.twins import Script


async def test_a_target_that_is_down_at_the_start_has_started_nothing(ground: Ground):
    ground.goes_down()

    with pytest.raises(DeployerError) as trouble:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    ground.comes_up()
    assert str(trouble.value).endswith(".")
    assert ground.starts() == 0


@pytest.mark.needs("finds_again")
async def test_what_could_not_be_started_can_be_once_the_target_is_up_again(ground: Ground):
    ground.goes_down()
    with pytest.raises(DeployerError):
        await ground.deployer.start(D40, SERVICE, ground.environment)
    ground.comes_up()

    await ground.deployer.start(D40, SERVICE, ground.environment)

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert ground.starts() == 1


async def test_a_start_without_an_answer_may_have_begun(ground: Ground):
    ground.plays(Script(waits=True))
    ground.loses_the_next_answer()

    with pytest.raises(DeployerError) as trouble:
        await ground.deployer.start(D40, SERVICE, ground.environment)

    assert not trouble.value.ended
    assert str(trouble.value).endswith(".")
    await until(ground.deployer, ground.environment, Phase.RUNNING)
    async with asyncio.timeout(20):
        while not ground.starts():  # noqa: ASYNC110 - a program runs a moment before it has written that it does
            await asyncio.sleep(0.02)
    assert ground.starts() == 1


@pytest.mark.needs("finds_again")
async def test_a_start_without_an_answer_is_found_when_it_is_asked_for_again(ground: Ground):
    ground.loses_the_next_answer()
    with pytest.raises(DeployerError):
        await ground.deployer.start(D40, SERVICE, ground.environment)

    started = await ground.deployer.start(D40, SERVICE, ground.environment)

    assert started.ref
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert ground.starts() == 1


async def test_a_target_that_is_down_in_the_middle_tells_nothing_and_then_goes_on(ground: Ground):
    ground.plays(Script(says=("migrating",), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ground.goes_down()
    with pytest.raises(DeployerError) as trouble:
        await ground.deployer.follow(D40, SERVICE, ground.environment)
    ground.comes_up()

    assert not trouble.value.ended
    assert (await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")).step == "migrating"


async def test_a_target_that_is_down_at_the_end_tells_it_afterwards(ground: Ground):
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ground.goes_down()
    ground.lets_go()
    with pytest.raises(DeployerError) as trouble:
        await ground.deployer.follow(D40, SERVICE, ground.environment)
    ground.comes_up()

    assert not trouble.value.ended
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.SUCCEEDED
    assert ground.starts() == 1


@pytest.mark.needs("cancels")
async def test_a_target_that_is_down_can_be_cancelled_afterwards(ground: Ground):
    ground.plays(Script(waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)

    ground.goes_down()
    with pytest.raises(DeployerError) as trouble:
        await ground.deployer.cancel(D40, SERVICE, ground.environment)
    ground.comes_up()
    await ground.deployer.cancel(D40, SERVICE, ground.environment)

    assert not trouble.value.ended
    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.CANCELLED


@pytest.mark.needs("finds_artifacts")
async def test_a_target_that_is_down_holds_up_no_look_at_artifacts(ground: Ground):
    ground.keeps()
    ground.goes_down()
    assert (await ground.deployer.available(D40.order, SERVICE, ground.environment)).there is not True


async def test_what_vanished_without_a_word_is_lost(ground: Ground):
    ground.plays(Script(says=("migrating",), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")

    ground.loses_everything()

    assert (await until(ground.deployer, ground.environment, *ENDINGS)).phase is Phase.LOST


@pytest.mark.needs("finds_again")
async def test_what_vanished_without_a_word_is_not_started_again(ground: Ground):
    ground.plays(Script(says=("migrating",), waits=True))
    await ground.deployer.start(D40, SERVICE, ground.environment)
    await until(ground.deployer, ground.environment, Phase.RUNNING, step="migrating")
    ground.loses_everything()
    await until(ground.deployer, ground.environment, *ENDINGS)

    await ground.another().start(D40, SERVICE, ground.environment)

    assert ground.starts() == 1
