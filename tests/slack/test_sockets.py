"""Socket Mode: always a link, also after everything that makes the SDK's client get stuck."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.context.ack.async_ack import AsyncAck

from integrations.sandbox.server import Sandbox
from integrations.sandbox.workspace import Workspace
from integrations.slack.app import build_app
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.identity import Myself
from integrations.slack.sockets import Sockets, SocketsError
from tests.slack.bot import until
from tests.slack.conftest import CHANNEL
from tests.slack.peers import peer

PING = timedelta(milliseconds=300)
PATIENCE = timedelta(seconds=2)


@pytest.fixture
async def sandbox(workspace: Workspace) -> AsyncIterator[Sandbox]:
    async with Sandbox(workspace, rate_limits="off", ack_within=1.0) as sandbox:
        yield sandbox


@pytest.fixture
async def sockets(slack: SlackClient, me: Myself, sandbox: Sandbox) -> AsyncIterator[Sockets]:
    app = build_app(slack, me)

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(f"Heard: {body['text']}")

    app.command("/release")(listener)
    sockets = Sockets(app, slack, sandbox.app_token, ping_interval=PING, given_up_after=timedelta(seconds=2))
    yield sockets
    await sockets.close()


def opened(sandbox: Sandbox) -> int:
    return sum(1 for method, _ in sandbox.calls if method == "apps.connections.open")


async def test_two_links_are_up_and_a_command_with_the_word_payload_comes_through(
    sockets: Sockets, sandbox: Sandbox
) -> None:
    await sockets.start(PATIENCE)
    await sandbox.connected(2)
    await until(lambda: sockets.connected() == 2)
    omar = sandbox.workspace.desk("omar")
    for text in ("list", "show payload-svc"):
        await omar.types(CHANNEL, f"/release {text}")

    assert [each.text for each in omar.sees(CHANNEL)] == ["Heard: list", "Heard: show payload-svc"]
    assert opened(sandbox) == 2  # the first look at the token was a ticket already


@pytest.mark.parametrize("token", ["xapp-wrong", "xoxb-sandbox-bot"])
async def test_a_token_that_slack_refuses_stops_the_start_at_once(
    slack: SlackClient, me: Myself, sandbox: Sandbox, token: str
) -> None:
    # The SDK's client would try for ever, and its connect() neither returns nor raises.
    sockets = Sockets(build_app(slack, me), slack, token)
    async with asyncio.timeout(2):
        with pytest.raises(SocketsError, match="Slack does not accept SLACK_APP_TOKEN"):
            await sockets.start()
    await sockets.close()


async def test_when_slack_is_away_at_the_start_it_connects_as_soon_as_slack_is_back(
    sockets: Sockets, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.away = True
    await sockets.start(timedelta(milliseconds=300))
    assert sockets.connected() == 0
    assert "Slack can't be reached yet" in caplog.text

    sandbox.away = False
    await until(lambda: sockets.connected() == 2)


async def test_tickets_are_waited_for_as_long_as_slack_asks(sockets: Sockets, sandbox: Sandbox) -> None:
    sandbox.faults.next("apps.connections.open", status=429, retry_after=0, times=3)
    await sockets.start(PATIENCE)
    await until(lambda: sockets.connected() == 2)
    assert opened(sandbox) == 2


async def test_a_ticket_that_led_nowhere_is_not_tried_for_ever(me: Myself, caplog: pytest.LogCaptureFixture) -> None:
    # A ticket opens one connection. If that fails on the way, the SDK comes back with the same ticket, and again.
    used: set[str] = set()
    issued: list[str] = []

    async def slack_of_single_use(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            issued.append(f"t{len(issued) + 1}")
            return web.json_response({"ok": True, "url": f"{there.url.replace('http', 'ws')}/link?ticket={issued[-1]}"})
        ticket = request.query["ticket"]
        if ticket in used or ticket in ("t1", "t2"):
            used.add(ticket)
            return web.Response(status=502)
        used.add(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello"})
        async for _ in socket:
            pass
        return socket

    async with peer(slack_of_single_use) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        sockets = Sockets(build_app(slack, me), slack, "xapp-1", links=1, ping_interval=PING)
        await sockets.start(timedelta(milliseconds=100))
        await until(lambda: sockets.connected() == 1)
        await sockets.close()

    assert issued == ["t1", "t2", "t3"]
    assert "A Socket Mode ticket led nowhere" in caplog.text


async def test_dropped_connections_come_back(sockets: Sockets, sandbox: Sandbox) -> None:
    await sockets.start(PATIENCE)
    await sandbox.connected(2)
    sandbox.faults.drop_sockets()
    await until(lambda: len(sandbox.sockets) == 2)
    await until(lambda: sockets.connected() == 2)
    omar = sandbox.workspace.desk("omar")
    await omar.types(CHANNEL, "/release list")

    assert omar.sees(CHANNEL)[-1].text == "Heard: list"


async def test_slack_may_ask_to_reconnect_and_no_command_is_lost_afterwards(sockets: Sockets, sandbox: Sandbox) -> None:
    await sockets.start(PATIENCE)
    await sandbox.connected(2)
    await sandbox.sockets.ask_to_reconnect()
    await until(lambda: len(sandbox.sockets) == 2)
    omar = sandbox.workspace.desk("omar")
    for number in range(4):
        await omar.types(CHANNEL, f"/release {number}")

    assert [each.text for each in omar.sees(CHANNEL)] == [f"Heard: {number}" for number in range(4)]
    assert not omar.notices


async def test_an_open_connection_that_has_not_answered_for_long_does_not_count_as_connected(
    sockets: Sockets,
) -> None:
    # is_connected() of the SDK has said yes for hours on a connection at whose other end nobody was.
    await sockets.start(PATIENCE)
    await until(lambda: sockets.connected() == 2)
    silent = sockets._links[0]
    silent._spoken = silent.last_ping_pong_time = time.time() - PING.total_seconds() * 5
    assert sockets.connected() == 1
    await until(lambda: sockets.connected() == 2)


async def test_a_link_whose_other_end_never_answers_is_left_for_another(me: Myself) -> None:
    links: list[web.WebSocketResponse] = []

    async def silent_at_first(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            return web.json_response({"ok": True, "url": f"{there.url.replace('http', 'ws')}/link"})
        socket = web.WebSocketResponse(autoping=bool(links))  # the first one never answers a ping
        links.append(socket)
        await socket.prepare(request)
        await socket.send_json({"type": "hello"})
        async for _ in socket:
            pass
        return socket

    async with peer(silent_at_first) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        app = build_app(slack, me)
        sockets = Sockets(app, slack, "xapp-1", links=1, ping_interval=PING, given_up_after=timedelta(seconds=2))
        await sockets.start(PATIENCE)
        assert sockets.connected() == 1
        await until(lambda: sockets.connected() == 0)
        await until(lambda: sockets.connected() == 1)
        await sockets.close()

    assert len(links) >= 2


async def test_a_link_whose_client_has_died_is_replaced_by_a_new_one(
    sockets: Sockets, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    await sockets.start(PATIENCE)
    await until(lambda: sockets.connected() == 2)
    dead = sockets._links[0]
    dead.auto_reconnect_enabled = False  # as the SDK leaves it when it is interrupted while it reconnects
    assert dead.current_session
    assert dead.current_session_monitor
    dead.current_session_monitor.cancel()
    await dead.current_session.close()
    await until(lambda: sockets.connected() == 1)
    await until(lambda: sockets.connected() == 2)

    assert dead not in sockets._links
    assert "silent for too long; it is replaced" in caplog.text


async def test_closing_finishes_what_is_being_answered_and_takes_nothing_new(
    slack: SlackClient, me: Myself, sandbox: Sandbox
) -> None:
    app = build_app(slack, me)
    begun = asyncio.Event()
    heard: list[str] = []

    async def slow(ack: AsyncAck, body: dict[str, Any]) -> None:
        heard.append(body["text"])
        begun.set()
        await asyncio.sleep(0.2)
        await ack("In time.")

    app.command("/release")(slow)
    sockets = Sockets(app, slack, sandbox.app_token, ping_interval=PING)
    await sockets.start(PATIENCE)
    omar, ruth = sandbox.workspace.desk("omar"), sandbox.workspace.desk("ruth")
    asking = asyncio.create_task(omar.types(CHANNEL, "/release list"))
    await begun.wait()
    closing = asyncio.create_task(sockets.close())
    await asyncio.sleep(0.01)
    late = asyncio.create_task(ruth.types(CHANNEL, "/release late"))
    await asyncio.gather(asking, closing, late)

    assert omar.sees(CHANNEL)[-1].text == "In time."
    assert heard == ["list"]
    assert sockets.connected() == 0
    leftover = [task for task in asyncio.all_tasks() if "process_messages" in repr(task.get_coro())]
    assert leftover == []


async def test_closing_does_not_wait_for_ever(
    slack: SlackClient, me: Myself, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = build_app(slack, me)
    begun = asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.sleep(60)

    app.command("/release")(endless)
    sockets = Sockets(app, slack, sandbox.app_token, ping_interval=PING)
    await sockets.start(PATIENCE)
    asking = asyncio.create_task(sandbox.workspace.desk("omar").types(CHANNEL, "/release list"))
    await begun.wait()
    async with asyncio.timeout(2):
        await sockets.close(timedelta(milliseconds=50))
    await asking

    assert "1 request(s) were still being answered" in caplog.text


async def test_a_request_that_bolt_cant_take_is_said_in_the_log_and_not_acknowledged(
    slack: SlackClient, me: Myself, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = build_app(slack, me)

    async def broken() -> None:
        raise RuntimeError

    app.command("/release")(broken)
    sockets = Sockets(app, slack, sandbox.app_token, ping_interval=PING)
    await sockets.start(PATIENCE)
    omar = sandbox.workspace.desk("omar")
    await omar.types(CHANNEL, "/release list")
    await sockets.close()

    assert omar.notices[-1].error == "operation_timeout"
    assert any(
        "could not be taken (500)" in each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR
    )
