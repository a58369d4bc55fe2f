"""The `webhook` deployer with a machine that it really calls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.ports import Delivery
from bot.rules.deployment import Deployment, Phase
from bot.rules.policy import DeployerChoice
from integrations.deployers.key import key_of
from integrations.deployers.webhook import WebhookDeployer
from integrations.deployers.webhook_calls import Caller
from tests.deployers.target import VARIABLES, Machine, at_work, settings_for, sign
from tests.makers import an_environment
from tests.twins import Script


def now() -> datetime:
    return datetime.now(UTC)


class WebhookGround:
    """A machine, and deployers that call it."""

    def __init__(self, machine: Machine, call: Caller, settings: dict[str, Any]) -> None:
        self.machine, self._call = machine, call
        self.environment = an_environment(deployer=DeployerChoice("webhook", settings))
        self.deployer = self.another()

    def another(self) -> WebhookDeployer:
        return WebhookDeployer(self._call, now, VARIABLES, address="https://slipway.example.com")

    def plays(self, script: Script) -> None:
        self.machine.script = script

    def lets_go(self) -> None:
        self.machine.lets_go()

    def refuses(self) -> None:
        self.machine.refuses = True

    def starts(self) -> int:
        return len(self.machine.begun)

    def goes_down(self) -> None:
        self.machine.down = True

    def comes_up(self) -> None:
        self.machine.down = False

    def loses_the_next_answer(self) -> None:
        self.machine.loses_the_next_answer = True

    def loses_everything(self) -> None:
        self.machine.loses_everything()

    def keeps(self, *commits: str) -> None:
        self.machine.kept = set(commits)

    def goes_blind(self) -> None:
        self.machine.blind = True

    def says_nothing_of_artifacts(self) -> None:
        settings = {k: v for k, v in self.environment.deployer.settings.items() if k != "artifact"}
        self.environment = replace(self.environment, deployer=DeployerChoice("webhook", settings))

    def says_it_deploys(self, commit: str) -> None:
        self.machine.deploys = commit

    def word(self, deployment: Deployment, phase: Phase, *, forged: bool = False) -> Delivery:
        body = json.dumps({"key": key_of(deployment), "state": phase.value, "ref": "run-1"}).encode()
        headers = sign(body, **({"secret": "what somebody has guessed"} if forged else {}))
        return Delivery({name.lower(): value for name, value in headers.items()}, body, now())


@asynccontextmanager
async def a_machine(_: Path, **changed: Any) -> AsyncIterator[WebhookGround]:
    """What a test may do to it, it does by real HTTP."""
    machine = Machine(idempotent=changed.get("idempotent") is not False)
    async with at_work(machine) as url, Caller.connected(now) as call:
        yield WebhookGround(machine, call, settings_for(url, **changed))


a_simple_machine = partial(a_machine, cancel=None, artifact=None, callbacks=None)
"""It starts, and tells how it goes; a start that it knows is no second one."""

a_forgetful_machine = partial(a_machine, idempotent=False)
"""It would start a second time if it was asked a second time."""

GROUNDS = {"webhook": a_machine, "simple webhook": a_simple_machine, "forgetful webhook": a_forgetful_machine}
