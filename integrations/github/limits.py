"""Limits: how much GitHub lets us ask, by what it says beside each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

PATIENCE = timedelta(seconds=10)
"""How long a request waits by itself; where it would be longer, whoever asked is told."""
UNSAID = timedelta(minutes=1)
"""How long to be quiet where GitHub says that it was too much, but not for how long."""
_SIGNS = ("rate limit", "abuse")


class Limits:
    """The limits of one token. They are GitHub's own counts, so what it doesn't count costs nothing here either."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._remaining: int | None = None
        self._again: datetime | None = None
        self._quiet: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """Until when nothing may be asked; None if it may be now."""
        spent = self._again if self._remaining == 0 else None
        waits = [each for each in (spent, self._quiet) if each is not None and each > self._now()]
        return max(waits, default=None)

    def note(self, headers: Mapping[str, str]) -> None:
        """Read what an answer tells of what is left."""
        remaining, again = _number(headers, "x-ratelimit-remaining"), _number(headers, "x-ratelimit-reset")
        if remaining is not None and again is not None:
            self._remaining, self._again = remaining, _moment(again)

    def too_much(self, status: int, headers: Mapping[str, str], reason: str) -> datetime | None:
        """Until when to be quiet, if this refusal means that it was too much; None if it means something else."""
        spent = _number(headers, "x-ratelimit-remaining") == 0
        wait = _number(headers, "retry-after")
        about_limits = spent or wait is not None or any(sign in reason.lower() for sign in _SIGNS)
        if status not in {403, 429} or not (about_limits or status == 429):
            return None
        again = _number(headers, "x-ratelimit-reset")
        if wait is not None:
            self._quiet = self._now() + timedelta(seconds=min(max(wait, 0), 24 * 3600))
        elif spent and again is not None:
            self._quiet = _moment(again)
        else:
            self._quiet = self._now() + UNSAID
        return self._quiet


def _number(headers: Mapping[str, str], name: str) -> int | None:
    told = headers.get(name, "").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
