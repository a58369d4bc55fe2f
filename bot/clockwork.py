"""Clockwork: what is done by the clock: digests, freezes kept in step; at night tidying up and a look at the rules."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ports import Schedule
from bot.rules.policy import Catalogue
from bot.verbs.find_impossible import FindImpossible
from bot.verbs.post_digest import ScheduledDigest
from integrations.database.outbox import Outbox
from integrations.engine import Engine

log = logging.getLogger(__name__)

TIDYING = Schedule("tidying up", "20 3 * * *", "UTC")
IN_STEP = Schedule("freezes in step", "*/15 * * * *", "UTC")
"""How often calendars are read, what recurs comes nearer, and people are reminded of what was rolled back."""

IMPOSSIBLE = "impossible rules"
"""Looked for at night, so that the owners read of it before the day begins."""

KEPT = timedelta(days=120)
"""What was told, noted, said by checks, or followed to its end is forgotten after so long; the record never is.

Longer than the longest freeze, whose notices are noted so that each is told once.
"""


@dataclass(slots=True)
class Clockwork:
    """Does what is due. `engine` is set once it is there."""

    digest: ScheduledDigest
    find_impossible: FindImpossible
    outbox: Outbox
    keep_in_step: Callable[[], Awaitable[None]]
    remind_of_way_back: Callable[[], Awaitable[None]]
    tidy_deployers: Callable[[], Awaitable[int]]
    engine: Engine | None = None

    async def __call__(self, key: str, due: datetime) -> None:
        """Tidy up, look for what is impossible, keep freezes in step and remind of rollbacks, or post a digest."""
        if key == TIDYING.key:
            await self._tidy_up(due)
        elif key == IMPOSSIBLE:
            await self.find_impossible()
        elif key == IN_STEP.key:
            await self.keep_in_step()
            await self.remind_of_way_back()
        else:
            await self.digest(key, due)

    async def _tidy_up(self, due: datetime) -> None:
        told = await self.outbox.prune(due - KEPT)
        followed = await self.engine.prune(due - KEPT) if self.engine is not None else 0
        kept = await self.tidy_deployers()
        log.info(
            "Tidied up: %d sent notices and other notes, %d pieces of work, %d things that deployers kept.",
            told,
            followed,
            kept,
        )


def schedules_of(agreed: Catalogue) -> list[Schedule]:
    """Everything that is done by the clock under this agreement."""
    looking = Schedule(IMPOSSIBLE, "40 5 * * *", agreed.reminders.timezone)
    return [TIDYING, IN_STEP, looking, *(Schedule(each.key, each.cron, each.timezone) for each in agreed.digests)]
