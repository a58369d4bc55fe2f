"""Keep: say that a deployment which is watched stays."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused
from bot.verbs.keep import Keep
from handlers.answer import Answer
from handlers.buttons import OnDeployment
from handlers.parsing.commands import KeepIt
from handlers.request import Request
from handlers.talk import UNSEEN, Talk
from handlers.views.deployments import kept


@dataclass(frozen=True, slots=True)
class Keeping:
    """By the button under what the watch found, or by word."""

    talk: Talk
    keep: Keep

    async def typed(self, command: KeepIt, request: Request, by: Actor, answer: Answer) -> None:
        """Say so, with a reason."""
        outcome = await self.keep(command.deployment, command.reason, by=by)
        await self.talk.show(outcome, lambda deployment, _: kept(deployment), request, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Say so, if it still stands as it was on the screen."""
        on = await self.talk.carried(request.value, OnDeployment, answer)
        if on is None:
            return
        if on.revision is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return
        outcome = await self.keep(on.deployment, "", on.revision, by=by)
        await self.talk.show(outcome, lambda deployment, _: kept(deployment), request, by, answer)
