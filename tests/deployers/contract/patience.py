"""Patience: follow until something is so, however slow this machine is."""

from __future__ import annotations

import asyncio
import time

from bot.ports import Deployer, Progress
from bot.rules.deployment import Attempt, Deployment, Phase
from bot.rules.policy import Environment
from tests.deployers.contract.ground import D40, SERVICE
from tests.verbs.workshop import Workshop

ENDINGS = (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.LOST)
AT_REST = (Attempt.SUCCEEDED, Attempt.FAILED, Attempt.CANCELLED, Attempt.UNKNOWN)
LONGEST = 60.0


async def until(deployer: Deployer, environment: Environment, *phases: Phase, step: str = "") -> Progress:
    """Ask until D-40 is in one of these phases, and says that."""
    deadline = time.monotonic() + LONGEST
    while True:
        progress = await deployer.follow(D40, SERVICE, environment)
        if progress.phase in phases and step in progress.step:
            return progress
        assert time.monotonic() < deadline, f"still {progress}"
        await asyncio.sleep(0.02)


async def followed(shop: Workshop, deployment: Deployment, *attempts: Attempt) -> Deployment:
    """Move it until it has come to one of these; to any rest, if none is named."""
    deadline = time.monotonic() + LONGEST
    while True:
        there = await shop.deployment(deployment.id)
        if there.attempt in (attempts or AT_REST):
            return there
        assert time.monotonic() < deadline, f"still {there}"
        await shop.follow_deploy(deployment.id)
        await asyncio.sleep(0.02)
