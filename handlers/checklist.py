"""Checklist: a form with a button for each line, which shows who ticked what and draws itself anew."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor, PersonId
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.tick_item import TickItem
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.names import Press
from handlers.parsing.commands import OpenChecklist
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.checklist import checklist_form
from handlers.views.forms import loading


@dataclass(frozen=True, slots=True)
class Checking:
    """Opened by word or button; ticked in the form, or in App Home."""

    talk: Talk
    tick: TickItem

    async def typed(self, command: OpenChecklist, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Open it."""
        await answer.loading(loading("Checklist"))
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._show(release, None, by.id, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Open it, or turn to the page that has the line."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is not None:
            await self._show(on.release, on.item, by.id, answer)

    async def ticked(self, request: Request, by: Actor, answer: Answer) -> None:
        """Tick or untick a line, and show what the list is like now."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is None:
            return
        picture = await self.tick(on.release, on.item or "", request.name == Press.TICK, by=by)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer, on.release)
        elif request.view_type == "modal":
            await answer.update_modal(checklist_form(picture, self.talk.pen(), by.id, on.item))
        if request.view_type == "home":
            await self.talk.draw_home(by, answer)

    async def _show(self, release: ReleaseId, item: str | None, viewer: PersonId, answer: Answer) -> None:
        picture = await self.talk.look(release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
        else:
            await answer.update_modal(checklist_form(picture, self.talk.pen(), viewer, item))
