"""Allowed hours: what the clock on the wall shows is what counts, on every day of the year and over every change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.hours import DAYS, Hours, Span, instant

UNHURRIED = settings(deadline=None)
"""A busy machine is no failure."""

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
CAIRO, ST_JOHNS, APIA = "Africa/Cairo", "America/St_Johns", "Pacific/Apia"
A_MINUTE = timedelta(minutes=1)
AN_INSTANT = timedelta(microseconds=1)


def hours(written: str, timezone: str = BERLIN) -> Hours:
    """Hours as people write them: `mon-fri 09:00-16:00, sat 10:00-24:00`."""
    return Hours(tuple(_span(each) for each in written.split(", ")), timezone)


def _span(written: str) -> Span:
    days, times = written.split()
    first, last = (days.split("-") * 2)[:2]
    starts, ends = (time(int(each[:2]) % 24, int(each[3:])) for each in times.split("-"))
    return Span(frozenset(range(DAYS.index(first), DAYS.index(last) + 1)), starts, ends)


def wall(text: str, timezone: str = BERLIN) -> datetime:
    """The moment at which the wall there shows that: the first time, if it does so twice."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stretches(allowed: Hours, start: datetime, end: datetime) -> list[str]:
    """When they are allowed from then to then, minute by minute: `00:00-00:30`, in UTC."""
    found, since = [], None
    at = start
    while at <= end:
        inside = allowed.allow(at) and at < end
        if inside and since is None:
            since = at
        elif not inside and since is not None:
            found.append(f"{since:%H:%M}-{at:%H:%M}")
            since = None
        at += A_MINUTE
    return found


# ---------------------------------------------------------------- ordinary weeks


@pytest.mark.parametrize(
    ("written", "at", "allowed"),
    [
        ("mon-fri 09:00-16:00", "2026-11-23 09:00", True),
        ("mon-fri 09:00-16:00", "2026-11-23 15:59:59.999999", True),
        ("mon-fri 09:00-16:00", "2026-11-23 16:00", False),
        ("mon-fri 09:00-16:00", "2026-11-23 08:59:59.999999", False),
        ("mon-fri 09:00-16:00", "2026-11-28 12:00", False),
        ("mon-fri 09:00-12:00, mon-fri 13:00-16:00", "2026-11-23 12:30", False),
        ("mon-fri 09:00-12:00, sat 10:00-11:00", "2026-11-28 10:30", True),
        ("fri 22:00-02:00", "2026-11-27 22:00", True),
        ("fri 22:00-02:00", "2026-11-28 01:59:59.999999", True),
        ("fri 22:00-02:00", "2026-11-28 02:00", False),
        ("fri 22:00-02:00", "2026-11-27 01:00", False),
        ("sun 22:00-02:00", "2026-11-30 01:00", True),
        ("sat 00:00-24:00", "2026-11-28 00:00", True),
        ("sat 00:00-24:00", "2026-11-28 23:59:59.999999", True),
        ("sat 00:00-24:00", "2026-11-29 00:00", False),
        ("sat 00:00-24:00", "2026-11-27 23:59:59.999999", False),
        ("sat 10:00-10:00", "2026-11-29 09:59", True),
        ("sat 10:00-10:00", "2026-11-29 10:00", False),
        ("tue 09:00-10:00", "2028-02-29 09:30", True),
        ("wed 09:00-10:00", "2028-03-01 09:30", True),
        ("wed 09:00-10:00", "2028-02-29 09:30", False),
    ],
)
def test_an_hour_of_the_week_is_allowed_from_its_first_instant_until_before_its_last(written, at, allowed):
    assert hours(written).allow(wall(at)) is allowed


