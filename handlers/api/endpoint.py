"""An endpoint: what is asked, what is answered, which scope it takes; and the desk where all of them find things."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from bot.ports import Agreed, Clock, Records
from bot.rules.machine_token import Scope
from bot.rules.people import SLIPWAY, PersonId, Roles
from bot.rules.policy import ServiceName
from bot.rules.sentence import Refused, Sentence
from bot.verbs.ask_gate import AskGate, no_such_service
from bot.verbs.audit import Evidence
from bot.verbs.look import Look
from handlers.api.models import Model
from handlers.api.parameters import Parameters
from handlers.api.pen import Pen
from handlers.api.problems import Trouble, no_such_name, not_found
from handlers.feed import TextOf
from handlers.names import CommandNames

Asked = TypeVar("Asked", bound=Parameters)
Answered = TypeVar("Answered", bound="Model | CalendarText | Lines")

NamesOf = Callable[[Iterable[PersonId]], Awaitable[Mapping[PersonId, str]]]
"""What people are called, as far as that was ever heard."""

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class CalendarText:
    """An answer in iCalendar's form."""

    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer that is sent as it is read: each line is one of `model` in JSON."""

    model: ClassVar[type[Model]]
    told: ClassVar[Mapping[str, str]] = {}
    """The headers that it comes with, and what they say."""

    headers: Mapping[str, str]
    pages: AsyncGenerator[Sequence[Model]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What endpoints need."""

    records: Records
    look: Look
    evidence: Evidence
    agreed: Agreed
    names_of: NamesOf
    calendar: TextOf
    now: Clock
    commands: CommandNames = field(default_factory=CommandNames)

    @property
    def ask_gate(self) -> AskGate:
        """The gate, for machines."""
        return AskGate(self.look)

    async def pen(self, people: Iterable[PersonId | None], roles: Roles | None = None) -> Pen:
        """A pen that knows these people's names."""
        wanted = {each for each in people if each is not None} - {SLIPWAY}
        names = await self.names_of(wanted) if wanted else {}
        return Pen(self.agreed().roles, names, self.commands.here, roles or Roles())

    def refused(self, refused: Refused) -> Trouble:
        """There is nothing at that address."""
        return not_found(self.plainly(refused.why))

    def unknown(self, parameter: str, why: Sentence) -> Trouble:
        """What is asked about is not there."""
        return no_such_name(parameter, self.plainly(why))

    def plainly(self, sentence: Sentence) -> str:
        """A sentence that means nobody."""
        return Pen(here=self.commands.here).write(sentence)

    def unless_known(self, service: ServiceName | None) -> Trouble | None:
        """A service that the catalogue doesn't have is a slip."""
        agreed = self.agreed()
        if service is None or service in agreed.services:
            return None
        return self.unknown("service", no_such_service(service, agreed).why)


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[Asked, Answered]):
    """One thing that can be asked."""

    path: str
    """Below the API's own address, with the names of its parameters in braces."""
    name: str
    """What generated clients call it."""
    summary: str
    description: str
    scope: Scope
    asks: type[Asked]
    answers: type[Answered]
    give: Callable[[Desk, Asked], Awaitable[Answered | Trouble]]
    weight: int = 1
    """As how many questions one counts (`pace.py`): what reads much counts for more."""
