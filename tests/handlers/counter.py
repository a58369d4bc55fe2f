"""The counter: every handler behind the real Bolt and the real boundary; what Slack would show is written down."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.messages import Message, MessengerError
from bot.notices import CardChanged, Notice
from bot.rules.people import Person, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue, Role
from bot.rules.release import ReleaseId
from bot.tasks import Tasks
from bot.verbs.left_alone import LeftAlone
from bot.wired import listen, wire
from bot.wiring import Neighbours
from handlers.announcements import Announcements
from handlers.boundary import Boundary
from handlers.names import CommandNames
from handlers.views.text import Pen
from tests.fakes import InMemoryRecords
from tests.makers import NOW, a_catalogue, a_service
from tests.people import EVERYBODY, HELD
from tests.twins.calendars import FakeCalendars
from tests.twins.code_host import FakeCodeHost
from tests.twins.deployer import FakeDeployer, FakeTarget
from tests.twins.metrics import FakeMetrics
from tests.twins.verifier import FakeVerifier
from tests.views.reading import read, taken_by_slack, text

TEAM = "T0SLIPWAY"
REPOSITORY = "/srv/payments"


class People:
    """A directory that knows the cast."""

    def __init__(self) -> None:
        self.cast = {person.id: person for person in EVERYBODY}
        self.held = dict(HELD)

    async def person(self, person: PersonId) -> Person:
        return self.cast[person]

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        wanted = self.held if names is None else {name: self.held[name] for name in names}
        return Roles(dict(wanted))

    async def by_email(self, email: str) -> PersonId | None:
        return next((each.id for each in EVERYBODY if email == f"{each.name.lower()}@example.com"), None)

    def forget_group(self, group: str) -> None:
        """There is nothing remembered."""

    def forget_person(self, person: PersonId) -> None:
        """There is nothing remembered."""


class Screen:
    """What Slack would show, newest last: (where, text and blocks or view)."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, Mapping[str, Any]]] = []
        self.refuses: dict[str, str] = {}
        self._views = itertools.count(1)

    async def call(self, method: str, /, **arguments: Any) -> Mapping[str, Any]:
        if method in self.refuses:
            raise MessengerError(self.refuses[method], code=self.refuses[method])
        if method.startswith("views."):
            view = arguments["view"]
            taken_by_slack(dict(view))
            self.shown.append((method, view))
            return {"view": {"id": arguments.get("view_id") or f"V{next(self._views)}"}}
        self.shown.append((method, arguments))
        return {"channel": {"id": "D0DIRECT"}}

    async def respond(self, url: str, body: Mapping[str, Any], /) -> None:
        self.shown.append((url, body))

    def read(self, since: int) -> str:
        told = []
        for where, what in self.shown[since:]:
            if "blocks" in what and not where.startswith("views."):
                taken_by_slack({"text": what["text"], "blocks": list(what["blocks"])})
            told.append(read(list(what["blocks"])) if what.get("blocks") else text(str(what.get("text", ""))))
        return "\n".join(told)


