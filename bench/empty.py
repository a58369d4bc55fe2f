"""An empty app to compare with: Slack Bolt served by aiohttp, with its own signature check, doing nothing at all.

`listener` acknowledges in a listener, the usual way. `middleware` does it in the listener's middleware: Bolt looks only
every ten milliseconds whether a listener has acknowledged, and this way there is nothing to wait for.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

PATH = "/slack/events"


async def acknowledge(ack: AsyncAck) -> BoltResponse:
    """Nothing but that."""
    return await ack()


async def unreached() -> None:
    """Nothing."""


def empty_app(way: str) -> AsyncApp:
    """An app with a command and a button."""
    token = os.environ.pop("SLACK_BOT_TOKEN")  # else Bolt reads it as well, and complains that it has two
    app = AsyncApp(
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        client=AsyncWebClient(token=token, base_url=os.environ["SLACK_API_URL"]),
    )
    listener: Callable[..., Awaitable[Any]] = acknowledge if way == "listener" else unreached
    middleware = [] if way == "listener" else [acknowledge]
    app.command("/release", middleware=middleware)(listener)
    app.action("approve", middleware=middleware)(listener)
    return app


async def serve(port: int, way: str) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(empty_app(way).server(port=port, path=PATH, host="127.0.0.1").web_app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
