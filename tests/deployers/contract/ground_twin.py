"""The twin that other tests deploy with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.ports import Delivery
from bot.rules.deployment import Deployment, Phase, Step, StepState
from bot.rules.policy import DeployerChoice
from tests.deployers.contract.ground import D40
from tests.makers import NOW, an_environment
from tests.twins import FakeDeployer, FakeTarget, Script


class TwinGround:
    """A pretended target, and deployers that know it."""

    def __init__(self, *, finds_again: bool = True) -> None:
        self.target = FakeTarget(finds_again=finds_again, steps=(Step("Switch traffic", StepState.DONE),))
        self.deployer = self.another()
        self.environment = an_environment(deployer=DeployerChoice("fake", {"program": ["play"]}))

    def another(self) -> FakeDeployer:
        return FakeDeployer(self.target)

    def plays(self, script: Script) -> None:
        self.target.script = script

    def lets_go(self) -> None:
        self.target.lets_go()

    def refuses(self) -> None:
        self.target.refuses = "The target takes no deployments today."

    def starts(self) -> int:
        return len(self.target.started)

    def goes_down(self) -> None:
        self.target.silent = "It does not answer."

    def comes_up(self) -> None:
        self.target.silent = ""

    def loses_the_next_answer(self) -> None:
        self.target.loses_the_next_answer = True

    def loses_everything(self) -> None:
        self.target.loses_everything()

    def keeps(self, *commits: str) -> None:
        self.target.gone = {D40.order.candidate.commit} - set(commits)

    def goes_blind(self) -> None:
        self.target.blind = "The registry does not answer."

    def says_nothing_of_artifacts(self) -> None:
        self.target.remembers = False

    def says_it_deploys(self, commit: str) -> None:
        self.target.deploys = commit

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        return Delivery({"x-fake-secret": "guessed" if forged else "known"}, phase.value.encode(), NOW)


@asynccontextmanager
async def a_twin(_: Path) -> AsyncIterator[TwinGround]:
    yield TwinGround()


@asynccontextmanager
async def a_forgetful_twin(_: Path) -> AsyncIterator[TwinGround]:
    """Its target would start a second time if it was asked a second time."""
    yield TwinGround(finds_again=False)


GROUNDS = {"twin": a_twin, "forgetful twin": a_forgetful_twin}
