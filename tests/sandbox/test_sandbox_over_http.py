"""Signed HTTP: what arrives at an app's address, byte for byte, and how its answers are judged."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from integrations.sandbox.server import Sandbox
from tests.sandbox.bolt_apps import bolt, over_http
from tests.sandbox.bricks import actions, button, modal


class Address:
    """An app's address that keeps what it got and answers as told."""

    def __init__(self):
        self.requests = []
        self.answers = []

    async def handle(self, request):
        self.requests.append((await request.text(), dict(request.headers)))
        status, headers, body = self.answers.pop(0) if self.answers else (200, {}, "")
        return web.Response(status=status, headers=headers, text=body)


@pytest.fixture
async def address(workspace):
    address = Address()
    app = web.Application()
    app.router.add_post("/slack", address.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
    async with Sandbox(
        workspace, deliver="http", request_url=url, rate_limits="off", ack_within=2.0, event_retries=(0, 0.01, 0.01)
    ) as address.sandbox:
        yield address
    await runner.cleanup()


async def test_a_command_is_a_signed_form(address, omar):
    await omar.types("releases", "/release deploy payload-svc & more")
    [(body, headers)] = address.requests
    assert SignatureVerifier(address.sandbox.signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier("another secret").is_valid_request(body, headers)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = parse_qs(body)
    assert form["command"] == ["/release"]
    assert form["text"] == ["deploy payload-svc &amp; more"]
    assert "payload" not in form


async def test_an_interaction_is_a_form_with_one_field(address, workspace, omar):
    await workspace.link.request("interactive", {"type": "block_actions"})
    [(body, headers)] = address.requests
    assert SignatureVerifier(address.sandbox.signing_secret).is_valid_request(body, headers)
    assert [json.loads(value) for value in parse_qs(body)["payload"]] == [{"type": "block_actions"}]


async def test_an_event_is_json_and_is_sent_again_with_its_number_and_reason(address, omar):
    address.answers = [(500, {}, ""), (404, {}, ""), (200, {}, "")]
    await omar.opens_home()
    await address.sandbox.settle()
    assert len({json.loads(body)["event_id"] for body, _ in address.requests}) == 1
    assert [
        (headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")) for _, headers in address.requests
    ] == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert all(
        SignatureVerifier(address.sandbox.signing_secret).is_valid_request(body, headers)
        for body, headers in address.requests
    )


async def test_an_app_can_ask_not_to_be_sent_an_event_again(address, omar):
    address.answers = [(500, {"X-Slack-No-Retry": "1"}, "")]
    await omar.opens_home()
    await address.sandbox.settle()
    assert len(address.requests) == 1


@pytest.mark.parametrize(
    ("answer", "seen", "error"),
    [
        ((200, {}, ""), [], ""),
        ((200, {"Content-Type": "text/plain"}, "Hello"), ["Hello"], ""),
        ((200, {"Content-Type": "application/json"}, '{"text": "Hi"}'), ["Hi"], ""),
        ((200, {"Content-Type": "application/json"}, "{"), [], "dispatch_unknown_error"),
        ((200, {"Content-Type": "application/json"}, "[]"), [], "dispatch_unknown_error"),
        ((200, {"Content-Type": "application/json"}, '{"blocks": [{"type": "x"}], "text": "x"}'), [], "invalid_blocks"),
        ((404, {}, "no listener"), [], "dispatch_failed"),
        ((500, {}, ""), [], "dispatch_failed"),
        ((302, {"Location": "http://127.0.0.1:9/"}, ""), [], "dispatch_failed"),
    ],
)
async def test_how_the_answer_to_a_command_is_judged(address, omar, answer, seen, error):
    address.answers = [answer]
    await omar.types("releases", "/release list")
    assert [m.text for m in omar.sees("releases")] == seen
    assert [notice.error for notice in omar.notices] == ([error] if error else [])
    assert len(address.requests) == 1, "a command is never sent twice"


async def test_an_answer_may_be_shown_to_the_whole_channel(address, omar, maya):
    address.answers = [(200, {"Content-Type": "application/json"}, '{"text": "Hi", "response_type": "in_channel"}')]
    await omar.types("releases", "/release list")
    assert [m.text for m in maya.sees("releases")] == ["Hi"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"response_action": "nonsense"}, "invalid_response_action"),
        ({"response_action": "errors"}, "invalid_errors"),
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, "unknown_block_ids: nowhere"),
        ({"response_action": "update"}, "missing_view"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
        ({"response_action": "push", "view": modal(title=None)}, "invalid_arguments"),
    ],
)
async def test_a_wrong_answer_to_a_form_leaves_it_open_and_says_so(address, workspace, omar, answer, error):
    from integrations.sandbox.screens import open_modal

    open_modal(workspace, omar.id, modal())
    address.answers = [(200, {"Content-Type": "application/json"}, json.dumps(answer))]
    assert await omar.submits(omar.modal) == {}
    assert omar.modal is not None
    assert omar.notices[-1].error == error


async def test_an_unreachable_address_is_said_by_the_client(workspace, omar):
    async with Sandbox(workspace, deliver="http", request_url="http://127.0.0.1:9/", event_retries=()) as sandbox:
        await omar.types("releases", "/release list")
        await omar.opens_home()
        await sandbox.settle()
        assert not await sandbox.http.verify_url("challenge")
        assert len(sandbox.undelivered) == 1
    assert [notice.error for notice in omar.notices] == ["dispatch_failed"]


async def test_the_address_proves_itself_by_repeating_the_challenge(address):
    address.answers = [
        (200, {"Content-Type": "text/plain"}, "abc"),
        (200, {"Content-Type": "application/json"}, '{"challenge": "abc"}'),
        (200, {"Content-Type": "application/json"}, '{"challenge": "xyz"}'),
        (200, {}, ""),
        (500, {"Content-Type": "text/plain"}, "abc"),
    ]
    assert [await address.sandbox.http.verify_url("abc") for _ in range(5)] == [True, True, False, False, False]


async def test_bolt_accepts_the_signature_answers_the_challenge_and_refuses_replays(address, omar):
    app = bolt(address.sandbox)
    pressed = []

    @app.action("go")
    async def go(ack, body):
        await ack()
        pressed.append(body["user"]["id"])

    async with over_http(app, address.sandbox):
        assert await address.sandbox.http.verify_url("abc")
        await app.client.chat_postMessage(channel="C0RELEASES", text="x", blocks=[actions(button())])
        await omar.presses(omar.sees("releases")[0], "Go")
        status, *_ = await address.sandbox.http.post("{}", {"X-Slack-Request-Timestamp": "1"})
        assert status == 401
    assert pressed == [omar.id]


async def test_delivery_over_http_needs_an_address(workspace):
    with pytest.raises(ValueError, match="request_url"):
        Sandbox(workspace, deliver="http")
