"""The harness's target and its deployer, for the suite that every deployer is held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp

from bot.ports import Delivery
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import DeployerChoice, Environment
from tests.crash.deployer import TargetDeployer
from tests.crash.target import KEYED, Fate, Target, serving
from tests.makers import a_deployment, an_environment
from tests.twins.deployer import Script

NOWHERE = "http://127.0.0.1:1"
"""Where nobody listens."""
D40 = a_deployment(40)
"""What the suite deploys."""


@dataclass(slots=True)
class TargetGround:
    """A target that a test scripts, and deployers that know it."""

    target: Target
    session: aiohttp.ClientSession
    url: str
    environment: Environment
    made: list[TargetDeployer] = field(default_factory=list)

    @property
    def deployer(self) -> TargetDeployer:
        return self.made[0] if self.made else self.another()

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
        self.made.append(TargetDeployer(self.session, self.url))
        return self.made[-1]

    def goes_down(self) -> None:
        self._is_at(NOWHERE)

    def comes_up(self) -> None:
        self._is_at(self.url)

    def _is_at(self, url: str) -> None:
        for each in self.made:
            each._url = url

    def loses_the_next_answer(self) -> None:
        self.target.loses_the_next_answer = True

    def says_it_deploys(self, commit: str) -> None:
        raise AssertionError("no test asks this of a deployer that says it can't")

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        raise AssertionError("no test asks this of a deployer that says it can't")


@asynccontextmanager
async def a_target_ground(door: str = KEYED) -> AsyncIterator[TargetGround]:
    """A target whose deployments are done at once, unless a test says otherwise."""
    target = Target(lambda _: Fate())
    runner, url = await serving(target)
    environment = an_environment(deployer=DeployerChoice("command", {"program": [door]}))
    async with aiohttp.ClientSession() as session:
        yield TargetGround(target, session, url, environment)
    await runner.cleanup()
