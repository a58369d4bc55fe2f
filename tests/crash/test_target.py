"""The harness's target knows who asks twice, and its deployer asks first where the target doesn't."""

from __future__ import annotations

import pytest

from bot.ports import DeployerError
from bot.rules.deployment import Phase
from tests.crash.ground import a_target_ground
from tests.crash.target import PLAIN
from tests.makers import a_deployment, a_service
from tests.twins.deployer import Script

D40, SERVICE = a_deployment(40), a_service()


async def test_a_target_that_knows_no_keys_is_asked_before_it_is_told_to_start():
    async with a_target_ground(PLAIN) as ground:
        ground.plays(Script(waits=True))
        first = await ground.deployer.start(D40, SERVICE, ground.environment)
        assert await ground.another().start(D40, SERVICE, ground.environment) == first
        assert ground.starts() == 1


async def test_a_target_that_knows_no_keys_would_start_twice():
    async with a_target_ground(PLAIN) as ground:
        ground.plays(Script(waits=True))
        for _ in range(2):
            ground.target.start(PLAIN, "D-40", "payments/production", "c0ffee")
        assert ground.starts() == 2
        assert len(ground.target.overlaps) == 1


async def test_what_is_stopped_before_it_began_never_begins_there_either():
    async with a_target_ground(PLAIN) as ground:
        await ground.deployer.cancel(D40, SERVICE, ground.environment)
        with pytest.raises(DeployerError, match="cancelled before it began"):
            await ground.deployer.start(D40, SERVICE, ground.environment)
        assert (await ground.deployer.follow(D40, SERVICE, ground.environment)).phase is Phase.CANCELLED
        assert ground.starts() == 0
