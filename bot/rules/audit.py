"""The record: append-only entries, each chained to the one before, so that nothing can be changed or removed unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.rules.people import PersonId, Surface
from bot.rules.release import ReleaseId

if TYPE_CHECKING:
    from collections.abc import Iterable


GENESIS = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What is to be put on the record: who, what, when, on which candidate, through which surface."""

    verb: str
    by: PersonId
    surface: Surface
    at: datetime
    release: ReleaseId | None = None
    candidate: str | None = None
    subject: str = ""
    """What else it is about: `D-40`, `F-3`, an item's key."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Anything else worth keeping, as JSON."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record, with its place in the chain."""

    number: int
    happened: Happened
    previous: str
    digest: str


def digest(number: int, happened: Happened, previous: str) -> str:
    """The entry's SHA-256, over everything it says, its number and the digest before it."""
    told = {
        "number": number,
        "verb": happened.verb,
        "by": happened.by,
        "surface": happened.surface,
        "at": happened.at.isoformat(),
        "release": happened.release,
        "candidate": happened.candidate,
        "subject": happened.subject,
        "detail": dict(happened.detail),
        "previous": previous,
    }
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def chained(happened: Happened, last: Entry | None) -> Entry:
    """The next line of the record."""
    number, previous = (last.number + 1, last.digest) if last else (1, GENESIS)
    return Entry(number, happened, previous, digest(number, happened, previous))


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain is broken first, and how."""

    number: int
    how: str


def out_of_place(entry: Entry, last: Entry | None) -> Broken | None:
    """What is wrong with this entry as the one that follows `last` (None: as the first); None if nothing is."""
    expected, previous = (last.number + 1, last.digest) if last else (1, GENESIS)
    if entry.number != expected:
        return Broken(expected, f"entry {expected} is missing; entry {entry.number} stands in its place")
    if entry.previous != previous:
        return Broken(entry.number, "it is not chained to the entry before it, which was changed or removed")
    if entry.digest != digest(entry.number, entry.happened, entry.previous):
        return Broken(entry.number, "what it says is not what was written")
    return None


def first_break(entries: Iterable[Entry]) -> Broken | None:
    """The first entry that is missing, out of place or changed, reading from the start. None: all is as written."""
    last: Entry | None = None
    for entry in entries:
        broken = out_of_place(entry, last)
        if broken is not None:
            return broken
        last = entry
    return None
