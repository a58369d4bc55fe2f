"""Lock and unlock: hold a service's environment, and let go of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.lock import LockPlace, Wish
from bot.verbs.unlock import Unlock
from handlers.answer import Answer
from handlers.parsing.commands import LockIt, UnlockIt
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.locks import locked, unlocked


@dataclass(frozen=True, slots=True)
class Locking:
    """By word."""

    talk: Talk
    lock: LockPlace
    unlock: Unlock

    async def locked(self, command: LockIt, request: Request, by: Actor, answer: Answer) -> None:
        """Hold it."""
        wish = Wish(
            command.service, command.environment, command.reason, command.until, command.release, command.take_over
        )
        await self.talk.show(await self.lock(wish, by=by), locked, request, by, answer)

    async def unlocked(self, command: UnlockIt, request: Request, by: Actor, answer: Answer) -> None:
        """Let go of it."""
        outcome = await self.unlock(command.service, command.environment, command.reason, by=by)
        await self.talk.show(outcome, lambda lock, _: unlocked(lock, by.id), request, by, answer)
