"""Bolt, built so that it does what we expect."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from integrations.sandbox.server import Sandbox
from integrations.slack.app import build_app
from integrations.slack.client import SlackClient, connected_to_slack
from integrations.slack.dispatch import dispatch
from integrations.slack.errors import SlackRefusedError
from integrations.slack.identity import Myself


def a_command(**fields: str) -> dict[str, Any]:
    return {"type": "", "command": "/release", "text": "list", "user_id": "U0OMAR", "team_id": "T0SLIPWAY", **fields}


def written_into(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def test_the_environment_does_not_turn_it_into_an_app_for_many_workspaces(
    slack: SlackClient, me: Myself, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # With both of these Bolt drops the token, looks for installations in files, and answers everything with an apology.
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-somebody-else")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    app = build_app(slack, me)
    heard: list[str] = []

    async def listener(ack: AsyncAck, client: Any) -> None:
        heard.append(client.token)
        await ack()

    app.command("/release")(listener)
    response = await dispatch(app, a_command())

    assert response.status == 200
    assert heard == [slack.token]
    assert app.oauth_flow is None
    assert written_into(tmp_path) == []
    assert not caplog.records
    assert os.environ["SLACK_CLIENT_ID"] == "1.2"  # others may still read it


async def test_no_request_waits_for_slack_to_say_who_we_are(sandbox: Sandbox, slack: SlackClient) -> None:
    # With a token of its own, Bolt asks auth.test before it answers the first request.
    app = build_app(slack, Myself(slack))

    async def listener(ack: AsyncAck) -> None:
        await ack()

    app.command("/release")(listener)
    sandbox.faults.next("auth.test", status="timeout", times=3)
    async with asyncio.timeout(1):
        response = await dispatch(app, a_command())

    assert response.status == 200
    assert sandbox.calls == []


async def test_what_nobody_listens_to_is_acknowledged_once_and_not_sent_again_and_again(
    slack: SlackClient, me: Myself, caplog: pytest.LogCaptureFixture
) -> None:
    # Bolt's own answer is 404, for which Slack delivers an event three times more.
    event = {"type": "event_callback", "team_id": "T0SLIPWAY", "event_id": "Ev1", "event": {"type": "pin_added"}}
    response = await dispatch(build_app(slack, me), event)

    assert response.status == 200
    assert "Nothing listens to a request of the kind 'event_callback'" in caplog.text


async def test_a_fault_in_a_listener_of_bolts_own_is_one_line_in_the_log_and_no_assertion(
    slack: SlackClient, me: Myself, caplog: pytest.LogCaptureFixture
) -> None:
    # Returning a response for what is raised after the acknowledgement fails an assertion inside Bolt.
    app = build_app(slack, me)
    raised = asyncio.Event()

    async def after(ack: AsyncAck) -> None:
        await ack()
        await asyncio.sleep(0.05)
        raised.set()
        raise RuntimeError("too late")

    async def before() -> None:
        raise RuntimeError("too early")

    app.command("/release")(after)
    app.command("/deploy")(before)
    assert (await dispatch(app, a_command())).status == 200
    await raised.wait()
    await asyncio.sleep(0.01)
    assert (await dispatch(app, a_command(command="/deploy"))).status == 500

    failures = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert [each.getMessage() for each in failures] == ["A listener failed."] * 2
    assert all(each.exc_info and isinstance(each.exc_info[1], RuntimeError) for each in failures)


async def test_the_clients_of_requests_use_our_session(slack: SlackClient, me: Myself) -> None:
    app: AsyncApp = build_app(slack, me)
    seen: list[Any] = []

    async def listener(ack: AsyncAck, client: Any) -> None:
        seen.append((client.session, client.base_url, client.retry_handlers))
        await ack()

    app.command("/release")(listener)
    await dispatch(app, a_command())

    assert seen == [(slack.session, slack.web.base_url, [])]


def test_there_are_no_lazy_listeners_since_their_copy_of_a_request_fails_with_our_session() -> None:
    sources = [*Path("handlers").rglob("*.py"), *Path("integrations/slack").rglob("*.py")]
    assert sources
    assert [str(file) for file in sources if re.search(r"\blazy\s*=", file.read_text())] == []


async def test_a_token_that_slack_refuses_is_known_at_once(sandbox: Sandbox) -> None:
    async with connected_to_slack("xoxb-wrong", api_url=sandbox.api_url) as slack:
        with pytest.raises(SlackRefusedError, match="invalid_auth"):
            await Myself(slack).learn()


async def test_who_we_are_is_asked_until_slack_is_back(sandbox: Sandbox, slack: SlackClient) -> None:
    sandbox.faults.next("auth.test", status="drop", times=2)
    sandbox.faults.next("auth.test", status=429, retry_after=0)
    me = Myself(slack)
    assert me.team() is None
    await asyncio.wait_for(me.keep_asking(), 5)

    assert me.team() == "T0SLIPWAY"
    assert me.known
    assert "chat:write" in me.known.scopes
    assert me.known.user == sandbox.workspace.app.user_id
