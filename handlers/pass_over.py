"""Pass over: let those who wait behind go first."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.pass_over import PassOver
from handlers.answer import Answer
from handlers.parsing.commands import LetPass
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.deployments import passed


@dataclass(frozen=True, slots=True)
class Passing:
    """By word."""

    talk: Talk
    pass_over: PassOver

    async def typed(self, command: LetPass, request: Request, by: Actor, answer: Answer) -> None:
        """To the end of the line."""
        outcome = await self.pass_over(command.deployment, by=by)
        await self.talk.show(outcome, lambda deployment, _: passed(deployment), request, by, answer)
