"""Socket Mode: several links at once, so that there is always one; watched, and ended without losing a request."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.tasks import Tasks
from integrations.slack.client import SlackClient
from integrations.slack.dispatch import dispatch
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError
from integrations.slack.link import Link

log = logging.getLogger(__name__)


class SocketsError(Exception):
    """Socket Mode can't work with these settings; the message says what to mend."""


class Sockets:
    """The links to Slack. Slack gives each request to one of them; while one is renewed, another takes it."""

    def __init__(
        self,
        app: AsyncApp,
        client: SlackClient,
        app_token: str,
        *,
        links: int = 2,
        ping_interval: timedelta = timedelta(seconds=10),
        given_up_after: timedelta = timedelta(minutes=1),
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._wanted = links
        self._ping = ping_interval.total_seconds()
        self._given_up_after = given_up_after.total_seconds()
        self._links: list[Link] = []
        self._tasks = Tasks()
        self._watching: list[asyncio.Task[None]] = []
        self._up = asyncio.Event()

    async def start(self, patience: timedelta = timedelta(seconds=15)) -> None:
        """Connect. SocketsError if Slack refuses the token; if Slack is away, it goes on in the background."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                reply = await self._client.ask("apps.connections.open", token=self._app_token)
        except SlackRefusedError as error:
            # The SDK would go on asking with the same token, without an end and without an error.
            raise SocketsError(
                f"Slack does not accept SLACK_APP_TOKEN ({error.code}). It must be an app-level token (xapp-…) "
                "with the scope connections:write, and Socket Mode must be on."
            ) from error
        except (SlackBusyError, SlackAwayError, TimeoutError) as error:
            log.warning("Slack can't be reached yet (%s); trying on.", str(error) or "no answer in time")
            ticket = None
        else:
            ticket = str(reply.data["url"])
        for number in range(self._wanted):
            self._watching.append(self._tasks.spawn(self._keep(ticket if number == 0 else None), f"link {number + 1}"))
        await self._first_connection(patience)

    def connected(self) -> int:
        """How many links are alive, by the age of the last answer to a ping."""
        return sum(1 for each in self._links if each.alive())

    async def close(self, within: timedelta = timedelta(seconds=5)) -> None:
        """Take nothing new, finish what is being answered, hang up."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await asyncio.gather(*(each.end(within.total_seconds()) for each in self._links))
        self._links.clear()

    async def _first_connection(self, patience: timedelta) -> None:
        try:
            await asyncio.wait_for(self._up.wait(), patience.total_seconds())
        except TimeoutError:
            log.warning("No connection to Slack after %s; trying on.", patience)

    async def _heard(self, _: AsyncBaseSocketModeClient, __: dict[str, Any], ___: str | None = None) -> None:
        self._up.set()

    async def _keep(self, ticket: str | None) -> None:
        """Keep one link up. One that is silent for too long is given up, and another takes its place."""
        while True:
            link = Link(self._client, self._app_token, self._receive, self._ping)
            link.message_listeners.append(self._heard)
            if ticket is not None:
                link.use(ticket)
            ticket = None
            self._links.append(link)
            connecting = asyncio.ensure_future(link.connect())  # type: ignore[no-untyped-call]
            try:
                await self._watch(link)
            finally:
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)
            self._links.remove(link)
            log.warning("A Socket Mode link was silent for too long; it is replaced.")
            await link.end(within=1.0)

    async def _watch(self, link: Link) -> None:
        """Return when there is no hope for this link."""
        heard = time.monotonic()
        while time.monotonic() - heard < self._given_up_after:
            await asyncio.sleep(self._ping / 2)
            if link.alive():
                heard = time.monotonic()
            link.renew_ticket()

    async def _receive(self, request: SocketModeRequest) -> BoltResponse:
        return await dispatch(self._app, request.payload, retry=request.retry_attempt, reason=request.retry_reason)
