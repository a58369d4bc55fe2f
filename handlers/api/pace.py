"""Pace: how fast one token may ask, so that a script gone wild does not slow down those who wait for an answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.rules.machine_token import MachineTokenId

AT_ONCE = 200
"""So much may be asked at once, after a while of silence."""
A_SECOND = 10
"""So much a second for as long as it pleases."""


@dataclass(slots=True)
class Pace:
    """Counts what each token has asked. Each process counts for itself; there are no more counters than tokens."""

    at_once: int = AT_ONCE
    a_second: float = A_SECOND
    clock: Callable[[], float] = time.monotonic
    _paid_until: dict[MachineTokenId, float] = field(default_factory=dict)
    """When everything that a token has asked so far would have been asked at an even pace."""

    def wait(self, token: MachineTokenId, weight: int = 1) -> int:
        """Count one question. How many seconds it is too early for it, which does not count then; 0 if it is not."""
        now = self.clock()
        until = max(now, self._paid_until.get(token, now)) + weight / self.a_second
        early = until - now - self.at_once / self.a_second
        if early > 0:
            return math.ceil(early)
        self._paid_until[token] = until
        return 0
