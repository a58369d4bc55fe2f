"""The world of the stories: a whole workspace and a whole Slipway, real Bolt and real HTTP in between.

Only Slack, the deployment's target and the code host are stand-ins. People type, press and fill in forms; what they are
answered is what stands on their screen.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.settings import Settings
from bot.wiring import Neighbours, Pace, Slipway, running
from integrations.sandbox.desk import Desk
from integrations.sandbox.messages import Message
from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from tests.twins import FakeMarks, FakePublisher
from tests.twins.calendars import FakeCalendars
from tests.twins.code_host import FakeCodeHost
from tests.twins.deployer import FakeDeployer, FakeTarget
from tests.twins.metrics import FakeMetrics
from tests.twins.verifier import FakeVerifier

SECRET = "5107" * 8
WEBHOOK_SECRET = "what-ci-signs-with-" + "7015" * 5
BOT_TOKEN = "xoxb-stories"
APP_TOKEN = "xapp-stories"
CATALOGUE = Path(__file__).with_name("slipway.yaml")

CAST = {
    "maya": ("U0MAYA", "Maya Lindqvist", "Europe/Stockholm"),
    "omar": ("U0OMAR", "Omar Haddad", "Europe/Berlin"),
    "ruth": ("U0RUTH", "Ruth Okafor", "Europe/London"),
    "ben": ("U0BEN", "Ben Castillo", "America/New_York"),
    "ines": ("U0INES", "Ines Duarte", "Europe/Lisbon"),
}
GROUPS = {
    "S0RELMGRS": ("relmgrs", ["U0MAYA"]),
    "S0QA": ("qa", ["U0OMAR"]),
    "S0CHANGE": ("change", ["U0RUTH"]),
    "S0ONCALL": ("oncall", ["U0INES"]),
}
CHANNELS = {"C0RELEASES": "releases", "C0PAYMENTS": "payments", "C0STOREFRONT": "storefront"}


def a_workspace(manifest: Mapping[str, Any]) -> Workspace:
    """The team's workspace with the app in it."""
    workspace = Workspace(name="Acme", app_name="Slipway")
    workspace.install(manifest)
    for name, (id_, real, zone) in CAST.items():
        workspace.add_person(name, real, id=id_, tz=zone, email=f"{name}@example.com")
    workspace.add_person("gus", "Gus Meyer", id="U0GUS", is_restricted=True)
    workspace.add_person("fay", "Fay Foreign", id="U0FAY", team_id="T0ELSEWHERE")
    for id_, (handle, members) in GROUPS.items():
        workspace.add_group(handle, id=id_, members=members)
    for id_, name in CHANNELS.items():
        workspace.add_channel(name, id=id_, members=list(workspace.people))
    return workspace


def words(blocks: Any) -> Iterator[str]:
    """Every text on a message or form, top to bottom."""
    match blocks:
        case list() | tuple():
            for each in blocks:
                yield from words(each)
        case {"text": str(text)}:
            yield text
        case dict():
            for name, value in blocks.items():
                if name not in {"confirm", "private_metadata", "state"}:
                    yield from words(value)


def plain(text: str) -> str:
    """As people read it: mentions by name, dates as their fallback, links as their words."""
    text = re.sub(r"<!subteam\^(\w+)(?:\|[^>]*)?>", lambda m: f"@{GROUPS.get(m[1], (m[1],))[0]}", text)
    text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<@(\w+)(?:\|[^>]*)?>", lambda m: f"@{_name(m[1])}", text)
    text = re.sub(r"<#(\w+)(?:\|[^>]*)?>", lambda m: f"#{CHANNELS.get(m[1], m[1])}", text)
    text = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", text)
    return html.unescape(text)


def _name(person: str) -> str:
    return next((name for name, (id_, _, _) in CAST.items() if id_ == person), person)


