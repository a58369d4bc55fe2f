"""List releases: with stage, age and what each waits for."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from handlers.answer import Answer
from handlers.parsing.commands import ListReleases
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.lists import release_list


@dataclass(frozen=True, slots=True)
class Listing:
    """All open ones, one's own, or all there are."""

    talk: Talk

    async def typed(self, command: ListReleases, request: Request, by: Actor, answer: Answer) -> None:  # noqa: ARG002 - a route's shape
        """List them."""
        pictures = await self.talk.look.several(
            service=command.service,
            open_only=command.whose != "all",
            requested_by=by.id if command.whose == "mine" else None,
        )
        await answer.private(**release_list(pictures, self.talk.pen(), _title(command)))


def _title(command: ListReleases) -> str:
    service = f" of {command.service}" if command.service else ""
    return {"mine": "Your open releases", "open": "Open releases", "all": "Releases"}[command.whose] + service
