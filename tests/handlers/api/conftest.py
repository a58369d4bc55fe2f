"""A machine that asks: over the twin and both databases, or only over the twin where the records make no difference."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.ports import Records
from tests.handlers.api.machine import Machine, at_work
from tests.verbs.workshop import Workshop


@pytest.fixture
async def machine(records: Records) -> AsyncIterator[Machine]:
    """Each test with the twin and with both databases."""
    async with at_work(Workshop(records)) as ready:
        yield ready


@pytest.fixture
async def alone() -> AsyncIterator[Machine]:
    """Over the twin."""
    async with at_work(Workshop()) as ready:
        yield ready
