"""Changes: how the page and the tests learn that something in the workspace is different now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Self

ChangeKind = Literal[
    "message_posted",
    "message_changed",
    "message_deleted",
    "home",
    "modal",
    "notice",
    "people",
    "channels",
    "groups",
    "draft",
]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, and for whom: `user` is None where everybody may see it, `channel` where it is not about one."""

    kind: ChangeKind
    user: str | None = None
    channel: str | None = None
    ts: str | None = None
    view_id: str | None = None


class Subscription:
    """The changes since somebody began to listen, one after the other, for ever."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Change] = asyncio.Queue()

    def put(self, change: Change) -> None:
        """Hand over one change."""
        self._queue.put_nowait(change)

    async def next(self) -> Change:
        """Wait for the next change."""
        return await self._queue.get()

    def drain(self) -> list[Change]:
        """Take everything that has come in already, without waiting."""
        taken = []
        while not self._queue.empty():
            taken.append(self._queue.get_nowait())
        return taken

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        return await self.next()


class Changes:
    """Everybody who listens."""

    def __init__(self) -> None:
        self._listeners: set[Subscription] = set()

    def tell(self, change: Change) -> None:
        """Tell every listener."""
        for listener in self._listeners:
            listener.put(change)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        """Listen for as long as the block runs."""
        listener = Subscription()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def until(self, condition: Callable[[], bool], *, within: float = 5.0, what: str = "") -> None:
        """Wait until the condition holds; it is looked at again after every change."""
        async with self.subscribe() as changes:
            deadline = asyncio.get_running_loop().time() + within
            while not condition():
                remaining = deadline - asyncio.get_running_loop().time()
                try:
                    await asyncio.wait_for(changes.next(), max(remaining, 0))
                except TimeoutError:
                    sentence = f"Waited {within:g} s in vain{': ' + what if what else ''}."
                    raise AssertionError(sentence) from None
