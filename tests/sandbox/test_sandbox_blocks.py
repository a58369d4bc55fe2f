"""Which blocks are taken and which are refused, where, and with which words; held against what the SDK knows."""

from __future__ import annotations

import copy
import json

import pytest
from slack_sdk.errors import SlackApiError, SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from integrations.sandbox.blocks import (
    InvalidBlocksError,
    check_message_blocks,
    complete,
    find_problems,
    find_view_problems,
)
from tests.sandbox.bricks import actions, button, home, modal, mrkdwn, option, plain, rich, section, text_input

IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A"}
CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("*Really*"), "confirm": plain("Yes"), "deny": plain("No")}


def select(**more):
    return {"type": "static_select", "action_id": "pick", "options": [option()], **more}


def ask(element, **more):
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def task(number=1, status="complete", **more):
    return {"type": "task_card", "task_id": f"t{number}", "title": "Deploy", "status": status, **more}


def chart(kind="bar", labels=("Mon", "Tue"), **more):
    data = [{"label": label, "value": 1} for label in labels]
    drawn = {"type": kind, "series": [{"name": "Deploys", "data": data}], "axis_config": {"categories": list(labels)}}
    return {"type": "data_visualization", "title": "Deploys", "chart": drawn | more}


def table(rows=2, columns=2, **more):
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows, **more}


def card(**more):
    return {"type": "card", "title": mrkdwn("R-12"), **more}


def container(*children, **more):
    return {"type": "container", "title": plain("Log"), "child_blocks": list(children or [section()]), **more}


