"""Plan a release: by form, or in one line with service, version and commit."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed
from bot.rules.people import Actor
from bot.rules.policy import ServiceName
from bot.rules.release import Plan
from bot.rules.sentence import Refused, refuse
from bot.verbs.plan_release import PlanRelease
from handlers.answer import Answer
from handlers.filled_in import plan
from handlers.parsing.commands import NewRelease
from handlers.request import Request
from handlers.talk import AT_HOME, Talk
from handlers.views.forms import new_release_form
from handlers.views.lists import planned


@dataclass(frozen=True, slots=True)
class Planning:
    """The form is filled in as far as the line went."""

    talk: Talk
    plan_release: PlanRelease
    agreed: Agreed

    async def typed(self, command: NewRelease, request: Request, by: Actor, answer: Answer) -> None:
        """With all three words it needs no form: it is the team's usual change type, and can be edited."""
        agreed = self.agreed()
        if not agreed.services or not agreed.change_types:
            await self._nothing_to_plan(answer)
        elif command.service is None or command.version is None or command.ref is None:
            form = new_release_form(
                agreed, service=command.service, version=command.version or "", ref=command.ref or ""
            )
            await answer.open_modal(form)
        else:
            usual = next(iter(agreed.change_types))
            title = f"{agreed.services[command.service].title} {command.version}"
            wanted = Plan(command.service, command.version, usual, title)
            outcome = await self.plan_release(wanted, command.ref, None, by=by)
            await self.talk.show(outcome, planned, request, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Open the form."""
        agreed = self.agreed()
        if not agreed.services or not agreed.change_types:
            await self._nothing_to_plan(answer)
            return
        form = new_release_form(agreed)
        if request.view_type == "home":
            form["private_metadata"] += AT_HOME
        await answer.open_modal(form)

    async def sent(self, request: Request, by: Actor, answer: Answer) -> None:
        """Plan what the form says."""
        wanted = plan(request, ServiceName(request.input("service")))
        ref = request.input("ref").strip()
        outcome = await self.plan_release(wanted, ref or None, None, by=by)
        if isinstance(outcome, Refused):
            # Nothing that was written is lost: the form comes back with it, and says what to mend.
            problem = self.talk.pen().write(outcome.why)
            form = new_release_form(self.agreed(), ref=ref, filled=wanted, problem=problem)
            await answer.update_modal({**form, "private_metadata": request.metadata})
            return
        await self.talk.show(outcome, planned, request, by, answer)

    async def _nothing_to_plan(self, answer: Answer) -> None:
        await self.talk.refuse(refuse("The catalogue has no services or no change types yet."), answer)
