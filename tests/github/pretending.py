"""Targets for the suite of all deployers: workflows that run, and somebody who carries deployments out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from bot.ports import Delivery, Deployer
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import Environment
from integrations.github.client import GitHub, connected_to_github
from tests.github.state import Repo
from tests.github.twin import Fault, GitHubTwin
from tests.makers import NOW
from tests.twins import Script

NAME = "acme/payments"


@dataclass
class Now:
    """The moment at which D-40 is confirmed, and as much later as somebody rests."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    async def rest(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class AtGitHub:
    """What both grounds have in common: the twin, and what befalls it."""

    twin: GitHubTwin
    repo: Repo
    now: Now
    new: Callable[[], Deployer]
    environment: Environment
    starting: str
    """The operation that starts something."""
    deploys: str = ""
    """The commit that is said to be deployed; empty: the one that was asked for."""
    script: Script = field(default_factory=Script)
    _down: Fault | None = None

    def __post_init__(self) -> None:
        self.deployer = self.new()

    def another(self) -> Deployer:
        return self.new()

    def plays(self, script: Script) -> None:
        self.script = script

    def says_it_deploys(self, commit: str) -> None:
        self.deploys = commit

    def goes_down(self) -> None:
        self._down = self.twin.fails("*", 0, times=10**6)

    def comes_up(self) -> None:
        assert self._down is not None
        self._down.times = 0

    def loses_the_next_answer(self) -> None:
        self.twin.fails(self.starting, 0, after=True)

    def keeps(self, *commits: str) -> NoReturn:
        raise AssertionError("no test asks this of a deployer that says it can't")

    def goes_blind(self) -> NoReturn:
        raise AssertionError("no test asks this of a deployer that says it can't")

    def says_nothing_of_artifacts(self) -> NoReturn:
        raise AssertionError("no test asks this of a deployer that says it can't")

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        raise AssertionError("no test asks this of a deployer that says it can't")


@asynccontextmanager
async def a_repository(folder: Path, **how: Any) -> AsyncIterator[tuple[GitHubTwin, Repo, GitHub, Now]]:
    """A repository at a twin, and the way there."""
    now = Now()
    assert now().tzinfo is UTC
    twin = GitHubTwin(now)
    async with twin.running():
        repo = twin.repository(NAME, folder, **how)
        token = twin.token().token
        async with connected_to_github(token, api=twin.address, now=now, rest=now.rest) as github:
            yield twin, repo, github, now
