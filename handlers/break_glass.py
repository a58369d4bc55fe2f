"""Break the glass: see what would be broken, and with the command that this ends with, do it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.break_glass import BreakGlass
from handlers.answer import Answer
from handlers.parsing.commands import GoPastTheGate
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.reviews import broke, glass


@dataclass(frozen=True, slots=True)
class Breaking:
    """By word alone: nobody breaks the glass by a slip of the finger."""

    talk: Talk
    break_glass: BreakGlass

    async def typed(self, command: GoPastTheGate, request: Request, by: Actor, answer: Answer) -> None:
        """Show it, or do it."""
        release = await self.talk.which(command.release, answer)
        if release is None:
            return
        if command.confirmed:
            done = await self.break_glass(release, command.environment, command.reason, by=by)
            await self.talk.show(done, broke, request, by, answer, release=release)
        else:
            looked = await self.break_glass.look(release, command.environment, command.reason, by=by)
            await self.talk.show(looked, glass, request, by, answer, release=release)
