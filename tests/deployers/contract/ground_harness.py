"""The deployer that the crash harness deploys with, and its target."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.crash.ground import TargetGround, a_target_ground


@asynccontextmanager
async def a_harness(_: Path) -> AsyncIterator[TargetGround]:
    async with a_target_ground() as ground:
        yield ground


GROUNDS = {"the crash harness's": a_harness}
