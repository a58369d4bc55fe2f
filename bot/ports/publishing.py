"""Publishing: what is said where the code lives, of versions that are out and of runs that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.ports.code import Changes
from bot.rules.mark import MarkState
from bot.rules.protected_run import Question


class PublisherError(Exception):
    """The code host did not take it; the message says why, for people.

    `later`: it could not be asked just now, and nobody has to do anything. Else somebody has to.
    """

    def __init__(self, message: str, *, later: bool = False) -> None:
        super().__init__(message)
        self.later = later


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag that is there: the commit that it names, and the page that it leads to. `commit` None: it names none."""

    commit: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What is published about a version."""

    tag: str
    commit: str
    title: str
    about: str
    """What it gives to customers, in the words of whoever planned it. Nobody's markup."""
    changes: Changes | None
    """What came with it; None where there is nothing to compare with, or it could not be read."""
    since: str = ""
    """The version that they are counted from."""
    preliminary: bool = False
    """Whether its number says that it is not yet the real one (`2.4.0-rc.1`)."""


class Publisher(Protocol):
    """Marks at the code host what is out."""

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Tagged:
        """The tag of that name. It is made where there is none; one that is there is never moved.

        PublisherError if it can't be made. Asked again, it finds what it made, also where the answer got lost.
        """
        ...

    async def published(self, repository: str, tag: str) -> str | None:
        """The page of the release that belongs to that tag, whoever published it; None if there is none."""
        ...

    async def publish(self, repository: str, notes: Notes) -> str:
        """Publish a release, and the page that it is on; where there is one by now, it stays as it is."""
        ...


class ProtectionRules(Protocol):
    """Where workflows at the code host wait for our word."""

    async def answer(self, question: Question, *, approved: bool, comment: str) -> bool:
        """Let it go on, or stop it; `comment` is nobody's markup. False: nobody waits for that any more.

        PublisherError if it can't be said.
        """
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands beside a commit: whose word it is (`slipway/payments/production`), the word, why, and a link."""

    context: str
    state: MarkState
    sentence: str
    url: str


class Marks(Protocol):
    """What stands beside the commits of open pull requests. PublisherError where it can't be read or written."""

    async def open_heads(self, repository: str, branch: str) -> tuple[str, ...]:
        """The newest commit of each open pull request against that branch; of very many, those changed last."""
        ...

    async def marked(self, repository: str, commit: str) -> Mapping[str, Mark]:
        """Of each context what was written last, whoever wrote it."""
        ...

    async def mark(self, repository: str, commit: str, mark: Mark) -> None:
        """Write it; what was there of that context counts no more."""
        ...
