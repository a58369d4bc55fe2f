"""Response URLs: the five answers, within half an hour, that an app may give to one thing somebody did."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

USES = 5
LIFETIME = timedelta(minutes=30)


class ResponseUrlRefusedError(Exception):
    """An address that is unknown, used up or too old; the text is Slack's name for it."""


@dataclass(slots=True)
class ResponseUrl:
    """Where answers go: to whom, in which channel and thread, and which message they may replace."""

    key: str
    user: str
    channel: str
    issued: datetime
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    """All addresses that were given out."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._given: dict[str, ResponseUrl] = {}

    def issue(
        self, *, user: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None
    ) -> ResponseUrl:
        """Give out a new one."""
        given = ResponseUrl(
            key=f"T0/{len(self._given) + 1}/{secrets.token_urlsafe(18)}",
            user=user,
            channel=channel,
            issued=self._now(),
            message_ts=message_ts,
            thread_ts=thread_ts,
        )
        self._given[given.key] = given
        return given

    def use(self, key: str) -> ResponseUrl:
        """Count one use, or refuse."""
        given = self._given.get(key)
        if given is None:
            raise ResponseUrlRefusedError("no_such_url")
        if self._now() - given.issued > LIFETIME:
            raise ResponseUrlRefusedError("expired_url")
        if given.uses >= USES:
            raise ResponseUrlRefusedError("used_url")
        given.uses += 1
        return given
