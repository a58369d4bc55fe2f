"""Name the culprits: say which commits are to blame for what was rolled back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.name_culprits import NameCulprits
from handlers.answer import Answer
from handlers.parsing.commands import Blame
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.vetoes import culprits_named


@dataclass(frozen=True, slots=True)
class Blaming:
    """By word."""

    talk: Talk
    name_culprits: NameCulprits

    async def typed(self, command: Blame, request: Request, by: Actor, answer: Answer) -> None:
        """Name them; the threads concerned tell everybody."""
        outcome = await self.name_culprits(command.veto, command.commits, command.reason, by=by)
        await self.talk.show(outcome, culprits_named, request, by, answer)