@pytest.mark.parametrize(
    ("written", "at", "opens"),
    [
        ("mon-fri 09:00-16:00", "2026-11-23 08:00", "2026-11-23 09:00"),
        ("mon-fri 09:00-16:00", "2026-11-23 12:34:56.789", "2026-11-23 12:34:56.789"),
        ("mon-fri 09:00-16:00", "2026-11-23 16:00", "2026-11-24 09:00"),
        ("mon-fri 09:00-16:00", "2026-11-27 16:00", "2026-11-30 09:00"),
        ("mon 09:00-16:00", "2026-11-23 16:00", "2026-11-30 09:00"),
        ("mon 09:00-16:00", "2026-11-23 15:59:59.999999", "2026-11-23 15:59:59.999999"),
        ("fri 22:00-02:00", "2026-11-28 02:00", "2026-12-04 22:00"),
        ("mon-sun 00:00-24:00", "2026-11-29 23:59:59.999999", "2026-11-29 23:59:59.999999"),
        ("tue 09:00-10:00", "2028-02-28 23:59", "2028-02-29 09:00"),
        ("wed 00:00-01:00", "2028-02-29 00:00", "2028-03-01 00:00"),
        ("fri 09:00-10:00", "2026-12-28 09:00", "2027-01-01 09:00"),
    ],
)
def test_the_next_allowed_moment_is_now_or_the_beginning_of_the_next_span(written, at, opens):
    found = hours(written).next_from(wall(at))
    assert found == wall(opens)
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "at", "over"),
    [
        ("mon-fri 09:00-16:00", "2026-11-23 09:00", "2026-11-23 16:00"),
        ("mon-fri 09:00-16:00", "2026-11-23 08:00", "2026-11-23 08:00"),
        ("mon 09:00-12:00, mon 12:00-16:00", "2026-11-23 09:00", "2026-11-23 16:00"),
        ("fri 22:00-02:00", "2026-11-27 23:00", "2026-11-28 02:00"),
        ("mon-fri 00:00-24:00", "2026-11-23 09:00", "2026-11-28 00:00"),
    ],
)
def test_hours_are_over_at_the_end_of_the_last_span_without_a_gap(written, at, over):
    assert hours(written).closes_from(wall(at)) == wall(over)


def test_hours_that_are_all_of_the_week_are_never_over():
    assert hours("mon-sun 00:00-24:00").closes_from(wall("2026-11-23 09:00")) is None


def test_hours_without_any_span_never_come():
    assert Hours(()).next_from(wall("2026-11-23 09:00")) is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("mon-fri 09:00-16:00", "mon-fri 09:00-16:00 (Europe/Berlin)"),
        ("sat-sun 22:00-02:00", "sat,sun 22:00-02:00 (Europe/Berlin)"),
        ("mon-sun 00:00-24:00", "daily 00:00-24:00 (Europe/Berlin)"),
        ("mon 09:00-12:00, mon 13:00-16:00", "mon 09:00-12:00, mon 13:00-16:00 (Europe/Berlin)"),
    ],
)
def test_hours_are_said_as_they_are_written(written, said):
    assert str(hours(written)) == said


def test_days_that_do_not_follow_each_other_are_named_one_by_one():
    scattered = Span(frozenset({0, 2, 3, 4, 6}), time(9), time(10))
    assert str(scattered) == "mon,wed-fri,sun 09:00-10:00"


# ---------------------------------------------------------------- when clocks are changed


def test_nine_in_the_morning_is_nine_in_the_morning_before_and_after_clocks_change():
    office = hours("mon-fri 09:00-16:00")
    assert office.next_from(utc("2026-10-23 20:00")) == utc("2026-10-26 08:00")
    assert office.next_from(utc("2026-10-20 20:00")) == utc("2026-10-21 07:00")


