"""Roll back: look at the way back and confirm it with one button; or at once, with `now`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused, Repeated
from bot.verbs.roll_back import RollBack
from handlers.answer import Answer
from handlers.buttons import OnService
from handlers.parsing.commands import GoBack
from handlers.request import Request
from handlers.talk import UNSEEN, Talk
from handlers.views.way_back import rolling_back, way_back


@dataclass(frozen=True, slots=True)
class RollingBack:
    """By word and button, or by word alone."""

    talk: Talk
    roll_back: RollBack

    async def typed(self, command: GoBack, request: Request, by: Actor, answer: Answer) -> None:
        """Show the way back, or take it at once."""
        if command.now:
            outcome = await self.roll_back(
                command.service, command.environment, command.wanted, None, command.reason, by=by
            )
            await self.talk.show(outcome, rolling_back, request, by, answer)
        else:
            await self._look(OnService(command.service, command.environment, None, command.wanted), command, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Show the way back from what the card shows."""
        on = await self.talk.carried(request.value, OnService, answer)
        if on is not None:
            await self._look(on, None, by, answer)

    async def confirmed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Take it, if what was on the screen still stands there. The question is replaced by its answer."""
        on = await self.talk.carried(request.value, OnService, answer)
        if on is None:
            return
        if on.standing is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return
        outcome = await self.roll_back(on.service, on.environment, on.wanted, on.standing, on.reason or "", by=by)
        if isinstance(outcome, Refused):
            await self.talk.refuse(outcome, answer)
            if outcome.stale:
                await self._look(OnService(on.service, on.environment), None, by, answer)
        elif not isinstance(outcome, Repeated):
            await answer.replace(**rolling_back(outcome, self.talk.pen()))

    async def _look(self, on: OnService, command: GoBack | None, by: Actor, answer: Answer) -> None:
        outcome = await self.roll_back.preview(on.service, on.environment, on.wanted, by=by)
        if isinstance(outcome, Refused):
            await self.talk.refuse(outcome, answer)
        else:
            await answer.private(**way_back(outcome, self.talk.pen(), command.reason if command else on.reason or ""))
