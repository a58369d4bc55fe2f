"""Serving: HTTP, with whatever routes there are, and the two questions that operators ask of every program."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.ports import ConflictError, Records, RecordsError
from bot.settings import Settings

log = logging.getLogger(__name__)


def health(records: Records, connected: Callable[[], bool]) -> list[web.RouteDef]:
    """`/healthz`: the process is alive. `/readyz`: it can do its work."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_: web.Request) -> web.Response:
        lacking = [] if connected() else ["there is no connection to Slack"]
        try:
            async with records.read() as page:
                await page.freezes(limit=1)
        except (RecordsError, ConflictError):
            log.exception("The database can't be read.")
            lacking.append("the database can't be read")
        return web.json_response({"ok": not lacking, "lacking": lacking}, status=503 if lacking else 200)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


@asynccontextmanager
async def serving(settings: Settings, routes: Sequence[web.RouteDef]) -> AsyncIterator[str]:
    """Serve as long as this lasts; gives the address."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.listen_host, settings.listen_port).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