@pytest.mark.parametrize(
    ("written", "timezone", "night", "allowed"),
    [
        # Berlin, 25 October 2026: at 01:00 UTC the clock goes back from 03:00 to 02:00.
        ("sun 02:00-03:00", BERLIN, "2026-10-24 22:00", ["00:00-02:00"]),
        ("sun 02:00-02:30", BERLIN, "2026-10-24 22:00", ["00:00-00:30", "01:00-01:30"]),
        ("sun 01:30-02:15", BERLIN, "2026-10-24 22:00", ["23:30-00:15", "01:00-01:15"]),
        ("sun 02:45-04:00", BERLIN, "2026-10-24 22:00", ["00:45-01:00", "01:45-03:00"]),
        ("sat 22:00-02:30", BERLIN, "2026-10-24 19:00", ["20:00-00:30", "01:00-01:30"]),
        # Berlin, 29 March 2026: at 01:00 UTC the clock goes on from 02:00 to 03:00.
        ("sun 02:00-03:00", BERLIN, "2026-03-28 22:00", []),
        ("sun 01:30-02:30", BERLIN, "2026-03-28 22:00", ["00:30-01:00"]),
        ("sun 02:30-03:30", BERLIN, "2026-03-28 22:00", ["01:00-01:30"]),
        ("sun 02:30-02:00", BERLIN, "2026-03-28 22:00", ["01:00-08:00"]),
        # New York: on 1 November at 06:00 UTC back from 02:00 to 01:00; on 8 March at 07:00 UTC on from 02:00 to 03:00.
        ("sun 01:00-01:30", NEW_YORK, "2026-11-01 03:00", ["05:00-05:30", "06:00-06:30"]),
        ("sun 00:30-02:00", NEW_YORK, "2026-11-01 03:00", ["04:30-07:00"]),
        ("sun 02:00-03:00", NEW_YORK, "2026-03-08 03:00", []),
        ("sun 01:45-03:15", NEW_YORK, "2026-03-08 03:00", ["06:45-07:15"]),
        # Lord Howe, by half an hour: on 5 April back from 02:00 to 01:30; on 4 October on from 02:00 to 02:30.
        ("sun 01:30-02:00", LORD_HOWE, "2026-04-04 12:00", ["14:30-15:30"]),
        ("sun 01:15-01:45", LORD_HOWE, "2026-04-04 12:00", ["14:15-14:45", "15:00-15:15"]),
        ("sun 02:00-02:30", LORD_HOWE, "2026-10-03 12:00", []),
        ("sun 02:15-02:45", LORD_HOWE, "2026-10-03 12:00", ["15:30-15:45"]),
        # Cairo, at midnight: on 30 October back to 23:00 of the day before; on 24 April on to 01:00.
        ("thu 23:30-24:00", CAIRO, "2026-10-29 18:00", ["20:30-21:00", "21:30-22:00"]),
        ("fri 00:00-01:00", CAIRO, "2026-10-29 18:00", ["22:00-23:00"]),
        ("fri 00:00-01:00", CAIRO, "2026-04-23 18:00", []),
        ("fri 00:30-01:30", CAIRO, "2026-04-23 18:00", ["22:00-22:30"]),
        # In St. John's the clock once went back a minute after midnight: from 00:01 to 23:01 of the day before.
        ("sat 23:30-24:00", ST_JOHNS, "2010-11-07 00:00", ["02:00-02:30", "03:00-03:30"]),
        # Nothing is ever changed.
        ("sun 02:00-03:00", "UTC", "2026-03-28 22:00", ["02:00-03:00"]),
    ],
)
def test_what_the_wall_shows_twice_is_allowed_twice_and_what_it_leaves_out_never(written, timezone, night, allowed):
    start = utc(night)
    assert stretches(hours(written, timezone), start, start + timedelta(hours=10)) == allowed


