"""Tidy deployers: what deployers keep here of deployments that were over long ago is cleared away."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Deployers, Records, Tidies

EVERY_ONE = 10_000
"""More than can be at work at once: each holds an environment of its own."""


@dataclass(frozen=True, slots=True)
class TidyDeployers:
    """Tidy what is kept on this host; on others whoever starts there does."""

    records: Records
    deployers: Deployers

    async def __call__(self) -> int:
        """How much was cleared away."""
        async with self.records.read() as page:
            at_work = await page.deployments(holding_only=True, limit=EVERY_ONE)
        return sum([await each.tidy(at_work) for each in self.deployers.values() if isinstance(each, Tidies)])
