"""Errors: how Slack can fail us, in the three ways that need different answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.messages import MessengerError

_BUSY = frozenset({"ratelimited", "rate_limited"})
_THEIR_TROUBLE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_LONGEST = 3600.0


class SlackRefusedError(MessengerError):
    """Slack says no, and would say it again. `needed` and `provided` are scopes, where it is about those."""

    def __init__(self, method: str, code: str, *, needed: str = "", provided: str = "", detail: str = "") -> None:
        scopes = f" (needs {needed}; the token has {provided or 'none'})" if needed else ""
        super().__init__(f"{method} was refused: {code}{scopes}{': ' if detail else ''}{detail}", code=code)
        self.needed = needed
        self.provided = provided


class SlackBusyError(MessengerError):
    """Slack asks us to wait: nothing was done."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(
            f"{method} was called too often; again in {retry_after:g} s", code="ratelimited", wait=retry_after
        )
        self.retry_after = retry_after


class SlackAwayError(MessengerError):
    """Slack could not be asked, or its answer got lost. `uncertain`: it may have been done all the same."""

    def __init__(self, method: str, why: str, *, uncertain: bool) -> None:
        super().__init__(f"{method}: {why}")
        self.uncertain = uncertain


def translated(
    method: str, error: SlackClientError | aiohttp.ClientError | TimeoutError | OSError
) -> SlackRefusedError | SlackBusyError | SlackAwayError:
    """What the SDK or the network raised, in our words."""
    if isinstance(error, SlackApiError):
        return _answered(method, error)
    # No connection was made, so nothing was sent. Everything else may have been heard.
    unheard = isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL))
    what = "no answer in time" if isinstance(error, asyncio.TimeoutError) else str(error) or type(error).__name__
    return SlackAwayError(method, what, uncertain=not unheard)


def _answered(method: str, error: SlackApiError) -> SlackRefusedError | SlackBusyError | SlackAwayError:
    response: Any = error.response
    data = getattr(response, "data", None)
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    told: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    code = str(told.get("error") or "")
    if status == 429 or code in _BUSY:
        return SlackBusyError(method, retry_after(getattr(response, "headers", None)))
    if status >= 500 or code in _THEIR_TROUBLE:
        # Slack's own words on these: some of the operation may have succeeded.
        return SlackAwayError(method, f"trouble on Slack's side ({code or status})", uncertain=True)
    if not code:
        return SlackAwayError(method, f"an answer that is not Slack's (status {status})", uncertain=True)
    more = told.get("response_metadata")
    messages = more.get("messages") if isinstance(more, Mapping) else None
    return SlackRefusedError(
        method,
        code,
        needed=str(told.get("needed") or ""),
        provided=str(told.get("provided") or ""),
        detail="; ".join(map(str, messages)) if isinstance(messages, list) else "",
    )


def retry_after(headers: object) -> float:
    """The seconds that Slack asks us to wait; one, if it doesn't say it in a way that can be read."""
    if isinstance(headers, Mapping):
        for name, value in headers.items():
            if str(name).lower() == "retry-after":
                try:
                    return min(max(float(value), 0.0), _LONGEST)
                except (TypeError, ValueError):
                    break
    return 1.0
