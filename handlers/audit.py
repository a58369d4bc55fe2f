"""Audit: the evidence file of one release, in a private message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.rules.people import Actor, PersonId
from bot.rules.sentence import Refused
from bot.verbs.audit import Evidence
from handlers.answer import Answer
from handlers.parsing.commands import ShowEvidence
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import handed_over

HandOver = Callable[[PersonId, str, str], Awaitable[None]]
"""Gives a file to one person: whom, its name, its text."""


@dataclass(frozen=True, slots=True)
class Proving:
    """By word."""

    talk: Talk
    evidence: Evidence
    hand_over: HandOver

    async def typed(self, command: ShowEvidence, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Hand it over."""
        release = await self.talk.which(command.release, answer)
        if release is None:
            return
        file = await self.evidence(release)
        if isinstance(file, Refused):
            await self.talk.refuse(file, answer)
        else:
            await self.hand_over(by.id, file.name, file.text)
            await answer.private(**handed_over(file.name))
