"""Blocks: every block and element that an app may send is shown, safely, and can be reached by keyboard and ear."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from integrations.sandbox.page.charts import chart
from integrations.sandbox.page.drafts import with_draft
from integrations.sandbox.page.reader import Reader
from integrations.sandbox.page.render import from_stamp, near, render_blocks, slug

EVIL = "<script>alert('x')</script>\"&"
OMAR = Reader(
    id="U0OMAR",
    tz=ZoneInfo("Europe/Berlin"),
    now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    people={"U0OMAR": "Omar", "U0RUTH": "Ruth"},
    channels={"C0RELEASES": "releases"},
    pickable_people={"U0OMAR": "Omar", "U0RUTH": "Ruth"},
    base="/as/omar",
)


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def option(text, value=None, **more):
    return {"text": plain(text), "value": value or text.lower(), **more}


def button(text, **more):
    return {"type": "button", "action_id": "go", "text": plain(text), **more}


def rich(text):
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def field(kind, **more):
    return {
        "type": "input",
        "block_id": "b",
        "label": plain("Label"),
        "element": {"type": kind, "action_id": "a", **more},
    }


def cells(*texts):
    return [{"type": "raw_text", "text": text} for text in texts]


def bars(kind="bar", *series, categories=("W1", "W2")):
    return {
        "type": kind,
        "series": [
            {"name": name, "data": [{"label": c, "value": v} for c, v in zip(categories, values, strict=True)]}
            for name, values in series
        ],
        "axis_config": {"categories": list(categories), "x_label": "Week", "y_label": "Count"},
    }


def drawn(*blocks, surface="message", reader=OMAR):
    return str(render_blocks(blocks, reader, scope="s", surface=surface))


OPTIONS = [option("One"), option("Two", description=plain("the second"))]

# Each block with what a person must be able to find in it.
EVERY_BLOCK = {
    "section": (
        {
            "type": "section",
            "text": mrkdwn("*Hi*"),
            "fields": [mrkdwn("left"), plain("right")],
            "accessory": button("Open"),
        },
        ["<b>Hi</b>", "left", "right", ">Open</button>"],
    ),
    "header": ({"type": "header", "text": plain("R-12 :rocket:")}, ["<h3", "R-12 🚀"]),
    "context": (
        {
            "type": "context",
            "elements": [
                mrkdwn("_by_"),
                {"type": "image", "image_url": "data:image/png;base64,AA==", "alt_text": "face"},
            ],
        },
        ["<i>by</i>", 'alt="face"'],
    ),
    "divider": ({"type": "divider"}, ["<hr"]),
    "actions": (
        {"type": "actions", "block_id": "b", "elements": [button("Approve", style="primary", value="v1")]},
        ["btn primary", 'data-value="v1"', 'data-block="b"'],
    ),
    "context_actions": (
        {
            "type": "context_actions",
            "elements": [
                {"type": "icon_button", "action_id": "i", "icon": "trash", "text": plain("Remove")},
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain("Good"), "value": "y"},
                    "negative_button": {"text": plain("Bad"), "value": "n"},
                },
            ],
        },
        ["🗑", "Remove", "Good", 'data-value="n"'],
    ),
    "image": (
        {"type": "image", "image_url": "http://127.0.0.1:9/x.png", "alt_text": "A chart", "title": plain("Chart")},
        ['<img class="picture', 'alt="A chart"', "Chart"],
    ),
    "input": (field("plain_text_input"), ['role="alert"', 'data-input="plain_text_input"', "Label"]),
    "rich_text": (rich("rich"), ["<p>rich</p>"]),
    "markdown": ({"type": "markdown", "text": "**strong**"}, ["<strong>strong</strong>"]),
    "table": (
        {
            "type": "table",
            "rows": [cells("A", "B"), [rich("x"), {"type": "raw_number", "value": 1250}]],
            "column_settings": [{"is_wrapped": True}, None],
        },
        ['<th class="align-left wrapped" scope="col">A', '<td class="align-right">1,250'],
    ),
    "data_table": (
        {"type": "data_table", "caption": "All", "page_size": 1, "rows": [cells("A"), cells("1"), cells("2")]},
        ["<caption>All", "Show 1 more row", ">2</td>"],
    ),
    "data_visualization": (
        {"type": "data_visualization", "title": "Trend", "chart": bars("line", ("n", (1, 2)))},
        ["Trend: W1: 1; W2: 2", "<path", "Week"],
    ),
    "plan": (
        {
            "type": "plan",
            "title": "Road",
            "tasks": [
                {
                    "type": "task_card",
                    "task_id": "1",
                    "title": "Build",
                    "status": "in_progress",
                    "details": rich("why"),
                    "output": rich("done"),
                    "sources": [{"type": "url", "url": "https://ci.example", "text": "run"}],
                }
            ],
        },
        ["Road", "Build", 'aria-label="In progress"', "why", "done", ">run</a>"],
    ),
    "task_card": (
        {"type": "task_card", "task_id": "1", "title": "Build", "status": "error"},
        ['aria-label="Failed"', "Build"],
    ),
    "card": (
        {
            "type": "card",
            "title": plain("R-12"),
            "subtitle": mrkdwn("*pay*"),
            "body": plain("text"),
            "icon": {"type": "image", "image_url": "/i.png", "alt_text": "i"},
            "hero_image": {"type": "image", "image_url": "/h.png", "alt_text": "h"},
            "actions": [button("Open")],
        },
        ["R-12", "<b>pay</b>", 'src="/h.png"', ">Open<"],
    ),
    "carousel": (
        {
            "type": "carousel",
            "elements": [{"type": "card", "title": plain("1")}, {"type": "card", "title": plain("2")}],
        },
        ["carousel", ">1<", ">2<"],
    ),
    "container": (
        {
            "type": "container",
            "title": plain("More"),
            "subtitle": plain("3 of 4"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [{"type": "divider"}],
        },
        ["<details", "<summary>", "More", "3 of 4", "<hr"],
    ),
    "alert": ({"type": "alert", "level": "error", "text": plain("No")}, ["alert-error", 'role="alert"', "No"]),
    "video": (
        {
            "type": "video",
            "title": plain("Demo"),
            "title_url": "https://v.example/1",
            "video_url": "https://v.example/e",
            "thumbnail_url": "https://v.example/t",
            "alt_text": "a demo",
            "provider_name": "V",
        },
        ['href="https://v.example/1"', "Demo"],
    ),
    "file": ({"type": "file", "external_id": "report-1", "source": "remote"}, ["report-1"]),
}


@pytest.mark.parametrize("kind", EVERY_BLOCK)
def test_every_block_is_shown(kind):
    block, expected = EVERY_BLOCK[kind]
    html = drawn(block)
    for words in expected:
        assert words in html
    assert "unknown" not in html
    balanced(html)


EVERY_ELEMENT = [
    (
        field("static_select", options=OPTIONS, initial_option=OPTIONS[1], placeholder=plain("Pick")),
        ['<option value="">Pick', '<option value="two" selected>Two'],
    ),
    (
        field("static_select", option_groups=[{"label": plain("G"), "options": OPTIONS}]),
        ['<optgroup label="G">', ">One</option>"],
    ),
    (field("external_select", initial_option=OPTIONS[0]), ["<select"]),
    (field("users_select", initial_user="U0RUTH"), ['<option value="U0RUTH" selected>Ruth']),
    (field("conversations_select"), ['<option value="C0RELEASES">#releases']),
    (field("channels_select", initial_channel="C0RELEASES"), ['<option value="C0RELEASES" selected>#releases']),
    (field("multi_static_select", options=OPTIONS, initial_options=[OPTIONS[0]]), ['value="one" checked']),
    (field("multi_users_select", initial_users=["U0OMAR"]), ['value="U0OMAR" checked', 'value="U0RUTH">']),
    (field("multi_conversations_select"), ["#releases"]),
    (field("multi_channels_select", initial_channels=["C0RELEASES"]), ['value="C0RELEASES" checked']),
    (
        field("checkboxes", options=OPTIONS, initial_options=[OPTIONS[1]]),
        ['type="checkbox"', 'value="two" checked', "the second"],
    ),
    (field("radio_buttons", options=OPTIONS, initial_option=OPTIONS[0]), ['role="radiogroup"', 'value="one" checked']),
    (field("plain_text_input", initial_value=EVIL, max_length=20), ["&lt;script&gt;", 'maxlength="20"']),
    (field("plain_text_input", multiline=True, initial_value="two\nlines"), ["<textarea", "two\nlines</textarea>"]),
    (field("number_input", is_decimal_allowed=False, min_value="1"), ['type="number"', 'step="1"', 'min="1"']),
    (field("email_text_input"), ['type="email"']),
    (field("url_text_input"), ['type="url"']),
    (field("rich_text_input", initial_value=rich("x")), ["<textarea"]),
    (field("datepicker", initial_date="2026-11-24"), ['type="date"', 'value="2026-11-24"']),
    (field("timepicker", initial_time="09:30"), ['type="time"', 'value="09:30"']),
    (field("datetimepicker", initial_date_time=1795442400), ['type="datetime-local"', 'value="2026-11-23T15:00"']),
    (field("file_input"), ['type="file"']),
    (
        {"type": "actions", "elements": [{"type": "overflow", "action_id": "o", "options": OPTIONS}]},
        ['data-kind="overflow"', 'data-value="two"', 'aria-label="More actions"'],
    ),
    (
        {"type": "actions", "elements": [button("Log", url="https://ci.example/1")]},
        ['href="https://ci.example/1"', "opens in a new tab"],
    ),
    (
        {"type": "actions", "elements": [{"type": "workflow_button", "action_id": "w", "text": plain("Run")}]},
        [">Run</button>"],
    ),
]


@pytest.mark.parametrize(("block", "expected"), EVERY_ELEMENT)
def test_every_element_is_shown_with_what_it_starts_with(block, expected):
    html = drawn(block, surface="modal")
    for words in expected:
        assert words in html
    assert "unknown" not in html
    balanced(html)


def test_whatever_is_unknown_says_so_instead_of_vanishing():
    assert "show a block of the type “hologram”." in drawn({"type": "hologram"})
    assert "show the element “lever”." in drawn({"type": "actions", "elements": [{"type": "lever"}]})


def test_no_text_anywhere_can_become_markup():
    def poisoned(value, key=""):
        if isinstance(value, dict):
            return {name: poisoned(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [poisoned(inner, key) for inner in value]
        known = key in {"type", "style", "level", "status", "width", "align"} or not isinstance(value, str)
        return value if known else value + EVIL

    for block, _ in [*EVERY_BLOCK.values(), *EVERY_ELEMENT]:
        html = drawn(poisoned(block))
        assert "<script" not in html.lower(), block["type"]
        balanced(html)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x"])
def test_no_link_runs_anything(url):
    blocks = [
        {"type": "actions", "elements": [button("Go", url=url)]},
        {"type": "video", "title": plain("Go"), "title_url": url, "video_url": url, "alt_text": "Go"},
        {"type": "task_card", "task_id": "1", "title": "t", "sources": [{"type": "url", "url": url, "text": "Go"}]},
        {"type": "image", "image_url": url, "alt_text": "Go"},
        {"type": "section", "text": mrkdwn(f"<{url}|Go>")},
        {"type": "markdown", "text": f"[Go]({url})"},
    ]
    for block in blocks:
        assert not re.search(r'(?:href|src)="(?!#)', drawn(block)), block["type"]


def test_a_button_is_hidden_from_those_it_is_not_for():
    block = {
        "type": "actions",
        "elements": [button("Mine", visible_to_user_ids=["U0OMAR"]), button("Hers", visible_to_user_ids=["U0RUTH"])],
    }
    html = drawn(block)
    assert "Mine" in html
    assert "Hers" not in html


def test_a_confirm_dialog_travels_with_its_button():
    asked = {
        "title": plain("Sure?"),
        "text": mrkdwn("*R-12*"),
        "confirm": plain("Do it"),
        "deny": plain("No"),
        "style": "danger",
    }
    html = drawn({"type": "actions", "block_id": "b", "elements": [button("Go", confirm=asked)]})
    found = re.search(r'data-confirm="([^"]+)"', html)
    assert found is not None
    assert f'<template id="{found[1]}" data-danger="yes" data-yes="Do it" data-no="No">' in html
    assert "<b>R-12</b>" in html


def test_an_input_tells_the_app_at_once_only_where_it_should():
    assert "data-live" not in drawn(field("plain_text_input"))
    assert "data-live" in drawn(field("plain_text_input") | {"dispatch_action": True})
    assert "data-live" in drawn(
        {"type": "actions", "elements": [{"type": "checkboxes", "action_id": "c", "options": OPTIONS}]}
    )


def test_every_input_has_a_name_for_a_screen_reader():
    for block, _ in EVERY_ELEMENT:
        html = drawn(block)
        for tag in re.findall(r"<(?:select|textarea|input|div)[^>]*data-input[^>]*>", html):
            named = re.search(r'aria-labelledby="([^"]+)"|aria-label="[^"]+"', tag)
            assert named, tag
            assert not named[1] or f'id="{named[1]}"' in html


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:8080/a.png", True),
        ("http://localhost/a.png", True),
        ("/page/files/F1", True),
        ("data:image/png;base64,AA==", True),
        ("https://elsewhere.example/a.png", False),
        ("//elsewhere.example/a.png", False),
        ("data:text/html,x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_pictures_are_fetched_from_this_machine_only(address, shown):
    assert near(address) is shown
    html = drawn({"type": "image", "image_url": address, "alt_text": "A ship"})
    assert ("<img" in html) is shown
    assert "A ship" in html


def test_what_somebody_put_into_an_input_stands_there_again():
    blocks = [
        field("plain_text_input", initial_value="old"),
        {
            "type": "container",
            "title": plain("c"),
            "child_blocks": [
                {
                    "type": "actions",
                    "block_id": "t",
                    "elements": [
                        {"type": "checkboxes", "action_id": "c", "options": OPTIONS, "initial_options": OPTIONS}
                    ],
                }
            ],
        },
    ]
    draft = {
        "b": {"a": {"type": "plain_text_input", "value": "new"}},
        "t": {"c": {"type": "checkboxes", "selected_options": [OPTIONS[1]]}},
    }
    html = drawn(*with_draft(blocks, draft))
    assert 'value="new"' in html
    assert 'value="one">' in html
    assert 'value="two" checked' in html
    assert blocks[0]["element"]["initial_value"] == "old"


def test_a_date_and_time_goes_there_and_back_on_the_readers_clock():
    assert from_stamp("2026-11-23T15:00", OMAR) == 1795442400
    assert from_stamp("", OMAR) is None


def test_ids_never_collide_nor_break_out_of_their_attribute():
    assert slug('a/b "c"') == "a.2fb.20.22c.22"
    assert slug("a/b") != slug("a.b")


def test_bars_stand_on_the_zero_line_and_lines_of_numbers_are_round():
    drawn_chart = chart({"chart": bars("bar", ("up", (3, -2)), ("down", (0, 7)))})
    assert [tick.words for tick in drawn_chart.y_ticks] == ["-2.5", "0", "2.5", "5", "7.5"]
    zero = next(tick.at for tick in drawn_chart.y_ticks if tick.words == "0")
    up, under, nothing, _ = drawn_chart.bars
    assert up.y + up.height == pytest.approx(zero)
    assert under.y == pytest.approx(zero)
    assert nothing.height == 0
    assert drawn_chart.legend == ((0, "up"), (1, "down"))
    assert "down, W2: 7" in drawn_chart.words


def test_a_chart_of_nothing_is_still_a_chart():
    assert chart({"chart": bars("line", ("n", (0, 0)))}).curves
    assert chart({"chart": {"type": "pie", "segments": []}}).slices == ()
    assert chart({"chart": {"type": "bar", "series": []}}).bars == ()


def test_a_pie_says_its_shares():
    pie = chart({"chart": {"type": "pie", "segments": [{"label": "ok", "value": 3}, {"label": "bad", "value": 1}]}})
    assert pie.words == "ok: 3 (75%); bad: 1 (25%)"
    assert len(pie.slices) == 2


class Balance(HTMLParser):
    """Fails on a tag that is closed without being open, or the other way round."""

    EMPTY = frozenset({"br", "hr", "img", "input", "path", "line", "rect", "circle"})

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag


def balanced(html):
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
