"""Live: tells every open page that something changed, so that it renews itself."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

if TYPE_CHECKING:
    from integrations.sandbox.workspace import Workspace


# A new title or a new group member is on everybody's screen, whoever it is about.
_EVERYBODYS = ("people", "channels", "groups")


class Live:
    """One WebSocket for each open page; a message is the id of the only person concerned, or empty for all."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep telling until the page is closed."""
        if not same_origin(request):
            raise web.HTTPForbidden(text="Only this page may listen.")
        line = web.WebSocketResponse(heartbeat=20)
        await line.prepare(request)
        telling = asyncio.create_task(self._tell(line))
        try:
            async for message in line:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
            await line.close(code=WSCloseCode.GOING_AWAY)
        return line

    async def _tell(self, line: web.WebSocketResponse) -> None:
        async with self._workspace.subscribe() as changes:
            async for change in changes:
                # What is typed into a form is the typist's own business until it is sent.
                if change.kind == "draft":
                    continue
                try:
                    await line.send_str("" if change.kind in _EVERYBODYS else change.user or "")
                except ConnectionError:
                    return


def same_origin(request: web.Request) -> bool:
    """Whether a request comes from this page itself (or from a program, which sends no Origin)."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
