"""Link: one Socket Mode connection, with the SDK's client put right where it gets stuck or lies."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from integrations.proxies import proxy_for
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackAwayError, SlackBusyError

log = logging.getLogger(__name__)
_sdk_log = logging.getLogger("slipway.slack.socket")
_sdk_log.setLevel(logging.INFO)


def _briefly(record: logging.LogRecord) -> bool:
    """Slack being away is no fault of ours: one line each time it is tried again, without the SDK's stack trace."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, SlackAwayError | aiohttp.ClientError | OSError):
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


_sdk_log.addFilter(_briefly)

Receive = Callable[[SocketModeRequest], Awaitable[BoltResponse]]


class Link(SocketModeClient):
    """A connection that knows how long it has been silent, and whose tickets can be renewed."""

    def __init__(self, client: SlackClient, app_token: str, receive: Receive, ping_interval: float) -> None:
        super().__init__(app_token, logger=_sdk_log, web_client=client.web, ping_interval=ping_interval)
        self._client = client
        self._receive = receive
        self._open_requests = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._spoken = 0.0
        self._seen_ticket: str | None = None
        self.closing = False
        self.socket_mode_request_listeners.append(self._handle)
        self.message_listeners.append(self._heard)

    async def issue_new_wss_url(self) -> str:
        """A new ticket; waits as long as Slack asks us to. A ticket opens one connection."""
        while True:
            try:
                reply = await self._client.ask("apps.connections.open", token=self.app_token)
            except SlackBusyError as error:
                log.info("Slack asks to wait %g s before the next connection.", error.retry_after)
                await asyncio.sleep(error.retry_after)
            else:
                return self.use(str(reply.data["url"]))

    def use(self, ticket: str) -> str:
        """Connect with this ticket next, by the proxy that leads there, if any does."""
        self.proxy = proxy_for(ticket)
        self.wss_uri = ticket
        return ticket

    def alive(self) -> bool:
        """Whether the other end has answered lately. An open session alone says nothing."""
        session = self.current_session
        if session is None or session.closed or self.closed:
            return False
        last = max(self._spoken, self.last_ping_pong_time or 0.0)
        return time.time() - last < self.ping_interval * 4

    def renew_ticket(self) -> bool:
        """Let go of a ticket that has led nowhere since the last look: the SDK would try the same one for ever."""
        stuck = not self.alive() and self.wss_uri is not None and self.wss_uri == self._seen_ticket
        self._seen_ticket = self.wss_uri
        if stuck:
            log.warning("A Socket Mode ticket led nowhere; getting a fresh one.")
            self.wss_uri = None
            self._seen_ticket = None
        return stuck

    async def end(self, within: float) -> None:
        """Take nothing new, finish what is being answered, and hang up."""
        self.closing = True
        self.auto_reconnect_enabled = False
        try:
            await asyncio.wait_for(self._idle.wait(), within)
        except TimeoutError:
            log.warning("%d request(s) were still being answered when the connection was closed.", self._open_requests)
        helpers = [self.message_processor, self.message_receiver, self.current_session_monitor]
        await self.close()  # type: ignore[no-untyped-call]
        await asyncio.gather(*(each for each in helpers if each is not None), return_exceptions=True)

    async def _heard(self, _: AsyncBaseSocketModeClient, __: dict[str, Any], ___: str | None = None) -> None:
        self._spoken = time.time()

    async def _handle(self, _: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Answer an envelope. What comes while we are closing stays unanswered: Slack gives it to another link."""
        if self.closing:
            return
        self._open_requests += 1
        self._idle.clear()
        try:
            response = await self._receive(request)
            if response.status == 200:
                answer = SocketModeResponse(request.envelope_id, _payload(response))
                await self.send_socket_mode_response(answer)
            else:
                level = logging.ERROR if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.WARNING
                log.log(level, "A request of the kind %r could not be taken (%s).", request.type, response.status)
        finally:
            self._open_requests -= 1
            if not self._open_requests:
                self._idle.set()


def _payload(response: BoltResponse) -> dict[str, Any] | None:
    """What goes along with the acknowledgement: an updated form, or its errors."""
    if not response.body:
        return None
    kind = response.headers.get("content-type", [""])[0]
    if kind.startswith("application/json"):
        told: dict[str, Any] = json.loads(response.body)
        return told
    return {"text": response.body}
