"""Code: commits, what is between them, and what they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class CodeHostError(Exception):
    """The code host could not answer; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What was discussed and merged as one change, by its number at the code host."""

    number: int
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `url` leads to it where the host has pages.

    `irreversible` is what its trailer `Irreversible-Migration:` says; empty: it has none. `pull` is the pull request
    through which it came, where that was asked for and the host knows.
    """

    sha: str
    subject: str
    author_name: str
    author_email: str
    at: datetime
    url: str | None = None
    irreversible: str = ""
    pull: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What lies between two commits. `backwards`: the new one is older, and these are what would be lost.

    `lost` counts what the old one has and the new one doesn't: where both it and `total` are more than nothing and
    it isn't backwards, the two have diverged. `irreversible` are those of all these commits, shown or not, that bring
    a migration that can't be undone; where there was nothing to compare with, at least those of the shown ones.
    """

    commits: tuple[Commit, ...]
    total: int
    backwards: bool = False
    url: str | None = None
    lost: int = 0
    irreversible: tuple[Commit, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The commits that `bad` has and `good` doesn't; of them only `only`, if any are named."""

    good: str
    bad: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """What a commit has of those that are suspected."""

    suspects: int
    """How many are suspected. Merges aren't, unless they are named: what they bring is."""
    carried: tuple[Commit, ...]
    """Those that it has without their revert, newest first, as far as a limit."""
    total: int
    """How many those are."""
    mended: int
    """How many it has together with their revert."""


class CodeHost(Protocol):
    """Where the code lives."""

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        """The commit that a SHA, a prefix of one (7 or more), a branch or a tag names now; None if nothing does."""
        ...

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        """The commits in `new` that `old` doesn't have, newest first; everything of `new` if `old` is None."""
        ...

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        """What that commit has of the suspected ones, and which of them are reverted in it. All SHAs are full.

        A revert says so in its message (`This reverts commit <SHA>`) and comes after what it reverts; that of a merge
        reverts what the merge brought, and a revert of a revert brings back. Where histories run side by side, what
        may have come back counts as carried.
        """
        ...

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of these commits (full SHAs) that it has in its history, or is. An unknown one is not among them."""
        ...

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """The same commits, each with the pull request through which it came, where the host has such.

        Never raises: it is something to read, and nothing depends on it. What can't be learned isn't there.
        """
        ...
