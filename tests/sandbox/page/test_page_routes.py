"""Routes: who sees what at which address, and what the page refuses."""

import json
from datetime import timedelta

import pytest

from integrations.sandbox.messages import File, Message


def said(workspace, text, who=None, channel="C0RELEASES", **more):
    """Somebody (or else the app) says something."""
    user = workspace.person(who).id if who else workspace.app.user_id
    return workspace.put(Message(channel=channel, ts=workspace.next_ts(), user=user, text=text, **more))


async def text_of(client, path, status=200, **more):
    async with client.get(path, **more) as response:
        assert response.status == status, await response.text()
        return await response.text()


async def do(client, person, act, status=200, **details):
    async with client.post(f"/as/{person}/do/{act}", json=details) as response:
        assert response.status == status, await response.text()
        return await response.json() if status == 200 else await response.text()


def a_form(workspace, view_id="V1", **more):
    blocks = [
        {
            "type": "input",
            "block_id": "version",
            "label": {"type": "plain_text", "text": "Version"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        },
    ]
    title, submit = {"type": "plain_text", "text": "New release"}, {"type": "plain_text", "text": "Create"}
    return {
        "id": view_id,
        "type": "modal",
        "callback_id": "new",
        "title": title,
        "submit": submit,
        "close": None,
        "blocks": blocks,
        "state": {"values": {}},
        "hash": "1",
        "private_metadata": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "root_view_id": view_id,
        "previous_view_id": None,
        "external_id": "",
        "app_id": workspace.app.app_id,
        "bot_id": workspace.app.bot_id,
        "team_id": workspace.team_id,
    } | more


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [("/", "/as/omar/c/releases"), ("/as/ruth", "/as/ruth/c/releases"), ("/as/gil", "/as/gil/home")],
)
async def test_without_a_place_one_is_chosen(client, path, leads_to):
    async with client.get(path, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, leads_to)


@pytest.mark.parametrize(
    "path",
    [
        "/as/nobody",
        "/as/nobody/c/releases",
        "/as/omar/c/nowhere",
        "/as/omar/c/cellar",
        "/as/gil/c/lobby",
        "/as/slipway/home",
        "/page/files/F404",
    ],
)
async def test_what_is_not_there_or_not_for_you_says_so(client, path):
    assert "Back to the workspace" in await text_of(client, path, status=404)


async def test_a_private_answer_is_seen_by_one_person_only(client, workspace):
    said(workspace, "for everybody")
    said(workspace, "psst, Omar", ephemeral_to=workspace.person("omar").id)
    omar, ruth = await text_of(client, "/as/omar/c/releases"), await text_of(client, "/as/ruth/c/releases")
    assert "for everybody" in omar
    assert "psst, Omar" in omar
    assert "Only visible to you" in omar
    assert "for everybody" in ruth
    assert "psst" not in ruth


async def test_times_are_those_of_whoever_looks(client, workspace):
    said(workspace, "<!date^1795442400^{date_num} {time}|later>")
    assert "2026-11-23 15:00" in await text_of(client, "/as/omar/c/releases")
    assert "2026-11-23 09:00" in await text_of(client, "/as/ruth/c/releases")


async def test_what_was_long_ago_is_longer_ago_later(client, workspace):
    start = workspace.now()
    workspace.now = lambda: start
    said(workspace, f"<!date^{int(start.timestamp())}^{{ago}}|then>")
    assert "Just now" in await text_of(client, "/as/omar/c/releases")
    workspace.now = lambda: start + timedelta(minutes=5)
    assert "5 minutes ago" in await text_of(client, "/as/omar/c/releases")


async def test_yesterday_is_not_today_any_more(client, workspace):
    start = workspace.now()
    workspace.now = lambda: start
    said(workspace, f"<!date^{int(start.timestamp())}^{{date_short_pretty}}|then>")
    assert ">Today<" in await text_of(client, "/as/omar/c/releases")
    workspace.now = lambda: start + timedelta(days=1)
    shown = await text_of(client, "/as/omar/c/releases")
    assert shown.count("Yesterday</") == 2  # the message's own date, and the line above the day
    assert ">Today<" not in shown


