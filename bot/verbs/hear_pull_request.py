"""Hear a pull request: it has a commit that it did not have before, at which what Slipway has to say is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PullRequestMoved:
    """An open pull request has a commit that it didn't have before."""

    repository: str
    """As the code host calls it: where it is to be merged."""
    number: int
    commit: str
    """The newest one, which it asks to merge: a full SHA, lower case."""
    branch: str
    """What it is to be merged into."""


class HearPullRequest(Protocol):
    """Whoever wants to know. A hint, like every webhook: heard twice, late or never, it must do no harm."""

    async def __call__(self, moved: PullRequestMoved) -> None:
        """One has moved."""
        ...
