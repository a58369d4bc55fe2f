"""Away: say that somebody is away, and who stands in for them; or that they are back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Clock
from bot.rules.absence import Leave
from bot.rules.people import Actor
from bot.verbs.away import ComeBack, GoAway
from handlers.answer import Answer
from handlers.parsing.commands import BeBack, LeaveFor
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import away, back


@dataclass(frozen=True, slots=True)
class Absent:
    """By word."""

    talk: Talk
    go_away: GoAway
    come_back: ComeBack
    now: Clock

    async def left(self, command: LeaveFor, request: Request, by: Actor, answer: Answer) -> None:
        """Be away."""
        leave = Leave(
            command.who or by.id,
            command.since or self.now(),
            command.until,
            command.stand_in,
            frozenset({command.role} if command.role else ()),
            command.reason,
        )
        outcome = await self.go_away(leave, by=by)
        await self.talk.show(outcome, lambda told, _: away(told, by.id), request, by, answer)

    async def returned(self, command: BeBack, request: Request, by: Actor, answer: Answer) -> None:
        """Be back."""
        person = command.who or by.id
        outcome = await self.come_back(person, by=by)
        await self.talk.show(outcome, lambda _told, _pen: back(person, by.id), request, by, answer)
