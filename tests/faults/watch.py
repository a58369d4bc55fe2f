"""Watch: what one act led to: who was told what, what everybody saw, and how many entries the record has."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.changes import Subscription
from integrations.sandbox.messages import Message
from tests.stories.world import Player, World

_VERBS = "SELECT verb FROM audit ORDER BY number LIMIT -1 OFFSET ?"


@dataclass
class After:
    """What came of it. Texts are raw, as Slack gets them."""

    private: dict[str, list[str]] = field(default_factory=dict)
    """Messages and forms that one person alone sees, by person."""
    public: list[str] = field(default_factory=list)
    """What was posted or changed where everybody reads it."""
    notices: list[str] = field(default_factory=list)
    """What a client says by itself: Slack's own error messages."""
    recorded: list[str] = field(default_factory=list)
    """The verbs of the new entries on the record."""

    def to(self, player: Player) -> list[str]:
        """What this person was told."""
        return self.private.get(player.desk.id, [])

    def nothing_changed(self) -> list[str]:
        """What is wrong if nothing may have changed."""
        wrong = [f"everybody saw: {each!r}" for each in self.public]
        return [*wrong, *(f"it is on the record: {each}" for each in self.recorded)]


class Watch:
    """Looks at the world from outside: at what people see, and into the database."""

    def __init__(self, world: World, changes: Subscription, database: sqlite3.Connection) -> None:
        self.world = world
        self._changes = changes
        self._database = database

    async def act(self, act: Awaitable[Any], *, settle: float = 30.0) -> After:
        """Let somebody act; what has come of it once everything is at rest."""
        self._changes.drain()
        before = await self.rows("audit")
        forms = {user: [view["id"] for view in stack] for user, stack in self.world.workspace.modals.items()}
        await act
        await self._rest(settle)
        after = After(recorded=[verb for (verb,) in await self._ask(_VERBS, before)])
        seen = set()
        touched = set()
        for change in self._changes.drain():
            match change.kind:
                case "message_posted" | "message_changed" if (change.channel, change.ts) not in seen:
                    seen.add((change.channel, change.ts))
                    self._sort(self.world.workspace.message(change.channel or "", change.ts or ""), after)
                case "notice":
                    told = self.world.workspace.notices[change.user or ""]
                    after.notices += [told[-1].text] if told[-1].text not in after.notices else []
                case "modal":
                    touched.add(change.user or "")
        for user in touched:
            stack = self.world.workspace.modals.get(user, [])
            if stack and (stack[-1]["id"] not in forms.get(user, []) or len(stack) <= len(forms.get(user, []))):
                after.private.setdefault(user, []).append(raw(stack[-1]))
        return after

    async def rows(self, table: str) -> int:
        """How many there are."""
        ((count,),) = await self._ask(f"SELECT count(*) FROM {table}")
        return int(count)

    async def _ask(self, question: str, *parameters: object) -> list[tuple[Any, ...]]:
        """In a thread: whoever has the database locked may wait for this very loop."""
        return await asyncio.to_thread(lambda: self._database.execute(question, parameters).fetchall())

    def _sort(self, message: Message | None, after: After) -> None:
        if message is None:
            return
        place = self.world.workspace.channels[message.channel]
        to = message.ephemeral_to or place.im_with
        if to is None:
            after.public.append(raw(message))
        else:
            after.private.setdefault(to, []).append(raw(message))

    async def _rest(self, within: float) -> None:
        end = asyncio.get_running_loop().time() + within
        while len(self.world.bot.tasks) or not await self.world.bot.is_idle():
            assert asyncio.get_running_loop().time() < end, "Slipway did not come to rest."
            await asyncio.sleep(0.002)


def raw(surface: Message | dict[str, Any]) -> str:
    """Every word of it as it was sent; a message's `text` is what notifications and screen readers say."""
    if isinstance(surface, Message):
        return "\n".join((surface.text, *_words(surface.blocks)))
    return "\n".join(_words(surface["blocks"]))


def _words(blocks: Any) -> Iterator[str]:
    """Every text, top to bottom. In plain text nothing calls or leads anywhere: so it is shown as escaped."""
    match blocks:
        case list() | tuple():
            for each in blocks:
                yield from _words(each)
        case {"type": "plain_text", "text": str(text)}:
            yield html.escape(text, quote=False)
        case {"text": str(text)}:
            yield text
        case dict():
            for name, value in blocks.items():
                if name not in {"confirm", "private_metadata", "state"}:
                    yield from _words(value)


def _opened(file: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30, check_same_thread=False)


@asynccontextmanager
async def watching(world: World) -> AsyncIterator[Watch]:
    """Watch as long as this lasts."""
    file = world.settings.database_url.reveal().split("///", 1)[1]
    async with world.workspace.subscribe() as changes:
        with closing(_opened(file)) as database:
            yield Watch(world, changes, database)


# ---------------------------------------------------------------- what an answer must not be

_BARE = (
    (re.compile(r"Traceback|File \"[^\"]+\", line \d+"), "a stack trace"),
    (
        re.compile(r"\b(?:[A-Z][a-z]+)*(?:Error|Exception|Warning)\b(?=[:(])|\b(?:[A-Z][a-z]+)+(?:Error|Exception)\b"),
        "the name of an exception",
    ),
    (
        re.compile(r"<(?:bot|handlers|integrations)\.| object at 0x|\b(?:Refused|Sentence|Code|AllOf|At|Repeated)\("),
        "a Python repr",
    ),
    (re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|dict_\w+\(|frozenset\(|\[\]|\{\}|datetime\.\w+\("), "a Python repr"),
    (re.compile(r"\{[A-Za-z_][\w.!:]*\}"), "an unfilled placeholder"),
    (re.compile(r"Something went wrong"), "an unexpected failure"),
)
_CALLS_ALL = re.compile(r"<!(?:channel|here|everyone)\b|(?<![\w`'])@(?:channel|here|everyone)\b(?=[^`]*$)")
_PING = re.compile(r"<(?:!subteam\^|@)[^>]*>")
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 3500
_DATE = re.compile(r"<!date\^[^>]*>")


def wrong_with(told: str, typed: str = "", *, may_call: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with a text that a person is given; what the person typed may stand in it, harmless."""
    own = _DATE.sub("a date", told)
    wrong = [
        f"{what}: {found[0]!r}" for pattern, what in _BARE for found in pattern.finditer(own) if found[0] not in typed
    ]
    if re.search(r"<!(?:channel|here|everyone)\b", own):
        wrong.append("it calls everybody")
    wrong += [f"it calls {each}" for each in _PING.findall(own) if each not in may_call]
    wrong += [f"it has the character {found!r}" for found in set(_ODD.findall(own))]
    if len(html.unescape(told)) > _LONGEST:
        wrong.append(f"it has {len(told)} characters")
    if len(re.findall(r"[A-Za-z]{2,}", own)) < 3:
        wrong.append("it is no sentence")
    return wrong
