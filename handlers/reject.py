"""Reject: say no to exactly what is on the screen, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.sentence import Refused
from bot.verbs.reject import Reject
from handlers.answer import Answer
from handlers.parsing.commands import SayNo
from handlers.parsing.reader import LONGEST_REASON
from handlers.request import Request
from handlers.talk import AT_HOME, Talk
from handlers.views.answers import spoken
from handlers.views.forms import reject_form


@dataclass(frozen=True, slots=True)
class Rejecting:
    """By button and form, or by word."""

    talk: Talk
    reject: Reject

    async def typed(self, command: SayNo, request: Request, by: Actor, answer: Answer) -> None:
        """Reject what is proposed now."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            outcome = await self.reject(release, None, None, command.reason, by=by)
            await self.talk.show(outcome, spoken, request, by, answer, release=release)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Ask for the reason. The form carries on what was on the screen."""
        on = await self.talk.sealed(request.value, answer)
        if on is None:
            return
        picture = await self.talk.look(on.release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
            return
        view = reject_form(picture, on)
        if request.view_type == "home":
            view["private_metadata"] += AT_HOME
        await answer.open_modal(view)

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Reject what was on the screen, if it is that still."""
        on = await self.talk.sealed(request.metadata, answer)
        if on is not None:
            outcome = await self.reject(on.release, on.environment, on.seal, request.input("reason"), by=by)
            await self.talk.show(outcome, spoken, request, by, answer, release=on.release)


def has_a_reason(request: Request) -> Mapping[str, str]:
    """A reason of blanks is none, and one without an end is read by nobody."""
    reason = request.input("reason").strip()
    if not reason:
        return {"reason": "Please say why: it is what helps the others."}
    if len(reason) > LONGEST_REASON:
        return {"reason": f"A reason has at most {LONGEST_REASON} characters."}
    return {}
