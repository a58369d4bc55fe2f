"""Ask to deploy: what it would change, what blocks it, and how to confirm it. Nothing starts here."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId
from bot.rules.sentence import refuse
from bot.verbs.ask_deploy import AskDeploy
from handlers.answer import Answer
from handlers.buttons import OnRelease
from handlers.parsing.commands import PreviewDeploy
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.deployments import preview


@dataclass(frozen=True, slots=True)
class Asking:
    """By word, or by the card's button."""

    talk: Talk
    ask: AskDeploy

    async def typed(self, command: PreviewDeploy, request: Request, by: Actor, answer: Answer) -> None:
        """Show the preview."""
        release = await self.talk.which(command.release, answer)
        if release is not None:
            await self._ask(release, command.environment, request, by, answer)

    async def pressed(self, request: Request, by: Actor, answer: Answer) -> None:
        """Show the preview of where the release goes next."""
        on = await self.talk.carried(request.value, OnRelease, answer)
        if on is None:
            return
        if on.environment is None:
            await self.talk.refuse(refuse("This button doesn't say where to. Please use a newer card."), answer)
            return
        await self._ask(on.release, on.environment, request, by, answer)

    async def _ask(
        self, release: ReleaseId, environment: EnvironmentName, request: Request, by: Actor, answer: Answer
    ) -> None:
        outcome = await self.ask(release, environment, by=by)
        await self.talk.show(outcome, preview, request, by, answer, release=release)
