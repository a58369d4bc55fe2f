"""Faults: the bad days of a platform, on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

HttpFault = Literal["timeout", "timeout_after_effect", "drop", "drop_after_effect"] | int
"""An HTTP status, or: nothing is answered, or the connection is cut, each before or after the call took effect."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. `error` is Slack's name in an answer that says `ok: false` with HTTP 200."""

    status: HttpFault = 200
    retry_after: int = 1
    error: str = ""


class Faults:
    """What shall go wrong next."""

    def __init__(self, *, drop_sockets: Callable[[], None]) -> None:
        self._calls: dict[str, deque[Fault]] = {}
        self._duplicates = 0
        self._lost_acks = 0
        self._drop_sockets = drop_sockets

    def next(
        self, method: str, *, status: HttpFault = 200, error: str = "", times: int = 1, retry_after: int = 1
    ) -> None:
        """Let the next calls of a method fail ("*" for any method)."""
        fault = Fault(status, retry_after, error)
        self._calls.setdefault(method, deque()).extend([fault] * times)

    def drop_sockets(self) -> None:
        """Cut every Socket Mode connection, without a word."""
        self._drop_sockets()

    def duplicate_next_delivery(self, times: int = 1) -> None:
        """Send the next request or event to the app twice."""
        self._duplicates += times

    def lose_next_ack(self, times: int = 1) -> None:
        """Let the app's next acknowledgement of an event get lost: it is delivered again."""
        self._lost_acks += times

    def clear(self) -> None:
        """Forget what was still to go wrong."""
        self._calls.clear()
        self._duplicates = self._lost_acks = 0

    def take(self, method: str) -> Fault | None:
        """What goes wrong with this call, if anything."""
        for key in (method, "*"):
            if self._calls.get(key):
                return self._calls[key].popleft()
        return None

    def take_duplicate(self) -> bool:
        """Whether this delivery is to be made twice."""
        self._duplicates, due = max(self._duplicates - 1, 0), self._duplicates > 0
        return due

    def take_lost_ack(self) -> bool:
        """Whether this acknowledgement gets lost."""
        self._lost_acks, due = max(self._lost_acks - 1, 0), self._lost_acks > 0
        return due
