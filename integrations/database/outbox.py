"""The outbox as its sender sees it: parcels to take under a lease, lane by lane in order, and where messages stand.

`Outbox` works on the same tables as the pages, in short transactions of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from bot.notices import Notice
from integrations.database.errors import in_our_words
from integrations.database.notices import Unreadable, read
from integrations.database.rows import anchors, outbox
from integrations.database.rows.anchors import Anchor
from integrations.database.rows.outbox import Depth, GivenUp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from integrations.database.engine import Engines

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice, taken by one sender until its lease ends. `attempts` counts this one too."""

    id: int
    lane: str
    living: str | None
    notice: Notice | Unreadable
    created_at: datetime
    attempts: int
    owner: str
    claimed_at: datetime
    claimed_until: datetime


class Outbox:
    """What waits to be told, for senders in any number of replicas."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def claim(self, now: datetime, owner: str, lease: timedelta, limit: int) -> list[Parcel]:
        """Take what may be sent now: of each lane the oldest only, if it is due and nobody has it.

        A lane whose oldest parcel waits for its moment, or is with another sender, waits behind it. A parcel whose
        lease has ended without a word is taken again: its sender is thought dead.
        """
        # Looked at first without the lock of a writer, which an idle sender would take from the others all day.
        if not await self._in(self._engines.reading, outbox.heads, now, 1):
            return []
        rows = await self._in(self._engines.writing, outbox.claim, now, owner, now + lease, limit)
        return [
            Parcel(
                id=row.id,
                lane=row.lane,
                living=row.living,
                notice=read(row.kind, row.body),
                created_at=row.created_at,
                attempts=row.attempts + 1,
                owner=owner,
                claimed_at=now,
                claimed_until=now + lease,
            )
            for row in rows
        ]

    async def sent(self, parcel: Parcel, now: datetime) -> None:
        """It has arrived. That is so even if its lease has ended in the meantime."""
        await self._in(self._engines.writing, outbox.sent, parcel.id, now)

    async def later(self, parcel: Parcel, until: datetime, error: str) -> bool:
        """It could not be sent, and is to be tried again at that moment. False if it is no longer this sender's."""
        return await self._in(self._engines.writing, outbox.later, _claim(parcel), until, error)

    async def drop(self, parcel: Parcel, reason: str) -> bool:
        """It can't ever be sent: it stays in the table as given up. False if it is no longer this sender's."""
        return await self._in(self._engines.writing, outbox.drop, _claim(parcel), parcel.claimed_at, reason)

    async def free(self, owner: str) -> int:
        """That sender is dead: what it held may be taken at once, and not only when its lease ends. How much it was.

        It may have been sent already: whoever takes it looks first, as after any lease that has ended.
        """
        return await self._in(self._engines.writing, outbox.free, owner)

    async def next_moment(self) -> datetime | None:
        """The first moment at which something may become due that is held back now; None if nothing is."""
        return await self._in(self._engines.reading, outbox.next_moment)

    async def depth(self) -> Depth:
        """How much waits, and how much was given up."""
        return await self._in(self._engines.reading, outbox.depth)

    async def given_up(self, limit: int = 50) -> list[GivenUp]:
        """What was given up and why, newest first."""
        return await self._in(self._engines.reading, outbox.given_up, limit)

    async def prune(self, before: datetime) -> int:
        """Forget what was sent, noted and said by checks before that moment; how many rows that was."""
        return await self._in(self._engines.writing, outbox.prune, before)

    async def anchor(self, name: str) -> Anchor | None:
        """Where this living message stands; None if it was never posted, or was forgotten."""
        return await self._in(self._engines.reading, anchors.one, name)

    async def keep_anchor(self, name: str, channel: str, ts: str, body_digest: str, now: datetime) -> None:
        """This living message stands there now, with that content."""
        await self._in(self._engines.writing, anchors.keep, Anchor(name, channel, ts, body_digest, now))

    async def forget_anchor(self, name: str) -> None:
        """This living message is gone; drawing it again posts it anew."""
        await self._in(self._engines.writing, anchors.forget, name)

    @staticmethod
    async def _in(
        engine: AsyncEngine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with in_our_words():
            async with engine.begin() as connection:
                return await connection.run_sync(work, *args, **kwargs)


def _claim(parcel: Parcel) -> outbox.Claim:
    return outbox.Claim(parcel.id, parcel.owner, parcel.claimed_until)
