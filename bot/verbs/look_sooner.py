"""Look sooner: somebody hints that a target has moved on, and whoever follows that deployment asks it at once.

A hint is no fact: what the target says when it is asked decides. A hint that is late, repeated or wrong costs one look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.ports import Records, Work
from bot.rules.deployment import Deployment

MOST = 1000
"""More deployments than are ever on their way at once: each holds an environment."""

_KEY = re.compile(r"\b(D-\d{1,9})-[0-9a-f]{8}\b")


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of the target's work that has moved on."""

    ref: str
    """How the target calls it."""
    words: str = ""
    """Where the deployment's key may stand (`D-40-1f3a90c2`), as long as we don't know how the target calls it."""


@dataclass(frozen=True, slots=True)
class LookSooner:
    """Wake whoever follows what is meant."""

    records: Records

    async def __call__(self, hint: Hint) -> tuple[Deployment, ...]:
        """The deployments that are looked at now; none if the work is nobody's here, or is over."""
        async with self.records.read() as reading:
            on_their_way = await reading.deployments(holding_only=True, limit=MOST)
        meant = tuple(each for each in on_their_way if _means(hint, each))
        if meant:
            async with self.records.open() as page:
                for each in meant:
                    await page.nudge(Work.FOLLOW_DEPLOYMENT, each.id, "heard")
                await page.commit()
        return meant


def _means(hint: Hint, deployment: Deployment) -> bool:
    known = deployment.target_ref
    if known is not None and known == hint.ref:
        return True
    return (known is None or _KEY.fullmatch(known) is not None) and deployment.name in _KEY.findall(hint.words)
