"""A workshop on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from integrations.engine import moves
from tests.engine.workshop import Workshop


@pytest.fixture
async def workshop(database_url: str) -> AsyncIterator[Workshop]:
    there = Workshop(database_url)
    yield there
    await there.close()


@pytest.fixture
async def file_workshop(sqlite_url: str) -> AsyncIterator[Workshop]:
    """For what is the same wherever it is kept."""
    there = Workshop(sqlite_url)
    yield there
    await there.close()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "PAUSES", (0.05, 0.1))
