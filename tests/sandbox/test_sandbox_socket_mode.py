"""Socket Mode as the real SDK's client meets it: tickets, several connections, retries, and bad days."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import aiohttp
import pytest

from integrations.sandbox.link import Answer
from tests.sandbox.bolt_apps import bolt, over_sockets
from tests.sandbox.bricks import actions, button


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def heard():
    return []


@pytest.fixture
def app(sandbox, session, heard):
    app = bolt(sandbox, session)

    @app.command("/release")
    async def release(ack, body):
        heard.append(body)
        await ack()

    @app.event("app_mention")
    async def mentioned(body, request):
        heard.append({"event_id": body["event_id"], "retry": request.headers.get("x-slack-retry-num")})

    return app


async def ticket(session, sandbox):
    headers = {"Authorization": f"Bearer {sandbox.app_token}"}
    async with session.post(sandbox.api_url + "apps.connections.open", headers=headers) as response:
        return (await response.json())["url"]


async def test_a_ticket_is_for_one_connection_which_is_greeted(session, sandbox):
    url = await ticket(session, sandbox)
    async with session.ws_connect(url) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"], hello["connection_info"]["app_id"]) == (
            "hello",
            1,
            "A0SLIPWAY",
        )
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect(url + "x")


async def test_the_eleventh_connection_is_one_too_many(session, sandbox):
    async with contextlib.AsyncExitStack() as open_sockets:
        for _ in range(10):
            url = await ticket(session, sandbox)
            await open_sockets.enter_async_context(session.ws_connect(url))
        await sandbox.connected(10)
        async with session.ws_connect(await ticket(session, sandbox)) as last:
            assert (await last.receive_json())["reason"] == "too_many_websockets"
            assert (await last.receive()).type is aiohttp.WSMsgType.CLOSE
        assert len(sandbox.sockets) == 10


async def test_pings_are_answered(session, sandbox):
    async with session.ws_connect(await ticket(session, sandbox), autoping=False) as socket:
        await socket.receive_json()
        await socket.ping(b"sdk-ping-pong:1.0")
        pong = await socket.receive(timeout=2)
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.0")


async def test_each_request_goes_to_one_of_several_connections(session, sandbox, omar):
    async def listen(socket, got):
        async for message in socket:
            envelope = message.json()
            if "envelope_id" in envelope:
                got.append(envelope)
                await socket.send_json({"envelope_id": envelope["envelope_id"]})

    first, second = [], []
    async with (
        session.ws_connect(await ticket(session, sandbox)) as one,
        session.ws_connect(await ticket(session, sandbox)) as two,
    ):
        listeners = [asyncio.create_task(listen(one, first)), asyncio.create_task(listen(two, second))]
        await sandbox.connected(2)
        for n in range(6):
            await omar.types("releases", f"/release {n}")
    await asyncio.gather(*listeners)

    assert sorted(envelope["payload"]["text"] for envelope in first + second) == list("012345")
    assert first
    assert second
    assert omar.notices == []
    assert {envelope["type"] for envelope in first} == {"slash_commands"}
    assert all(envelope["accepts_response_payload"] for envelope in first)


async def test_an_acknowledgement_may_come_over_another_connection_and_nonsense_is_ignored(session, sandbox, omar):
    async with (
        session.ws_connect(await ticket(session, sandbox)) as one,
        session.ws_connect(await ticket(session, sandbox)) as two,
    ):
        await sandbox.connected(2)
        await one.receive_json()
        await two.receive_json()
        typing = asyncio.create_task(omar.types("releases", "/release x"))
        arriving = [asyncio.create_task(socket.receive_json()) for socket in (one, two)]
        done, waiting = await asyncio.wait(arriving, return_when=asyncio.FIRST_COMPLETED)
        other = two if arriving[0] in done else one
        for task in waiting:
            task.cancel()
        await other.send_str("no JSON")
        await other.send_str('["no object"]')
        await other.send_json({"envelope_id": "unknown"})
        await other.send_json({"envelope_id": done.pop().result()["envelope_id"], "payload": {"text": "Hello"}})
        await typing
    assert [m.text for m in omar.sees("releases")] == ["Hello"]


async def test_without_a_connection_a_command_fails_at_once(sandbox, omar):
    await omar.types("releases", "/release list")
    assert [notice.error for notice in omar.notices] == ["dispatch_failed"]


async def test_an_event_is_sent_again_until_it_is_acknowledged_with_the_same_id(app, sandbox, omar, heard):
    sandbox.workspace.app.events = {"app_mention"}
    sandbox.faults.lose_next_ack(2)
    async with over_sockets(app, sandbox):
        await omar.types("releases", "@slipway hello")
        await sandbox.settle()
    assert [each["retry"] for each in heard] == [["0"], ["1"], ["2"]]
    assert len({each["event_id"] for each in heard}) == 1
    assert sandbox.undelivered == []


async def test_an_event_that_nobody_takes_is_given_up_after_three_retries(sandbox, omar):
    await omar.types("releases", "@slipway hello")
    await sandbox.settle()
    kinds = {payload["event"]["type"] for payload in sandbox.undelivered}
    assert kinds == {"message", "app_mention"}


async def test_a_delivery_can_come_twice(app, sandbox, omar, heard):
    sandbox.faults.duplicate_next_delivery()
    async with over_sockets(app, sandbox):
        await omar.types("releases", "/release once")
        await sandbox.settle()
    assert [body["text"] for body in heard] == ["once", "once"]
    assert len({body["trigger_id"] for body in heard}) == 1


async def test_the_client_comes_back_after_being_asked_to_reconnect_and_after_a_cut(app, sandbox, omar, heard, caplog):
    caplog.set_level(logging.CRITICAL)
    async with over_sockets(app, sandbox) as [handler]:
        first = handler.client.wss_uri
        await sandbox.sockets.ask_to_reconnect()
        assert len(sandbox.sockets) == 0
        await sandbox.connected()
        assert handler.client.wss_uri != first, "a new ticket for a new connection"
        sandbox.faults.drop_sockets()
        assert len(sandbox.sockets) == 0
        await sandbox.connected()
        await omar.types("releases", "/release list")
    assert len(heard) == 1


async def test_while_slack_is_away_nothing_answers_and_then_everything_does_again(app, sandbox, client, omar, heard):
    async with over_sockets(app, sandbox):
        sandbox.away = True
        with pytest.raises(aiohttp.ClientError):
            await client.auth_test()
        await omar.types("releases", "/release list")
        assert omar.notices[-1].error == "service_unavailable"
        sandbox.away = False
        await client.auth_test()
        await sandbox.connected()
        await omar.types("releases", "/release list")
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("status", "stored"),
    [("drop", 0), ("drop_after_effect", 1), ("timeout", 0), ("timeout_after_effect", 1)],
)
async def test_a_call_can_be_left_without_an_answer_before_or_after_it_took_effect(sandbox, workspace, status, stored):
    sandbox.faults.next("chat.postMessage", status=status)
    timeout = aiohttp.ClientTimeout(total=0.3)
    url, headers = sandbox.api_url + "chat.postMessage", {"Authorization": f"Bearer {sandbox.bot_token}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, TimeoutError)):
            await session.post(url, json={"channel": "C0RELEASES", "text": "x"})
        assert len(workspace.messages["C0RELEASES"]) == stored
        async with session.post(url, json={"channel": "C0RELEASES", "text": "x"}) as response:
            assert (await response.json())["ok"] is True, "only one call was to fail"


async def test_calls_can_fail_with_a_status_or_with_an_error_name(sandbox, client, session):
    sandbox.faults.next("auth.test", status=500, times=2)
    sandbox.faults.next("*", error="internal_error")
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
    said = []
    for _ in range(4):
        async with session.post(sandbox.api_url + "auth.test", headers=headers) as response:
            said.append((response.status, "internal_error" in await response.text()))
    assert said == [(500, False), (500, False), (200, True), (200, False)]
    sandbox.faults.next("auth.test", status=500)
    sandbox.faults.clear()
    assert (await client.auth_test())["ok"]


async def test_where_interactivity_is_switched_off_a_button_does_nothing(app, sandbox, client, workspace, omar):
    workspace.app.interactive = False
    await client.chat_postMessage(channel="C0RELEASES", text="x", blocks=[actions(button())])
    async with over_sockets(app, sandbox):
        assert await omar.presses(omar.sees("releases")[0], "Go") == Answer(error="not_interactive")
    assert omar.notices[-1].error == "not_interactive"