def read(surface: Message | Mapping[str, Any]) -> str:
    """What somebody reads on a message or form."""
    if isinstance(surface, Message):
        return plain("\n".join(words(surface.blocks)) or surface.text)
    return plain("\n".join((surface.get("title", {}).get("text", ""), *words(surface["blocks"]))))


@dataclass
class Player:
    """One of the people: acts, and reads what comes of it."""

    world: World
    desk: Desk

    async def types(self, text: str, *, in_: str = "payments") -> str:
        """Type a command; the private answer to it, or what the client itself says."""
        return await self._after(self.desk.types(in_, text))

    async def presses(self, label: str, on: Message | None = None, *, stale: bool = False) -> str:
        """Press a button of a message (the newest release's card unless given)."""
        return await self._after(self.desk.presses(on or self.world.card(), label, stale=stale))

    async def asks(self, why: str, on: Message) -> str:
        """Press the button beside that blocker."""
        lines = [block for block in on.blocks if block.get("type") == "section" and "accessory" in block]
        (line,) = [block for block in lines if why in plain(block["text"]["text"])]
        value = line["accessory"]["value"]
        return await self._after(self.desk.presses(on, "Ask them", value=value))

    async def presses_in_form(self, label: str, **which: Any) -> str:
        """Press a button of the form that is open."""
        assert self.desk.modal is not None, "no form is open"
        return await self._after(self.desk.presses(self.desk.modal, label, **which))

    async def ticks(self, item: str, *, word: str = "Tick") -> str:
        """Tick that line of the checklist that is open."""
        assert self.desk.modal is not None, "no form is open"
        wanted = f"{word} {item}"
        (line,) = [
            each for each in self.desk.shown(self.desk.modal) if each.element.get("accessibility_label") == wanted
        ]
        return await self.presses_in_form(word, block_id=line.block_id)

    async def ticks_with(self, item: str, **said: str) -> str:
        """Tick that line of the checklist that is open with a note or a link; the answer."""
        assert self.desk.modal is not None, "no form is open"
        wanted = f"Tick with a note: {item}"
        (line,) = [
            each for each in self.desk.shown(self.desk.modal) if each.element.get("accessibility_label") == wanted
        ]
        await self.presses_in_form("Tick with a note", block_id=line.block_id)
        return await self.fills_in(**said)

    async def fills_in(self, **values: Any) -> str:
        """Fill in the form that is open and send it; what is red in it, or the answer."""
        assert self.desk.modal is not None, "no form is open"
        red: dict[str, str] = {}

        async def submit() -> None:
            red.update(await self.desk.submits(self.desk.modal, values))

        answer = await self._after(submit())
        return "\n".join(red.values()) or answer

    async def opens_home(self) -> str:
        """Open App Home, and read it."""
        await self.desk.opens_home()
        await self.world.sandbox.settle()
        await self.world.settles()
        return read(self.desk.home) if self.desk.home else ""

    def private(self) -> list[Message]:
        """What only this person was told, oldest first, everywhere."""
        places = [*(channel.name for channel in self.desk.channels), self.desk.direct.id]
        found = [m for place in places for m in self.desk.sees(place)]
        return sorted((m for m in found if m.ephemeral_to or m.channel == self.desk.direct.id), key=lambda m: m.ts)

    async def _after(self, act: Any) -> str:
        before = {(m.ts, m.version) for m in self.private()}
        notices, form = len(self.desk.notices), self.desk.modal
        await act
        await self.world.settles()
        said = [read(m) for m in self.private() if (m.ts, m.version) not in before]
        said += [notice.text for notice in self.desk.notices[notices:]]
        if self.desk.modal is not None and self.desk.modal is not form:
            said.append(read(self.desk.modal))
        return "\n".join(said)


