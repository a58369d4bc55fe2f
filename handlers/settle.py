"""Settle: say how a deployment ended that nobody could follow to its end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.settle import SettleDeploy
from handlers.answer import Answer
from handlers.parsing.commands import SettleIt
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.deployments import settled


@dataclass(frozen=True, slots=True)
class Settling:
    """By word."""

    talk: Talk
    settle: SettleDeploy

    async def typed(self, command: SettleIt, request: Request, by: Actor, answer: Answer) -> None:
        """Write down what somebody has seen."""
        outcome = await self.settle(command.deployment, command.reason, succeeded=command.succeeded, by=by)
        await self.talk.show(outcome, lambda deployment, _: settled(deployment), request, by, answer)
