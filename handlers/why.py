"""Why not: everything that blocks, and who can lift it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Code, Refused, refuse
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.parsing.commands import WhyNot
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.why import why_not


@dataclass(frozen=True, slots=True)
class Explaining:
    """By word for any environment, by button for all."""

    talk: Talk

    async def typed(self, command: WhyNot, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """Explain."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._explain(release, command.environment, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a handler's shape
        """Explain."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is not None:
            await self._explain(on.release, None, answer)

    async def _explain(self, release: ReleaseId, environment: EnvironmentName | None, answer: Answer) -> None:
        picture = await self.talk.look(release)
        if isinstance(picture, Refused):
            await self.talk.refuse(picture, answer)
            return
        place = picture.place(environment) if environment is not None else None
        if environment is not None and place is None and picture.problem is None:
            unknown = refuse(
                "{service} has no environment {name}.", service=picture.release.plan.service, name=Code(environment)
            )
            await self.talk.refuse(unknown, answer)
        else:
            await answer.private(**why_not(picture, self.talk.pen(), place))
