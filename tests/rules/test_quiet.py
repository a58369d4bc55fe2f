"""Quiet hours: whoever sleeps is left alone, by the clock on their own wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.rules.hours import Span
from bot.rules.quiet import QuietHours
from tests.makers import a_catalogue

EVERY_DAY = frozenset(range(7))
NIGHT = QuietHours((Span(EVERY_DAY, time(19), time(8)),))
WEEKEND = QuietHours((Span(frozenset({4}), time(19), time(0)), Span(frozenset({5, 6}), time(0), time(0))), "UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "moment", "until"),
    [
        ("Europe/Berlin", "2026-11-23T18:00Z", "2026-11-24T07:00Z"),
        ("Europe/Berlin", "2026-11-23T17:59Z", None),
        ("Europe/Berlin", "2026-11-24T07:00Z", None),
        ("America/New_York", "2026-11-23T18:00Z", None),
        ("America/New_York", "2026-11-24T01:00Z", "2026-11-24T13:00Z"),
        ("Mars/Olympus", "2026-11-23T20:00Z", "2026-11-24T08:00Z"),
        # The night in which clocks go back is an hour longer, and the one in which they go forward an hour shorter.
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T07:00Z"),
        ("Europe/Berlin", "2026-03-28T22:00Z", "2026-03-29T06:00Z"),
    ],
)
def test_a_night_is_by_each_persons_own_clock(zone, moment, until):
    assert NIGHT.until(at(moment), zone) == (at(until) if until else None)


def test_one_zone_can_be_everybodys():
    berlin = QuietHours(NIGHT.spans, "Europe/Berlin")
    assert berlin.until(at("2026-11-23T18:30Z"), "America/New_York") == at("2026-11-24T07:00Z")


def test_spans_that_follow_each_other_are_one_quiet_time():
    assert WEEKEND.until(at("2026-11-27T20:00Z"), "UTC") == at("2026-11-30T00:00Z")


def test_hours_without_an_end_hold_nobody_back_for_ever():
    always = QuietHours((Span(EVERY_DAY, time(0), time(0)),))
    assert always.until(at("2026-11-23T18:00Z"), "UTC") is None


def test_a_team_is_left_alone_as_a_whole_by_the_catalogues_clock():
    night = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert a_catalogue().undisturbed(night) == night
    assert a_catalogue(quiet_hours=NIGHT).undisturbed(night) == night + timedelta(hours=10)