FINE = [
    section(),
    section(fields=[mrkdwn("a"), plain("b")]),
    {"type": "section", "fields": [mrkdwn("only fields")]},
    section(accessory=button(style="primary", value="", confirm=CONFIRM, url="https://example.com")),
    section(accessory=IMAGE),
    section(accessory={"type": "overflow", "action_id": "more", "options": [option(url="https://example.com")]}),
    section(accessory={"type": "multi_users_select", "action_id": "who", "placeholder": plain("Who")}),
    section("x" * 3000, expand=True),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn("a"), plain("b"), IMAGE]},
    actions(button(), select(), {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-23"}),
    actions({"type": "checkboxes", "action_id": "tick", "options": [option(description=mrkdwn("*more*"))]}),
    actions({"type": "radio_buttons", "action_id": "one", "options": [option()], "initial_option": option()}),
    actions(button(visible_to_user_ids=["U0OMAR"])),
    {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Delete")}]},
    IMAGE,
    IMAGE | {"title": plain("A picture")},
    text_input(multiline=True, min_length=1, max_length=3000, initial_value="x"),
    ask(select(options=None, option_groups=[{"label": plain("All"), "options": [option()]}]), optional=True),
    ask({"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}),
    ask({"type": "datetimepicker", "action_id": "at", "initial_date_time": 1795478939}, hint=plain("When")),
    ask({"type": "conversations_select", "action_id": "c", "filter": {"include": ["public"]}}, dispatch_action=True),
    rich(),
    {"type": "markdown", "text": "**bold**"},
    table(100, 20, column_settings=[{"align": "right"}, None]),
    {"type": "data_table", "caption": "Fleet", "page_size": 10, "rows": table(101, 3)["rows"]},
    {"type": "data_table", "caption": "n", "rows": [table()["rows"][0], [{"type": "raw_number", "value": 3}, rich()]]},
    chart(),
    chart("line"),
    {"type": "data_visualization", "title": "p", "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]}},
    task(sources=[{"type": "url", "url": "https://example.com", "text": "log"}], details=rich()),
    {"type": "plan", "title": "Deploying", "tasks": [task(1), task(2, "pending")]},
    card(subtitle=mrkdwn("s"), body=mrkdwn("b"), actions=[button()], hero_image=IMAGE),
    {"type": "carousel", "elements": [card(), card(body=plain("x"))]},
    container(is_collapsible=True, default_collapsed=True, width="full", icon=IMAGE, subtitle=mrkdwn("s")),
    container(actions(), {"type": "divider"}, has_header_divider=True),
    {
        "type": "video",
        "alt_text": "v",
        "title": plain("Demo"),
        "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t",
    },
]

WRONG = [
    ({"type": "section"}, "/blocks/0", "must provide at least one of: text, fields"),
    (section(""), "/blocks/0/text/text", "must be more than 0 characters"),
    (section("x" * 3001), "/blocks/0/text/text", "must be less than 3001 characters"),
    (section(fields=[mrkdwn("x")] * 11), "/blocks/0/fields", "no more than 10 items allowed"),
    (section(fields=[mrkdwn("x" * 2001)]), "/blocks/0/fields/0/text", "must be less than 2001 characters"),
    ({"type": "section", "text": {"type": "html", "text": "x"}}, "/blocks/0/text/type", "unsupported type: html"),
    (section(colour="red"), "/blocks/0", "invalid additional property: colour"),
    (section(block_id="x" * 256), "/blocks/0/block_id", "must be less than 256 characters"),
    (section(accessory=text_input()["element"]), "/blocks/0/accessory/type", "unsupported type: plain_text_input"),
    ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type", "unsupported type: mrkdwn"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "must be less than 151 characters"),
    ({"type": "header"}, "/blocks/0", "missing required field: text"),
    ({"type": "context", "elements": []}, "/blocks/0/elements", "no fewer than 1 items allowed"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "/blocks/0/elements", "no more than 10 items allowed"),
    ({"type": "context", "elements": [button()]}, "/blocks/0/elements/0/type", "unsupported type: button"),
    (actions(*[button(action_id=f"a{n}") for n in range(26)]), "/blocks/0/elements", "no more than 25 items allowed"),
    (actions(button(action_id="a"), button(action_id="a")), "/blocks/0/elements", "action_id already exists: a"),
    (actions(text_input()["element"]), "/blocks/0/elements/0/type", "unsupported type: plain_text_input"),
    (actions(button("x" * 76)), "/blocks/0/elements/0/text/text", "must be less than 76 characters"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value", "must be less than 2001 characters"),
    (actions(button(url="x" * 10)), "/blocks/0/elements/0/url", "failed to match pattern ^(https?|mailto|slack|tel):"),
    (actions(button(url="https://" + "x" * 3000)), "/blocks/0/elements/0/url", "must be less than 3001 characters"),
    (actions(button(style="pink")), "/blocks/0/elements/0/style", "must be a valid enum value"),
    (actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id", "must be less than 256 characters"),
    (
        actions(button(accessibility_label="x" * 76)),
        "/blocks/0/elements/0/accessibility_label",
        "must be less than 76 ch",
    ),
    (actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})), "/blocks/0/elements/0/confirm/title/text", "101"),
    (actions(button(confirm=CONFIRM | {"text": plain("x" * 301)})), "/blocks/0/elements/0/confirm/text/text", "301"),
    (actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})), "/blocks/0/elements/0/confirm/deny/text", "31"),
    (actions(button(confirm={"title": plain("x")})), "/blocks/0/elements/0/confirm", "missing required field: text"),
    (actions(select(options=[])), "/blocks/0/elements/0/options", "no fewer than 1 items allowed"),
    (actions(select(options=None)), "/blocks/0/elements/0", "must provide exactly one of: options, option_groups"),
    (
        actions(select(options=[option(value=str(n)) for n in range(101)])),
        "/blocks/0/elements/0/options",
        "no more than 100 items allowed",
    ),
    (actions(select(options=[option("x" * 76)])), "/blocks/0/elements/0/options/0/text/text", "less than 76"),
    (actions(select(options=[option(value="x" * 151)])), "/blocks/0/elements/0/options/0/value", "less than 151"),
    (actions(select(options=[option(), option()])), "/blocks/0/elements/0/options", "values of options must be unique"),
    (actions(select(initial_option=option("Two", "2"))), "/blocks/0/elements/0/initial_option", "must exactly match"),
    (actions(select(placeholder=plain("x" * 151))), "/blocks/0/elements/0/placeholder/text", "less than 151"),
    (
        actions({"type": "checkboxes", "action_id": "t", "options": [option(value=str(n)) for n in range(11)]}),
        "/blocks/0/elements/0/options",
        "no more than 10 items allowed",
    ),
    (
        actions({"type": "checkboxes", "action_id": "t", "options": [option()], "initial_options": []}),
        "/blocks/0/elements/0/initial_options",
        "no fewer than 1 items allowed",
    ),
    (
        actions({"type": "overflow", "action_id": "o", "options": [option(value=str(n)) for n in range(6)]}),
        "/blocks/0/elements/0/options",
        "no more than 5 items allowed",
    ),
    (actions({"type": "datepicker", "initial_date": "tomorrow"}), "/blocks/0/elements/0/initial_date", "pattern"),
    (actions({"type": "multi_users_select"}), "/blocks/0/elements/0/type", "unsupported type: multi_users_select"),
    ({"type": "image", "image_url": "https://x"}, "/blocks/0", "missing required field: alt_text"),
    ({"type": "image", "alt_text": "x"}, "/blocks/0", "must provide exactly one of: image_url, slack_file"),
    ({"type": "image", "alt_text": "x", "slack_file": {"id": "x"}}, "/blocks/0/slack_file/id", "pattern"),
    (ask(button()), "/blocks/0/element/type", "unsupported type: button"),
    (text_input(label=""), "/blocks/0/label/text", "must be more than 0 characters"),
    (text_input(max_length=3001), "/blocks/0/element/max_length", "must be no more than 3000"),
    (text_input(min_length=5, max_length=4), "/blocks/0/element", "min_length must be no more than max_length"),
    (ask({"type": "number_input"}), "/blocks/0/element", "missing required field: is_decimal_allowed"),
    (
        ask({"type": "number_input", "is_decimal_allowed": True, "min_value": "5", "max_value": "4"}),
        "/blocks/0/element",
        "min_value must be no more than max_value",
    ),
    (
        ask({"type": "number_input", "is_decimal_allowed": True, "min_value": "a", "max_value": "4"}),
        "/blocks/0/element",
        "min_value and max_value must be numbers",
    ),
    (ask({"type": "datetimepicker", "initial_date_time": 5}), "/blocks/0/element/initial_date_time", "at least"),
    (ask({"type": "file_input"}), "/blocks/0/element/type", "unsupported type: file_input"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text", "must be less than 12001 characters"),
    (table(101), "/blocks/0/rows", "no more than 100 items allowed"),
    (table(1, 21), "/blocks/0/rows/0", "no more than 20 items allowed"),
    (table() | {"rows": [[{"type": "raw_text", "text": ""}]]}, "/blocks/0/rows/0/0/text", "more than 0"),
    (table() | {"rows": table(1, 1)["rows"] + table(1, 2)["rows"]}, "/blocks/0/rows", "same number of cells"),
    ({"type": "data_table", "caption": "x", "rows": table(1)["rows"]}, "/blocks/0/rows", "no fewer than 2"),
    ({"type": "data_table", "rows": table()["rows"]}, "/blocks/0", "missing required field: caption"),
    (
        {"type": "data_table", "caption": "x", "rows": [[rich()], [rich()]]},
        "/blocks/0/rows/0/0/type",
        "unsupported type: rich_text",
    ),
    (
        {"type": "data_table", "caption": "x", "rows": table()["rows"], "page_size": 101},
        "/blocks/0/page_size",
        "must be no more than 100",
    ),
    (
        {"type": "data_table", "caption": "x", "rows": [[{"type": "raw_text", "text": "x" * 10_001}]] * 2},
        "/blocks/0/rows",
        "must be less than 20001 characters",
    ),
    (chart(labels=[f"{n}" for n in range(21)]), "/blocks/0/chart/series/0/data", "no more than 20 items allowed"),
    (chart(labels=["x" * 21]), "/blocks/0/chart/axis_config/categories/0", "must be less than 21 characters"),
    (chart(axis_config={"categories": ["Wed"]}), "/blocks/0/chart/series/0/data", "labels must match the categories"),
    (chart(axis_config=None), "/blocks/0/chart", "missing required field: axis_config"),
    (chart("donut"), "/blocks/0/chart/type", "unsupported type: donut"),
    (chart(series=chart()["chart"]["series"] * 2), "/blocks/0/chart/series", "names of series must be unique"),
    (chart() | {"title": "x" * 51}, "/blocks/0/title", "must be less than 51 characters"),
    (
        {
            "type": "data_visualization",
            "title": "p",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]},
        },
        "/blocks/0/chart/segments/0/value",
        "must be more than 0",
    ),
    (task(status="pending"), "/blocks/0/status", "must be a valid enum value outside a plan"),
    (task(status="done"), "/blocks/0/status", "must be a valid enum value"),
    ({"type": "plan", "title": "x", "tasks": [task(1), task(1)]}, "/blocks/0/tasks", "task_id must be unique"),
    ({"type": "plan", "title": "x", "tasks": [task(n) for n in range(51)]}, "/blocks/0/tasks", "no more than 50"),
    ({"type": "plan", "title": plain("x")}, "/blocks/0/title", "must provide a string"),
    ({"type": "card", "subtitle": plain("x")}, "/blocks/0", "at least one of: hero_image, title, actions, body"),
    (card(body=plain("x" * 201)), "/blocks/0/body/text", "must be less than 201 characters"),
    (card(actions=[button(action_id=str(n)) for n in range(4)]), "/blocks/0/actions", "no more than 3 items allowed"),
    ({"type": "carousel", "elements": []}, "/blocks/0/elements", "no fewer than 1 items allowed"),
    ({"type": "carousel", "elements": [card()] * 11}, "/blocks/0/elements", "no more than 10 items allowed"),
    (container(*[section()] * 11), "/blocks/0/child_blocks", "no more than 10 items allowed"),
    (container(card()), "/blocks/0/child_blocks/0/type", "unsupported type: card"),
    (container(title=None), "/blocks/0", "must provide at least one of: title, rich_text_title"),
    (container(is_collapsible=True, has_header_divider=True), "/blocks/0", "has_header_divider cannot be set"),
    (container(default_collapsed=True), "/blocks/0", "default_collapsed requires is_collapsible"),
    (container(width="huge"), "/blocks/0/width", "must be a valid enum value"),
    ({"type": "alert", "text": plain("x")}, "/blocks/0/type", "unsupported type: alert"),
    ({"type": "nonsense"}, "/blocks/0/type", "unsupported type: nonsense"),
    ({}, "/blocks/0", "missing required field: type"),
    (None, "/blocks/0", "must provide an object"),
    ("text", "/blocks/0", "must provide an object"),
    (rich() | {"elements": [{"type": "nonsense"}]}, "/blocks/0/elements/0/type", "unsupported type: nonsense"),
]


