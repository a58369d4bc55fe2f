"""Rules of recurrence: those that are taken come, by every library's word; the others are refused with a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from time import monotonic

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from icalendar import vRecur

from bot.catalogue import recurrence
from bot.catalogue.clock import moment
from bot.catalogue.words import duration
from bot.rules.policy import RecurringFreeze

FRIDAY = moment("2026-01-02 17:00")
BERLIN = "Europe/Berlin"

DAYS = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
NUMBERED = st.builds("{}{}".format, st.sampled_from(["", "1", "2", "-1", "+3"]), DAYS)


def _several(numbers):
    return st.lists(numbers.filter(bool), min_size=1, max_size=3, unique=True).map(
        lambda all_: ",".join(map(str, all_))
    )


RULES = st.one_of(
    st.fixed_dictionaries(
        {"FREQ": st.sampled_from(["DAILY", "WEEKLY"])},
        optional={
            "INTERVAL": st.integers(1, 9),
            "BYDAY": _several(DAYS),
            "BYMONTH": _several(st.integers(1, 12)),
            "COUNT": st.integers(1, 60),
            "WKST": DAYS,
        },
    ),
    st.fixed_dictionaries(
        {"FREQ": st.sampled_from(["MONTHLY", "YEARLY"])},
        optional={
            "INTERVAL": st.integers(1, 9),
            "BYDAY": _several(NUMBERED),
            "BYMONTH": _several(st.integers(1, 12)),
            "BYMONTHDAY": _several(st.integers(-31, 31)),
            "UNTIL": st.sampled_from(["20281231", "20271130T170000", "20300101T000000Z"]),
        },
    ),
).map(lambda parts: ";".join(f"{key}={value}" for key, value in parts.items()))
MOMENTS = st.datetimes(moment("2024-01-01"), moment("2027-12-31")).map(lambda at: at.replace(second=0, microsecond=0))


@settings(deadline=None)
@given(RULES)
def test_a_rule_that_is_taken_is_one_to_the_calendars_library_too(rule):
    assert recurrence.rule(rule) == rule
    assert recurrence.rule(f" rrule:{rule.lower()}; ") == rule
    assert vRecur.from_ical(rule)


@settings(deadline=None)
@given(RULES, MOMENTS)
def test_it_comes_when_the_library_says_so(rule, starts):
    """What is looked up at the end of the calendar's time is what would have been found without that."""
    assume("UNTIL" not in rule)
    plainly = (each for each in rrulestr(rule, dtstart=starts) if each.year < starts.year + recurrence.SOON_ENOUGH)
    found = recurrence.times(rule, starts, BERLIN)
    for expected, came in zip(islice(plainly, 20), found, strict=False):
        assert came == expected


@settings(deadline=None)
@given(RULES, MOMENTS)
@example("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=FR", FRIDAY)
def test_the_first_time_that_is_named_is_the_one_to_start_with(rule, starts):
    first = next(recurrence.times(rule, starts, BERLIN), None)
    assume(first is not None)
    wrong = recurrence.misfit(rule, starts, BERLIN)
    assert wrong is None if first == starts else f"{first:%Y-%m-%d}" in str(wrong)
    if "COUNT" not in rule and "INTERVAL" not in rule:
        assert recurrence.misfit(rule, first, BERLIN) is None


@settings(deadline=None)
@given(RULES, MOMENTS)
def test_no_two_times_come_closer_than_the_closest(rule, starts):
    gaps = [after - before for before, after in pairwise(islice(recurrence.times(rule, starts, BERLIN), 60))]
    assert all(recurrence.closest(rule, starts, BERLIN) <= each for each in gaps)


@given(st.text(max_size=40) | st.from_regex(recurrence.RULE, fullmatch=True))
@example("FREQ=DAILY;BYDAY=0MO")
@example("FREQ=DAILY;UNTIL=00010101T000000Z")
@example("FREQ=DAILY;INTERVAL=\u0663")
@example("FREQ=DAILY=DAILY")
@example(";;;")
def test_whatever_is_written_is_taken_or_refused_with_a_sentence(text):
    try:
        rule = recurrence.rule(text)
    except ValueError as error:
        assert str(error).endswith((".", "?"))  # noqa: PT017 # either answer will do, but a refusal is a sentence
    else:
        recurrence.misfit(rule, FRIDAY, BERLIN)


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=7"])
def test_a_rule_that_never_comes_is_found_out_soon(rule):
    """The library alone would look until the year 9999, for seconds."""
    began = monotonic()
    assert "never comes" in recurrence.misfit(recurrence.rule(rule), FRIDAY, BERLIN)
    assert monotonic() - began < 3


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260116", "2026-01-16 17:00"),  # a day goes on until its end
        ("20260116T170000", "2026-01-16 17:00"),  # the moment itself is in it
        ("20260116T165959", "2026-01-09 17:00"),
        ("20260116T160000Z", "2026-01-16 17:00"),  # an hour ahead of UTC
        ("20260116T155959Z", "2026-01-09 17:00"),
    ],
)
def test_until_is_read_off_the_wall_unless_it_is_in_utc(until, last):
    *_, found = recurrence.times(f"FREQ=WEEKLY;UNTIL={until}", FRIDAY, BERLIN)
    assert f"{found:%Y-%m-%d %H:%M}" == last


def a_freeze(rule: str) -> RecurringFreeze:
    return RecurringFreeze("weekends", "Nobody is here", FRIDAY, FRIDAY + duration("62h"), rule, BERLIN)


def test_a_freeze_is_over_at_the_end_of_its_last_time_by_the_wall():
    twice = a_freeze("FREQ=WEEKLY;COUNT=2")
    end = datetime(2026, 1, 12, 6, tzinfo=UTC)  # seven in the morning in Berlin
    assert recurrence.is_over(twice, end)
    assert not recurrence.is_over(twice, end - timedelta(seconds=1))
    assert recurrence.is_over(replace(twice, rule="FREQ=WEEKLY;UNTIL=20260109"), end)


def test_a_freeze_without_an_end_is_never_over():
    assert not recurrence.is_over(a_freeze("FREQ=WEEKLY"), datetime(2099, 1, 1, tzinfo=UTC))
