"""Talk: what every handler does alike: find what is meant, say no, show what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.rules.people import Actor, PersonId
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused, Repeated, say
from bot.verbs.look import Look
from bot.verbs.redraw import Redraw
from bot.verbs.summaries import InboxContent
from handlers.answer import Answer
from handlers.buttons import Kind, OnRelease, decode
from handlers.request import Request
from handlers.views.blocks import Said
from handlers.views.home import home_page
from handlers.views.notice import notice
from handlers.views.text import Pen

T = TypeVar("T")

UNSEEN = say("This doesn't tell what was on your screen, so nothing was done. Please use the newest message instead.")
AT_HOME = "\nhome"
"""What a form carries at the end of its metadata when it was opened from App Home, which is then drawn anew."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The pen is taken anew for every answer: roles and their groups change with the catalogue."""

    pen: Callable[[], Pen]
    look: Look
    redraw: Redraw
    inbox: Callable[[PersonId], Awaitable[InboxContent]]

    async def which(self, named: str, answer: Answer) -> ReleaseId | None:
        """The release that was named; None if there is no such one, and the person knows."""
        found = await self.look.which(named)
        if isinstance(found, Refused):
            await self.refuse(found, answer)
            return None
        return found

    async def carried(self, value: str, kind: type[Kind], answer: Answer) -> Kind | None:
        """What a button or a form carries; None if that can't be read, and the person knows."""
        found = decode(value.removesuffix(AT_HOME), kind)
        if isinstance(found, Refused):
            await self.refuse(found, answer)
            return None
        return found

    async def sealed(self, value: str, answer: Answer) -> OnRelease | None:
        """What a button or a form carries that acts on what was seen. Without a seal, nobody knows what that was."""
        on = await self.carried(value, OnRelease, answer)
        if on is not None and on.seal is None:
            await self.refuse(Refused(UNSEEN), answer, on.release)
            return None
        return on

    async def refuse(self, refused: Refused, answer: Answer, release: ReleaseId | None = None) -> None:
        """Say no, and why. Who saw something outdated sees it drawn anew."""
        await answer.private(**notice(refused, self.pen()))
        if refused.stale and release is not None:
            await self.redraw(release)

    async def show(
        self,
        outcome: T | Refused | Repeated,
        view: Callable[[T, Pen], Said],
        request: Request,
        by: Actor,
        answer: Answer,
        *,
        release: ReleaseId | None = None,
    ) -> None:
        """Say what came of it. Who pressed in App Home sees it there, drawn anew."""
        if isinstance(outcome, Refused):
            await self.refuse(outcome, answer, release)
        elif not isinstance(outcome, Repeated) and request.view_type != "home":
            await answer.private(**view(outcome, self.pen()))
        if at_home(request):
            await self.draw_home(by, answer)

    async def draw_home(self, by: Actor, answer: Answer) -> None:
        """Publish this person's App Home."""
        await answer.publish_home(home_page(await self.inbox(by.id), self.pen()))


def at_home(request: Request) -> bool:
    """Whether somebody acted from App Home, or from a form that was opened there."""
    return request.view_type == "home" or request.metadata.endswith(AT_HOME)
