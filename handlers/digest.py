"""Digest: show it to whoever asks, or post it in the channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed
from bot.rules.people import Actor
from bot.rules.policy import ChannelId
from bot.verbs.post_digest import PostDigest
from bot.verbs.summaries import Summaries
from handlers.answer import Answer
from handlers.parsing.commands import TellDigest
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import digest_posted
from handlers.views.digest import digest


@dataclass(frozen=True, slots=True)
class Digesting:
    """By word."""

    talk: Talk
    summaries: Summaries
    post: PostDigest
    agreed: Agreed

    async def typed(self, command: TellDigest, request: Request, by: Actor, answer: Answer) -> None:
        """Tell what happened and what is ahead."""
        if command.here:
            outcome = await self.post(ChannelId(request.channel), (), by=by)
            if outcome is None:
                await answer.private(**digest_posted())
            return
        content = await self.summaries.digest()
        await answer.private(**digest(content, self.talk.pen(), self.agreed()))
