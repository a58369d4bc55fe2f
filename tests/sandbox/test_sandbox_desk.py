"""What one person sees and can do: only what stands on the screen can be used, and the state is what Slack sends."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time

import pytest

from integrations.sandbox.desk import NotOnScreenError
from integrations.sandbox.link import Answer
from integrations.sandbox.screens import open_modal
from tests.sandbox.bricks import actions, button, home, modal, mrkdwn, option, plain, section, text_input

OPTIONS = [option("Feature", "feature"), option("Bug fix", "bugfix")]


class Listener:
    """An app that acknowledges everything and keeps what it got."""

    url = "http://nowhere"

    def __init__(self):
        self.requests = []
        self.events = []
        self.answer = Answer()

    async def request(self, kind, payload):
        self.requests.append(payload)
        return self.answer

    def event(self, payload):
        self.events.append(payload["event"])


@pytest.fixture
def app(workspace):
    workspace.link = Listener()
    return workspace.link


def ask(element, block_id, label, **more):
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, "optional": True, **more}


def element(kind, **more):
    return {"type": kind, "action_id": "a", **more}


@pytest.mark.parametrize(
    ("control", "chosen", "state"),
    [
        (element("plain_text_input"), "words", {"value": "words"}),
        (element("plain_text_input"), "", {"value": None}),
        (element("email_text_input"), "a@example.com", {"value": "a@example.com"}),
        (element("url_text_input"), "https://example.com", {"value": "https://example.com"}),
        (element("number_input", is_decimal_allowed=False), 3, {"value": "3"}),
        (element("static_select", options=OPTIONS), "Bug fix", {"selected_option": OPTIONS[1]}),
        (element("static_select", options=OPTIONS), "bugfix", {"selected_option": OPTIONS[1]}),
        (element("static_select", options=OPTIONS), OPTIONS[0], {"selected_option": OPTIONS[0]}),
        (element("static_select", options=OPTIONS), None, {"selected_option": None}),
        (
            element("static_select", option_groups=[{"label": plain("All"), "options": OPTIONS}]),
            "feature",
            {"selected_option": OPTIONS[0]},
        ),
        (element("multi_static_select", options=OPTIONS), ["feature"], {"selected_options": OPTIONS[:1]}),
        (element("checkboxes", options=OPTIONS), ["feature", "Bug fix"], {"selected_options": OPTIONS}),
        (element("checkboxes", options=OPTIONS), [], {"selected_options": []}),
        (element("radio_buttons", options=OPTIONS), "feature", {"selected_option": OPTIONS[0]}),
        (element("users_select"), "maya", {"selected_user": "U0MAYA"}),
        (element("multi_users_select"), ["maya", "U0OMAR"], {"selected_users": ["U0MAYA", "U0OMAR"]}),
        (element("conversations_select"), "releases", {"selected_conversation": "C0RELEASES"}),
        (element("channels_select"), "#releases", {"selected_channel": "C0RELEASES"}),
        (element("multi_channels_select"), ["releases"], {"selected_channels": ["C0RELEASES"]}),
        (element("multi_conversations_select"), "releases", {"selected_conversations": ["C0RELEASES"]}),
        (element("datepicker"), date(2026, 11, 23), {"selected_date": "2026-11-23"}),
        (element("datepicker"), "2026-11-23", {"selected_date": "2026-11-23"}),
        (element("datepicker"), datetime(2026, 11, 23, tzinfo=UTC), {"selected_date": "2026-11-23"}),
        (element("timepicker"), time(9, 30), {"selected_time": "09:30"}),
        (element("datetimepicker"), datetime(2026, 11, 23, tzinfo=UTC), {"selected_date_time": 1795392000}),
        (element("datetimepicker"), "1795392000", {"selected_date_time": 1795392000}),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else None,
)
async def test_each_input_is_submitted_as_slack_writes_it(omar, app, control, chosen, state):
    open_modal(omar.workspace, omar.id, modal(ask(control, "b", "Label")))
    blank = omar.draft(omar.modal)["b"]["a"]
    assert blank["type"] == control["type"]
    assert list(blank.values())[1] in (None, [])
    assert await omar.submits(omar.modal, {"Label": chosen}) == {}
    submitted = app.requests[-1]["view"]["state"]["values"]["b"]["a"]
    key, value = next(iter(state.items()))
    stored = [_stored(each) for each in value] if isinstance(value, list) else _stored(value)
    assert submitted == {"type": control["type"], key: stored}
    assert omar.modal is None


def _stored(value):
    return value | {"text": value["text"] | {"emoji": True}} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("control", "chosen", "complaint"),
    [
        (element("plain_text_input"), "", "Please complete this required field."),
        (element("plain_text_input", min_length=3), "ab", "Please use at least 3 characters."),
        (element("plain_text_input", max_length=3), "abcd", "Please use at most 3 characters."),
        (element("number_input", is_decimal_allowed=False), "a few", "Please enter a number."),
        (element("number_input", is_decimal_allowed=False), "1.5", "Please enter a whole number."),
        (
            element("number_input", is_decimal_allowed=True, min_value="2"),
            "1.5",
            "Please enter a number of at least 2.",
        ),
        (element("number_input", is_decimal_allowed=True, max_value="1"), "1.5", "Please enter a number of at most 1."),
        (element("checkboxes", options=OPTIONS), [], "Please complete this required field."),
        (element("multi_static_select", options=OPTIONS, max_selected_items=1), OPTIONS, "Please choose at most 1."),
    ],
)
async def test_the_client_refuses_by_itself_what_can_not_be_sent(omar, app, control, chosen, complaint):
    open_modal(omar.workspace, omar.id, modal(ask(control, "b", "Label", optional=False)))
    assert await omar.submits(omar.modal, {"b": chosen}) == {"b": complaint}
    assert app.requests == []
    assert omar.modal is not None


async def test_an_input_that_dispatches_tells_the_app_at_once_with_all_the_others(workspace, omar, app):
    pick = ask(element("static_select", options=OPTIONS), "kind", "Kind", dispatch_action=True)
    open_modal(workspace, omar.id, modal(pick, text_input()))
    assert await omar.chooses(omar.modal, "Title", selected="half") is None
    assert app.requests == []
    await omar.chooses(omar.modal, "Kind", selected="Feature", values={"Title": "whole"})
    [payload] = app.requests
    assert payload["actions"][0]["selected_option"]["value"] == "feature"
    values = payload["view"]["state"]["values"]
    assert (values["title"]["text"]["value"], values["kind"]["a"]["selected_option"]["value"]) == ("whole", "feature")


async def test_inputs_in_a_message_keep_their_state_for_each_person(client, workspace, omar, maya):
    workspace.link = app = Listener()
    tick = element("checkboxes", options=OPTIONS, initial_options=OPTIONS[:1])
    blocks = [actions(tick, button(value="go-1"), block_id="b")]
    await client.chat_postMessage(channel="C0RELEASES", text="x", blocks=blocks)
    [card] = omar.sees("releases")

    await omar.chooses(card, action_id="a", selected=["Bug fix"])
    assert app.requests[0]["actions"][0]["initial_options"][0]["value"] == "feature"
    await omar.presses(card, "Go")
    await maya.presses(card, "Go")
    ticked = [
        [each["value"] for each in request["state"]["values"]["b"]["a"]["selected_options"]] for request in app.requests
    ]
    assert ticked == [["bugfix"], ["bugfix"], ["feature"]]


async def test_an_overflow_menu_sends_its_option_and_has_no_state(client, workspace, omar):
    workspace.link = app = Listener()
    menu = {"type": "overflow", "action_id": "more", "options": OPTIONS}
    await client.chat_postMessage(channel="C0RELEASES", text="x", blocks=[section(accessory=menu)])
    await omar.chooses(omar.sees("releases")[0], action_id="more", selected="Feature")
    assert app.requests[0]["actions"][0]["selected_option"]["value"] == "feature"
    assert app.requests[0]["state"]["values"] == {}
    with pytest.raises(NotOnScreenError, match="no option 'Chore'; there are 'Feature', 'Bug fix'"):
        await omar.chooses(omar.sees("releases")[0], action_id="more", selected="Chore")


async def test_a_confirm_dialog_that_is_not_confirmed_sends_nothing(client, workspace, omar):
    workspace.link = app = Listener()
    confirm = {"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
    blocks = [actions(button(confirm=confirm), button("Other", "other"))]
    await client.chat_postMessage(channel="C0RELEASES", text="x", blocks=blocks)
    [card] = omar.sees("releases")
    assert await omar.presses(card, "Go", confirmed=False) is None
    assert app.requests == []
    await omar.presses(card, "Go")
    await omar.presses(card, "Other", confirmed=False)
    assert [request["actions"][0]["action_id"] for request in app.requests] == ["go", "other"]


async def test_only_what_is_on_the_screen_can_be_used(client, workspace, omar, maya, app):
    blocks = [
        actions(button("Yes", "yes", value="1"), button("No", "no"), block_id="one"),
        actions(button("Yes", "yes", value="2"), block_id="two"),
        actions(button("For Omar", "mine", visible_to_user_ids=["U0OMAR"])),
        actions(element("static_select", options=OPTIONS)),
    ]
    await client.chat_postMessage(channel="C0RELEASES", text="card", blocks=blocks)
    [card] = omar.sees("releases")

    with pytest.raises(NotOnScreenError, match="nothing to use with label='Maybe'; there is: 'Yes'"):
        await omar.presses(card, "Maybe")
    with pytest.raises(NotOnScreenError, match="2 things fit label='Yes'"):
        await omar.presses(card, "Yes")
    await omar.presses(card, "Yes", block_id="two")
    await omar.presses(card, "Yes", value="1")
    await omar.presses(card, "For Omar")
    with pytest.raises(NotOnScreenError):
        await maya.presses(card, "For Omar")
    with pytest.raises(NotOnScreenError, match="use chooses"):
        await omar.presses(card, action_id="a")
    with pytest.raises(NotOnScreenError, match="it is pressed"):
        await omar.chooses(card, "No", selected="x")
    assert [request["actions"][0]["value"] for request in app.requests[:2]] == ["2", "1"]

    await client.chat_delete(channel="C0RELEASES", ts=card.ts)
    with pytest.raises(NotOnScreenError, match="not on omar's screen any more"):
        await omar.presses(card, "No")
    await omar.presses(card, "No", stale=True)
    assert app.requests[-1]["container"]["message_ts"] == card.ts


async def test_a_deactivated_person_is_signed_out_but_a_press_may_have_been_on_its_way(client, workspace, omar):
    workspace.link = app = Listener()
    await client.chat_postMessage(channel="C0RELEASES", text="card", blocks=[actions()])
    [card] = omar.sees("releases")
    workspace.change_person("omar", deleted=True)
    with pytest.raises(NotOnScreenError, match="signed out"):
        await omar.presses(card, "Go")
    with pytest.raises(NotOnScreenError, match="signed out"):
        await omar.types("releases", "hello")
    await omar.presses(card, "Go", stale=True)
    assert len(app.requests) == 1


async def test_people_see_their_own_channels_and_guests_nothing_else(workspace, omar, maya):
    workspace.add_channel("lobby", members=["maya"])
    assert {channel.name for channel in maya.channels} == {"releases", "general", "secret", "lobby"}
    assert {channel.name for channel in omar.channels} == {"releases", "general", "lobby"}
    for outsider in ("gus", "fia"):
        assert {channel.name for channel in workspace.desk(outsider).channels} == {"releases"}
    for who, where in (("omar", "secret"), ("gus", "lobby"), ("fia", "lobby"), ("omar", workspace.direct("maya").id)):
        with pytest.raises(NotOnScreenError, match="can't see"):
            workspace.desk(who).sees(where)
    with pytest.raises(NotOnScreenError, match="omar is not in it"):
        await omar.types("lobby", "hello")
    omar.joins("lobby")
    await omar.types("lobby", "hello")
    workspace.archive("lobby")
    with pytest.raises(NotOnScreenError, match="archived"):
        await omar.types("lobby", "hello")


async def test_commands_are_not_for_threads_nor_for_people_of_other_workspaces(workspace, omar, app):
    root = await omar.types("releases", "hello @maya, see https://example.com & <more>")
    assert root.text == "hello <@U0MAYA>, see <https://example.com> &amp; &lt;more&gt;"
    await omar.types("releases", "/release list", thread=root)
    await workspace.desk("fia").types("releases", "/release list")
    assert omar.notices[-1].text == "/release is not supported in threads. Sorry!"
    assert workspace.desk("fia").notices[-1].error == "app_not_found"
    assert app.requests == []

    loud = await omar.types("releases", "@here, @qa, #releases and @nobody")
    assert loud.text == "<!here>, <!subteam^S0QA>, <#C0RELEASES> and @nobody"
    reply = await omar.types("releases", "more", thread=root)
    again = await omar.types("releases", "and more", thread=reply.ts)
    assert [m.text for m in omar.thread(root)] == [root.text, "more"]
    assert again.thread_ts == reply.ts


async def test_a_command_may_go_over_several_lines_and_in_capital_letters(omar, app):
    await omar.types("releases", "/Release\nnew payments\n1.2.3  ")
    assert (app.requests[0]["command"], app.requests[0]["text"]) == ("/release", "new payments\n1.2.3")


async def test_where_a_command_was_typed_is_said_without_giving_away_private_names(workspace, omar, maya, app):
    await maya.types("secret", "/release list")
    await maya.types(maya.direct.id, "/release list")
    names = [(request["channel_id"], request["channel_name"]) for request in app.requests]
    assert names == [("C0SECRET", "privategroup"), (maya.direct.id, "directmessage")]


async def test_the_app_hears_of_what_happens_if_it_asked_to(workspace, omar, app):
    await omar.types("releases", "@slipway hello")
    await omar.types(omar.direct.id, "hello")
    await omar.types("general", "not for the app")
    await omar.opens_home()
    await omar.opens_direct()
    omar.reacts(omar.sees("releases")[0], "eyes")
    workspace.change_group("qa", members=["maya"])
    workspace.change_person("ruth", is_restricted=True)
    workspace.add_channel("lobby", members=["maya"])
    omar.joins("lobby")

    kinds = [(event["type"], event.get("channel_type", event.get("tab"))) for event in app.events]
    assert kinds == [
        ("message", "channel"),
        ("app_mention", None),
        ("message", "im"),
        ("app_home_opened", "home"),
        ("app_home_opened", "messages"),
        ("reaction_added", None),
        ("subteam_members_changed", None),
        ("user_change", None),
        ("member_joined_channel", "C"),
    ]
    changed = app.events[6]
    assert (changed["added_users"], changed["removed_users"]) == (["U0MAYA"], ["U0OMAR"])
    assert app.events[7]["user"]["is_restricted"] is True

    workspace.app.events = set()
    await omar.opens_home()
    assert len(app.events) == 9


async def test_what_the_app_did_not_switch_on_is_not_there(workspace, omar, app):
    workspace.app.home_tab = workspace.app.messages_tab = False
    with pytest.raises(NotOnScreenError, match="no Home"):
        await omar.opens_home()
    with pytest.raises(NotOnScreenError, match="turned off"):
        await omar.types(omar.direct.id, "hello")
    with pytest.raises(NotOnScreenError, match="No form is open"):
        await omar.closes()
    with pytest.raises(NotOnScreenError, match="no Home yet"):
        await omar.presses(home() | {"id": "V1"}, "Go")


async def test_a_form_without_a_submit_button_cannot_be_submitted(workspace, omar, app):
    open_modal(workspace, omar.id, modal(submit=None))
    with pytest.raises(NotOnScreenError, match="has no submit button"):
        await omar.submits(omar.modal)


async def test_when_the_app_does_not_answer_the_form_stays_and_the_client_says_so(workspace, omar, app):
    app.answer = Answer(error="operation_timeout")
    open_modal(workspace, omar.id, modal(actions(button()), text_input()))
    assert await omar.submits(omar.modal, {"Title": "kept"}) == {}
    await omar.presses(omar.modal, "Go")
    assert omar.draft(omar.modal)["title"]["text"]["value"] == "kept"
    assert [notice.text for notice in omar.notices] == [
        "We had some trouble connecting. Try again? (operation_timeout)",
        "“Go” didn't work: operation_timeout.",
    ]


async def test_buttons_in_cards_carousels_and_containers_can_be_pressed_too(client, workspace, omar):
    workspace.link = app = Listener()
    card = {"type": "card", "title": mrkdwn("R-12"), "actions": [button("In a card", "card")]}
    inside = {"type": "container", "title": plain("More"), "child_blocks": [actions(button("Inside", "inside"))]}
    feedback = {
        "type": "feedback_buttons",
        "action_id": "feedback",
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    blocks = [
        card,
        {"type": "carousel", "elements": [card | {"actions": [button("In a carousel", "carousel")]}]},
        inside,
        {"type": "context_actions", "elements": [feedback]},
    ]
    await client.chat_postMessage(channel="C0RELEASES", text="x", blocks=blocks)
    [message] = omar.sees("releases")
    for label in ("In a card", "In a carousel", "Inside", "Bad"):
        await omar.presses(message, label)
    assert [request["actions"][0]["action_id"] for request in app.requests] == [
        "card",
        "carousel",
        "inside",
        "feedback",
    ]
    assert app.requests[-1]["actions"][0]["value"] == "down"


async def test_every_change_is_told_to_whoever_listens(client, workspace, omar):
    async with workspace.subscribe() as changes:
        posted = await client.chat_postMessage(channel="C0RELEASES", text="a")
        await client.chat_update(channel="C0RELEASES", ts=posted["ts"], text="b")
        await client.chat_postEphemeral(channel="C0RELEASES", user=omar.id, text="c")
        await client.chat_delete(channel="C0RELEASES", ts=posted["ts"])
        await client.views_publish(user_id=omar.id, view=home())
        workspace.notify(omar.id, "careful")
        told = [(change.kind, change.user) for change in changes.drain()]
    assert told == [
        ("message_posted", None),
        ("message_changed", None),
        ("message_posted", omar.id),
        ("message_deleted", None),
        ("home", omar.id),
        ("notice", omar.id),
    ]
    workspace.notify(omar.id, "nobody listens any more")


async def test_waiting_for_something_ends_when_it_holds_and_fails_when_it_never_does(workspace, omar):
    async def later():
        await asyncio.sleep(0.02)
        workspace.notify(omar.id, "now")

    task = asyncio.create_task(later())
    await workspace.until(lambda: bool(omar.notices))
    await task
    with pytest.raises(AssertionError, match=r"Waited 0.05 s in vain: a second notice"):
        await workspace.until(lambda: len(omar.notices) > 1, within=0.05, what="a second notice")


def test_who_is_not_there_is_named_with_those_who_are(workspace):
    with pytest.raises(LookupError, match="Nobody here is called 'zoe'; there are fia, gus, maya, omar, ruth, slipway"):
        workspace.desk("zoe")
    with pytest.raises(LookupError, match="no channel"):
        workspace.channel("nowhere")
    with pytest.raises(LookupError, match="no user group"):
        workspace.group("nobody")
    assert workspace.desk("@omar").member.initials == "OH"
    assert workspace.person("gus").is_guest
