"""An endpoint: what is asked, what is answered, which scope it takes; and the desk where all of them find things."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.ports import Agreed, Clock, Records
from bot.rules.machine_token import Scope
from bot.rules.people import SLIPWAY, PersonId, Roles
from bot.rules.policy import ServiceName
from bot.rules.sentence import Refused
from bot.verbs.ask_gate import AskGate, no_such_service
from bot.verbs.audit import Evidence
from bot.verbs.look import Look
from handlers.api.models import Model
from handlers.api.parameters import Parameters
from handlers.api.pen import Pen
from handlers.api.problems import Trouble, not_found
from handlers.feed import TextOf
from handlers.names import CommandNames

Asked = TypeVar("Asked", bound=Parameters)
Answered = TypeVar("Answered", bound="Model | CalendarText")

NamesOf = Callable[[Iterable[PersonId]], Awaitable[Mapping[PersonId, str]]]
"""What people are called, as far as that was ever heard."""

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class CalendarText:
    """An answer in iCalendar's form."""

    text: str


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
        """What can't be asked, since there is no such thing."""
        return not_found(Pen(here=self.commands.here).write(refused.why))

    def unless_known(self, service: ServiceName | None) -> Trouble | None:
        """A service that the catalogue doesn't have is a slip."""
        agreed = self.agreed()
        return None if service is None or service in agreed.services else self.refused(no_such_service(service, agreed))


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
