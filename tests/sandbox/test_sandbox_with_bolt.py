"""A small real Bolt app does everything an app does, over Socket Mode and over signed HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from integrations.sandbox.desk import NotOnScreenError
from integrations.sandbox.server import Sandbox
from tests.sandbox.bolt_apps import bolt, over_http, over_sockets

FORM = {
    "type": "modal",
    "callback_id": "plan",
    "title": {"type": "plain_text", "text": "Plan a release"},
    "submit": {"type": "plain_text", "text": "Plan"},
    "close": {"type": "plain_text", "text": "Cancel"},
    "notify_on_close": True,
    "private_metadata": "R-12",
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "kind",
            "optional": True,
            "label": {"type": "plain_text", "text": "Change type"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [
                    {"text": {"type": "plain_text", "text": "Feature"}, "value": "feature"},
                    {"text": {"type": "plain_text", "text": "Bug fix"}, "value": "bugfix"},
                ],
            },
        },
        {
            "type": "input",
            "block_id": "owner",
            "optional": True,
            "label": {"type": "plain_text", "text": "Owner"},
            "element": {"type": "users_select", "action_id": "who"},
        },
    ],
}


def button(label: str, action_id: str, **more):
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label}, **more}


def card(text: str, *buttons):
    return [
        {"type": "section", "block_id": "said", "text": {"type": "mrkdwn", "text": text}},
        {"type": "actions", "block_id": "acts", "elements": list(buttons)},
    ]


@pytest.fixture(params=["socket", "http"])
async def running(request, workspace):
    """An empty Bolt app in a sandbox; the test adds what it listens to."""
    http = request.param == "http"
    async with (
        Sandbox(
            workspace,
            rate_limits="off",
            ack_within=2.0,
            event_retries=(0.0, 0.05, 0.05),
            deliver=request.param,
            request_url="http://127.0.0.1:9/" if http else "",
        ) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        app = bolt(sandbox, session)

        @asynccontextmanager
        async def start():
            async with over_http(app, sandbox) if http else over_sockets(app, sandbox):
                yield sandbox

        yield app, start


async def test_a_command_is_answered_privately_and_only_its_typist_sees_the_answer(running, workspace, omar, maya):
    app, start = running
    heard = []

    @app.command("/release")
    async def release(ack, body):
        heard.append(body)
        await ack(f"You typed {body['text']}.")

    async with start():
        await omar.types("releases", "/release list  now")

    [answer] = omar.sees("releases")
    assert answer.text == "You typed list  now."
    assert answer.ephemeral_to == omar.id
    assert maya.sees("releases") == []
    assert not omar.notices
    assert {
        key: heard[0][key] for key in ("user_id", "user_name", "channel_id", "channel_name", "team_id", "command")
    } == {
        "user_id": "U0OMAR",
        "user_name": "omar",
        "channel_id": "C0RELEASES",
        "channel_name": "releases",
        "team_id": "T0SLIPWAY",
        "command": "/release",
    }


async def test_a_button_in_a_message_edits_the_card_and_tells_who_pressed_it(running, workspace, omar, maya):
    app, start = running
    heard = []

    @app.action("approve")
    async def approve(ack, body, client):
        await ack()
        heard.append(body)
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"Approved by {body['user']['name']}",
            blocks=card("Approved", button("Withdraw", "withdraw")),
        )

    async with start():
        await app.client.chat_postMessage(
            channel="C0RELEASES", text="Please approve", blocks=card("R-12", button("Approve", "approve", value="v1"))
        )
        [before] = omar.sees("releases")
        answer = await omar.presses(before, "Approve")
        assert answer is not None
        assert answer.ok
        await workspace.until(lambda: maya.sees("releases")[0].text == "Approved by omar")

        [after] = maya.sees("releases")
        assert (after.ts, after.version, after.edited) == (before.ts, 2, None)
        with pytest.raises(NotOnScreenError, match="Withdraw"):
            await maya.presses(after, "Approve")
        stale = await maya.presses(before, "Approve", stale=True)
        assert stale is not None
        assert stale.ok
        await workspace.until(lambda: maya.sees("releases")[0].version == 3)

    first = heard[0]
    assert first["actions"][0]["value"] == "v1"
    assert first["actions"][0]["block_id"] == "acts"
    assert first["container"] == {
        "type": "message",
        "message_ts": before.ts,
        "channel_id": "C0RELEASES",
        "is_ephemeral": False,
    }
    assert first["user"] == {"id": "U0OMAR", "username": "omar", "name": "omar", "team_id": "T0SLIPWAY"}
    assert first["message"]["blocks"][1]["elements"][0]["text"]["emoji"] is True


async def test_a_form_is_opened_filled_in_refused_mended_and_accepted(running, workspace, omar):
    app, start = running
    submitted = []

    @app.command("/release")
    async def new(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("plan")
    async def plan(ack, view):
        values = view["state"]["values"]
        submitted.append(values)
        if values["title"]["text"]["value"] == "bad":
            await ack(response_action="errors", errors={"title": "Please choose a better title."})
        else:
            await ack()

    async with start():
        await omar.types("releases", "/release new")
        await workspace.until(lambda: omar.modal is not None)
        form = omar.modal
        assert form["private_metadata"] == "R-12"

        assert await omar.submits(form) == {"title": "Please complete this required field."}
        assert await omar.submits(form, {"Title": "x" * 21}) == {"title": "Please use at most 20 characters."}
        assert not submitted, "the client refuses these by itself"
        assert await omar.submits(form, {"Title": "bad", "pick": "Bug fix"}) == {
            "title": "Please choose a better title."
        }
        assert omar.modal is not None, "a refused form stays open, with what was filled in"
        assert await omar.submits(form, {"title/text": "good", "Owner": "maya"}) == {}

    assert omar.modal is None
    assert submitted[-1] == {
        "title": {"text": {"type": "plain_text_input", "value": "good"}},
        "kind": {
            "pick": {
                "type": "static_select",
                "selected_option": {
                    "text": {"type": "plain_text", "text": "Bug fix", "emoji": True},
                    "value": "bugfix",
                },
            }
        },
        "owner": {"who": {"type": "users_select", "selected_user": "U0MAYA"}},
    }


async def test_forms_are_stacked_updated_cleared_and_their_closing_is_told(running, workspace, omar):
    app, start = running
    closed = []
    simple = {key: FORM[key] for key in ("type", "title", "submit", "close", "notify_on_close")}
    words = {"type": "section", "text": {"type": "mrkdwn", "text": "Sure?"}}

    @app.command("/release")
    async def new(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("plan")
    async def plan(ack):
        await ack(response_action="push", view=simple | {"callback_id": "sure", "blocks": [words]})

    @app.view("sure")
    async def sure(ack):
        await ack(response_action="update", view=simple | {"callback_id": "done", "blocks": [words]})

    @app.view("done")
    async def done(ack):
        await ack(response_action="clear")

    @app.view_closed("done")
    async def on_close(ack, body):
        await ack()
        closed.append(body)

    async with start():
        await omar.types("releases", "/release new")
        await workspace.until(lambda: omar.modal is not None)
        await omar.submits(omar.modal, {"Title": "fine"})
        assert [view["callback_id"] for view in omar.modals] == ["plan", "sure"]
        assert omar.modal["previous_view_id"] == omar.modals[0]["id"] == omar.modal["root_view_id"]
        with pytest.raises(NotOnScreenError, match="not on top"):
            await omar.submits(omar.modals[0])
        await omar.submits(omar.modal)
        assert [view["callback_id"] for view in omar.modals] == ["plan", "done"]
        await omar.closes()
        assert [view["callback_id"] for view in omar.modals] == ["plan"]
        await omar.submits(omar.modal, {"Title": "fine"})
        await omar.submits(omar.modal)
        await omar.submits(omar.modal)
        assert omar.modals == []
    assert [(body["type"], body["view"]["callback_id"], body["is_cleared"]) for body in closed] == [
        ("view_closed", "done", False)
    ]


async def test_home_is_opened_published_and_its_buttons_work_without_channel_or_response_url(running, workspace, omar):
    app, start = running
    heard = []

    @app.event("app_home_opened")
    async def opened(event, client):
        if event["tab"] == "home":
            view = {"type": "home", "blocks": card("Your inbox", button("Refresh", "refresh"))}
            await client.views_publish(user_id=event["user"], view=view)

    @app.action("refresh")
    async def refresh(ack, body):
        await ack()
        heard.append(body)

    async with start():
        await omar.opens_home()
        await workspace.until(lambda: omar.home is not None)
        await omar.presses(omar.home, "Refresh")

    assert heard[0]["container"] == {"type": "view", "view_id": omar.home["id"]}
    assert not {"channel", "message", "response_url"} & set(heard[0])
    assert heard[0]["view"]["type"] == "home"


async def test_a_response_url_replaces_the_private_message_that_was_pressed(running, workspace, omar, maya):
    app, start = running
    heard = []

    @app.command("/release")
    async def release(ack, respond):
        await ack()
        await respond(text="Confirm?", blocks=card("Confirm?", button("Yes", "yes"), button("No", "no")))

    @app.action("yes")
    async def yes(ack, body, respond):
        await ack()
        heard.append(body)
        await respond(text="Started.", replace_original=True)

    @app.action("no")
    async def no(ack, respond):
        await ack()
        await respond(delete_original=True)

    async with start():
        await omar.types("releases", "/release go")
        await workspace.until(lambda: len(omar.sees("releases")) == 1)
        [question] = omar.sees("releases")
        await omar.presses(question, "Yes")
        await workspace.until(lambda: omar.sees("releases")[0].text == "Started.")
        assert [m.ts for m in omar.sees("releases")] == [question.ts]

        await omar.types("releases", "/release go")
        await workspace.until(lambda: len(omar.sees("releases")) == 2)
        await omar.presses(omar.sees("releases")[1], "No")
        await workspace.until(lambda: len(omar.sees("releases")) == 1)

    assert maya.sees("releases") == []
    assert heard[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard[0], "ephemeral messages are not kept, so they are not sent along"


async def test_what_goes_wrong_with_a_command_is_said_by_the_persons_own_client(running, workspace, omar, maya):
    app, start = running
    slow = asyncio.Event()

    @app.command("/release")
    async def release(command):
        if command["text"] == "slow":
            await slow.wait()
        else:
            raise RuntimeError("on purpose")

    @app.error
    async def on_error(error):
        pass

    async with start() as sandbox:
        await omar.types("releases", "/release slow")
        await omar.types("releases", "/nonsense")
        slow.set()

    assert [(notice.text, notice.error) for notice in omar.notices] == [
        ('/release failed with the error "operation_timeout".', "operation_timeout"),
        ("/nonsense is not a valid command.", "app_not_found"),
    ]
    assert maya.notices == []
    assert sandbox.workspace.messages["C0RELEASES"] == []


async def test_people_of_other_workspaces_carry_their_own_team(running, workspace):
    app, start = running
    heard = []

    @app.action("approve")
    async def approve(ack, body):
        await ack()
        heard.append(body)

    fia = workspace.desk("fia")
    async with start():
        await app.client.chat_postMessage(
            channel="C0RELEASES", text="x", blocks=card("x", button("Approve", "approve"))
        )
        await fia.presses(fia.sees("releases")[0], "Approve")

    assert heard[0]["user"]["team_id"] == "T0ELSEWHERE"
    assert heard[0]["team"]["id"] == "T0SLIPWAY"


async def test_mentions_typed_behind_a_command_arrive_escaped_only_if_the_manifest_says_so(running, workspace, omar):
    app, start = running
    heard = []

    @app.command("/release")
    @app.command("/raw")
    async def listen(ack, body):
        await ack()
        heard.append(body["text"])

    typed = "ask @maya and @qa in #releases about a < b & c"
    async with start():
        await omar.types("releases", f"/release {typed}")
        await omar.types("releases", f"/raw {typed}")

    assert heard == [
        "ask <@U0MAYA|maya> and <!subteam^S0QA|@qa> in <#C0RELEASES|releases> about a &lt; b &amp; c",
        "ask @maya and @qa in #releases about a &lt; b &amp; c",
    ]
