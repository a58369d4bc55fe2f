"""Requests: what Slack sends is read into plain types, and nothing in it makes the reading fail."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.people import Surface
from handlers.repeats import Repeats
from handlers.request import read_action, read_command, read_event, read_form

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "user",
    "view",
    "actions",
    "container",
    "message",
    "channel",
    "event",
    "state",
    "trigger_id",
    "user_id",
    "text",
]
odd_bodies = st.dictionaries(st.sampled_from(NAMES), json_values)


@given(odd_bodies)
def test_no_payload_whatever_makes_the_reading_fail(body: dict[str, Any]) -> None:
    for read in (read_command, read_action, read_form, read_event):
        request = read(body)
        assert isinstance(request.text, str)
        assert isinstance(request.person, str)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"type": "plain_text_input", "value": "2.4.0"}, ("2.4.0",)),
        ({"type": "plain_text_input", "value": None}, ()),
        ({"type": "number_input", "value": "7"}, ("7",)),
        ({"type": "static_select", "selected_option": {"value": "payments"}}, ("payments",)),
        ({"type": "static_select", "selected_option": None}, ()),
        ({"type": "radio_buttons", "selected_option": {"value": "hotfix"}}, ("hotfix",)),
        ({"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}, ("a", "b")),
        ({"type": "checkboxes", "selected_options": []}, ()),
        ({"type": "users_select", "selected_user": "U0OMAR"}, ("U0OMAR",)),
        ({"type": "multi_users_select", "selected_users": ["U0OMAR", "U0RUTH"]}, ("U0OMAR", "U0RUTH")),
        ({"type": "conversations_select", "selected_conversation": "C1"}, ("C1",)),
        ({"type": "datepicker", "selected_date": "2026-11-24"}, ("2026-11-24",)),
        ({"type": "timepicker", "selected_time": "07:00"}, ("07:00",)),
        ({"type": "datetimepicker", "selected_date_time": 1795000000}, ("1795000000",)),
    ],
)
def test_every_kind_of_input_is_read(element: dict[str, Any], expected: tuple[str, ...]) -> None:
    request = read_form({"view": {"id": "V1", "hash": "h", "state": {"values": {"block": {"input": element}}}}})
    assert request.inputs == {"block": expected}
    assert request.input("block") == (expected[0] if expected else "")
    assert request.input("another") == ""
    assert request.intent == "form:V1:h"


def test_what_no_database_takes_is_left_out_of_texts() -> None:
    assert read_command({"text": "list\0 \ud83d me", "command": "/release"}).text == "list  me"


def test_a_press_without_a_trigger_is_still_known_by_what_was_pressed_when() -> None:
    body = {
        "user": {"id": "U1"},
        "container": {"message_ts": "1.2"},
        "actions": [{"action_id": "a", "action_ts": "3.4"}],
    }
    assert read_action(body).intent == "action:U1:1.2:3.4"
    assert read_action({**body, "trigger_id": "9.9"}).intent == "action:9.9"


@pytest.mark.parametrize(("kind", "surface"), [("home", Surface.HOME), ("modal", Surface.FORM)])
def test_where_somebody_pressed_is_kept(kind: str, surface: Surface) -> None:
    assert read_action({"view": {"type": kind}}).surface is surface
    assert read_action({}).surface is Surface.BUTTON


def test_an_events_speaker_is_read_in_both_of_its_forms() -> None:
    assert read_event({"event": {"type": "app_home_opened", "user": "U1"}, "team_id": "T1"}).person == "U1"
    assert read_event({"event": {"type": "user_change", "user": {"id": "U2"}}}).person == "U2"
    assert read_event({"event": {"user": "U1", "user_team": "T9"}, "team_id": "T1"}).team == "T9"


# ---------------------------------------------------------------- repeats


async def test_a_repeat_waits_for_the_first_and_is_dropped_only_after_success() -> None:
    repeats = Repeats()
    served: list[str] = []

    async def deliver(name: str, *, fails: bool) -> None:
        async with repeats.first("event:1") as first:
            if first:
                await asyncio.sleep(0.01)
                served.append(name)
                if fails:
                    repeats.forget("event:1")

    await asyncio.gather(deliver("one", fails=True), deliver("two", fails=False), deliver("three", fails=False))
    assert served == ["one", "two"]


async def test_what_raises_was_not_served() -> None:
    repeats = Repeats()
    with pytest.raises(RuntimeError):
        async with repeats.first("event:1"):
            raise RuntimeError
    async with repeats.first("event:1") as first:
        assert first


async def test_it_remembers_only_for_a_while() -> None:
    repeats = Repeats(kept=timedelta(milliseconds=20))
    async with repeats.first("event:1") as first:
        assert first
    await asyncio.sleep(0.03)
    async with repeats.first("event:1") as first:
        assert first
    assert len(repeats._seen) == 1
