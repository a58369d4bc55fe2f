"""The entry for signed requests: nobody else gets in, everything that Slack sends is understood."""

from __future__ import annotations

import io
import json
import logging
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.internals import parse_body

from integrations.sandbox.http_delivery import signature
from integrations.sandbox.server import Sandbox
from integrations.slack.http import SignedEntry
from integrations.slack.identity import Myself
from tests.slack.bot import Bot, Doorway
from tests.slack.conftest import CHANNEL

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Caller:
    """Somebody who posts to the entry."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret

    def signed(self, body: str, at: float | None = None) -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(self.secret, stamp, body)}

    async def posts(self, body: str | bytes, kind: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        text = body if isinstance(body, str) else body.decode("latin-1")
        given = self.signed(text) if headers is None else headers
        data = body.encode() if isinstance(body, str) else body
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=data, headers={"Content-Type": kind, **given}) as response,
        ):
            return response.status, await response.text()


@pytest.fixture
def caller(bot: Bot, doorway: Doorway, sandbox: Sandbox) -> Caller:
    return Caller(doorway.url, sandbox.signing_secret)


def a_command(text: str = "list", **fields: str) -> str:
    return urlencode(
        {"command": "/release", "text": text, "user_id": "U0OMAR", "team_id": "T0SLIPWAY", "trigger_id": "1", **fields}
    )


@pytest.fixture
def heard(bot: Bot) -> list[dict[str, Any]]:
    """What came through to Bolt."""
    bodies: list[dict[str, Any]] = []

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack()

    bot.app.command("/release")(listener)
    bot.app.action("approve")(listener)
    bot.app.event("app_home_opened")(listener)
    return bodies


async def test_a_signed_command_comes_through(caller: Caller, heard: list[dict[str, Any]]) -> None:
    assert await caller.posts(a_command("show R-12"), FORM) == (200, "")
    assert heard[0]["text"] == "show R-12"


SECRET_WORD = "the-secret-plan"
NOW = "1795000000"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="wrong"),
        pytest.param({"X-Slack-Signature": None}, id="missing"),
        pytest.param({"X-Slack-Signature": ""}, id="empty"),
        pytest.param({"X-Slack-Signature": "v1=" + "0" * 64}, id="of another version"),
        pytest.param({"X-Slack-Signature": "v0=é" + "0" * 63}, id="not ASCII"),
        pytest.param({"X-Slack-Request-Timestamp": None}, id="no time"),
        pytest.param({"X-Slack-Request-Timestamp": ""}, id="an empty time"),
        pytest.param({"X-Slack-Request-Timestamp": "yesterday"}, id="a time that is no number"),
        pytest.param({"X-Slack-Request-Timestamp": "१७९५००००००"}, id="a time in other digits"),
        pytest.param({"X-Slack-Request-Timestamp": "1e9"}, id="a time as a float"),
        pytest.param({"X-Slack-Request-Timestamp": "9" * 5000}, id="a time without an end"),
        pytest.param({"X-Slack-Request-Timestamp": NOW}, id="another time than was signed"),
    ],
)
async def test_a_signature_that_is_not_right_is_refused_without_a_traceback_and_without_the_body_in_the_log(
    caller: Caller, heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture, change: dict[str, str | None]
) -> None:
    # The SDK raises on some of these, and an outsider fills the log with tracebacks; Bolt logs the body as well.
    caplog.set_level(logging.DEBUG)
    body = a_command(SECRET_WORD)
    headers = {name: value for name, value in (caller.signed(body) | change).items() if value is not None}
    status, text = await caller.posts(body, FORM, headers)

    assert (status, text) == (401, "invalid signature")
    assert heard == []
    assert [each for each in caplog.records if each.levelno > logging.INFO] == []
    assert not any(each.exc_info for each in caplog.records)
    assert SECRET_WORD not in caplog.text


@pytest.mark.parametrize("age", [301, 86400, -301])
async def test_an_old_request_is_refused_and_so_is_one_from_the_future(
    caller: Caller, heard: list[dict[str, Any]], age: int
) -> None:
    body = a_command()
    status, _ = await caller.posts(body, FORM, caller.signed(body, time.time() - age))
    assert status == 401
    assert heard == []


async def test_a_body_that_was_changed_on_the_way_is_refused(caller: Caller, heard: list[dict[str, Any]]) -> None:
    status, _ = await caller.posts(a_command("approve R-13"), FORM, caller.signed(a_command("approve R-12")))
    assert status == 401
    assert heard == []


async def test_a_body_that_is_not_text_is_refused(caller: Caller, heard: list[dict[str, Any]]) -> None:
    assert (await caller.posts(b"\xff\xfe", FORM))[0] == 401
    assert heard == []


def test_a_secret_that_is_empty_is_refused_at_the_start(bot: Bot) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        SignedEntry(bot.app, " ")


@pytest.mark.parametrize("text", ["deploy payload-svc", "payload", "why payload=1&x"])
async def test_the_word_payload_does_not_empty_a_command(
    caller: Caller, heard: list[dict[str, Any]], text: str
) -> None:
    # Bolt takes every form in which the word occurs for one with a field of that name.
    assert parse_body(a_command(text), FORM) == {}
    assert await caller.posts(a_command(text), FORM) == (200, "")
    assert heard[0]["text"] == text


async def test_the_word_payload_in_a_channels_name_does_not_either(caller: Caller, heard: list[dict[str, Any]]) -> None:
    assert await caller.posts(a_command(channel_name="payload-team", channel_id=CHANNEL), FORM) == (200, "")
    assert heard[0]["channel_id"] == CHANNEL


async def test_a_press_is_read_from_its_payload(caller: Caller, heard: list[dict[str, Any]]) -> None:
    press = {
        "type": "block_actions",
        "user": {"id": "U0OMAR", "team_id": "T0SLIPWAY"},
        "team": {"id": "T0SLIPWAY"},
        "actions": [{"type": "button", "action_id": "approve", "block_id": "b", "value": "grün & gut"}],
    }
    assert await caller.posts(urlencode({"payload": json.dumps(press)}), FORM) == (200, "")
    assert heard[0]["actions"][0]["value"] == "grün & gut"


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8"])
async def test_an_address_proves_that_it_is_ours(caller: Caller, kind: str) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"})
    status, text = await caller.posts(body, kind)
    assert status == 200
    assert json.loads(text) == {"challenge": "3eZbrw1aB"}


async def test_the_check_of_the_certificate_is_answered_if_it_is_signed(caller: Caller) -> None:
    assert await caller.posts("ssl_check=1&token=x", FORM) == (200, "")
    assert (await caller.posts("ssl_check=1&token=x", FORM, {}))[0] == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", JSON),
        ("[]", JSON),
        ("null", JSON),
        ("", JSON),
        ("[" * 100_000, JSON),
        ("payload=%7B", FORM),
        ("payload=[]", FORM),
        ("payload=", FORM),
        ("&".join(f"f{number}=1" for number in range(2000)), FORM),
    ],
)
async def test_a_signed_body_that_cant_be_read_is_a_bad_request(
    caller: Caller, heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture, body: str, kind: str
) -> None:
    assert (await caller.posts(body, kind))[0] == 400
    assert heard == []
    assert not any(each.exc_info for each in caplog.records)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_larger_than_anything_slack_sends_is_not_read(
    caller: Caller, heard: list[dict[str, Any]], announced: bool
) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    data = io.BytesIO(b"x" * 2_000_000) if announced else endless()
    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(caller.url, data=data, headers={"Content-Type": FORM}) as response:
                assert response.status == 413
        except aiohttp.ClientConnectionError:
            # The server has answered and hung up while we were still sending.
            pass
    assert heard == []


async def test_a_delivery_that_comes_again_is_not_dropped_for_that(
    bot: Bot, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    # After a restart, what came meanwhile exists only as a repeated delivery.
    seen: list[Any] = []

    async def listener(body: dict[str, Any], request: Any) -> None:
        seen.append((body["event_id"], request.headers["x-slack-retry-num"], request.headers["x-slack-retry-reason"]))

    bot.app.event("app_home_opened")(listener)
    event = {"type": "app_home_opened", "user": "U0OMAR", "tab": "home"}
    body = json.dumps({"type": "event_callback", "team_id": "T0SLIPWAY", "event_id": "Ev1", "event": event})
    retry = {"X-Slack-Retry-Num": "2", "X-Slack-Retry-Reason": "http_timeout"}
    assert (await caller.posts(body, JSON, caller.signed(body) | retry))[0] == 200

    assert seen == [("Ev1", ["2"], ["http_timeout"])]


async def test_the_same_person_is_answered_over_http_from_end_to_end(bot: Bot, sandbox: Sandbox, me: Myself) -> None:
    from bot.rules.people import Actor
    from handlers.answer import Answer
    from handlers.request import Request

    async def lists(request: Request, by: Actor, answer: Answer) -> None:
        await answer.private(f"{by.person.name} asked for {request.text}")

    bot.boundary.command("/release", lists)
    omar = sandbox.workspace.desk("omar")
    await omar.types(CHANNEL, "/release list payload-svc")
    await bot.settled()
    assert omar.sees(CHANNEL)[-1].text == "Omar Haddad asked for list payload-svc"
