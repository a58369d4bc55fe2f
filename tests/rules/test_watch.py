"""Watching: what may be asked, what each look says, and where all looks together lead."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.deployment import DeploymentId
from bot.rules.judging import (
    FEWEST,
    Found,
    Judgement,
    Look,
    Outcome,
    Usual,
    Watched,
    judged,
    said_of,
    sigmas,
    sparkline,
    usual,
    verdict,
)
from bot.rules.watch import HEALTH, PLACEHOLDERS, Metric, Watch, filled_in, number, wrong_in
from tests.makers import NOW

ERRORS = Metric("errors", "up", above=0.05)
USUAL = Metric("latency", "up", z_score=3)
CALM = Usual(100, 10, 300)
GOOD, BAD, UNREADABLE = Judgement.GOOD, Judgement.BAD, Judgement.UNREADABLE


# ------------------------------------------------------------ queries


@pytest.mark.parametrize(
    "query",
    [
        'a{b="{service}"}',
        'a{b="x-{service}-{environment}", c=~".*"} / b[5m]',
        "a{b='x'} # {service} of whoever reads this",
        'label_replace(a{b="{commit}"}, "c", "$1", "d", "(.*)")',
        r'a{b="quoted \" {version}"}',
        'a{b=`raw "`, c="{version}"}',
    ],
)
def test_placeholders_within_double_quotes_are_right(query):
    assert list(wrong_in(query)) == []


@pytest.mark.parametrize(
    "query",
    [
        "a{b={service}}",
        "a{b='{service}'}",
        "a{b=`{service}`}",
        'a{b="x"} {service}',
        'a{b="\\\\"}{service}',
        "{service}",
        'a{b="{serivce}"}',
    ],
)
def test_placeholders_elsewhere_and_unknown_ones_are_wrong(query):
    assert list(wrong_in(query))


def test_braces_that_are_no_placeholders_are_left_alone():
    query = 'a{b=~"x{2,3}"}'
    assert list(wrong_in(query)) == []
    assert filled_in(query, {"service": "payments"}) == query


@given(st.text(), st.sampled_from(PLACEHOLDERS))
def test_whatever_is_filled_in_never_leaves_its_quotes(value, name):
    query = filled_in(f'a{{b="{{{name}}}"}}', {name: value})
    inside = query.removeprefix('a{b="').removesuffix('"}')
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")
    assert inside.isprintable()


# ------------------------------------------------------------ one look


@pytest.mark.parametrize(
    ("metric", "value", "judgement"),
    [
        (ERRORS, 0.05, GOOD),
        (ERRORS, 0.0500001, BAD),
        (Metric("up", "up", below=1), 1, GOOD),
        (Metric("up", "up", below=1), 0.9, BAD),
        (Metric("load", "up", above=2, below=1), 0.5, BAD),
        (ERRORS, math.nan, UNREADABLE),
        (ERRORS, math.inf, UNREADABLE),
        (Metric("up", "up", below=1), -math.inf, UNREADABLE),
    ],
)
def test_a_limit_is_passed_or_not_and_what_is_no_number_is_neither(metric, value, judgement):
    assert judged(metric, value, None).judgement is judgement


@pytest.mark.parametrize(
    ("value", "judgement"), [(100, GOOD), (129.9, GOOD), (130, BAD), (70, BAD), (70.1, GOOD), (math.nan, UNREADABLE)]
)
def test_three_sigma_from_the_usual_are_too_far_in_both_directions(value, judgement):
    assert judged(USUAL, value, CALM).judgement is judgement


def test_beside_a_limit_only_its_direction_counts():
    errors = Metric("errors", "up", above=1000, z_score=3)
    assert judged(errors, 200, CALM).judgement is BAD
    assert judged(errors, 0, CALM).judgement is GOOD
    traffic = Metric("traffic", "up", below=1, z_score=3)
    assert judged(traffic, 200, CALM).judgement is GOOD
    assert judged(traffic, 10, CALM).judgement is BAD


def test_without_the_hours_before_nothing_can_be_said_of_the_usual():
    found = judged(USUAL, 100, usual([1.0] * (FEWEST - 1)))
    assert found.judgement is UNREADABLE
    assert "only 9 values" in found.why


def test_what_never_varied_can_not_be_measured_by_it_unless_there_is_a_limit():
    always = usual([0.0] * 20)
    assert isinstance(always, Usual)
    assert judged(USUAL, 0, always).judgement is GOOD
    assert judged(USUAL, 0.001, always).judgement is UNREADABLE
    assert judged(replace(USUAL, above=0.05), 0.001, always).judgement is GOOD
    assert judged(replace(USUAL, above=0.05), 0.1, always).judgement is BAD


def test_values_before_that_are_no_numbers_are_left_out():
    found = usual([*range(20), math.nan, math.inf])
    assert isinstance(found, Usual)
    assert (found.mean, found.count) == (9.5, 20)


@given(st.lists(st.floats(-1e6, 1e6), min_size=FEWEST), st.floats(-1e6, 1e6))
def test_the_further_away_the_more_sigma(values, far):
    found = usual(values)
    assert isinstance(found, Usual)
    if found.deviation > 1e-6:
        here, there = sigmas(found.mean, found), sigmas(found.mean + far, found)
        assert here is not None
        assert there is not None
        assert abs(here) < 1e-3
        assert abs(there) == pytest.approx(abs(far) / found.deviation, rel=1e-3, abs=1e-3)


# ------------------------------------------------------------ all looks

WATCH = Watch(timedelta(minutes=2), timedelta(seconds=30), metrics=(ERRORS,))
"""Five looks; two bad ones in a row are bad."""


def looks(row: str) -> list[Look]:
    """One look for each letter: good, bad, unreadable."""
    said = {"g": GOOD, "b": BAD, "u": UNREADABLE}
    return [Look(NOW, {"errors": Found(said[each])}) for each in row]


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("", Outcome.GOES_ON),
        ("gggg", Outcome.GOES_ON),
        ("ggggg", Outcome.GOOD),
        ("gb", Outcome.GOES_ON),
        ("gbb", Outcome.BAD),
        ("bgbgg", Outcome.GOOD),
        ("gbugg", Outcome.GOOD),
        ("uuugg", Outcome.GOOD),
        ("ggguu", Outcome.UNREADABLE),
        ("ggggu", Outcome.UNREADABLE),
        ("uuuug", Outcome.GOES_ON),
        ("uuuugg", Outcome.GOOD),
        ("uuuugugugu", Outcome.UNREADABLE),
        ("ugugugugug", Outcome.UNREADABLE),
        ("ggggb", Outcome.GOES_ON),
        ("ggggbgg", Outcome.GOOD),
        ("ggggbb", Outcome.BAD),
        ("ggggbgbgbg", Outcome.BAD),
        ("ggggbgbgbu", Outcome.BAD),
    ],
)
def test_all_looks_together_lead_somewhere(row, outcome):
    assert verdict(WATCH, looks(row)).outcome is outcome


@given(st.text("gbu", max_size=12))
def test_what_can_not_be_read_never_counts_as_good(row):
    if verdict(WATCH, looks(row)).outcome is Outcome.GOOD:
        assert row[-2:] == "gg"


@given(st.text("gbu", min_size=10, max_size=10))
def test_a_watch_comes_to_an_end(row):
    ends = [verdict(WATCH, looks(row[:count])).outcome for count in range(1, 11)]
    assert any(each is not Outcome.GOES_ON for each in ends)


def test_what_was_not_looked_at_since_the_catalogue_names_it_is_not_good():
    watch = replace(WATCH, health="http://localhost")
    found = verdict(watch, looks("ggggg"))
    assert (found.outcome, found.names) == (Outcome.UNREADABLE, (HEALTH,))


def test_what_is_bad_is_said_with_its_numbers():
    bad, good = (Look(NOW, {"errors": judged(ERRORS, each, None)}) for each in (0.234567, 0))
    assert said_of(["errors", "latency"], [good, bad]) == (
        "errors: 0.2346 is past its limit (above 0.05). latency: It was not looked at."
    )
    assert said_of(["errors"], [bad, good]) == "errors: It is bad now and then: 0.2346 is past its limit (above 0.05)."


def test_a_watch_keeps_so_many_looks_at_most():
    watched = Watched(DeploymentId(1))
    for each in looks("gggggg"):
        watched = watched.with_look(each, 4)
    assert len(watched.looks) == 4


@pytest.mark.parametrize(
    ("values", "picture"),
    [
        ([], ""),
        ([None, None], ""),
        ([1.0, 1.0], "▁▁"),
        ([0.0, None, 7.0], "▁ █"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂▃▄▅▆▇█"),
        ([-1.7e308, 1.7e308], "▁█"),
    ],
)
def test_values_are_drawn_as_a_small_picture(values, picture):
    assert sparkline(values) == picture


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_any_values_can_be_drawn(values):
    assert len(sparkline(values)) <= 40


def test_numbers_are_short():
    assert [number(each) for each in (0.05, 12.3456, 1e-9, 123456789)] == ["0.05", "12.35", "1e-09", "1.235e+08"]