@pytest.mark.parametrize(
    ("written", "timezone", "at", "opens"),
    [
        # The end of the first showing; the second begins as the clock goes back.
        ("sun 02:00-02:30", BERLIN, "2026-10-25 00:30", "2026-10-25 01:00"),
        ("sun 01:30-02:15", BERLIN, "2026-10-25 00:15", "2026-10-25 01:00"),
        ("sun 01:30-02:15", BERLIN, "2026-10-25 01:15", "2026-11-01 00:30"),
        ("sun 02:45-02:50", BERLIN, "2026-10-25 00:50", "2026-10-25 01:45"),
        ("sun 01:15-01:45", LORD_HOWE, "2026-04-04 14:45", "2026-04-04 15:00"),
        ("sat 23:30-24:00", ST_JOHNS, "2010-11-07 02:30", "2010-11-07 03:00"),
        # Spring leaves out the only hour of the week: it comes a week later.
        ("sun 02:00-03:00", BERLIN, "2026-03-22 02:00", "2026-04-05 00:00"),
        ("sun 02:00-03:00", BERLIN, "2026-03-29 00:59:59", "2026-04-05 00:00"),
        ("sun 02:00-02:30", LORD_HOWE, "2026-09-26 16:00", "2026-10-10 15:00"),
        # It leaves out its beginning: it begins where the clock goes on.
        ("sun 02:30-03:30", BERLIN, "2026-03-29 00:00", "2026-03-29 01:00"),
        # Samoa left out a whole Friday.
        ("fri 09:00-10:00", APIA, "2011-12-23 20:00", "2012-01-05 19:00"),
    ],
)
def test_the_next_moment_is_found_over_every_change_of_the_clock(written, timezone, at, opens):
    assert hours(written, timezone).next_from(utc(at)) == utc(opens)


# ---------------------------------------------------------------- against the clock on the wall, minute by minute

