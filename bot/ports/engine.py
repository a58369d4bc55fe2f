"""The engine: work that goes on over crashes, and what is done by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Next:
    """What durable work does next: end, or move again after so long, sooner if it is nudged."""

    done: bool
    after: timedelta = timedelta(0)


DONE = Next(done=True)


def again(after: timedelta) -> Next:
    """Move again after so long, or as soon as somebody nudges."""
    return Next(done=False, after=after)


class Advance(Protocol):
    """One move of durable work. Calling it twice for the same move has the effect of calling it once."""

    async def __call__(self, key: int) -> Next:
        """Look at the facts, do the one thing that is due, say when to look again."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that is done by the clock, once over all replicas."""

    key: str
    cron: str
    timezone: str


class Tick(Protocol):
    """What a schedule does: `due` is the moment it was due, so that a late one can be left out."""

    async def __call__(self, key: str, due: datetime) -> None:
        """Do what that schedule is for."""
        ...
