"""Show a release: its card and what happened last, privately."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Records
from bot.rules.people import Actor
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.parsing.commands import ShowRelease
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.timeline import card_with_timeline


@dataclass(frozen=True, slots=True)
class Showing:
    """By word, or by a list's button."""

    talk: Talk
    records: Records

    async def typed(self, command: ShowRelease, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Show it."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._show(release, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Show it."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is not None:
            await self._show(on.release, answer)

    async def _show(self, release: ReleaseId, answer: Answer) -> None:
        picture = await self.talk.look(release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
            return
        async with self.records.read() as page:
            entries = await page.record(release=release)
        await answer.private(**card_with_timeline(picture, entries, self.talk.pen()))
