"""A year of recurring freezes in two zones, time by time, against answers that no part of the adapter has a hand in.

`cronsim` answers when something begins, wherever a cron expression can say the same. Beginnings that none can say, and
all ends, are looked for on the clock on the wall, quarter by quarter (no clock of these zones changes within one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from bot.ports import Occurrence
from bot.rules.policy import RecurringFreeze
from integrations.calendars.occurrences import by_rule

ZONES = ("Europe/Berlin", "America/New_York")
YEARS = (2027, 2028)
"""The second one has a 29 February."""
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@pytest.fixture(params=ZONES)
def zone(request) -> str:
    return request.param


@pytest.fixture(params=YEARS)
def year(request) -> int:
    return request.param


def a_freeze(zone: str, first: str, lasts: timedelta, rule: str) -> RecurringFreeze:
    starts = datetime.fromisoformat(first)
    return RecurringFreeze("again", "Again and again", starts, starts + lasts, rule, zone)


def in_year(freeze: RecurringFreeze, year: int, years: int = 1) -> list[Occurrence]:
    """The times of that freeze that begin in that year, by the clock on its wall."""
    zone = ZoneInfo(freeze.timezone)
    start, end = datetime(year, 1, 1, tzinfo=zone), datetime(year + years, 1, 1, tzinfo=zone)
    return [each for each in by_rule(freeze, start, end) if start <= each.starts_at < end]


def by_cron(expression: str, zone: str, year: int, years: int = 1) -> list[datetime]:
    """The moments of that expression in that year."""
    there = ZoneInfo(zone)
    start, end = datetime(year, 1, 1, tzinfo=there) - QUARTER, datetime(year + years, 1, 1, tzinfo=there)
    return [each.astimezone(UTC) for each in takewhile(lambda each: each < end, CronSim(expression, start))]


@cache
def clock(zone: str, year: int) -> dict[datetime, list[datetime]]:
    """What the wall shows in that year, quarter by quarter, each with the moments at which it does."""
    there, moment = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC) - DAY
    shows: dict[datetime, list[datetime]] = {}
    while moment < datetime(year + 1, 1, 2, tzinfo=UTC):
        shows.setdefault(moment.astimezone(there).replace(tzinfo=None), []).append(moment)
        moment += QUARTER
    return shows


def shown(wall: datetime, zone: str) -> list[datetime]:
    """Every moment at which the wall shows this; if there is none, the first one at which it shows something later."""
    shows = clock(zone, wall.year)
    while wall not in shows:
        wall += QUARTER
    return shows[wall]


def day_by_day(
    zone: str, year: int, begins: time, lasts: timedelta, on: Callable[[date], bool]
) -> Iterator[tuple[datetime, datetime]]:
    """Begins on each of those days at that hour: from the first moment it may be to the last one."""
    day = date(year, 1, 1)
    while day.year == year:
        if on(day):
            wall = datetime.combine(day, begins)
            first, last = shown(wall, zone)[0], shown(wall + lasts, zone)[-1]
            if first < last:
                yield first, last
        day += DAY


def spans(found: list[Occurrence]) -> list[tuple[datetime, datetime]]:
    return [(each.starts_at, each.ends_at) for each in found]


RULES = {
    "over a weekend": ("2026-01-02 17:00", timedelta(days=2, hours=14), "FREQ=WEEKLY;BYDAY=FR", "0 17 * * 5"),
    "the last Friday of the month": ("2026-01-30 15:00", timedelta(days=2), "FREQ=MONTHLY;BYDAY=-1FR", "0 15 * * 5L"),
    "at night": ("2026-01-01 22:00", timedelta(hours=8), "FREQ=DAILY", "0 22 * * *"),
    "in the hour that clocks change": ("2026-01-01 02:30", timedelta(hours=3), "FREQ=DAILY", "30 2 * * *"),
    "for the hour that clocks change": ("2026-01-01 01:00", timedelta(minutes=90), "FREQ=DAILY", "0 1 * * *"),
    "the end of the month": ("2026-01-31 18:00", timedelta(days=1), "FREQ=MONTHLY;BYMONTHDAY=-1", "0 18 L * *"),
    "where there is a 31st": ("2026-01-31 09:00", timedelta(hours=9), "FREQ=MONTHLY;BYMONTHDAY=31", "0 9 31 * *"),
    "on working days": ("2026-01-01 16:00", timedelta(hours=1), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "0 16 * * 1-5"),
    "at the turn of the year": ("2026-12-31 12:00", timedelta(days=2), "FREQ=YEARLY", "0 12 31 12 *"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_year_begins_when_cron_says_and_ends_when_the_wall_shows_it(name: str, zone: str, year: int):
    first, lasts, rule, expression = RULES[name]

    found = in_year(a_freeze(zone, first, lasts, rule), year)

    assert [each.starts_at for each in found] == by_cron(expression, zone, year)
    for each in found:
        wall = datetime.fromisoformat(each.key)
        assert each.starts_at == shown(wall, zone)[0]
        assert each.ends_at == shown(wall + lasts, zone)[-1]


def test_a_leap_day_comes_every_four_years(zone: str):
    leap = a_freeze(zone, "2024-02-29 00:00", DAY, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")

    found = in_year(leap, 2025, years=8)

    assert [each.starts_at for each in found] == by_cron("0 0 29 2 *", zone, 2025, years=8)
    assert [each.key for each in found] == ["2028-02-29T00:00", "2032-02-29T00:00"]


def test_every_day_has_the_29th_of_february_where_there_is_one(zone: str, year: int):
    found = in_year(a_freeze(zone, "2020-01-01 12:00", timedelta(hours=1), "FREQ=DAILY"), year)

    assert len(found) == (366 if year == 2028 else 365)
    assert (f"{year}-02-29T12:00" in {each.key for each in found}) is (year == 2028)


def test_every_second_week_is_counted_from_the_first_one(zone: str, year: int):
    first = date(2026, 1, 2)

    found = in_year(
        a_freeze(zone, f"{first} 17:00", timedelta(days=2, hours=14), "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"), year
    )

    expected = day_by_day(zone, year, time(17), timedelta(days=2, hours=14), lambda day: (day - first).days % 14 == 0)
    assert spans(found) == list(expected)
    assert len(found) in {26, 27}


def test_nights_that_a_changing_clock_cuts_short_or_leaves_out(zone: str, year: int):
    """A quarter of an hour in the hour that spring leaves out and autumn shows twice."""
    found = in_year(a_freeze(zone, "2020-01-01 02:15", timedelta(minutes=15), "FREQ=DAILY"), year)

    expected = list(day_by_day(zone, year, time(2, 15), timedelta(minutes=15), lambda _: True))
    assert spans(found) == expected
    assert len(found) == (365 if year == 2028 else 364)  # one night has no such hour


def test_the_third_thursday_and_the_fridays_that_are_a_13th(zone: str, year: int):
    thursdays = in_year(a_freeze(zone, "2026-01-15 10:00", timedelta(hours=4), "FREQ=MONTHLY;BYDAY=3TH"), year)
    unlucky = in_year(a_freeze(zone, "2026-02-13 00:00", DAY, "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"), year)

    assert spans(thursdays) == list(
        day_by_day(zone, year, time(10), timedelta(hours=4), lambda day: day.weekday() == 3 and 15 <= day.day <= 21)
    )
    assert spans(unlucky) == list(day_by_day(zone, year, time(), DAY, lambda day: day.weekday() == 4 and day.day == 13))


def test_a_rule_that_ends_on_a_day_has_its_last_time_on_that_day(zone: str):
    """Whichever way that day is written: as a day, as a time on the wall there, or in UTC."""
    last = datetime(2027, 3, 26, 17, tzinfo=ZoneInfo(zone))
    untils = ("20270326", "20270326T170000", f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}")

    for until in untils:
        rule = f"FREQ=WEEKLY;BYDAY=FR;UNTIL={until}"
        found = in_year(a_freeze(zone, "2026-01-02 17:00", timedelta(hours=1), rule), 2027)
        assert found[-1].starts_at == last, until
        assert len(found) == 13


def test_a_year_asked_for_piece_by_piece_is_the_same_year(zone: str, year: int):
    """Freezes come five weeks ahead, looked at again and again: nothing may fall between two looks, or change."""
    weekend = a_freeze(zone, "2026-01-02 17:00", timedelta(days=2, hours=14), "FREQ=WEEKLY;BYDAY=FR")
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)

    pieces: dict[str, Occurrence] = {}
    at = start
    while at < end:
        until = min(at + timedelta(hours=13, minutes=17), end)
        for each in by_rule(weekend, at, until):
            assert pieces.setdefault(each.key, each) == each
        at = until

    assert list(pieces.values()) == by_rule(weekend, start, end)
