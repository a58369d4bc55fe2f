"""Launch: say that customers have it now."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.candidate import Seal
from bot.rules.people import Actor
from bot.rules.release import ReleaseId
from bot.verbs.launch import Launch
from handlers.answer import Answer
from handlers.parsing.commands import LaunchIt
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import launched


@dataclass(frozen=True, slots=True)
class Launching:
    """By button or by word."""

    talk: Talk
    launch: Launch

    async def typed(self, command: LaunchIt, request: Request, by: Actor, answer: Answer) -> None:
        """Launch it."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._launch(release, None, request, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Launch it."""
        on = await self.talk.sealed(request.value, answer)
        if on is not None:
            await self._launch(on.release, on.seal, request, by, answer)

    async def _launch(self, release: ReleaseId, seen: Seal | None, request: Request, by: Actor, answer: Answer) -> None:
        outcome = await self.launch(release, seen, by=by)
        await self.talk.show(outcome, lambda picture, _: launched(picture), request, by, answer, release=release)
