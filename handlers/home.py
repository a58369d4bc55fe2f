"""App Home: everybody's own inbox, drawn when it is opened and after each act in it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.people import Actor
from handlers.answer import Answer
from handlers.request import Request
from handlers.talk import Talk


@dataclass(frozen=True, slots=True)
class Home:
    """The inbox."""

    talk: Talk

    async def opened(self, request: Request, by: Actor, answer: Answer) -> None:
        """Draw it. Slack says so of the messages tab, too, where there is nothing to draw."""
        event = request.body.get("event")
        tab = event.get("tab", "home") if isinstance(event, dict) else "home"
        if tab == "home":
            await self.talk.draw_home(by, answer)
