"""Set a candidate: propose another commit."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.set_candidate import SetCandidate
from handlers.answer import Answer
from handlers.parsing.commands import Build
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.lists import candidate_set


@dataclass(frozen=True, slots=True)
class Building:
    """By word."""

    talk: Talk
    set_candidate: SetCandidate

    async def typed(self, command: Build, request: Request, by: Actor, answer: Answer) -> None:
        """Propose it; the answer names what no longer counts."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.set_candidate(release, command.ref, command.artifact, command.irreversible, by=by)
            await self.talk.show(outcome, candidate_set, request, by, answer, release=release)
