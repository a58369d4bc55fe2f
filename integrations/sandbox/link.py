"""Link: how what a person does reaches the app, and what the person's client makes of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The app's answer to one request; `error` is Slack's name for what went wrong, empty if nothing did."""

    body: Mapping[str, Any] | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the app acknowledged in time."""
        return not self.error


class AppLink(Protocol):
    """The way to the app, over Socket Mode or signed HTTP."""

    @property
    def url(self) -> str:
        """Where the sandbox answers, for the addresses written into payloads."""
        ...

    async def request(self, kind: Kind, payload: dict[str, Any]) -> Answer:
        """Send something that is waited for: a command or an interaction. Never sent twice."""
        ...

    def event(self, payload: dict[str, Any]) -> None:
        """Send an event in the background, again and again if need be."""
        ...
