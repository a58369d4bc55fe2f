"""The twin, a clock that a test moves, the App's key, and the client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.github.client import AppKey, GitHub, connected_to_github
from tests.github.ground import Repository
from tests.github.keys import Keys, new_keys
from tests.github.state import App, Repo
from tests.github.twin import GitHubTwin

NAME = "acme/payments"


@dataclass
class Clock:
    """A moment that only a test moves on; to rest moves it on, too."""

    at: datetime = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    rests: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **length: float) -> None:
        self.at += timedelta(**length)

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.passes(seconds=seconds)


@pytest.fixture(scope="session")
def keys() -> Keys:
    return new_keys()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def twin(clock: Clock, keys: Keys) -> AsyncIterator[GitHubTwin]:
    made = GitHubTwin(clock)
    made.app = App(4711, "acme-slipway", keys.public)
    async with made.running():
        yield made


@pytest.fixture
def written(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "payments")


@pytest.fixture
def repo(twin: GitHubTwin, written: Repository) -> Repo:
    return twin.repository(NAME, written.folder)


Connect = Callable[..., AbstractAsyncContextManager[GitHub]]


@pytest.fixture
def connect(twin: GitHubTwin, clock: Clock, keys: Keys) -> Connect:
    """The client at that twin: as the App, or with a token if one is given."""

    def connected(token: str = "", **how: Any) -> AbstractAsyncContextManager[GitHub]:
        speaking_as = token or AppKey("4711", keys.private)
        return connected_to_github(speaking_as, **{"api": twin.address, "now": clock, "rest": clock.rest, **how})

    return connected
