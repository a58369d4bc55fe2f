"""Response URLs: five answers within half an hour, to one person or to all, new or in the place of what was pressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.sandbox.bricks import actions, button, section


class Clock:
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self):
        return self.moment


@pytest.fixture
def clock(workspace):
    clock = Clock()
    workspace.now = workspace.response_urls._now = clock
    return clock


@pytest.fixture
def hook(workspace, sandbox, omar, clock):
    given = workspace.response_urls.issue(user=omar.id, channel="C0RELEASES")
    return AsyncWebhookClient(f"{sandbox.url}/response/{given.key}")


async def test_it_can_be_used_five_times(hook, omar):
    for n in range(5):
        response = await hook.send(text=str(n))
        assert (response.status_code, response.body) == (200, "ok")
    response = await hook.send(text="6")
    assert response.status_code == 404
    assert "used_url" in response.body
    assert [m.text for m in omar.sees("releases")] == list("01234")


async def test_it_is_dead_after_half_an_hour(hook, omar, clock):
    clock.moment += timedelta(minutes=30)
    assert (await hook.send(text="just in time")).status_code == 200
    clock.moment += timedelta(seconds=1)
    response = await hook.send(text="too late")
    assert response.status_code == 404
    assert "expired_url" in response.body
    assert len(omar.sees("releases")) == 1


async def test_an_unknown_address_and_an_unreadable_body_are_refused(sandbox, hook):
    unknown = await AsyncWebhookClient(f"{sandbox.url}/response/T0/1/nonsense").send(text="x")
    assert (unknown.status_code, "no_such_url" in unknown.body) == (404, True)
    async with aiohttp.ClientSession() as session:
        for body in ("{", "[]", ""):
            async with session.post(hook.url, data=body) as response:
                assert response.status == 400


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [section()]}, "no_text"),
    ],
)
async def test_what_cannot_be_posted_is_refused_here_too(hook, omar, body, error):
    response = await hook.send_dict(body)
    assert (response.status_code, error in response.body) == (400, True)
    assert omar.sees("releases") == []


async def test_answers_are_private_unless_they_are_meant_for_the_channel(hook, omar, maya):
    await hook.send(text="psst")
    await hook.send(text="hear, hear", response_type="in_channel")
    assert [m.text for m in omar.sees("releases")] == ["psst", "hear, hear"]
    assert [m.text for m in maya.sees("releases")] == ["hear, hear"]


async def test_a_form_body_is_read_too(hook, omar):
    form = {"payload": '{"text": "from a form"}'}
    async with aiohttp.ClientSession() as session, session.post(hook.url, data=form) as response:
        assert response.status == 200
    assert [m.text for m in omar.sees("releases")] == ["from a form"]


async def test_nothing_was_pressed_behind_a_command_so_there_is_nothing_to_replace(hook, omar):
    await hook.send(text="first")
    await hook.send(text="second", replace_original=True)
    await hook.send(delete_original=True)
    assert [m.text for m in omar.sees("releases")] == ["first", "second"]


async def test_the_public_message_that_was_pressed_can_be_replaced_and_taken_away(
    client, workspace, sandbox, omar, clock
):
    await client.chat_postMessage(channel="C0RELEASES", text="card", blocks=[actions(button())])
    [card] = omar.sees("releases")
    given = workspace.response_urls.issue(user=omar.id, channel="C0RELEASES", message_ts=card.ts)
    hook = AsyncWebhookClient(f"{sandbox.url}/response/{given.key}")
    await hook.send(text="note")
    await hook.send(text="new card", replace_original=True)
    assert [(m.text, m.ephemeral_to) for m in omar.sees("releases")] == [("new card", None), ("note", omar.id)]
    await hook.send(delete_original=True)
    assert [m.text for m in omar.sees("releases")] == ["note"]
