"""The exact thing that is proposed, and the seal that ties what people say to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NewType

from bot.rules.people import PersonId

if TYPE_CHECKING:
    from bot.rules.policy import EnvironmentName

Seal = NewType("Seal", str)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit and, where known, the artifact built from it."""

    commit: str
    """The full SHA, lower case, 40 (or 64) hexadecimal digits."""
    artifact: str | None
    """An artifact's digest such as `sha256:…`."""
    ref: str | None
    """The branch or tag that was named, for people; never what is deployed."""
    authors: tuple[str, ...]
    """E-mail addresses or people's ids of those who wrote what it brings."""
    author_ids: frozenset[PersonId]
    """Those of them who are people in the directory."""
    set_by: PersonId
    set_at: datetime
    irreversible: str = ""
    """What of its migrations can't be undone, in the words of whoever proposed it; empty: nothing is known of that."""

    @property
    def identity(self) -> str:
        """Exactly what it is, in one word: the commit, and the artifact where there is one."""
        return f"{self.commit}@{self.artifact}" if self.artifact else self.commit

    @property
    def short(self) -> str:
        """The first seven digits, for people."""
        return self.commit[:7]

    def is_same_as(self, other: Candidate | None) -> bool:
        """Whether this is the same thing: commit and artifact."""
        return other is not None and (self.commit, self.artifact) == (other.commit, other.artifact)


def seal(candidate: Candidate, version: str, environment: EnvironmentName, rules: str) -> Seal:
    """What was on the screen in one short word: candidate, version, environment and rules (`rules_digest`).

    When the candidate was set is part of it: what was voided by another candidate in between stays void.
    """
    at = candidate.set_at.astimezone(UTC).isoformat()
    told = "\n".join((candidate.commit, candidate.artifact or "", at, version, environment, rules))
    return Seal(hashlib.sha256(told.encode()).hexdigest()[:20])


def subject(candidate: Candidate, version: str, environment: EnvironmentName) -> Seal:
    """The same without the rules: what was proposed, and for where. Rules may ask for less and it is still this."""
    return seal(candidate, version, environment, "")
