"""Repeats: deliveries of one event that come again. Only what was served counts; until then the next one waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

_KEPT = timedelta(minutes=15)
"""Slack's last retry comes about five minutes after the first delivery."""


@dataclass(slots=True)
class _Delivery:
    at: float
    served: bool = True
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Repeats:
    """Remembers for a while what was served. A shortcut: what must not happen twice is kept by the records."""

    def __init__(self, kept: timedelta = _KEPT) -> None:
        self._kept = kept.total_seconds()
        self._seen: dict[str, _Delivery] = {}

    @asynccontextmanager
    async def first(self, intent: str) -> AsyncIterator[bool]:
        """Whether this delivery must be served: True for the first, and for the next after one that failed."""
        self._drop_old()
        delivery = self._seen.get(intent)
        if delivery is None:
            delivery = self._seen[intent] = _Delivery(time.monotonic(), served=False)
        async with delivery.turn:
            if delivery.served:
                yield False
                return
            delivery.served = True
            try:
                yield True
            except BaseException:
                delivery.served = False
                raise

    def forget(self, intent: str) -> None:
        """It wasn't served after all."""
        self._seen[intent].served = False

    def _drop_old(self) -> None:
        """Oldest first: a dict keeps the order in which it was filled."""
        end = time.monotonic() - self._kept
        for intent in [each for each, delivery in self._seen.items() if delivery.at < end]:
            del self._seen[intent]
