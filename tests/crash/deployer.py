"""Deploys to the harness's target over HTTP. The environment's `program` says through which of its doors."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.ports import Available, Capabilities, DeployerError, Progress, Started
from bot.rules.deployment import Deployment, Order, Phase
from bot.rules.policy import DeployerChoice, Environment, Service
from tests.crash.target import KEYED, PLAIN

PATIENCE = aiohttp.ClientTimeout(total=20)


class TargetDeployer:
    """`program: [keyed]`: the target knows a key again. `[plain]`: it doesn't, so it is asked before it is told.

    A start that arrived is seen by whoever asks next, and one that never arrived never will: that is why asking first
    is enough. `asked` is called between the two.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, asked: Callable[[], None] = lambda: None) -> None:
        self._session = session
        self._url = url
        self._asked = asked

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(cancels=True, survives_restart=True, links=False, finds_artifacts=True, forestalls=True)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        door = str(environment.deployer.settings["program"][0])
        if door == PLAIN:
            known = await self._call("GET", f"/runs/{deployment.name}")
            if known["runs"]:
                return _started(known["runs"][0])
            self._asked()
        where = f"/{door}/{service.name}/{environment.name}/runs"
        return _started(
            await self._call("POST", where, {"label": deployment.name, "commit": deployment.order.candidate.commit})
        )

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        known = await self._call("GET", f"/runs/{deployment.name}")
        if known["runs"]:
            return Progress(Phase(known["runs"][0]["phase"]), known["runs"][0]["step"])
        if known["withdrawn"]:
            return Progress(Phase.CANCELLED, "It was cancelled before it began.")
        return Progress(Phase.LOST, "Nothing is known of it there.")

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        await self._call("POST", f"/withdrawn/{deployment.name}")

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        if not environment.deployer.settings.get("artifact", True):
            return Available(None)
        try:
            told = await self._call("GET", f"/shelf/{order.candidate.commit}")
        except DeployerError as error:
            return Available(None, str(error))
        return Available(told["there"], told["why"])

    async def check(self, choice: DeployerChoice) -> list[str]:
        wanted = [[KEYED], [PLAIN]]
        return [] if choice.settings.get("program") in wanted else [f'Set "program" to one of {wanted}.']

    async def _call(self, method: str, path: str, told: Any = None) -> Any:
        try:
            async with self._session.request(method, self._url + path, json=told, timeout=PATIENCE) as response:
                if response.status == HTTPStatus.CONFLICT:
                    raise DeployerError((await response.json())["why"], ended=True)
                return await response.json() if response.content_type == "application/json" else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeployerError(f"The target can't be asked: {error}.", ended=False) from error


def _started(run: Any) -> Started:
    return Started(ref=f"run-{run['number']}")
