"""Moments: what people type for a time, in their own time zone, over clock changes, and what can't be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.parsing.moments import Moment, Unclear, moment

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 11, 30, 40, tzinfo=UTC)
"""12:30 in Berlin, 06:30 in New York."""


def read(text: str, *, now: datetime = MONDAY, zone: ZoneInfo = BERLIN, later: bool = True) -> Moment | Unclear:
    return moment(text.split(), now, zone, later=later)


def there(found: Moment | Unclear, zone: ZoneInfo = BERLIN) -> str:
    assert isinstance(found, Moment), str(getattr(found, "why", ""))
    return f"{found.at.astimezone(zone):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mon 07:00", "Mon 2026-11-30 07:00"),
        ("Monday 7am", "Mon 2026-11-30 07:00"),
        ("monday", "Mon 2026-11-30 00:00"),
        ("fri 18:00", "Fri 2026-11-27 18:00"),
        ("friday at 6pm", "Fri 2026-11-27 18:00"),
        ("next friday", "Fri 2026-11-27 00:00"),
        ("tomorrow", "Tue 2026-11-24 00:00"),
        ("tomorrow 07:00", "Tue 2026-11-24 07:00"),
        ("tomorrow at 9am", "Tue 2026-11-24 09:00"),
        ("17:00", "Mon 2026-11-23 17:00"),
        ("9:15", "Tue 2026-11-24 09:15"),
        ("5pm", "Mon 2026-11-23 17:00"),
        ("2h", "Mon 2026-11-23 14:30"),
        ("90m", "Mon 2026-11-23 14:00"),
        ("1d12h", "Wed 2026-11-25 00:30"),
        ("1w", "Mon 2026-11-30 12:30"),
        ("2 hours", "Mon 2026-11-23 14:30"),
        ("in 2 hours", "Mon 2026-11-23 14:30"),
        ("3 days", "Thu 2026-11-26 12:30"),
        ("2026-12-01", "Tue 2026-12-01 00:00"),
        ("2026-12-01 08:00", "Tue 2026-12-01 08:00"),
        ("2026-12-01T08:00", "Tue 2026-12-01 08:00"),
        ("1 dec", "Tue 2026-12-01 00:00"),
        ("dec 1 08:00", "Tue 2026-12-01 08:00"),
        ("30 November", "Mon 2026-11-30 00:00"),
        ("31st december 23:59", "Thu 2026-12-31 23:59"),
        ("14:00 UTC", "Mon 2026-11-23 15:00"),
    ],
)
def test_a_moment_is_read_in_the_typists_own_time_zone(typed, meant):
    assert there(read(typed)) == meant


def test_the_same_words_mean_another_moment_elsewhere():
    assert there(read("tomorrow 07:00", zone=NEW_YORK), NEW_YORK) == "Tue 2026-11-24 07:00"
    assert read("tomorrow 07:00", zone=NEW_YORK) != read("tomorrow 07:00")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("mon 07:00 for payments Black Friday", 2),
        ("tomorrow 07:00 The annual sale", 2),
        ("monday the big one", 1),
        ("2h Because", 1),
        ("2 days A long weekend", 2),
        ("fri 18:00 2 services move", 2),
        ("monday may need a second look", 1),
        ("dec 24 18:00 Christmas", 3),
        ("friday, then we see", 1),
        ("17:00 on call is alone", 1),
    ],
)
def test_a_moment_ends_where_the_reason_begins(typed, words):
    found = read(typed)
    assert isinstance(found, Moment)
    assert found.words == words


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("yesterday", "in the past"),
        ("2020-01-01", "in the past"),
        ("2026-11-23 11:00", "in the past"),
        ("0h", "in the past"),
        ("2 hours ago", "in the past"),
        ("2028-01-01", "more than a year ahead"),
        ("9999d", "more than a year ahead"),
        ("03/04", "two ways"),
        ("31.12.2026", "two ways"),
        ("mon 7", "not sure about the hour"),
        ("tue 24:00", "not sure about the hour"),
        ("fri 25:61", "not sure about the hour"),
        ("5", "can't read a time"),
        ("march", "can't read a time"),
        ("next week", "can't read a time"),
        ("soon", "can't read a time"),
        ("2026-02-30", "can't read a time"),
        ("the 5th", "can't read a time"),
        ("99999 hours", "can't read a time"),
    ],
)
def test_what_cannot_be_meant_is_answered_with_why(typed, why):
    found = read(typed)
    assert isinstance(found, Unclear)
    assert why in str(found.why)


@pytest.mark.parametrize(
    ("zone", "before", "missing"),
    [
        (BERLIN, datetime(2027, 3, 27, 12, 0, tzinfo=UTC), "2027-03-28 02:30"),
        (NEW_YORK, datetime(2027, 3, 13, 12, 0, tzinfo=UTC), "2027-03-14 02:30"),
    ],
)
def test_a_time_that_clocks_jump_over_is_refused(zone, before, missing):
    found = read(missing, now=before, zone=zone)
    assert isinstance(found, Unclear)
    assert "clocks go forward" in str(found.why)
    assert zone.key in str(found.why)


def test_a_time_that_comes_twice_is_the_later_one_for_an_end_and_the_earlier_one_for_a_beginning():
    before = datetime(2027, 10, 30, 12, 0, tzinfo=UTC)
    end, start = (read("2027-10-31 02:30", now=before, later=later) for later in (True, False))
    assert isinstance(end, Moment)
    assert isinstance(start, Moment)
    assert (start.at, end.at) == (
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    )


def test_a_length_is_real_time_even_when_clocks_change():
    before = datetime(2027, 3, 27, 23, 0, tzinfo=UTC)
    assert there(read("4h", now=before), BERLIN) == "Sun 2027-03-28 05:00"


TIMELIKE = st.one_of(
    st.sampled_from(
        ["mon", "tuesday", "fri", "tomorrow", "tonight", "noon", "midnight", "next", "dec", "march", "may"]
    ),
    st.sampled_from(
        ["07:00", "7am", "24:00", "2h", "90m", "0h", "9999h", "1w", "5", "31", "2026", "99999", "1st", "31st"]
    ),
    st.sampled_from(["in", "at", "the", "a", "an", "of", "from", "now", "ago", "utc", "am", "pm", "morning"]),
    st.sampled_from(["2026-12-01", "2026-02-30", "03/04", "days", "hours", "week", "month"]),
)


@UNHURRIED
@given(st.lists(TIMELIKE, max_size=7), st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe")]))
def test_any_words_are_a_moment_ahead_or_a_sentence(words, zone):
    found = moment(words, MONDAY, zone)
    if isinstance(found, Moment):
        assert found.at > MONDAY
        assert 1 <= found.words <= min(5, len(words))
    else:
        assert str(found.why)