CHANGES = [
    (BERLIN, date(2026, 3, 29)),
    (BERLIN, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (CAIRO, date(2026, 4, 24)),
    (CAIRO, date(2026, 10, 30)),
    (ST_JOHNS, date(2010, 11, 7)),
    (APIA, date(2011, 12, 30)),
    ("UTC", date(2028, 2, 29)),
]
BEFORE, AFTER = timedelta(days=9), timedelta(days=17)


@cache
def minutes(timezone: str, change: date) -> tuple[datetime, tuple[int, ...]]:
    """What the wall shows in the weeks around that day: each minute as its number in the week, and the first moment."""
    start = datetime.combine(change, time(12), UTC) - BEFORE
    zone, count = ZoneInfo(timezone), (BEFORE + AFTER) // A_MINUTE
    shown = ((start + each * A_MINUTE).astimezone(zone) for each in range(count))
    return start, tuple((each.weekday() * 24 + each.hour) * 60 + each.minute for each in shown)


def marked(allowed: Hours) -> frozenset[int]:
    """The minutes of the week that these hours mark on a paper calendar."""
    week, found = 7 * 24 * 60, set()
    for span in allowed.spans:
        first, last = (each.hour * 60 + each.minute for each in (span.starts, span.ends))
        length = last - first if last > first else last - first + 24 * 60
        for day in span.days:
            found |= {(day * 24 * 60 + first + each) % week for each in range(length)}
    return frozenset(found)


often_at_night = st.integers(0, 4 * 60) | st.integers(22 * 60, 24 * 60 - 1) | st.integers(0, 24 * 60 - 1)
times = often_at_night.map(lambda minute: time(minute // 60, minute % 60))
spans = st.builds(Span, st.frozensets(st.integers(0, 6), min_size=1, max_size=3), times, times)
weeks = st.lists(spans, min_size=0, max_size=3).map(tuple)
near_a_change = st.integers(-36 * 60, 36 * 60) | st.integers(-8 * 24 * 60, 24 * 60)


@UNHURRIED
@given(change=st.sampled_from(CHANGES), week=weeks, offset=near_a_change, seconds=st.sampled_from([0, 0.5, 59.999999]))
def test_hours_allow_what_a_calendar_on_the_wall_would(change, week, offset, seconds):
    start, shown = minutes(*change)
    index = BEFORE // A_MINUTE + offset
    at = start + index * A_MINUTE + timedelta(seconds=seconds)
    allowed = Hours(week, change[0])
    assert allowed.allow(at) is (shown[index] in marked(allowed))


@UNHURRIED
@given(change=st.sampled_from(CHANGES), week=weeks, offset=near_a_change, seconds=st.sampled_from([0, 0.5, 59.999999]))
def test_the_next_moment_is_the_first_that_a_patient_watcher_of_the_wall_would_find(change, week, offset, seconds):
    start, shown = minutes(*change)
    index = BEFORE // A_MINUTE + offset
    at = start + index * A_MINUTE + timedelta(seconds=seconds)
    allowed = Hours(week, change[0])
    wanted = marked(allowed)
    if shown[index] in wanted:
        expected = at
    else:
        found = next((each for each in range(index + 1, len(shown)) if shown[each] in wanted), None)
        expected = None if found is None else start + found * A_MINUTE
    assert allowed.next_from(at) == expected


@UNHURRIED
@given(change=st.sampled_from(CHANGES), week=weeks, offset=near_a_change, seconds=st.sampled_from([0, 0.5, 59.999999]))
def test_they_are_over_when_that_watcher_would_find_them_over(change, week, offset, seconds):
    start, shown = minutes(*change)
    index = BEFORE // A_MINUTE + offset
    at = start + index * A_MINUTE + timedelta(seconds=seconds)
    allowed = Hours(week, change[0])
    wanted = marked(allowed)
    if shown[index] not in wanted:
        expected = at
    else:
        found = next((each for each in range(index + 1, len(shown)) if shown[each] not in wanted), None)
        expected = None if found is None else start + found * A_MINUTE
    assert allowed.closes_from(at) == expected


# ---------------------------------------------------------------- moments that a wall shows


@pytest.mark.parametrize(
    ("shown", "timezone", "fold", "moment"),
    [
        ("2026-11-23 09:00", BERLIN, 0, "2026-11-23 08:00"),
        ("2026-11-23 09:00", BERLIN, 1, "2026-11-23 08:00"),
        # Shown twice: the first and the second time.
        ("2026-10-25 02:30", BERLIN, 0, "2026-10-25 00:30"),
        ("2026-10-25 02:30", BERLIN, 1, "2026-10-25 01:30"),
        ("2026-10-25 03:00", BERLIN, 0, "2026-10-25 02:00"),
        ("2026-11-01 01:30", NEW_YORK, 0, "2026-11-01 05:30"),
        ("2026-11-01 01:30", NEW_YORK, 1, "2026-11-01 06:30"),
        ("2026-04-05 01:45", LORD_HOWE, 0, "2026-04-04 14:45"),
        ("2026-04-05 01:45", LORD_HOWE, 1, "2026-04-04 15:15"),
        # Never shown: the moment at which the clock goes on.
        ("2026-03-29 02:00", BERLIN, 0, "2026-03-29 01:00"),
        ("2026-03-29 02:30", BERLIN, 0, "2026-03-29 01:00"),
        ("2026-03-29 02:30", BERLIN, 1, "2026-03-29 01:00"),
        ("2026-03-29 02:59:59.999999", BERLIN, 0, "2026-03-29 01:00"),
        ("2026-03-29 03:00", BERLIN, 0, "2026-03-29 01:00"),
        ("2026-03-08 02:30", NEW_YORK, 0, "2026-03-08 07:00"),
        ("2026-10-04 02:15", LORD_HOWE, 0, "2026-10-03 15:30"),
        ("2026-04-24 00:30", CAIRO, 0, "2026-04-23 22:00"),
        ("2011-12-30 15:00", APIA, 0, "2011-12-30 10:00"),
        ("2028-02-29 12:00", "UTC", 0, "2028-02-29 12:00"),
    ],
)
def test_what_the_wall_shows_is_a_moment_and_what_it_leaves_out_is_the_end_of_the_gap(shown, timezone, fold, moment):
    assert instant(datetime.fromisoformat(shown), timezone, fold=fold) == utc(moment)


@UNHURRIED
@given(change=st.sampled_from(CHANGES), offset=st.integers(-48 * 60, 48 * 60))
def test_a_moment_is_where_the_wall_shows_it_or_where_it_jumps_over_it(change, offset):
    timezone, day = change
    shown = datetime.combine(day, time(0)) + offset * A_MINUTE
    zone = ZoneInfo(timezone)
    first, second = (instant(shown, timezone, fold=fold) for fold in (0, 1))
    assert first <= second
    for found in (first, second):
        before, there = ((found - each).astimezone(zone).replace(tzinfo=None) for each in (AN_INSTANT, timedelta(0)))
        assert there == shown or before < shown < there
