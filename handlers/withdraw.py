"""Withdraw: take back what you said about the present candidate."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.withdraw import Withdraw
from handlers.answer import Answer
from handlers.parsing.commands import TakeBack
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import withdrawn


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """By button or by word."""

    talk: Talk
    withdraw: Withdraw

    async def typed(self, command: TakeBack, request: Request, by: Actor, answer: Answer) -> None:
        """Take it back."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self.talk.show(await self.withdraw(release, by=by), withdrawn, request, by, answer, release=release)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Take it back."""
        on = await self.talk.sealed(request.value, answer)
        if on is not None:
            await self.talk.show(
                await self.withdraw(on.release, on.seal, by=by), withdrawn, request, by, answer, release=on.release
            )
