"""Pace: how fast Slack may be written to, and what to leave alone for a while because it said so."""

from __future__ import annotations

import time
from dataclasses import dataclass

from aiolimiter import AsyncLimiter


@dataclass(frozen=True, slots=True)
class Speed:
    """So many at once, and then one every so many seconds."""

    burst: float
    seconds_each: float

    def limiter(self) -> AsyncLimiter:
        """A limiter that goes at this speed."""
        return AsyncLimiter(self.burst, self.burst * self.seconds_each)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Slack's own limits: 50 edits a minute in the whole workspace, about one new message a second in a channel."""

    updates: Speed = Speed(burst=10, seconds_each=1.5)
    posts: Speed = Speed(burst=3, seconds_each=1.0)


UNHURRIED = Speeds()
AS_FAST_AS_IT_GOES = Speeds(Speed(10_000, 0.0001), Speed(10_000, 0.0001))
"""For a workspace on this machine."""


class Pace:
    """Keeps to the speeds. A key is what Slack counts by: all edits, or the new messages of one channel."""

    def __init__(self, speeds: Speeds) -> None:
        self._speeds = speeds
        self._limiters: dict[str, AsyncLimiter] = {}
        self._paused: dict[str, float] = {}

    @staticmethod
    def of_updates() -> str:
        """What edits are counted by."""
        return "chat.update"

    @staticmethod
    def of_posts(channel: str) -> str:
        """What new messages are counted by."""
        return f"chat.postMessage {channel}"

    async def turn(self, key: str) -> bool:
        """Wait for a turn; True if that took any time."""
        limiter = self._limiters.get(key)
        if limiter is None:
            speed = self._speeds.updates if key == self.of_updates() else self._speeds.posts
            limiter = self._limiters[key] = speed.limiter()
        waited = not limiter.has_capacity()
        await limiter.acquire()
        return waited

    def pause(self, key: str, seconds: float) -> None:
        """Slack asks to wait so long."""
        self._paused[key] = max(self._paused.get(key, 0.0), time.monotonic() + seconds)

    def paused(self, key: str) -> float:
        """For how many seconds yet Slack wants to be left alone; 0 if it doesn't."""
        left = self._paused.get(key, 0.0) - time.monotonic()
        if left <= 0:
            self._paused.pop(key, None)
            return 0.0
        return left
