"""The harness's target and its deployer, for the suite that every deployer is held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp

from bot.rules.policy import DeployerChoice, Environment
from tests.crash.deployer import TargetDeployer
from tests.crash.target import KEYED, Fate, Target, serving
from tests.makers import a_deployment, an_environment
from tests.twins.deployer import Script

D40 = a_deployment(40)
"""What the suite deploys."""


@dataclass(slots=True)
class TargetGround:
    """A target that a test scripts, and deployers that know it."""

    target: Target
    session: aiohttp.ClientSession
    url: str
    environment: Environment

    @property
    def deployer(self) -> TargetDeployer:
        return self.another()

    def plays(self, script: Script) -> None:
        self.target.fate = lambda _: Fate(script=script)

    def lets_go(self) -> None:
        self.target.lets_go()

    def refuses(self) -> None:
        self.target.fate = lambda _: Fate(refused=True)

    def loses_everything(self) -> None:
        self.target.loses_everything()

    def keeps(self, *commits: str) -> None:
        self.target.gone = {D40.order.candidate.commit} - set(commits)

    def goes_blind(self) -> None:
        self.target.blind = True

    def says_nothing_of_artifacts(self) -> None:
        settings = {**self.environment.deployer.settings, "artifact": False}
        self.environment = replace(self.environment, deployer=DeployerChoice("command", settings))

    def starts(self) -> int:
        return len(self.target.runs)

    def another(self) -> TargetDeployer:
        return TargetDeployer(self.session, self.url)


@asynccontextmanager
async def a_target_ground(door: str = KEYED) -> AsyncIterator[TargetGround]:
    """A target whose deployments are done at once, unless a test says otherwise."""
    target = Target(lambda _: Fate())
    runner, url = await serving(target)
    environment = an_environment(deployer=DeployerChoice("command", {"program": [door]}))
    async with aiohttp.ClientSession() as session:
        yield TargetGround(target, session, url, environment)
    await runner.cleanup()
