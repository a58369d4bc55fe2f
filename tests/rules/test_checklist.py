"""The checklist: copied from its template, kept up with the rules, opened again, and due in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.checklist import Evidence, Item, after_new_candidate, fresh, left_to_do, merged
from bot.rules.policy import ChangeTypeName, ItemRule, checklist_of
from tests.makers import CHECKLIST, NOW, a_change_type, a_service
from tests.people import DEVELOPER, MAYA, OMAR, QA, RELEASE_MANAGER

NOTES = CHECKLIST[0]


def a_rule(**fields: Any) -> ItemRule:
    """A line of a template that says all that a line can say."""
    ready = ItemRule(
        "load",
        "It holds the load",
        QA,
        note="Run the load test against staging.",
        link="https://load.example.com",
        due=timedelta(days=2),
        check="load-test",
        reopens=True,
    )
    return replace(ready, **fields)


def one(rule: ItemRule) -> Item:
    (item,) = fresh([rule])
    return item


# ---------------------------------------------------------------- from the template


def test_a_new_line_is_copied_whole_and_not_done():
    assert one(a_rule()) == Item(
        "load",
        "It holds the load",
        QA,
        required=True,
        note="Run the load test against staging.",
        link="https://load.example.com",
        due=timedelta(days=2),
        check="load-test",
        reopens=True,
    )
    assert not one(a_rule()).done


def test_a_service_adds_its_own_lines_after_those_of_the_change_type():
    service = a_service(checklist=(a_rule(), a_rule(key="hotfixes", only_for=frozenset({ChangeTypeName("hotfix")}))))
    asked = checklist_of(a_change_type(checklist=(NOTES,)), service)
    assert [each.key for each in asked] == ["notes", "load"]


def test_where_both_ask_for_a_line_the_change_types_words_count():
    asked = checklist_of(a_change_type(checklist=(NOTES,)), a_service(checklist=(replace(NOTES, text="Any notes"),)))
    assert [each.text for each in asked] == ["Release notes are written"]


def test_a_ticked_line_says_who_when_and_with_what_evidence():
    seen = Evidence("Twice the usual load", "https://ci.example.com/17")
    item = one(a_rule()).ticked(OMAR.id, NOW, seen)
    assert (item.done, item.ticked_by, item.ticked_at, item.evidence) == (True, OMAR.id, NOW, seen)


def test_a_line_that_is_opened_again_keeps_what_was_said_until_it_is_ticked_anew():
    item = one(a_rule()).ticked(OMAR.id, NOW, Evidence("Fine")).reopened()
    assert (item.done, item.ticked_by, item.ticked_at) == (False, None, None)
    assert item.evidence == Evidence("Fine")
    assert item.ticked(MAYA.id, NOW).evidence == Evidence()


def test_only_required_lines_that_nobody_has_ticked_are_left_to_do():
    notes, tests, dashboards = fresh(CHECKLIST)
    assert [each.key for each in left_to_do((notes.ticked(MAYA.id, NOW), tests, dashboards))] == ["regression"]


# ---------------------------------------------------------------- when the rules change


@pytest.mark.parametrize(
    ("story", "now", "expected"),
    [
        ("nothing has changed", {}, {}),
        ("it was optional and is required", {"required": True}, {"required": True}),
        ("it reopens from now on", {"reopens": True}, {"reopens": True}),
        ("a check ticks it from now on", {"check": "notes"}, {"check": "notes"}),
        ("it is due", {"due": timedelta(1)}, {"due": timedelta(1)}),
        (
            "its note and link are others",
            {"note": "By hand", "link": "https://x"},
            {"note": "By hand", "link": "https://x"},
        ),
        ("its text and owner are others", {"text": "No notes", "owner": DEVELOPER}, {}),
    ],
)
def test_a_line_follows_the_rules_where_they_ask_for_more(story, now, expected):
    rule = replace(NOTES, required=False)
    assert merged(fresh([rule]), [replace(rule, **now)]) == (replace(one(rule), **expected),), story


@pytest.mark.parametrize(
    "now",
    [{"required": False}, {"reopens": False}, {"check": None}],
    ids=["optional", "stays ticked", "ticked by hand"],
)
def test_a_line_does_not_follow_them_where_they_ask_for_less(now):
    assert merged(fresh([a_rule()]), [a_rule(**now)]) == fresh([a_rule()])


def test_a_line_that_is_asked_for_no_longer_stays_and_a_new_one_comes_last():
    items = tuple(each.ticked(MAYA.id, NOW) for each in fresh([NOTES]))
    assert merged(items, [a_rule()]) == (*items, *fresh([a_rule()]))


keys = st.sampled_from(["notes", "load", "undo"])
rules = st.builds(
    ItemRule,
    keys,
    st.just("It is done"),
    st.sampled_from([None, QA, RELEASE_MANAGER]),
    required=st.booleans(),
    note=st.sampled_from(["", "By hand"]),
    due=st.sampled_from([None, timedelta(1)]),
    check=st.sampled_from([None, "ci"]),
    reopens=st.booleans(),
)
templates = st.lists(rules, unique_by=lambda each: each.key, max_size=3)
lists = st.builds(
    lambda found, ticked: tuple(
        each.ticked(OMAR.id, NOW) if done else each for each, done in zip(fresh(found), ticked, strict=False)
    ),
    templates,
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)


@given(items=lists, asked=templates)
def test_other_rules_never_take_a_line_away_and_never_tick_or_open_one(items, asked):
    after = merged(items, asked)
    assert [each.key for each in after][: len(items)] == [each.key for each in items]
    assert [(each.key, each.done) for each in items] == [(each.key, each.done) for each in after[: len(items)]]
    assert {each.key for each in left_to_do(items)} <= {each.key for each in left_to_do(after)}


@given(items=lists, asked=templates)
def test_rules_that_are_taken_up_twice_are_taken_up_once(items, asked):
    once = merged(items, asked)
    assert merged(once, asked) == once


# ---------------------------------------------------------------- when the candidate changes


@pytest.mark.parametrize(
    ("rule", "stays_done"),
    [
        (ItemRule("notes", "Release notes are written"), True),
        (ItemRule("notes", "Release notes are written", reopens=True), False),
        (ItemRule("notes", "Release notes are written", check="ci"), False),
    ],
    ids=["an ordinary line", "one that reopens", "one that a check ticks"],
)
def test_a_new_candidate_opens_the_lines_that_were_about_the_old_one(rule, stays_done):
    (after,) = after_new_candidate((one(rule).ticked(OMAR.id, NOW),))
    assert after.done is stays_done


@given(lists)
def test_a_new_candidate_never_ticks_a_line(items):
    after = after_new_candidate(items)
    assert {each.key for each in left_to_do(items)} <= {each.key for each in left_to_do(after)}
    assert after_new_candidate(after) == after


# ---------------------------------------------------------------- until when


@pytest.mark.parametrize(
    ("target", "due", "zone", "at"),
    [
        (date(2026, 11, 25), timedelta(0), "UTC", "2026-11-25 00:00"),
        (date(2026, 11, 25), timedelta(days=2), "UTC", "2026-11-23 00:00"),
        (date(2026, 11, 25), timedelta(days=2), "Europe/Berlin", "2026-11-22 23:00"),
        (date(2026, 11, 25), timedelta(hours=6), "America/New_York", "2026-11-24 23:00"),
        # A day before is the day before on the calendar, whether it has 25 hours or 23.
        (date(2026, 10, 26), timedelta(days=1), "Europe/Berlin", "2026-10-24 22:00"),
        (date(2026, 3, 30), timedelta(days=1), "Europe/Berlin", "2026-03-28 23:00"),
        (date(2026, 11, 2), timedelta(days=1), "America/New_York", "2026-11-01 04:00"),
        # Where the wall leaves that hour out, it is the one after.
        (date(2026, 3, 30), timedelta(hours=21, minutes=30), "Europe/Berlin", "2026-03-29 01:30"),
        # In Cairo that day begins at one.
        (date(2026, 4, 24), timedelta(0), "Africa/Cairo", "2026-04-23 22:00"),
        (date(2028, 3, 1), timedelta(days=1), "UTC", "2028-02-29 00:00"),
    ],
)
def test_a_line_is_due_so_long_before_the_first_moment_of_the_target_date(target, due, zone, at):
    item = one(a_rule(due=due))
    assert item.due_at(target, ZoneInfo(zone)) == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(("target", "due"), [(None, timedelta(1)), (date(2026, 11, 25), None), (None, None)])
def test_without_a_target_date_or_a_time_before_it_nothing_is_due(target, due):
    assert one(a_rule(due=due)).due_at(target) is None
