"""Every ground that there is, and what its deployer can't do."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bot.ports import capabilities_of
from tests.deployers.contract.ground import Ground, MakesAGround

WHY_NOT: Mapping[str, str] = MappingProxyType(
    {
        "cancels": "what has begun there can't be stopped",
        "survives_restart": "its work ends with Slipway",
        "links": "there is no page to watch it on",
        "pushes": "its target doesn't tell of its work by itself",
        "steps": "its target shows no steps",
        "names_commit": "its target doesn't say which commit it deploys",
        "finds_artifacts": "it can't tell what is still there",
        "forestalls": "what is cancelled before it began may begin all the same",
        "finds_again": "its target would start once more if it was asked again",
    }
)


def _every_ground() -> dict[str, MakesAGround]:
    found: dict[str, MakesAGround] = {}
    for file in sorted(Path(__file__).parent.glob("ground_*.py")):
        found |= importlib.import_module(f"tests.deployers.contract.{file.stem}").GROUNDS
    return found


GROUNDS = _every_ground()


@pytest.fixture(params=GROUNDS)
async def ground(request: Any, tmp_path: Path) -> AsyncIterator[Ground]:
    """Each of them in turn, if its deployer can do what the test is about."""
    async with GROUNDS[request.param](tmp_path) as ready:
        can = capabilities_of(ready.deployer, ready.environment.deployer)
        needed = [each for mark in request.node.iter_markers("needs") for each in mark.args]
        missing = [each for each in needed if not getattr(can, each)]
        if not missing:
            yield ready
    if missing:
        pytest.skip(f"{request.param}: {WHY_NOT[missing[0]]}")
