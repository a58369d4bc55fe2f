"""A small bot on the real boundary, and the address at which Slack finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.rules.people import RoleName
from bot.rules.policy import Catalogue, Role
from bot.tasks import Tasks
from handlers.boundary import Boundary
from integrations.sandbox.messages import Message
from integrations.sandbox.server import Sandbox
from integrations.slack.app import build_app
from integrations.slack.client import SlackClient
from integrations.slack.directory import SlackDirectory
from integrations.slack.http import SignedEntry
from integrations.slack.identity import Myself
from tests.makers import a_catalogue


class Doorway:
    """An address that is known before the bot behind it is there."""

    def __init__(self) -> None:
        self.entry: SignedEntry | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.post("/slack/events", self._hand_on)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/slack/events"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _hand_on(self, request: web.Request) -> web.Response:
        return web.Response() if self.entry is None else await self.entry.handle(request)


class Bot:
    """Everything between Slack and a handler, as it is wired for real."""

    def __init__(self, sandbox: Sandbox, slack: SlackClient, me: Myself, doorway: Doorway) -> None:
        self.sandbox = sandbox
        self.slack = slack
        self.me = me
        self.app = build_app(slack, me)
        self.tasks = Tasks()
        self.roles: Mapping[RoleName, Role] = {}
        self.directory = SlackDirectory(slack, self.agreed, me.team)
        self.boundary = Boundary(
            self.app, slack, self.directory, self.tasks, team=me.team, pause=timedelta(milliseconds=1)
        )
        doorway.entry = SignedEntry(self.app, sandbox.signing_secret)

    def agreed(self) -> Catalogue:
        return a_catalogue(roles=self.roles)

    async def settled(self) -> None:
        """Everything that was asked has been done."""
        late = await self.tasks.drain(timedelta(seconds=10))
        assert not late

    def calls(self, method: str) -> list[dict[str, Any]]:
        """What Slack was asked by that method."""
        return [arguments for name, arguments in self.sandbox.calls if name == method]

    def post(self, text: str = "A card", blocks: tuple[dict[str, Any], ...] = (), **fields: Any) -> Message:
        """A message of the app that stands in the channel."""
        workspace = self.sandbox.workspace
        return workspace.put(
            Message(
                channel="C0RELEASES",
                ts=workspace.next_ts(),
                user=workspace.app.user_id,
                bot_id=workspace.app.bot_id,
                text=text,
                blocks=blocks,
                **fields,
            )
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.tasks.drain(timedelta(seconds=1))


def button(action_id: str, value: str = "v", text: str = "Press", **fields: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, "value": value, **fields}


def row(*elements: dict[str, Any], block_id: str = "row") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def form(callback_id: str = "reject", title: str = "Reject") -> dict[str, Any]:
    """A form that asks for a reason."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }


def words_of(view: Mapping[str, Any] | None) -> str:
    """What a form says in its sections."""
    assert view is not None
    return "\n".join(block["text"]["text"] for block in view["blocks"] if block["type"] == "section")


async def until(condition: Callable[[], bool], within: float = 15.0) -> None:
    """Wait until that is so."""
    for _ in range(int(within / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("It never came about.")