async def test_a_thread_stands_beside_and_not_among_the_messages(client, workspace):
    root = said(workspace, "the card")
    said(workspace, "approved by QA", thread_ts=root.ts)
    channel = await text_of(client, "/as/omar/c/releases")
    assert "1 reply" in channel
    assert "approved by QA" not in channel
    thread = await text_of(client, f"/as/omar/c/releases?thread={root.ts}")
    assert "approved by QA" in thread
    assert "Close the thread" in thread


async def test_what_was_seen_is_not_unread_any_more(client, workspace):
    said(workspace, "one")
    said(workspace, "two")
    assert 'aria-label="2 unread"' in await text_of(client, "/as/ruth/c/lobby")
    await text_of(client, "/as/ruth/c/releases")
    assert 'aria-label="2 unread"' not in await text_of(client, "/as/ruth/c/lobby")


async def test_a_new_home_has_a_dot_until_it_is_looked_at(client, workspace):
    ruth = workspace.person("ruth").id
    workspace.show_home(ruth, a_form(workspace, type="home", submit=None))
    assert "unread-dot" in await text_of(client, "/as/ruth/c/lobby")
    assert "Version" in await text_of(client, "/as/ruth/home")
    assert "unread-dot" not in await text_of(client, "/as/ruth/c/lobby")


async def test_an_empty_home_says_that_it_is(client):
    assert "has nothing here for Omar yet" in await text_of(client, "/as/omar/home")


async def test_whoever_is_not_in_a_channel_reads_but_does_not_write(client):
    assert "in this channel, so" in await text_of(client, "/as/omar/c/lobby")
    assert "in this channel, so" not in await text_of(client, "/as/ruth/c/lobby")


async def test_long_channels_open_at_their_end(client, workspace):
    for number in range(100):
        said(workspace, f"message-{number:03}")
    recent = await text_of(client, "/as/omar/c/releases")
    assert "message-099" in recent
    assert "message-000" not in recent
    assert "Show earlier messages" in recent
    assert "message-000" in await text_of(client, "/as/omar/c/releases?all=1")


async def test_an_edited_message_is_shown_anew(client, workspace):
    first = said(workspace, "before")
    assert "before" in await text_of(client, "/as/omar/c/releases")
    workspace.put(
        Message(
            channel=first.channel,
            ts=first.ts,
            user=first.user,
            text="after",
            edited={"user": first.user, "ts": first.ts},
        )
    )
    shown = await text_of(client, "/as/omar/c/releases")
    assert "after" in shown
    assert "before" not in shown
    assert "(edited)" in shown


async def test_the_guide_leads_to_the_person_and_says_how_far_one_is(client):
    first = await text_of(client, "/as/omar/c/releases")
    assert "0 of 2" in first
    assert "/as/omar/c/releases?step=1&amp;say=%2Frelease+list" in first
    assert "/as/ruth/home?step=2" in first
    walked = await text_of(client, "/as/omar/c/releases?step=1&say=%2Frelease+list")
    assert ">/release list</textarea>" in walked
    assert "1 of 2" in await text_of(client, "/as/ruth/home?step=2")
    # Looking again because something changed is no step.
    assert "1 of 2" in await text_of(client, "/as/omar/c/releases?step=1", headers={"X-Renew": "1"})
    assert "1 of 2" in await text_of(client, "/as/ruth/home?step=99")


async def test_typing_says_it_in_the_persons_name(client, workspace):
    await do(client, "omar", "type", channel="C0RELEASES", thread="", text="*hello*")
    message = workspace.messages["C0RELEASES"][-1]
    assert (message.user, message.text) == (workspace.person("omar").id, "*hello*")
    await do(client, "ruth", "type", channel="C0RELEASES", thread=message.ts, text="hi")
    assert workspace.messages["C0RELEASES"][-1].thread_ts == message.ts


async def test_a_command_that_nobody_answers_leaves_a_notice_for_its_typist(client):
    await do(client, "omar", "type", channel="C0RELEASES", thread="", text="/release list")
    assert "dispatch_failed" in await text_of(client, "/as/omar/c/releases")
    assert "dispatch_failed" not in await text_of(client, "/as/ruth/c/releases")


