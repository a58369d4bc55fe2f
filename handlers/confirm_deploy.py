"""Confirm a deployment: start it, if nothing blocks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.confirm_deploy import Blocked, ConfirmDeploy, Confirmed
from handlers.answer import Answer
from handlers.parsing.commands import StartDeploy
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.blocks import Said
from handlers.views.deployments import blocked, started
from handlers.views.text import Pen


@dataclass(frozen=True, slots=True)
class Confirming:
    """By word alone: starting is always typed."""

    talk: Talk
    confirm: ConfirmDeploy

    async def typed(self, command: StartDeploy, request: Request, by: Actor, answer: Answer) -> None:
        """Start it."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.confirm(release, command.environment, by=by)
            if isinstance(outcome, Blocked):
                await answer.private(**blocked(outcome, self.talk.pen()))
            else:
                await self.talk.show(outcome, _started, request, by, answer, release=release)


def _started(outcome: Confirmed, pen: Pen) -> Said:
    return started(outcome.deployment, pen, outcome.before)
