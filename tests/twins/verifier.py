"""A twin of the verifier: what each environment serves is what a test says it serves."""

from __future__ import annotations

from bot.ports import Served
from bot.rules.deployment import Deployment
from bot.rules.policy import Environment, EnvironmentName


class FakeVerifier:
    """Sees what a test put there."""

    def __init__(self) -> None:
        self._serves: dict[EnvironmentName, str] = {}
        self._problems: dict[EnvironmentName, str] = {}
        self._unwell: dict[str, str] = {}

    def serves(self, environment: EnvironmentName, version: str) -> None:
        """From now on that environment serves this."""
        self._serves[environment] = version
        self._problems.pop(environment, None)

    def is_down(self, environment: EnvironmentName, problem: str) -> None:
        """From now on that environment can't be read."""
        self._problems[environment] = problem

    def is_unwell(self, address: str, why: str) -> None:
        """From now on that address answers with trouble."""
        self._unwell[address] = why

    def is_well(self, address: str) -> None:
        """From now on all is well there again."""
        self._unwell.pop(address, None)

    def sees(self, deployment: Deployment) -> None:
        """A deployment has brought its commit; made for `FakeTarget.on_success`."""
        self.serves(deployment.order.environment, deployment.order.candidate.commit)

    async def served(self, environment: Environment) -> Served:
        if environment.verification is None:
            return Served(None, f"The catalogue names no address where {environment.name} tells its version.")
        if environment.name in self._problems:
            return Served(None, self._problems[environment.name])
        if environment.name not in self._serves:
            return Served(None, f"Nothing answers for {environment.name}.")
        return Served(self._serves[environment.name])

    async def unhealthy(self, address: str) -> str:
        return self._unwell.get(address, "")
