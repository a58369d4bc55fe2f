"""Limits: how often each method may be called, in Slack's tiers."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

RateLimitSetting = Literal["real", "off"] | Mapping[str, int]
"""Slack's own tiers, none, or calls a minute for some methods (all others are then free)."""

WINDOW = 60.0
TIERS: Mapping[int, int] = {1: 1, 2: 20, 3: 50, 4: 100}
SPECIAL: Mapping[str, int] = {"auth.test": 600, "chat.postMessage": 300, "api.test": 600, "blocks.validate": 600}
# Tier 1 reads "1+ per minute": some bursts pass, as two connections and a restart must.
BURST_OF_TIER_1 = 4
POSTS_A_SECOND_IN_A_CHANNEL = 1
BURST_IN_A_CHANNEL = 5


class RateLimits:
    """Counts the calls of the last minute."""

    def __init__(self, setting: RateLimitSetting, *, clock: Callable[[], float]) -> None:
        self.setting = setting
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}

    def seconds_to_wait(self, method: str, tier: int, *, channel: str = "") -> int:
        """Count this call; 0 if it may go ahead, else how long to wait (it is then not counted)."""
        if self.setting == "off":
            return 0
        if isinstance(self.setting, Mapping):
            return self._wait(method, self.setting[method], WINDOW) if method in self.setting else 0
        allowed = SPECIAL.get(method, BURST_OF_TIER_1 if tier == 1 else TIERS[tier])
        wait = self._wait(method, allowed, WINDOW)
        if not wait and method == "chat.postMessage":
            # About one a second in a channel, with short bursts.
            wait = self._wait(
                f"{method} {channel}", BURST_IN_A_CHANNEL, BURST_IN_A_CHANNEL / POSTS_A_SECOND_IN_A_CHANNEL
            )
        return wait

    def _wait(self, key: str, allowed: int, window: float) -> int:
        moment = self._clock()
        calls = self._calls.setdefault(key, deque())
        while calls and moment - calls[0] >= window:
            calls.popleft()
        if len(calls) < allowed:
            calls.append(moment)
            return 0
        # With nothing allowed at all there is no oldest call to wait for.
        return max(1, math.ceil(calls[0] + window - moment)) if calls else math.ceil(window)
