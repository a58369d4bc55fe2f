"""Checklist: a form with a button for each line, which shows who ticked what and draws itself anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.rules.checklist import LONGEST_LINK, LONGEST_NOTE, NOTHING_TO_SHOW, Evidence, is_web_address
from bot.rules.people import Actor, PersonId
from bot.rules.release import ReleaseId
from bot.rules.sentence import Code, Refused, refuse
from bot.verbs.tick_item import TickItem
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.names import Press
from handlers.parsing.commands import OpenChecklist
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.checklist import checklist_form, note_form
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

    async def asked_for_note(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Ask for the note and the link, in the place of the list."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is not None:
            await self._ask(on, answer)

    async def noted(self, request: Request, by: Actor, answer: Answer) -> None:
        """Tick the line with what was written, and go back to the list. Nothing that was written is lost."""
        on = await self.talk.carried(request.metadata, OnRelease, answer)
        if on is None:
            return
        said = evidence(request)
        picture = await self.tick(on.release, on.item or "", True, said, by=by)
        if isinstance(picture, Refused):
            await self._ask(on, answer, said, picture)
        else:
            await answer.update_modal(checklist_form(picture, self.talk.pen(), by.id, on.item))

    async def _ask(
        self, on: OnRelease, answer: Answer, filled: Evidence = NOTHING_TO_SHOW, refused: Refused | None = None
    ) -> None:
        picture = await self.talk.look(on.release)
        item = None if isinstance(picture, Refused) else picture.release.item(on.item or "")
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
        elif item is None:
            name, key = picture.release.name, Code(on.item or "")
            gone = refuse("The checklist of {release} has no line {key}.", release=name, key=key)
            await self.talk.refuse(refused or gone, answer)
        else:
            problem = self.talk.pen().write(refused.why) if refused else ""
            await answer.update_modal(note_form(picture, item, filled=filled, problem=problem))

    async def _show(self, release: ReleaseId, item: str | None, viewer: PersonId, answer: Answer) -> None:
        picture = await self.talk.look(release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
        else:
            await answer.update_modal(checklist_form(picture, self.talk.pen(), viewer, item))


def evidence(request: Request) -> Evidence:
    """What the form says."""
    return Evidence(request.input("note").strip(), request.input("link").strip() or None)


def shows_something(request: Request) -> Mapping[str, str]:
    """What is wrong with a note or a link, beside its field, before the form is gone."""
    said = evidence(request)
    wrong = {}
    if said.empty:
        wrong["note"] = "Please write a note or give a link; without either, press Tick on the checklist."
    if len(said.note) > LONGEST_NOTE:
        wrong["note"] = f"A note has at most {LONGEST_NOTE} characters; please link to the rest."
    if said.link is not None and not is_web_address(said.link):
        wrong["link"] = f"A link begins with https:// or http://, and has at most {LONGEST_LINK} characters."
    return wrong