async def test_a_form_covers_one_persons_screen_and_an_empty_field_is_refused(client, workspace):
    omar = workspace.person("omar").id
    workspace.show_modals(omar, [a_form(workspace)])
    assert "New release" in await text_of(client, "/as/omar/c/releases")
    assert "New release" not in await text_of(client, "/as/ruth/c/releases")
    state = [{"block": "version", "action": "typed", "type": "plain_text_input", "value": ""}]
    answer = await do(client, "omar", "submit", kind="view", view="V1", state=state)
    assert list(answer["errors"]) == ["version"]
    await do(client, "omar", "close", kind="view", view="V1", state=[])
    assert "New release" not in await text_of(client, "/as/omar/c/releases")


async def test_what_was_typed_and_refused_stands_there_after_a_reload(client, workspace):
    omar = workspace.person("omar").id
    form = a_form(workspace)
    form["blocks"][0]["element"]["min_length"] = 9
    workspace.show_modals(omar, [form])
    state = [{"block": "version", "action": "typed", "type": "plain_text_input", "value": "2.4.1"}]
    await do(client, "omar", "submit", kind="view", view="V1", state=state)
    assert 'value="2.4.1"' in await text_of(client, "/as/omar/c/releases")


async def test_a_moment_is_typed_on_the_typists_own_clock(client, workspace):
    form = a_form(workspace)
    form["blocks"][0]["element"] = {"type": "datetimepicker", "action_id": "typed"}
    workspace.show_modals(workspace.person("ruth").id, [form])
    state = [{"block": "version", "action": "typed", "type": "datetimepicker", "value": "2026-11-23T09:00"}]
    await do(client, "ruth", "submit", kind="view", view="V1", state=state)
    assert workspace.desk("ruth").draft(form)["version"]["typed"]["selected_date_time"] == 1795442400
    assert 'value="2026-11-23T09:00"' in await text_of(client, "/as/ruth/c/releases")


async def test_rich_text_is_sent_as_rich_text(client, workspace):
    form = a_form(workspace)
    form["blocks"][0]["element"] = {"type": "rich_text_input", "action_id": "typed"}
    workspace.show_modals(workspace.person("ruth").id, [form])
    state = [{"block": "version", "action": "typed", "type": "rich_text_input", "value": "why not"}]
    await do(client, "ruth", "submit", kind="view", view="V1", state=state)
    sent = workspace.desk("ruth").draft(form)["version"]["typed"]["rich_text_value"]
    assert sent["elements"][0]["elements"] == [{"type": "text", "text": "why not"}]
    assert ">why not</textarea>" in await text_of(client, "/as/ruth/c/releases")


async def test_an_app_without_a_home_is_met_in_its_messages(client, workspace):
    workspace.app.home_tab = False
    async with client.get("/as/omar/home", allow_redirects=False) as response:
        assert response.headers["Location"] == "/as/omar/messages"
    shown = await text_of(client, "/as/omar/messages")
    assert 'href="/as/omar/messages"' in shown
    assert 'href="/as/omar/home"' not in shown


async def test_an_archived_channel_is_not_in_the_list_any_more(client, workspace):
    workspace.archive("releases")
    assert "#releases" not in await text_of(client, "/as/ruth/c/lobby")


async def test_what_is_gone_can_not_be_used(client, workspace):
    workspace.show_modals(workspace.person("ruth").id, [a_form(workspace)])
    message = said(workspace, "no buttons")
    for act, details in [
        ("submit", {"kind": "view", "view": "V404"}),
        ("submit", {"kind": "view", "view": "V1"}),
        (
            "press",
            {
                "kind": "message",
                "channel": "C0RELEASES",
                "ts": "1.1",
                "block": "b",
                "action": "a",
                "type": "button",
                "value": "",
            },
        ),
        (
            "press",
            {
                "kind": "message",
                "channel": "C0RELEASES",
                "ts": message.ts,
                "block": "b",
                "action": "a",
                "type": "button",
                "value": "",
            },
        ),
        ("dismiss", {"kind": "message", "channel": "C0RELEASES", "ts": message.ts}),
    ]:
        answer = await do(client, "omar", act, state=[], **details)
        assert answer["problem"] == "That has just changed. Please look again."


