"""A workshop on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from integrations.engine import moves, store
from tests.engine.workshop import Workshop


@pytest.fixture(autouse=True)
def brisk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than in earnest, except where the earnest pace is what a test is about."""
    if "real_pace" not in request.fixturenames:
        monkeypatch.setattr(store, "POLL_STARTS", timedelta(seconds=0.05))
        monkeypatch.setattr(store, "POLL_WORDS", timedelta(seconds=0.05))


@pytest.fixture
def real_pace() -> None:
    """As it runs in earnest."""


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
