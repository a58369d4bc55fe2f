"""Cancel a release: it will not happen."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.cancel_release import CancelRelease
from handlers.answer import Answer
from handlers.parsing.commands import CancelIt
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import cancelled


@dataclass(frozen=True, slots=True)
class Cancelling:
    """By word."""

    talk: Talk
    cancel: CancelRelease

    async def typed(self, command: CancelIt, request: Request, by: Actor, answer: Answer) -> None:
        """Cancel it."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.cancel(release, command.reason, by=by)
            await self.talk.show(outcome, lambda picture, _: cancelled(picture), request, by, answer, release=release)
