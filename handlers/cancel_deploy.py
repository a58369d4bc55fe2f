"""Cancel a deployment: ask the target to stop."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.cancel_deploy import CancelDeploy
from handlers.answer import Answer
from handlers.parsing.commands import StopDeploy
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.deployments import stopping


@dataclass(frozen=True, slots=True)
class Stopping:
    """By word."""

    talk: Talk
    cancel: CancelDeploy

    async def typed(self, command: StopDeploy, request: Request, by: Actor, answer: Answer) -> None:
        """Ask for its end."""
        outcome = await self.cancel(command.deployment, by=by)
        await self.talk.show(outcome, lambda deployment, _: stopping(deployment), request, by, answer)
