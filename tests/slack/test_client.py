"""The client: one session, time limits, no blind repeats, and errors in our words."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import timedelta

import pytest
from aiohttp import web

from bot.messages import MessengerError
from integrations.proxies import proxy_for
from integrations.sandbox.server import Sandbox
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError
from tests.slack.conftest import CHANNEL
from tests.slack.peers import cut, peer


async def fine(_: web.Request) -> web.Response:
    return web.json_response({"ok": True})


async def test_all_calls_share_one_connection_though_the_sdk_opens_one_for_each() -> None:
    async with peer(fine) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        for _ in range(5):
            await slack.call("users.info", user="U0OMAR")
            await slack.respond(f"{there.url}/response", {"text": "hello"})

    assert len(there.requests) == 10
    assert len(there.connections) == 1


async def test_arguments_travel_as_every_method_can_read_them() -> None:
    seen = []

    async def look(request: web.Request) -> web.Response:
        seen.append((request.headers["Authorization"], dict(await request.post())))
        return web.json_response({"ok": True})

    async with peer(look) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        blocks = [{"type": "data_table", "new": True}]  # of a kind that the SDK's models drop
        await slack.call(
            "chat.postMessage", channel="C1", text="Grüße & <b>", blocks=blocks, unfurl_links=False, ts=None
        )
        await slack.ask("apps.connections.open", token="xapp-1")

    assert seen[0][0] == "Bearer xoxb-1"
    assert seen[0][1] == {
        "channel": "C1",
        "text": "Grüße & <b>",
        "blocks": json.dumps(blocks, separators=(",", ":")),
        "unfurl_links": "false",
    }
    assert seen[1] == ("Bearer xapp-1", {})


async def test_a_message_is_never_sent_again_by_itself_when_the_connection_drops() -> None:
    # The SDK's default re-sends it, and people read it twice.
    async def drops(request: web.Request) -> web.Response:
        await request.read()
        return cut(request)

    async with peer(drops) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        with pytest.raises(SlackAwayError) as away:
            await slack.call("chat.postMessage", channel="C1", text="once")

    assert there.requests == ["/api/chat.postMessage"]
    assert away.value.uncertain


async def test_what_may_be_asked_twice_is_asked_again_when_the_connection_drops() -> None:
    async def drops_once(request: web.Request) -> web.Response:
        return cut(request) if len(there.requests) == 1 else web.json_response({"ok": True, "user": {}})

    async with peer(drops_once) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        assert (await slack.call("users.info", user="U1"))["ok"]


async def test_an_answer_that_does_not_come_is_given_up_in_time_though_the_sdk_ignores_its_own_limit() -> None:
    async def silent(_: web.Request) -> web.Response:
        await ended.wait()
        return web.Response()

    ended = asyncio.Event()
    limit = timedelta(milliseconds=100)
    async with peer(silent) as there, connected_to_slack("xoxb-1", api_url=there.api_url, patience=limit) as slack:
        begun = time.monotonic()
        with pytest.raises(SlackAwayError, match="no answer in time") as away:
            await slack.call("chat.postMessage", channel="C1", text="once")
        with pytest.raises(SlackAwayError, match="no answer in time"):
            await slack.respond(f"{there.url}/response", {"text": "once"})
        ended.set()

    assert away.value.uncertain
    assert time.monotonic() - begun < 2


async def test_where_nobody_listens_nothing_can_have_arrived() -> None:
    async with connected_to_slack("xoxb-1", api_url="http://127.0.0.1:9/api/") as slack:
        with pytest.raises(SlackAwayError) as away:
            await slack.call("chat.postMessage", channel="C1", text="once")

    assert not away.value.uncertain


async def test_too_often_is_said_with_the_time_to_wait_and_never_waited_for_inside(
    sandbox: Sandbox, slack: SlackClient
) -> None:
    sandbox.faults.next("chat.postMessage", status=429, retry_after=12)
    begun = time.monotonic()
    with pytest.raises(SlackBusyError) as busy:
        await slack.call("chat.postMessage", channel=CHANNEL, text="hello")

    assert busy.value.retry_after == 12
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("error", ["ratelimited", "rate_limited"])
async def test_too_often_is_understood_also_without_the_status(
    sandbox: Sandbox, slack: SlackClient, error: str
) -> None:
    sandbox.faults.next("chat.postMessage", error=error)
    with pytest.raises(SlackBusyError):
        await slack.call("chat.postMessage", channel=CHANNEL, text="hello")


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
async def test_trouble_on_slacks_side_may_have_done_it_all_the_same(
    sandbox: Sandbox, slack: SlackClient, error: str
) -> None:
    sandbox.faults.next("chat.postMessage", error=error)
    with pytest.raises(SlackAwayError) as away:
        await slack.call("chat.postMessage", channel=CHANNEL, text="hello")
    assert away.value.uncertain


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (500, "text/html", "<html>"),
        (503, "application/json", "{"),
        (200, "application/json", "{"),
        (200, "text/html", "<html>A proxy asks you to sign in.</html>"),
        (200, "text/plain", "hello"),
        (200, "application/json", "[]"),
        (200, "application/json", "[1]"),
        (404, "text/html", "<html>"),
    ],
)
async def test_an_answer_that_is_not_slacks_is_no_answer(status: int, kind: str, text: str) -> None:
    async def strange(_: web.Request) -> web.Response:
        return web.Response(status=status, content_type=kind, text=text)

    async with peer(strange) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        with pytest.raises(SlackAwayError):
            await slack.call("chat.postMessage", channel="C1", text="once")


async def test_a_missing_permission_is_named(sandbox: Sandbox, slack: SlackClient) -> None:
    sandbox.workspace.app.scopes = {"chat:write"}
    with pytest.raises(SlackRefusedError) as refused:
        await slack.call("users.info", user="U0OMAR")

    assert (refused.value.code, refused.value.needed, refused.value.provided) == (
        "missing_scope",
        "users:read",
        "chat:write",
    )
    assert "needs users:read" in str(refused.value)


async def test_a_refusal_brings_slacks_own_explanation(slack: SlackClient) -> None:
    with pytest.raises(SlackRefusedError, match=r"invalid_blocks: .*"):
        await slack.call("chat.postMessage", channel=CHANNEL, text="hello", blocks=[{"type": "nonsense"}])


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (404, '{"ok": false, "error": "used_url"}', SlackRefusedError),
        (404, "expired_url", SlackRefusedError),
        (400, "<html>what?</html>", SlackRefusedError),
        (429, "", SlackBusyError),
        (500, "", SlackAwayError),
    ],
)
async def test_a_response_url_that_fails_raises_though_the_sdks_respond_does_not(
    status: int, text: str, expected: type[MessengerError]
) -> None:
    async def refuses(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with peer(refuses) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        with pytest.raises(expected) as error:
            await slack.respond(f"{there.url}/response", {"text": "hello"})

    assert error.value.code in {"used_url", "expired_url", "http_400", "ratelimited", ""}


async def test_a_proxy_is_left_out_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK takes HTTPS_PROXY for every address, this machine's own included, and never looks at NO_PROXY.
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.corp.example")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.corp.example")

    async with peer(fine) as there, connected_to_slack("xoxb-1", api_url=there.api_url) as slack:
        await slack.call("chat.postMessage", channel="C1", text="hello")
        await slack.ask("apps.connections.open", token="xapp-1")
        await slack.respond(f"{there.url}/response", {"text": "hello"})

    assert len(there.requests) == 3
    assert proxy_for("https://slack.com/api/") == "http://127.0.0.1:9"
    assert proxy_for("wss://wss-primary.slack.com/link/?ticket=1") == "http://127.0.0.1:9"
    assert proxy_for("https://hooks.corp.example/") is None
    assert proxy_for("not an address") is None


async def test_a_proxy_is_used_where_one_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxied(request: web.Request) -> web.Response:
        hosts.append(request.host)
        return web.json_response({"ok": True})

    hosts: list[str] = []
    async with peer(proxied) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        async with connected_to_slack("xoxb-1", api_url="http://slack.test/api/") as slack:
            await slack.call("chat.postMessage", channel="C1", text="hello")

    assert hosts == ["slack.test"]


async def test_nothing_of_a_request_is_logged_whatever_the_root_logger_wants(
    caplog: pytest.LogCaptureFixture, slack: SlackClient
) -> None:
    caplog.set_level(logging.DEBUG)
    await slack.call("chat.postMessage", channel=CHANNEL, text="a secret plan")
    assert "a secret plan" not in caplog.text
