"""Edit a release: change its plan in a form."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed
from bot.rules.people import Actor
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused, refuse
from bot.verbs.edit_release import EditRelease
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.filled_in import plan
from handlers.parsing.commands import EditIt
from handlers.request import Request
from handlers.talk import UNSEEN, Talk
from handlers.views.answers import edited
from handlers.views.forms import edit_form, loading


@dataclass(frozen=True, slots=True)
class Editing:
    """The form shows one revision; a newer one is not overwritten unseen."""

    talk: Talk
    edit: EditRelease
    agreed: Agreed

    async def typed(self, command: EditIt, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Open the form, filled with the plan."""
        await answer.loading(loading("Edit"))
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._open(release, answer)

    async def _open(self, release: ReleaseId, answer: Answer) -> None:
        picture = await self.talk.look(release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
        elif not picture.release.open:
            ended = refuse("{name} has ended; its plan stays as it is.", name=picture.release.name)
            await self.talk.refuse(ended, answer)
        else:
            await answer.open_modal(edit_form(picture, self.agreed()))

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Save what the form says."""
        on = await self.talk.carried(request.metadata, OnRelease, answer)
        if on is None:
            return
        if on.revision is None:
            await self.talk.refuse(Refused(UNSEEN), answer)
            return
        picture = await self.talk.look(on.release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
            return
        wanted = plan(request, picture.release.plan.service)
        outcome = await self.edit(on.release, wanted, on.revision, by=by)
        if isinstance(outcome, Refused) and not outcome.stale:
            form = edit_form(picture, self.agreed(), filled=wanted, problem=self.talk.pen().write(outcome.why))
            await answer.update_modal(form)
            return
        await self.talk.show(outcome, edited, request, by, answer, release=on.release)