async def test_a_private_answer_can_be_dismissed(client, workspace):
    message = said(workspace, "psst", ephemeral_to=workspace.person("omar").id)
    await do(client, "ruth", "dismiss", channel="C0RELEASES", ts=message.ts)
    assert workspace.messages["C0RELEASES"] == [message]
    await do(client, "omar", "dismiss", channel="C0RELEASES", ts=message.ts)
    assert workspace.messages["C0RELEASES"] == []


async def test_another_sites_page_can_do_nothing(client, workspace):
    body = json.dumps({"channel": "C0RELEASES", "text": "forged"})
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Origin": "https://elsewhere.example"},
    ):
        async with client.post("/as/omar/do/type", data=body, headers=headers) as response:
            assert response.status == 403
    async with client.get("/page/changes", headers={"Origin": "https://elsewhere.example"}) as response:
        assert response.status == 403
    assert workspace.messages["C0RELEASES"] == []


@pytest.mark.parametrize("body", ["", "[]", "[1]", "null", "{}", '{"channel": "C0RELEASES"}', "{", '{"kind": "view"}'])
@pytest.mark.parametrize("act", ["type", "press", "submit", "close", "dismiss"])
async def test_what_no_page_sends_is_refused(client, act, body):
    headers = {"Content-Type": "application/json"}
    async with client.post(f"/as/omar/do/{act}", data=body, headers=headers) as response:
        assert response.status == 400
        assert "unreadable" in await response.text()


async def test_an_unknown_act_or_person_is_refused(client):
    assert "no such act" in await do(client, "omar", "fly", status=404)
    assert "Nobody here is called" in (await do(client, "nobody", "type", channel="C0RELEASES", text="x"))["problem"]


async def test_a_change_reaches_the_page_and_says_whom_it_concerns(client, workspace):
    omar = workspace.person("omar").id
    async with client.ws_connect("/page/changes") as line:
        # The line listens once the first word arrives: keep talking until then.
        while True:
            said(workspace, "hello")
            if await _hears(line) == "":
                break
        said(workspace, "psst", ephemeral_to=omar)
        while (heard := await line.receive_str(timeout=5)) == "":
            continue
        assert heard == omar
        workspace.change_person("ruth", title="Head of change")
        assert await line.receive_str(timeout=5) == ""


async def _hears(line):
    try:
        return await line.receive_str(timeout=0.2)
    except TimeoutError:
        return None


async def test_a_file_is_served_as_it_is_and_can_run_nothing(client, workspace):
    file = workspace.files.finish(
        File(
            id="F0PICTURE", name="x.html", title="x", mimetype="text/html", size=3, created=1, user="U", content=b"<b>"
        )
    )
    said(workspace, "look", files=(file,))
    assert "/page/files/F0PICTURE" in await text_of(client, "/as/omar/c/releases")
    async with client.get("/page/files/F0PICTURE") as response:
        assert await response.read() == b"<b>"
        assert response.headers["Content-Security-Policy"].startswith("sandbox")


async def test_the_page_loads_nothing_from_elsewhere(client):
    async with client.get("/as/omar/c/releases") as response:
        policy = response.headers["Content-Security-Policy"]
        html = await response.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for name in ("app.css", "app.js", "renew.js", "icon.svg"):
        async with client.get(f"/page/{name}") as response:
            assert response.status == 200
            assert "http://" not in (await response.text()).replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html


async def test_old_notices_do_not_cover_the_screen_for_ever(client, workspace):
    workspace.show_modals(workspace.person("omar").id, [a_form(workspace)])
    workspace.notify(workspace.person("omar").id, "We had some trouble connecting.")
    assert "some trouble" in await text_of(client, "/as/omar/home")
    start = workspace.now
    workspace.now = lambda: start() + timedelta(seconds=11)
    assert "some trouble" not in await text_of(client, "/as/omar/home")
