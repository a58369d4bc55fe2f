"""Ask for an exception from the freezes in a release's way, or acknowledge them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused
from bot.verbs.except_freeze import ExceptFreeze
from handlers.answer import Answer
from handlers.buttons import OnPlea, OnRelease
from handlers.parsing.commands import AskException
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.exceptions import except_form, pleaded


@dataclass(frozen=True, slots=True)
class Excepting:
    """By button and form, or by word."""

    talk: Talk
    ask: ExceptFreeze

    async def typed(self, command: AskException, request: Request, by: Actor, answer: Answer) -> None:
        """Ask all that are in its way."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.ask(release, command.reason, by=by)
            await self.talk.show(outcome, pleaded, request, by, answer, release=release)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Show what would be asked, and ask for the reason."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is None:
            return
        found = await self.ask.look(on.release)
        if isinstance(found, Refused):
            await self.talk.refuse(found, answer, on.release)
            return
        await answer.open_modal(except_form(found, self.talk.pen()))

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Ask those that were on the screen."""
        on = await self.talk.carried(request.metadata, OnPlea, answer)
        if on is not None:
            outcome = await self.ask(on.release, request.input("reason"), on.numbers, by=by)
            await self.talk.show(outcome, pleaded, request, by, answer, release=on.release)
