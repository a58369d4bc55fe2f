"""Freeze: declare, see, end and extend windows in which nothing is deployed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Clock, Records
from bot.rules.freeze import Window
from bot.rules.people import Actor
from bot.verbs.freeze import EndFreeze, ExtendFreeze, StartFreeze
from handlers.answer import Answer
from handlers.parsing.commands import DeclareFreeze, ListFreezes, Prolong, Thaw
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.freezes import declared, ended, freeze_list, prolonged


@dataclass(frozen=True, slots=True)
class Freezing:
    """By word."""

    talk: Talk
    records: Records
    start: StartFreeze
    end: EndFreeze
    extend: ExtendFreeze
    now: Clock

    async def declared(self, command: DeclareFreeze, request: Request, by: Actor, answer: Answer) -> None:
        """Declare one."""
        now = self.now()
        window = Window(
            command.since or now,
            command.until,
            command.reason,
            command.environments,
            command.services,
            command.change_types,
            command.hard,
        )
        outcome = await self.start(window, by=by)
        await self.talk.show(outcome, lambda freeze, pen: declared(freeze, now, pen), request, by, answer)

    async def listed(self, command: ListFreezes, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Show what is in force and ahead."""
        now = self.now()
        async with self.records.read() as page:
            freezes = await page.freezes(not_over_at=now)
            first = min((each.declared_at for each in freezes), default=now)
            exceptions = await page.exceptions(since=first)
        await answer.private(**freeze_list(freezes, now, self.talk.pen(), exceptions))

    async def ended(self, command: Thaw, request: Request, by: Actor, answer: Answer) -> None:
        """End one now."""
        outcome = await self.end(command.freeze, by=by)
        await self.talk.show(outcome, lambda freeze, _: ended(freeze), request, by, answer)

    async def extended(self, command: Prolong, request: Request, by: Actor, answer: Answer) -> None:
        """Move one's end."""
        outcome = await self.extend(command.freeze, command.until, by=by)
        await self.talk.show(outcome, lambda freeze, _: prolonged(freeze), request, by, answer)
