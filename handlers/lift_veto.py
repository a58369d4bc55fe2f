"""Lift a veto: let what was rolled back come again."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.lift_veto import LiftVeto
from handlers.answer import Answer
from handlers.parsing.commands import LetBack
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.vetoes import lifted


@dataclass(frozen=True, slots=True)
class Lifting:
    """By word."""

    talk: Talk
    lift_veto: LiftVeto

    async def typed(self, command: LetBack, request: Request, by: Actor, answer: Answer) -> None:
        """Lift it; the threads concerned tell everybody."""
        outcome = await self.lift_veto(command.veto, command.mend, command.reason, by=by)
        await self.talk.show(outcome, lifted, request, by, answer)
