"""Hear a target: what a target says of a deployment by itself is kept, and whoever follows that deployment looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.ports import Agreed, Delivery, Deployers, HearsItsTarget, Records, Work
from bot.rules.deployment import Deployment, DeploymentId
from bot.rules.policy import Environment
from bot.rules.sentence import Refused, refuse

News: TypeAlias = bool
"""Whether it changed anything: not so where the deployment is over, or something newer is known."""


@dataclass(frozen=True, slots=True)
class HearTarget:
    """Hear one word of a target."""

    records: Records
    deployers: Deployers
    agreed: Agreed

    async def __call__(self, number: DeploymentId, delivery: Delivery) -> News | Refused:
        """Keep what it says. NotGenuineError, or UnreadableError, as the deployer finds.

        What it says ends no deployment by itself: the deployer reads it when it is asked how far the target is, so
        that a word and a look are one road. Saying it twice is saying it once, so this needs no intent.
        """
        async with self.records.read() as reading:
            seen = await reading.deployment(number)
        environment = self._environment(seen)
        deployer = self.deployers.get(environment.deployer.kind) if environment else None
        if seen is None or environment is None or not isinstance(deployer, HearsItsTarget):
            return _NOBODY_HEARS
        heard = deployer.hear(delivery, seen, environment)
        async with self.records.open() as page:
            there = await page.deployment(number)
            assert there is not None, "deployments are never deleted"
            if there.over or not heard.supersedes(there.heard):
                return False
            await page.keep_deployment(replace(there, heard=heard))
            await page.nudge(Work.FOLLOW_DEPLOYMENT, number, "heard")
            await page.commit()
        return True

    def _environment(self, deployment: Deployment | None) -> Environment | None:
        service = self.agreed().services.get(deployment.order.service) if deployment else None
        return service.environment(deployment.order.environment) if service and deployment else None


_NOBODY_HEARS = refuse("There is no deployment of that number whose target tells of it by itself.")