class Counter:
    """Where people come with what they type, press and send in."""

    def __init__(self, catalogue: Catalogue, names: CommandNames) -> None:
        self.catalogue = catalogue
        self.names = names
        self.now: datetime = NOW
        self.records = InMemoryRecords()
        self.people = People()
        self.screen = Screen()
        self.code = FakeCodeHost()
        self.files: list[tuple[PersonId, str, str]] = []
        self.tasks = Tasks()
        self._numbers = itertools.count(1)
        self.app = AsyncApp(authorize=_authorized)
        self.boundary = Boundary(
            self.app,
            self.screen,
            self.people,
            self.tasks,
            team=lambda: TEAM,
            write=lambda sentence: Pen(catalogue.roles, names).write(sentence),
            help_command=names.here("/release help"),
            pause=timedelta(milliseconds=1),
        )
        neighbours = Neighbours(
            {"command": FakeDeployer(FakeTarget())}, self.code, FakeVerifier(), FakeCalendars(), FakeMetrics()
        )
        self.verbs = wire(self.records, self.people, lambda: catalogue, neighbours, lambda: self.now)
        listen(
            self.boundary,
            self.verbs,
            names=names,
            agreed=lambda: catalogue,
            now=lambda: self.now,
            records=self.records,
            hand_over=self._hand_over,
            directory=self.people,  # type: ignore[arg-type]
        )
        left_alone = LeftAlone(self.people, lambda: self.catalogue, lambda: self.now)
        self.announce = Announcements(
            self.verbs.look, self.verbs.summaries, self.records, lambda: self.catalogue, names, left_alone
        )

    async def _hand_over(self, person: PersonId, name: str, told: str) -> None:
        self.files.append((person, name, told))

    async def types(self, who: Person, line: str, channel: str = "C0PAYMENTS") -> str:
        """Type a command; what comes back."""
        command, _, words = line.partition(" ")
        return await self._asks(
            {
                "command": command,
                "text": words,
                "user_id": who.id,
                "team_id": TEAM,
                "channel_id": channel,
                "trigger_id": f"t{next(self._numbers)}",
                "response_url": "https://slack/respond",
            }
        )

    async def presses(self, who: Person, action: str, value: str, *, view: str = "", carries: str = "") -> str:
        """Press a button of a message, or of a form or App Home (`view`: `modal`, `home`)."""
        number = next(self._numbers)
        body: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": who.id, "team_id": TEAM},
            "team": {"id": TEAM},
            "trigger_id": f"t{number}",
            "actions": [
                {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": str(number)}
            ],
        }
        if view:
            body["view"] = {"id": "V0OPEN", "type": view, "private_metadata": carries, "hash": str(number)}
        else:
            body |= {
                "channel": {"id": "C0PAYMENTS"},
                "container": {"type": "message", "message_ts": "1.1", "is_ephemeral": True},
                "message": {"ts": "1.1"},
                "response_url": "https://slack/respond",
            }
        return await self._asks(body)

    async def sends(self, who: Person, form: str, carries: str = "", **inputs: str) -> str:
        """Send a form in."""
        number = next(self._numbers)
        values = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in inputs.items()}
        view = {
            "id": f"V0FORM{number}",
            "type": "modal",
            "callback_id": form,
            "private_metadata": carries,
            "hash": str(number),
            "state": {"values": values},
        }
        return await self._asks(
            {
                "type": "view_submission",
                "user": {"id": who.id, "team_id": TEAM},
                "team": {"id": TEAM},
                "trigger_id": f"t{number}",
                "view": view,
            }
        )

    async def opens_home(self, who: Person, tab: str = "home") -> str:
        """Open App Home."""
        event = {"type": "app_home_opened", "user": who.id, "tab": tab, "channel": "D0DIRECT"}
        body = {"type": "event_callback", "team_id": TEAM, "event_id": f"E{next(self._numbers)}", "event": event}
        return await self._asks(body)

    async def _asks(self, body: dict[str, Any]) -> str:
        since = len(self.screen.shown)
        response = await self.app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        assert response.status == 200
        assert not await self.tasks.drain(timedelta(seconds=20))
        errors = (response.body or "") if "errors" in (response.body or "") else ""
        return errors + self.screen.read(since)

    async def card(self, release: int = 1) -> Message:
        """The card as it would be drawn now."""
        drawn = await self.announce(CardChanged(ReleaseId(release)))
        assert drawn is not None
        return drawn

    def told(self) -> list[Notice]:
        """Everything that was put into the outbox."""
        return list(self.records.told)


async def _authorized(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_user_id="U0BOT", bot_id="B0BOT", bot_token="xoxb-x")


def a_counter(names: CommandNames | None = None, **catalogue: Any) -> Counter:
    """The ready-made catalogue, with a repository that has a main branch."""
    roles = {name: Role(name, name.replace("-", " ").capitalize(), people=tuple(held)) for name, held in HELD.items()}
    agreed = a_catalogue(roles=roles, **{"services": {"payments": a_service(repository=REPOSITORY)}, **catalogue})
    counter = Counter(agreed, names or CommandNames())
    first = counter.code.commit(REPOSITORY, "Begin")
    second = counter.code.commit(REPOSITORY, "Refund within a minute", parents=[first])
    counter.code.branch(REPOSITORY, "main", second)
    counter.code.branch(REPOSITORY, "old", first)
    return counter
