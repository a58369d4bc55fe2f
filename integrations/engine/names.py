"""How durable work is called in the engine's tables. What is written there outlives the process: change with care."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ports import Work

APPLICATION = "slipway"
"""Whose rows they are: another program's in the same database are left alone."""

FORM = "1"
"""The form of our workflows' code. Work that goes on belongs to its form: to another form, nobody would follow it.

So it stays as it is, and a workflow that must change asks `DBOS.patch_async` which way it began.
"""

QUEUE = "slipway"
FOLLOW = "follow"
TICK = "tick"
CONTROL = "control"
"""The topic on which durable work listens while it waits."""

POLL_STARTS = timedelta(seconds=0.2)
"""How often the queue is looked at: until then, what was committed waits to begin."""

POLL_WORDS = timedelta(seconds=0.25)
"""How often a SQLite file is looked at for words to work that waits. PostgreSQL says so by itself."""


def id_of(work: Work | str, key: int, life: int = 1) -> str:
    """The name of one piece of work. Its later lives carry their number: `follow-deployment:40/2`."""
    name = f"{work}:{key}"
    return name if life == 1 else f"{name}/{life}"


def root_of(workflow_id: str) -> str:
    """What all lives of one piece of work have in common."""
    return workflow_id.partition("/")[0]


def tick_id(key: str, local: datetime) -> str:
    """The name of one tick: by the clock on the wall, so that an hour that comes twice in autumn ticks once."""
    return f"{tick_prefix(key)}{local:%Y-%m-%dT%H:%M:%S}"


def tick_prefix(key: str) -> str:
    """What all ticks of a schedule begin with."""
    return f"tick:{key}:"
