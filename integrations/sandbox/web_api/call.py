"""Call: one call of a method, its arguments read and complained about as Slack does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from integrations.sandbox.members import Channel
from integrations.sandbox.workspace import Workspace

T = TypeVar("T")
Caller = Literal["bot", "app", "anybody"]
Result = dict[str, Any]


class RefusedError(Exception):
    """An answer that says `ok: false`; the text is Slack's name for why."""

    def __init__(self, error: str, *messages: str, **more: Any) -> None:
        super().__init__(error)
        self.messages = messages
        self.more = more


class Stage(Protocol):
    """What methods need of the server around them."""

    @property
    def url(self) -> str:
        """Where it answers."""
        ...

    def open_socket(self) -> str:
        """An address, with a new ticket, for one Socket Mode connection."""
        ...

    @property
    def strict_text(self) -> bool:
        """Whether blocks without a top-level text are refused."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A method: what runs, which scopes allow it (any of them), how often, and with which kind of token."""

    run: Callable[[Call], Awaitable[Result] | Result]
    tier: int
    scopes: tuple[str, ...] = ()
    caller: Caller = "bot"


@dataclass(frozen=True, slots=True)
class Call:
    """One call."""

    method: str
    arguments: Mapping[str, Any]
    workspace: Workspace
    stage: Stage

    # ------------------------------------------------------------------ reading arguments

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers and booleans are taken as they were written."""
        value = self.arguments.get(name)
        if value is None:
            return default
        if isinstance(value, dict | list):
            raise RefusedError("invalid_arguments", f"[ERROR] must provide a string [json-pointer:/{name}]")
        return str(value)

    def needs(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            raise RefusedError("invalid_arguments", f"[ERROR] missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        """A yes or no: true, 1, "true", "1"."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true", "t", "yes"}

    def number(self, name: str, default: int, *, most: int) -> int:
        """A whole number."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdecimal() or not 0 < int(value) <= most:
            raise RefusedError("invalid_limit" if name == "limit" else "invalid_arguments")
        return int(value)

    def json(self, name: str, *, error: str = "invalid_arguments") -> Any:
        """An object or list, given as such or as JSON in a text; None if it is not there."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError as unreadable:
            raise RefusedError(error) from unreadable

    # ------------------------------------------------------------------ what several methods do alike

    def channel(self, name: str = "channel") -> Channel:
        """The conversation an argument names, by id, as long as the app can see it."""
        given = self.needs(name)
        channel = self.workspace.channels.get(given)
        app = self.workspace.app.user_id
        if channel is None or ((channel.is_private or channel.is_im) and app not in channel.members):
            raise RefusedError("channel_not_found")
        return channel

    def needs_scope(self, *scopes: str) -> None:
        """Refuse unless one of these scopes was granted."""
        granted = self.workspace.app.scopes
        if scopes and not granted.intersection(scopes):
            raise RefusedError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(granted)))

    def page(self, items: Sequence[T], *, default: int = 100, most: int = 1000) -> tuple[list[T], Result]:
        """One page of a list, and the response_metadata that leads to the next."""
        limit = self.number("limit", default, most=most)
        start = _from_cursor(self.text("cursor"))
        following = start + limit
        cursor = _to_cursor(following) if following < len(items) else ""
        return list(items[start:following]), {"next_cursor": cursor}


def _to_cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _from_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word != "next":
            raise RefusedError("invalid_cursor")
        return int(position)
    except (binascii.Error, ValueError) as unreadable:
        raise RefusedError("invalid_cursor") from unreadable
