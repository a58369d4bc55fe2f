"""Whatever is asked is acknowledged at once: neither Slack nor the database can make the acknowledgement late.

Both are blocked here until the test lets go of them; nothing is timed. Were anything asked of them before it, no
acknowledgement could come, and Slack would give the request up.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.slack.bot import until
from tests.stories.conftest import a_world
from tests.stories.roads import planned
from tests.stories.world import World


class Gate:
    """Stands in front of Slack's Web API. While it is shut, every call waits before it."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        self._session = session
        self._beyond = api_url
        self._open = asyncio.Event()
        self._open.set()
        self.waiting: list[str] = []
        self.calls = 0

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()
        self.waiting.clear()

    async def handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls += 1
        if not self._open.is_set():
            self.waiting.append(method)
            await self._open.wait()
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        body = await request.read()
        async with self._session.post(self._beyond + method, data=body, headers=headers) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)


@asynccontextmanager
async def a_gate(api_url: str) -> AsyncIterator[tuple[Gate, str]]:
    """A gate before this Slack, and its own address."""
    async with aiohttp.ClientSession() as session:
        gate = Gate(session, api_url)
        app = web.Application()
        app.add_routes([web.post("/api/{method}", gate.handle)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield gate, f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        finally:
            gate.open()
            await runner.cleanup()


@pytest.fixture(params=["socket", "http"])
async def gated(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[tuple[World, Gate]]:
    """The world, with a gate between Slipway and Slack; a release is planned in it."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(tmp_path, sqlite_url, request.param))
        gate, address = await stack.enter_async_context(a_gate(world.settings.slack_api_url))
        world.settings = replace(world.settings, slack_api_url=address)
        await stack.enter_async_context(world.running())
        await planned(world)
        yield world, gate


@asynccontextmanager
async def blocked(world: World, gate: Gate, *what: str) -> AsyncIterator[sqlite3.Connection]:
    """Slack answers nothing, and nobody else reads or writes the database, as long as this lasts; gives a way in."""
    await world.settles()
    file = world.settings.database_url.reveal().split("///", 1)[1]
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)) as database:
        if "Slack" in what:
            gate.shut()
        if "the database" in what:
            # In a thread: whoever is just writing needs this one to come to an end.
            await asyncio.to_thread(database.execute, "BEGIN EXCLUSIVE")
        try:
            yield database
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            gate.open()


def entries(database: sqlite3.Connection) -> int:
    """How long the record is."""
    return int(database.execute("SELECT count(*) FROM audit").fetchone()[0])


async def a_form_is_open(world: World) -> None:
    await world.omar.presses("Reject")
    assert world.omar.desk.modal is not None


async def nothing_before(world: World) -> None:
    """Nothing has to be there first."""


async def types_a_command(world: World) -> None:
    await world.omar.desk.types("payments", "/release approve R-1")


async def presses_a_button(world: World) -> None:
    await world.omar.desk.presses(world.card(), "Approve")


async def sends_a_form(world: World) -> None:
    form = world.omar.desk.modal
    assert form is not None
    assert not await world.omar.desk.submits(form, {"reason": "The totals are wrong"})


Step = Callable[[World], Awaitable[Any]]
ASKED: dict[str, tuple[Step, Step]] = {
    "a command": (nothing_before, types_a_command),
    "a press": (nothing_before, presses_a_button),
    "a form": (a_form_is_open, sends_a_form),
}


@pytest.mark.parametrize("what", [("Slack",), ("the database",), ("Slack", "the database")], ids=" and ".join)
@pytest.mark.parametrize("asked", ASKED)
async def test_what_is_asked_is_acknowledged_while_nothing_else_answers(
    gated: tuple[World, Gate], asked: str, what: tuple[str, ...]
):
    world, gate = gated
    before, act = ASKED[asked]
    await before(world)
    async with blocked(world, gate, *what) as database:
        already, notices, calls = entries(database), len(world.omar.desk.notices), gate.calls
        await act(world)
        assert len(world.omar.desk.notices) == notices, "Slack gave the request up"
        await until(lambda: gate.calls > calls)
        assert ("users.info" in gate.waiting) == ("Slack" in what)
        assert len(world.bot.tasks) == 1, "the request is not at work"
        assert entries(database) == already
    await world.settles()
    async with blocked(world, gate) as database:
        assert entries(database) == already + 1, "what was asked was not done afterwards"


async def test_a_home_that_is_opened_is_acknowledged_while_nothing_else_answers(gated: tuple[World, Gate]):
    world, gate = gated
    async with blocked(world, gate, "Slack", "the database"):
        await world.omar.desk.opens_home()
        await world.sandbox.settle()  # delivered and acknowledged, or given up
        assert not world.sandbox.undelivered
        await until(lambda: "users.info" in gate.waiting)
        assert world.omar.desk.home is None
    await world.settles()
    assert world.omar.desk.home is not None
