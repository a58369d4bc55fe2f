"""Real Bolt apps around a sandbox, over Socket Mode and over signed HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from integrations.sandbox.server import Sandbox


def bolt(sandbox: Sandbox, session: aiohttp.ClientSession | None = None) -> AsyncApp:
    """A Bolt app that talks to the sandbox."""
    client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url, session=session)
    return AsyncApp(client=client, token=sandbox.bot_token, signing_secret=sandbox.signing_secret)


@asynccontextmanager
async def over_sockets(
    app: AsyncApp, sandbox: Sandbox, *, connections: int = 1
) -> AsyncIterator[list[AsyncSocketModeHandler]]:
    """Run the app over Socket Mode."""
    handlers = [
        AsyncSocketModeHandler(app, sandbox.app_token, web_client=app.client, ping_interval=1)
        for _ in range(connections)
    ]
    for handler in handlers:
        await handler.connect_async()
    await sandbox.connected(connections)
    try:
        yield handlers
    finally:
        for handler in handlers:
            await handler.close_async()
            # The SDK leaves its session and its tasks behind.
            await handler.client.aiohttp_client_session.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def over_http(app: AsyncApp, sandbox: Sandbox) -> AsyncIterator[str]:
    """Run the app behind its own address."""
    runner = web.AppRunner(app.web_app(path="/slack/events"), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sandbox.http.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield sandbox.http.request_url
    finally:
        await runner.cleanup()
