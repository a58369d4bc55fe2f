"""The clock's words: what is written is what is meant, and what is shown can be written."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.catalogue import clock
from bot.rules.hours import Hours, Span

WEEK = frozenset(range(7))
MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
SPANS = st.builds(Span, st.frozensets(st.integers(0, 6), min_size=1), MINUTES, MINUTES).filter(
    lambda span: span.starts != span.ends or span.starts == time(0)
)


@given(SPANS)
def test_hours_that_are_shown_can_be_written_and_mean_the_same(span):
    assert clock.hours(str(span)) == span


@given(st.lists(SPANS, min_size=1, max_size=4))
def test_all_hours_that_a_gate_shows_can_be_copied_into_the_file(spans):
    shown, _, zone = str(Hours(tuple(spans), "Europe/Berlin")).removesuffix(")").partition(" (")
    # Between two spans there is a blank behind the comma, between two days there is none.
    assert [clock.hours(each) for each in shown.split(", ")] == spans
    assert clock.zone(zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "days", "starts", "ends"),
    [
        ("mon-fri 09:00-16:00", {0, 1, 2, 3, 4}, time(9), time(16)),
        ("weekdays 9:00-16:30", {0, 1, 2, 3, 4}, time(9), time(16, 30)),
        ("weekends 09:00-16:00", {5, 6}, time(9), time(16)),
        ("fri-mon 09:00-16:00", {0, 4, 5, 6}, time(9), time(16)),
        ("Mon, Wed - Fri 09:00 - 16:00", {0, 2, 3, 4}, time(9), time(16)),
        ("sunday 09:00-16:00", {6}, time(9), time(16)),
        ("09:00-16:00", WEEK, time(9), time(16)),
        ("every day 22:00-06:00", WEEK, time(22), time(6)),
        ("sat,sun 00:00-24:00", {5, 6}, time(0), time(0)),
        ("daily 18:00-00:00", WEEK, time(18), time(0)),
    ],
)
def test_hours_are_written_as_people_say_them(text, days, starts, ends):
    assert clock.hours(text) == Span(frozenset(days), starts, ends)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02 17:00", "2026-01-02T17:00:00"),
        ("2026-01-02T17:05", "2026-01-02T17:05:00"),
        ("2028-02-29", "2028-02-29T00:00:00"),
    ],
)
def test_a_moment_is_what_the_wall_shows(text, moment):
    assert clock.moment(text).isoformat() == moment


@given(st.text(max_size=30) | st.from_regex(clock.HOURS, fullmatch=True) | st.from_regex(clock.MOMENT, fullmatch=True))
@example("2026-02-29")
@example("0000-01-01")
@example("\u0662026-01-02")
@example("mon 09:00-09:0\u0660")
def test_whatever_is_written_is_taken_or_refused_with_a_sentence(text):
    for read in (clock.hours, clock.moment, clock.times, clock.zone):
        try:
            read(text)
        except ValueError as error:
            assert str(error).endswith((".", "?"))  # noqa: PT017 # either answer will do, but a refusal is a sentence
