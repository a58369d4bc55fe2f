"""Kept: answers that are good for a while; asked for once, however many want them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A small cache. A failure is not kept."""

    def __init__(self, lasting: float, seconds: Callable[[], float]) -> None:
        self._lasting = lasting
        self._seconds = seconds
        self._held: dict[K, tuple[float, V]] = {}
        self._turns: dict[K, asyncio.Lock] = {}
        self._dropped: dict[K, int] = {}

    def peek(self, key: K) -> V | None:
        """What is kept and still good."""
        held = self._held.get(key)
        return held[1] if held is not None and self._seconds() < held[0] else None

    def mark(self, key: K) -> int:
        """To be taken before asking, so that an answer that is outdated on its arrival is not kept."""
        return self._dropped.get(key, 0)

    def put(self, key: K, value: V, mark: int) -> None:
        """Keep this from now on, unless it was said to have changed since the mark was taken."""
        if self.mark(key) == mark:
            self._held[key] = (self._seconds() + self._lasting, value)

    def drop(self, key: K) -> None:
        """It is no longer true; nor is an answer that is under way."""
        self._held.pop(key, None)
        self._dropped[key] = self.mark(key) + 1

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """What is kept, or what asking says."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and self._seconds() < held[0]:
                return held[1]
            mark = self.mark(key)
            value = await ask()
            self.put(key, value, mark)
            return value
