"""About: the release in whose thread a deployment is told."""

from __future__ import annotations

from bot.ports import Reading
from bot.rules.deployment import Deployment, Kind
from bot.rules.release import ReleaseId


async def about(page: Reading, deployment: Deployment) -> ReleaseId:
    """Its own release; a rollback is about the release that it takes back."""
    if deployment.order.kind is Kind.ROLLBACK and deployment.order.replaces is not None:
        replaced = await page.deployment(deployment.order.replaces)
        if replaced is not None:
            return replaced.order.release
    return deployment.order.release
