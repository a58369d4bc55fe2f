"""Decide an exception: grant what was asked of a freeze, or refuse it and say why."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused
from bot.verbs.decide_exception import DecideException
from handlers.answer import Answer
from handlers.buttons import OnException
from handlers.parsing.commands import GrantException, RefuseException
from handlers.request import Request
from handlers.talk import AT_HOME, UNSEEN, Talk
from handlers.views.exceptions import decided, refuse_form


@dataclass(frozen=True, slots=True)
class Deciding:
    """By the buttons of the private message or of App Home, or by word."""

    talk: Talk
    decide: DecideException

    async def granted(self, command: GrantException, request: Request, by: Actor, answer: Answer) -> None:
        """Grant it as it stands now."""
        outcome = await self.decide(command.exception, None, command.answer, granted=True, by=by)
        await self.talk.show(outcome, decided, request, by, answer)

    async def refused(self, command: RefuseException, request: Request, by: Actor, answer: Answer) -> None:
        """Refuse it as it stands now."""
        outcome = await self.decide(command.exception, None, command.reason, granted=False, by=by)
        await self.talk.show(outcome, decided, request, by, answer)

    async def pressed_grant(self, request: Request, by: Actor, answer: Answer) -> None:
        """Grant what was on the screen, if it is that still."""
        on = await self._seen(request.value, answer)
        if on is not None:
            outcome = await self.decide(on.exception, on.revision, "", granted=True, by=by)
            await self.talk.show(outcome, decided, request, by, answer)

    async def pressed_refuse(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Ask for the reason. The form carries on what was on the screen."""
        on = await self._seen(request.value, answer)
        if on is None:
            return
        found = await self.decide.look(on.exception)
        if isinstance(found, Refused):
            await self.talk.refuse(found, answer)
            return
        view = refuse_form(found, on)
        if request.view_type == "home":
            view["private_metadata"] += AT_HOME
        await answer.open_modal(view)

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Refuse what was on the screen, if it is that still."""
        on = await self._seen(request.metadata, answer)
        if on is not None:
            outcome = await self.decide(on.exception, on.revision, request.input("reason"), granted=False, by=by)
            await self.talk.show(outcome, decided, request, by, answer)

    async def _seen(self, value: str, answer: Answer) -> OnException | None:
        """What a button or a form carries. Without a revision, nobody knows what was on the screen."""
        on = await self.talk.carried(value, OnException, answer)
        if on is not None and on.revision is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return None
        return on
