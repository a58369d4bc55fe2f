"""Token: make, see and revoke one's own, privately."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Clock, Records
from bot.rules.people import Actor
from bot.verbs.make_token import MakeToken
from bot.verbs.revoke_token import RevokeToken
from handlers.answer import Answer
from handlers.parsing.commands import AskToken, DropToken, ListTokens
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.tokens import handed_over, listed, revoked


@dataclass(frozen=True, slots=True)
class Tokens:
    """By word."""

    talk: Talk
    records: Records
    make: MakeToken
    revoke: RevokeToken
    now: Clock

    async def asked(self, command: AskToken, request: Request, by: Actor, answer: Answer) -> None:
        """Make one, and tell it to whoever asked, once."""
        outcome = await self.make(command.until, by=by)
        await self.talk.show(outcome, handed_over, request, by, answer)

    async def listed(self, command: ListTokens, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Show one's own."""
        async with self.records.read() as page:
            tokens = await page.tokens(person=by.id)
        await answer.private(**listed(tokens, self.now(), self.talk.pen()))

    async def dropped(self, command: DropToken, request: Request, by: Actor, answer: Answer) -> None:
        """Revoke one."""
        outcome = await self.revoke(command.token, by=by)
        await self.talk.show(outcome, lambda token, _: revoked(token), request, by, answer)
