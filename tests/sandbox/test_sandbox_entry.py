"""Who may call, how arguments may be given, how often, and what the headers say."""

from __future__ import annotations

import json

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from integrations.sandbox.limits import RateLimits
from integrations.sandbox.server import Sandbox
from integrations.sandbox.web_api import METHODS


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_same_call_may_come_as_get_as_form_and_as_json_with_the_token_anywhere(http, sandbox):
    url = sandbox.api_url + "chat.postMessage"
    blocks = [{"type": "divider"}]
    bearer = {"Authorization": f"Bearer {sandbox.bot_token}"}
    said = {"channel": "C0RELEASES", "text": "hi"}
    ways = [
        http.get(url, params=said | {"token": sandbox.bot_token, "blocks": json.dumps(blocks)}),
        http.get(url, params=said | {"blocks": json.dumps(blocks)}, headers=bearer),
        http.post(url, data=said | {"token": sandbox.bot_token, "blocks": json.dumps(blocks)}),
        http.post(url, data=said | {"blocks": json.dumps(blocks)}, headers=bearer),
        http.post(url, json=said | {"blocks": blocks}, headers=bearer),
        http.post(url, json=said | {"blocks": json.dumps(blocks)}, headers=bearer),
    ]
    for way in ways:
        async with way as response:
            answer = await response.json()
        assert answer["ok"] is True, answer
        assert answer["message"]["blocks"][0]["type"] == "divider"


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", "", "not_authed"),
        ("auth.test", "xoxb-wrong", "invalid_auth"),
        ("auth.test", "app", "not_allowed_token_type"),
        ("apps.connections.open", "bot", "not_allowed_token_type"),
        ("chat.postNothing", "bot", "unknown_method"),
    ],
)
async def test_wrong_tokens_and_wrong_methods_are_refused(http, sandbox, method, token, error):
    token = {"app": sandbox.app_token, "bot": sandbox.bot_token}.get(token, token)
    async with http.post(sandbox.api_url + method, headers={"Authorization": f"Bearer {token}"}) as response:
        assert (await response.json())["error"] == error


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        ("{", "application/json", "invalid_json"),
        ("[]", "application/json", "json_not_object"),
        ("x", "application/octet-stream", "invalid_post_type"),
    ],
)
async def test_unreadable_bodies_are_refused(http, sandbox, body, content_type, error):
    async with http.post(sandbox.api_url + "api.test", data=body, headers={"Content-Type": content_type}) as response:
        assert (await response.json())["error"] == error


async def test_auth_test_says_who_the_app_is_and_which_scopes_it_has(client, workspace):
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0SLIPWAY", "U0SLIPBOT", "B0SLIPWAY")
    assert set(answer.headers["x-oauth-scopes"].split(",")) == workspace.app.scopes


async def test_every_method_that_needs_a_scope_is_refused_without_it(client, workspace):
    workspace.app.scopes.clear()
    needing = {name: method for name, method in METHODS.items() if method.scopes}
    assert len(needing) > 15
    for name, method in needing.items():
        with pytest.raises(SlackApiError) as caught:
            await client.api_call(name, json={"channel": "C0RELEASES"})
        response = caught.value.response
        assert (response["error"], response["needed"]) == ("missing_scope", ",".join(method.scopes)), name
        assert response["provided"] == ""


async def test_reading_a_private_channel_needs_the_scope_for_private_channels(client, workspace):
    workspace.app.scopes.discard("groups:read")
    assert (await client.conversations_info(channel="C0RELEASES"))["channel"]["name"] == "releases"
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_info(channel="C0SECRET")
    assert caught.value.response["needed"] == "groups:read"


async def test_a_manifest_decides_about_name_scopes_commands_and_events(client, workspace):
    workspace.install(
        {
            "display_information": {"name": "Harbour"},
            "features": {
                "app_home": {"home_tab_enabled": False},
                "bot_user": {"display_name": "harbour"},
                "slash_commands": [{"command": "/deploy", "description": "Deploy", "usage_hint": "R-12"}],
            },
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "settings": {
                "event_subscriptions": {"bot_events": ["app_mention"]},
                "interactivity": {"is_enabled": True},
            },
        }
    )
    answer = await client.auth_test()
    assert answer.headers["x-oauth-scopes"] == "chat:write"
    assert workspace.commands["/deploy"].usage_hint == "R-12"
    assert workspace.app.events == {"app_mention"}
    with pytest.raises(SlackApiError, match="not_enabled"):
        await client.views_publish(user_id="U0OMAR", view={"type": "home", "blocks": []})


async def test_api_test_says_the_same_thing_back(client):
    assert (await client.api_test(foo="bar"))["args"]["foo"] == "bar"
    with pytest.raises(SlackApiError, match="on_purpose"):
        await client.api_test(error="on_purpose")


async def test_too_many_calls_are_refused_with_the_time_to_wait_and_the_sdk_waits_it_out(workspace):
    async with Sandbox(workspace, rate_limits={"users.info": 2}) as sandbox:
        client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
        for _ in range(2):
            await client.users_info(user="U0OMAR")
        with pytest.raises(SlackApiError) as caught:
            await client.users_info(user="U0OMAR")
        assert caught.value.response.status_code == 429
        assert 0 < int(caught.value.response.headers["Retry-After"]) <= 60

        sandbox.faults.next("chat.postMessage", status=429, retry_after=1)
        patient = AsyncWebClient(
            sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler()]
        )
        await patient.chat_postMessage(channel="C0RELEASES", text="once")
    assert [m.text for m in workspace.messages["C0RELEASES"]] == ["once"]


def test_the_real_tiers_count_a_minute_and_post_about_once_a_second_in_a_channel():
    moment = 0.0
    limits = RateLimits("real", clock=lambda: moment)

    def granted(method, tier, tries, channel=""):
        return sum(not limits.seconds_to_wait(method, tier, channel=channel) for _ in range(tries))

    assert granted("users.list", 2, 100) == 20
    assert granted("chat.update", 3, 100) == 50
    assert granted("views.open", 4, 200) == 100
    assert granted("chat.postMessage", 3, 20, "C1") == 5
    assert granted("chat.postMessage", 3, 20, "C2") == 5, "each channel has its own"
    assert limits.seconds_to_wait("users.list", 2) == 60
    moment = 59.0
    assert limits.seconds_to_wait("users.list", 2) == 1
    moment = 60.0
    assert granted("users.list", 2, 100) == 20
    assert RateLimits("off", clock=lambda: moment).seconds_to_wait("users.list", 2) == 0
    assert RateLimits({"users.list": 0}, clock=lambda: moment).seconds_to_wait("users.list", 2) == 60
