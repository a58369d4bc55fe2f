"""Client: the one way to Slack's Web API: one session, time limits, no blind repeats, errors in our words."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from integrations.proxies import proxy_for
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError, retry_after, translated

OFFICIAL = "https://slack.com/api/"
_REPEATABLE = frozenset(
    {
        "apps.connections.open",
        "auth.test",
        "chat.postEphemeral",  # the same private answer twice does less harm than none
        "conversations.history",
        "conversations.open",
        "conversations.replies",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.list",
        "users.lookupByEmail",
        "views.publish",
        "views.update",
    }
)
"""Doing these twice is as good as once, so they are asked again when the connection breaks."""

# The SDK writes every request into the log if its logger's level is DEBUG, and also if it has none.
_log = logging.getLogger("slipway.slack.web")
_log.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Reply:
    """What Slack answered. `scopes` are those that the token was granted, where Slack tells."""

    data: Mapping[str, Any]
    scopes: frozenset[str]


class SlackClient:
    """Calls Slack. Raises SlackRefusedError, SlackBusyError or SlackAwayError, nothing else."""

    def __init__(self, token: str, session: aiohttp.ClientSession, api_url: str = OFFICIAL) -> None:
        self.token = token
        self.session = session
        self.web = self.sdk_client(token, session, api_url)

    @staticmethod
    def sdk_client(token: str | None, session: aiohttp.ClientSession, api_url: str) -> AsyncWebClient:
        """The SDK's client: with our session (else it opens one for every call), and repeating nothing by itself."""
        web = AsyncWebClient(token=token, base_url=api_url, session=session, logger=_log, retry_handlers=[])
        web.proxy = proxy_for(web.base_url)
        return web

    async def call(self, method: str, /, **arguments: object) -> Mapping[str, Any]:
        """Call a method of the Web API; the arguments that are None are left out."""
        return (await self.ask(method, arguments)).data

    async def ask(
        self, method: str, arguments: Mapping[str, object] | None = None, *, token: str | None = None
    ) -> Reply:
        """Call a method, with another token if one is given; tells the granted scopes as well."""
        try:
            return await self._once(method, token, arguments or {})
        except SlackAwayError:
            if method not in _REPEATABLE:
                raise
            return await self._once(method, token, arguments or {})

    async def respond(self, url: str, body: Mapping[str, Any], /) -> None:
        """Post to a `response_url`. The SDK's own way opens a session each time, and takes a 404 for an answer."""
        try:
            async with self.session.post(url, json=dict(body), proxy=proxy_for(url)) as response:
                status, text = response.status, (await response.text(errors="replace"))[:200]
                wait = retry_after(response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise translated("response_url", error) from error
        if status == 429:
            raise SlackBusyError("response_url", wait)
        if status >= 500:
            raise SlackAwayError("response_url", f"trouble on Slack's side ({status})", uncertain=True)
        if status >= 300:
            raise SlackRefusedError("response_url", _code(text) or f"http_{status}")

    async def _once(self, method: str, token: str | None, arguments: Mapping[str, object]) -> Reply:
        # A form is the one encoding that every method takes, the reading ones included.
        form = {name: _form(value) for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else None
        web = self.web if token is None else self.sdk_client(token, self.session, self.web.base_url)
        try:
            response = await web.api_call(method, data=form, headers=headers)
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise translated(method, error) from error
        except AttributeError as error:
            # The SDK stumbles over an answer that is no JSON object, such as a proxy's page in plain text.
            raise SlackAwayError(method, "an answer that is not Slack's", uncertain=True) from error
        assert isinstance(response.data, dict)
        scopes = response.headers.get("x-oauth-scopes", "")
        return Reply(response.data, frozenset(each.strip() for each in scopes.split(",") if each.strip()))


@asynccontextmanager
async def connected_to_slack(
    token: str, *, api_url: str = OFFICIAL, patience: timedelta = timedelta(seconds=10)
) -> AsyncIterator[SlackClient]:
    """A client, with the one session that it keeps. The SDK ignores its own time limit once a session is given."""
    limit = aiohttp.ClientTimeout(total=patience.total_seconds(), connect=patience.total_seconds() / 2)
    async with aiohttp.ClientSession(timeout=limit) as session:
        yield SlackClient(token, session, api_url)


def _form(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _code(text: str) -> str:
    """Slack's word in a refusal from a `response_url`: JSON or plain."""
    try:
        told = json.loads(text)
    except ValueError:
        return text.strip() if text.strip().replace("_", "").isalnum() else ""
    return str(told.get("error") or "") if isinstance(told, dict) else ""
