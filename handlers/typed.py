"""Typed: one of the four commands: its words are read, and the handler of what they mean is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.ports import Agreed, Clock
from bot.rules.people import Actor, Person
from handlers.answer import Answer
from handlers.parsing import commands as c
from handlers.parsing.commands import Command
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint, parse
from handlers.parsing.known import known
from handlers.request import Request
from handlers.talk import Talk
from handlers.views.help import help_page
from handlers.views.notice import hint

Route = Callable[[Any, Request, Actor, Answer], Awaitable[None]]
"""What handles one form; its first argument is the typed command."""

LOOKS = (
    c.Help,
    c.ListReleases,
    c.ShowRelease,
    c.WhyNot,
    c.OpenChecklist,
    c.ShowStatus,
    c.ShowTrain,
    c.ListFreezes,
)
"""The commands that change nothing: guests may use them."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A slash command."""

    family: Family
    routes: Mapping[type, Route]
    talk: Talk
    agreed: Agreed
    now: Clock

    async def said(self, request: Request, by: Actor, answer: Answer) -> None:
        """Do what the words mean, or say what would have worked."""
        command = self._read(request, by.person)
        match command:
            case Hint():
                await answer.private(**hint(command, self.talk.pen()))
            case c.Help():
                await answer.private(**help_page(self.family, self.talk.pen()))
            case _:
                await self.routes[type(command)](command, request, by, answer)

    def only_looks(self, request: Request) -> bool:
        """Whether these words change nothing. Whose time zone they are read in makes no difference to that."""
        command = self._read(request, Person(request.person, ""))
        return isinstance(command, (*LOOKS, Hint)) or command == c.TellDigest(here=False)

    def _read(self, request: Request, typist: Person) -> Command | Hint:
        return parse(self.family, request.text, known(self.agreed(), typist, self.now()))
