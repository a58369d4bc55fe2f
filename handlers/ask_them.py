"""Ask them: the button beside what blocks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused
from bot.verbs.ask_them import AskThem
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.request import Request
from handlers.talk import UNSEEN, Talk
from handlers.views.wanted import called


@dataclass(frozen=True, slots=True)
class Nudging:
    """By button alone: beside one blocker, or on the card for all of an environment's."""

    talk: Talk
    ask: AskThem

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Ask those who can lift what the button stands beside; on the card, all that blocks."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is None:
            return
        if on.environment is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return
        outcome = await self.ask(on.release, on.environment, on.item, by=by)
        await self.talk.show(outcome, called, request, by, answer, release=on.release)