@dataclass
class World:
    """Everything at once."""

    workspace: Workspace
    sandbox: Sandbox
    settings: Settings
    target: FakeTarget
    verifier: FakeVerifier
    code: FakeCodeHost
    catalogue: Path
    commits: dict[str, str]
    calendars: FakeCalendars = field(default_factory=FakeCalendars)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    neighbours: Neighbours | None = None
    """Real ones, for a story that has some; None: the stand-ins."""
    marks: FakeMarks = field(default_factory=FakeMarks)
    publisher: FakePublisher = field(init=False)
    slipway: Slipway | None = None
    players: dict[str, Player] = field(default_factory=dict)
    _stack: AsyncExitStack | None = None

    def __post_init__(self) -> None:
        self.publisher = FakePublisher(self.code)

    def __getattr__(self, name: str) -> Player:
        if name.startswith("_") or name not in {*CAST, "gus", "fay"}:
            raise AttributeError(name)
        return self.players.setdefault(name, Player(self, self.workspace.desk(name)))

    @property
    def bot(self) -> Slipway:
        """The running Slipway."""
        assert self.slipway is not None, "Slipway is not running"
        return self.slipway

    def card(self, release: int | None = None) -> Message:
        """A release's card as it stands in its channel now."""
        cards = [
            m
            for channel in CHANNELS
            for m in self.workspace.messages.get(channel, [])
            if not m.is_reply and not m.ephemeral_to and re.search(r"\bR-\d+\b", m.text)
        ]
        if release is not None:
            cards = [m for m in cards if re.search(rf"\bR-{release}\b", m.text)]
        assert cards, "no card has been posted"
        return cards[-1]

    def thread(self, release: int | None = None) -> str:
        """The log under a card, as everybody reads it."""
        card = self.card(release)
        replies = [m for m in self.workspace.messages[card.channel] if m.thread_ts == card.ts and m.is_reply]
        return "\n".join(read(m) for m in replies)

    def channel(self, name: str) -> str:
        """What everybody reads in a channel, threads excepted."""
        found = [m for m in self.workspace.messages.get(self.workspace.channel(name).id, []) if not m.ephemeral_to]
        return "\n".join(read(m) for m in found if not m.is_reply or m.reply_broadcast)

    async def settles(self, within: float = 20.0) -> None:
        """Wait until nothing is going on: no request at work, and nothing left to tell."""
        end = asyncio.get_running_loop().time() + within
        while not await self.bot.is_idle():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError("Slipway did not come to rest.")
            await asyncio.sleep(0.01)

    async def until(self, seen: Any, within: float = 20.0) -> None:
        """Wait until a story's condition holds."""
        end = asyncio.get_running_loop().time() + within
        while not seen():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"It never came to that. {self._last_seen()}")
            await asyncio.sleep(0.02)
        await self.settles()

    def _last_seen(self) -> str:
        posted = any(not m.ephemeral_to for name in CHANNELS for m in self.workspace.messages.get(name, []))
        channels = "\n".join(f"#{name}:\n{self.channel(name)}" for name in CHANNELS.values())
        return f"Channels:\n{channels}" if posted else "Nothing was posted anywhere."

    async def restarts(self) -> None:
        """Stop Slipway as a shutdown does, and start it again."""
        assert self._stack is not None
        await self._stack.aclose()
        await self.starts()

    async def starts(self) -> None:
        """Start Slipway."""
        self._stack = AsyncExitStack()
        self.slipway = await self._stack.enter_async_context(self._started())

    async def stops(self) -> None:
        """Stop Slipway."""
        assert self._stack is not None
        await self._stack.aclose()
        self.slipway = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        """Slipway is there; leaving stops it."""
        await self.starts()
        try:
            yield self
        finally:
            await self.stops()

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[Slipway]:
        deployers = {"command": FakeDeployer(self.target)}
        neighbours = self.neighbours or Neighbours(
            deployers=deployers,
            code_host=self.code,
            verifier=self.verifier,
            calendars=self.calendars,
            metrics=self.metrics,
            publisher=self.publisher,
            marks=self.marks,
        )
        async with running(self.settings, neighbours=neighbours, pace=Pace.quick()) as slipway:
            yield slipway
