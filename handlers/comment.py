"""Comment: say something in a release's thread, by word or in a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.rules.people import Actor
from bot.verbs.comment import Comment
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.parsing.commands import Remark
from handlers.parsing.reader import LONGEST_REASON
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.answers import commented
from handlers.views.forms import comment_form


@dataclass(frozen=True, slots=True)
class Commenting:
    """It decides nothing, and everybody may."""

    talk: Talk
    comment: Comment

    async def typed(self, command: Remark, request: Request, by: Actor, answer: Answer) -> None:
        """Say it."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.comment(release, command.text, by=by)
            await self.talk.show(outcome, lambda told, _: commented(told), request, by, answer, release=release)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Ask what is to be said."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is not None:
            await answer.open_modal(comment_form(on))

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Say it."""
        on = await self.talk.carried(request.metadata, OnRelease, answer)
        if on is not None:
            outcome = await self.comment(on.release, request.input("text"), by=by)
            await self.talk.show(outcome, lambda told, _: commented(told), request, by, answer, release=on.release)


def says_something(request: Request) -> Mapping[str, str]:
    """A comment of blanks is none, and one without an end is read by nobody."""
    text = request.input("text").strip()
    if not text:
        return {"text": "Please say something."}
    if len(text) > LONGEST_REASON:
        return {"text": f"A comment has at most {LONGEST_REASON} characters."}
    return {}
