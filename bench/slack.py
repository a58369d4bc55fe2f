"""Slack's stand-in for the measurements: the sandbox, which can be made slow, and a place where answers are awaited."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.wired import manifest
from integrations.sandbox.server import Sandbox
from tests.stories.world import a_workspace


class Answers:
    """When which answer came. The clock is the machine's own, the same in every process."""

    def __init__(self) -> None:
        self._came: dict[str, float] = {}
        self._more = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Where a `response_url` leads to."""
        self._came.setdefault(request.match_info["key"], time.monotonic())
        self._more.set()
        return web.Response(text="ok")

    async def told(self, request: web.Request) -> web.Response:
        """When the answers with these keys came, once all of them have."""
        keys = await request.json()
        async with asyncio.timeout(90):
            while not all(key in self._came for key in keys):
                self._more.clear()
                await self._more.wait()
        return web.json_response({key: self._came[key] for key in keys})


class SlowSandbox(Sandbox):
    """The sandbox, whose Web API takes its time if it is told to."""

    delay = 0.0

    @web.middleware
    async def _be_away(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            await asyncio.sleep(self.delay)
        return await super()._be_away(request, handler)


async def serve(port: int, request_url: str) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    answers = Answers()

    async def slow_down(request: web.Request) -> web.Response:
        """From now on every call takes that many milliseconds."""
        sandbox.delay = int(request.match_info["milliseconds"]) / 1000
        return web.Response()

    async def counted(_: web.Request) -> web.Response:
        """How often which method was called."""
        return web.json_response(Counter(method for method, _ in sandbox.calls))

    sandbox = SlowSandbox(
        a_workspace(manifest()),
        port=port,
        bot_token=os.environ["SLACK_BOT_TOKEN"],
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        deliver="http",
        request_url=request_url,
        rate_limits="off",
        page=[
            web.post("/bench/answers/{key}", answers.take),
            web.post("/bench/told", answers.told),
            web.post("/bench/delay/{milliseconds}", slow_down),
            web.get("/bench/calls", counted),
        ],
    )
    async with sandbox:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
