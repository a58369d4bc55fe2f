"""Approve: put your name to exactly what is on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.approve import Approve
from handlers.answer import Answer
from handlers.parsing.commands import SayYes
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import spoken


@dataclass(frozen=True, slots=True)
class Approving:
    """By button or by word."""

    talk: Talk
    approve: Approve

    async def typed(self, command: SayYes, request: Request, by: Actor, answer: Answer) -> None:
        """Approve what is proposed now."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.approve(release, command.environment, None, command.comment, by=by)
            await self.talk.show(outcome, spoken, request, by, answer, release=release)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Approve what was on the screen, if it is that still."""
        on = await self.talk.sealed(request.value, answer)
        if on is not None:
            outcome = await self.approve(on.release, on.environment, on.seal, by=by)
            await self.talk.show(outcome, spoken, request, by, answer, release=on.release)