def name_of(block):
    return block.get("type", "?") if isinstance(block, dict) else str(block)


@pytest.mark.parametrize("block", FINE, ids=name_of)
def test_taken_in_a_message(block):
    assert find_problems([block], "message") == []
    check_message_blocks([block], file_ready=lambda _: True)


@pytest.mark.parametrize(("block", "pointer", "words"), WRONG, ids=lambda value: name_of(value)[:40])
def test_refused_in_a_message_at_the_right_place(block, pointer, words):
    problems = find_problems([block], "message")
    assert any(p.pointer == pointer and words in p.message for p in problems), problems
    with pytest.raises(InvalidBlocksError) as caught:
        check_message_blocks([block], file_ready=lambda _: True)
    assert caught.value.error == "invalid_blocks"
    assert all(message.startswith("[ERROR] ") for message in caught.value.messages)


@pytest.mark.parametrize("block", FINE, ids=name_of)
def test_the_sdk_takes_what_we_take(block):
    if block["type"] in {"data_table", "data_visualization"}:
        assert Block.parse(copy.deepcopy(block)) is None, "the SDK has a class for it now: compare with it"
        return
    parsed = Block.parse(copy.deepcopy(block))
    parsed.validate_json()


def spoilt(value):
    """The same thing, spoilt in one place after the other: texts and lists far too long or empty, keys lost."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: worse} for worse in spoilt(part))
            yield {name: other for name, other in value.items() if name != key}
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from ([*value[:position], worse, *value[position + 1 :]] for worse in spoilt(part))
        yield from ([], value * 120)
    elif isinstance(value, str):
        yield from ("x" * 13_000, "")


@pytest.mark.parametrize("block", FINE, ids=name_of)
def test_whatever_the_sdk_refuses_we_refuse_too(block):
    refused_by_both, missed = 0, []
    for bad in spoilt(block):
        if "type" not in bad or bad["type"] not in {fine["type"] for fine in FINE}:
            continue
        try:
            parsed = Block.parse(copy.deepcopy(bad))
            if parsed is None:
                continue
            parsed.validate_json()
        except SlackObjectFormationError as complaint:
            if find_problems([bad], "message"):
                refused_by_both += 1
            else:
                missed.append((str(complaint), bad))
        except (AttributeError, TypeError, KeyError, ValueError):
            continue  # so spoilt that the SDK can't even read it
    assert not missed
    assert refused_by_both or block["type"] in {"divider", "plan", "rich_text", "data_table", "data_visualization"}


@pytest.mark.parametrize(
    ("kind", "surfaces"),
    [
        ("alert", {"modal"}),
        ("plan", {"message"}),
        ("task_card", {"message"}),
        ("markdown", {"message"}),
        ("context_actions", {"message"}),
        ("table", {"message", "home"}),
        ("data_table", {"message", "home"}),
        ("data_visualization", {"message", "home"}),
        ("container", {"message", "home"}),
        ("carousel", {"message", "home"}),
        ("card", {"message", "modal", "home"}),
        ("input", {"message", "modal", "home"}),
        ("section", {"message", "modal", "home"}),
    ],
)
def test_each_block_has_its_surfaces(kind, surfaces):
    alert = {"type": "alert", "text": plain("Careful"), "level": "warning"}
    block = next((b for b in FINE if b["type"] == kind), alert)
    assert {surface for surface in ("message", "modal", "home") if not find_problems([block], surface)} == surfaces


def test_what_holds_over_all_blocks_together():
    def words(*blocks, surface="message"):
        return [problem.message for problem in find_problems(list(blocks), surface)]

    assert words(section(block_id="a"), section(block_id="a")) == ["block_id already exists: a"]
    assert words(section(block_id="a"), container(section(block_id="a"))) == ["block_id already exists: a"]
    assert words(*[section()] * 51) == ["no more than 50 items allowed"]
    assert words(*[section()] * 100, surface="modal") == []
    assert words(*[section()] * 101, surface="home") == ["no more than 100 items allowed"]
    assert words(table(), table()) == ["only_one_table_allowed"]
    assert words(chart(), chart()) == []
    assert words(chart(), chart(), chart()) == ["no more than 2 data_visualization blocks allowed"]
    long = {"type": "markdown", "text": "x" * 6001}
    assert words(long, long) == ["markdown text must be less than 12001 characters in total"]
    focus = [text_input(block_id=name, focus_on_load=True) for name in "ab"]
    assert words(*focus, surface="modal") == ["only one element can have focus_on_load"]
    assert find_problems("nonsense", "message")[0].message == "must provide an array"


def test_all_texts_of_a_message_together_have_a_limit():
    check_message_blocks([section("x" * 2900)] * 4, file_ready=lambda _: True)
    with pytest.raises(InvalidBlocksError, match="msg_blocks_too_long"):
        check_message_blocks([section("x" * 3000)] * 4, file_ready=lambda _: True)


@pytest.mark.parametrize(
    ("view", "pointer", "words"),
    [
        (modal(title=plain("x" * 25)), "/view/title/text", "must be less than 25 characters"),
        (modal(submit=plain("x" * 25)), "/view/submit/text", "must be less than 25 characters"),
        (modal(close=plain("x" * 25)), "/view/close/text", "must be less than 25 characters"),
        (modal(title=mrkdwn("x")), "/view/title/type", "unsupported type: mrkdwn"),
        (modal(title=None), "/view", "missing required field: title"),
        (modal(callback_id="x" * 256), "/view/callback_id", "must be less than 256 characters"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata", "must be less than 3001 characters"),
        (modal(text_input(), submit=None), "/view", "missing required field: submit"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type", "unsupported type: markdown"),
        (modal(colour="red"), "/view", "invalid additional property: colour"),
        (home({"type": "alert", "text": plain("x")}), "/view/blocks/0/type", "unsupported type: alert"),
        (home(title=plain("x")), "/view", "invalid additional property: title"),
        (home(ask({"type": "file_input"})), "/view/blocks/0/element/type", "unsupported type: file_input"),
        ({"type": "dialog"}, "/view/type", "unsupported type: dialog"),
        ([], "/view", "must provide an object"),
    ],
)
def test_views_are_refused_at_the_right_place(view, pointer, words):
    problems = find_view_problems(view)
    assert any(p.pointer == pointer and words in p.message for p in problems), problems


def test_views_that_the_sdk_builds_are_taken():
    blocks = [section(), text_input(), ask({"type": "file_input", "action_id": "f", "max_files": 2})]
    built = View(
        type="modal", title="Plan", submit="Send", close="Cancel", callback_id="x", private_metadata="", blocks=blocks
    )
    assert find_view_problems(built.to_dict()) == []
    assert find_view_problems(View(type="home", blocks=[section()]).to_dict()) == []


def test_what_slack_adds_when_it_stores_blocks():
    given = [
        section(accessory=button(action_id=None)),
        container(actions(button(action_id="kept")), block_id="kept"),
        {"type": "carousel", "elements": [card(actions=[button()])]},
    ]
    before = json.dumps(given)
    stored = complete(given)
    assert json.dumps(given) == before, "what was given stays as it was"
    assert stored[0]["accessory"]["action_id"]
    assert stored[0]["accessory"]["text"] == {"type": "plain_text", "text": "Go", "emoji": True}
    assert stored[1]["block_id"] == "kept"
    assert stored[1]["child_blocks"][0]["block_id"]
    assert stored[1]["child_blocks"][0]["elements"][0]["action_id"] == "kept"
    assert stored[2]["elements"][0]["block_id"]
    assert complete(stored) == stored


async def test_blocks_validate_tells_every_place_without_a_token(client, sandbox):
    assert (await client.blocks_validate(blocks=[section()]))["ok"]
    assert (await client.blocks_validate(view=modal()))["ok"]
    assert (await client.blocks_validate(message={"blocks": [section()]}))["ok"]

    for arguments, error, pointer in [
        ({"blocks": [section("")]}, "invalid_blocks", "/0/text/text"),
        ({"message": {"blocks": [section("")]}}, "invalid_message", "/blocks/0/text/text"),
        ({"view": modal(section(""))}, "invalid_view", "/blocks/0/text/text"),
    ]:
        with pytest.raises(SlackApiError) as caught:
            await client.api_call("blocks.validate", json=arguments)
        response = caught.value.response
        assert response["error"] == error
        assert response["errors"][0]["pointer"] == pointer
        assert response["errors"][0]["code"] == "failed_constraint"
    for arguments in ({}, {"blocks": [section()], "view": modal()}):
        with pytest.raises(SlackApiError, match="invalid_arguments"):
            await client.api_call("blocks.validate", json=arguments)
