"""Review: say what was learned from a deployment that broke the glass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.review import Review
from bot.rules.sentence import Refused
from bot.verbs.break_glass import SUBSTANCE
from bot.verbs.review import ReviewDeploy
from handlers.answer import Answer
from handlers.buttons import OnDeployment
from handlers.parsing.commands import SayWhatWasLearned
from handlers.parsing.reader import LONGEST_REASON
from handlers.request import Request
from handlers.talk import AT_HOME, UNSEEN, Talk
from handlers.views.blocks import Said
from handlers.views.reviews import review_form, reviewed
from handlers.views.text import Pen


@dataclass(frozen=True, slots=True)
class Reviewing:
    """By the button of the private message or of App Home, or by word."""

    talk: Talk
    review: ReviewDeploy

    async def typed(self, command: SayWhatWasLearned, request: Request, by: Actor, answer: Answer) -> None:
        """Say it."""
        outcome = await self.review(command.deployment, None, command.learned, by=by)
        await self.talk.show(outcome, _done, request, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Ask what was learned. The form carries on what was on the screen."""
        on = await self._seen(request.value, answer)
        if on is None:
            return
        found = await self.review.look(on.deployment, by=by)
        if isinstance(found, Refused):
            await self.talk.refuse(found, answer)
            return
        view = review_form(found)
        if request.view_type == "home":
            view["private_metadata"] += AT_HOME
        await answer.open_modal(view)

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Say it, if nobody has done so since."""
        on = await self._seen(request.metadata, answer)
        if on is not None:
            outcome = await self.review(on.deployment, on.revision, request.input("learned"), by=by)
            await self.talk.show(outcome, _done, request, by, answer)

    async def _seen(self, value: str, answer: Answer) -> OnDeployment | None:
        """What a button or a form carries. Without a revision, nobody knows what was on the screen."""
        on = await self.talk.carried(value, OnDeployment, answer)
        if on is not None and on.revision is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return None
        return on


def says_what_was_learned(request: Request) -> Mapping[str, str]:
    """A few letters teach nobody anything, and what has no end is read by nobody."""
    learned = " ".join(request.input("learned").split())
    if len(learned) < SUBSTANCE:
        return {"learned": "Please say what was learned: it is what helps the others."}
    if len(learned) > LONGEST_REASON:
        return {"learned": f"A review has at most {LONGEST_REASON} characters here; the rest belongs behind a link."}
    return {}


def _done(review: Review, _: Pen) -> Said:
    return reviewed(review)
