"""Peers: small servers that misbehave in one exact way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer:
    """A server that counts what it is asked, and by how many connections."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self.requests: list[str] = []
        self.connections: set[object] = set()
        self.url = ""

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.path)
        if request.transport is not None:
            self.connections.add(request.transport.get_extra_info("peername"))
        return await self._answer(request)


@asynccontextmanager
async def peer(answer: Answering) -> AsyncIterator[Peer]:
    there = Peer(answer)
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", there.handle)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    there.url = f"http://{host}:{port}"
    try:
        yield there
    finally:
        await runner.cleanup()


def cut(request: web.Request) -> web.Response:
    """Cut the connection instead of an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()
