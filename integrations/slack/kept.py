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

    def put(self, key: K, value: V) -> None:
        """Keep this from now on."""
        self._held[key] = (self._seconds() + self._lasting, value)

    def drop(self, key: K) -> None:
        """It is no longer true; nor is an answer that is under way."""
        self._held.pop(key, None)
        self._dropped[key] = self._dropped.get(key, 0) + 1

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """What is kept, or what asking says."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and self._seconds() < held[0]:
                return held[1]
            before = self._dropped.get(key, 0)
            value = await ask()
            if self._dropped.get(key, 0) == before:
                self.put(key, value)
            return value
