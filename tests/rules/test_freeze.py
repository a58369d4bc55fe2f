"""Freezes: when they are in force, for what, who passes them for how long, and what nobody can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.freeze import STALE_AFTER, CalendarState, ExceptionId, FreezeException, FreezeId, Plea, unread
from bot.rules.release import ReleaseId
from tests.makers import FEATURE, HOTFIX, NOW, PAYMENTS, PRODUCTION, STAGING, a_freeze, a_window
from tests.people import MAYA, RUTH

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)
END = a_freeze().window.ends_at


@pytest.mark.parametrize(
    ("ended_at", "over_at"),
    [(None, END), (NOW + A_DAY, NOW + A_DAY), (END + A_DAY, END), (NOW - A_DAY, NOW - A_DAY)],
    ids=["nobody ended it", "ended early", "ended when it was over", "called off before it began"],
)
def test_a_freeze_is_over_at_its_end_or_when_somebody_ended_it(ended_at, over_at):
    freeze = a_freeze(ended_at=ended_at)
    assert freeze.over_at == over_at
    assert not freeze.active(over_at)
    assert freeze.active(over_at - AN_INSTANT) is (over_at > NOW)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, True),
        ({"environments": frozenset({PRODUCTION})}, True),
        ({"environments": frozenset({STAGING})}, False),
        ({"services": frozenset({PAYMENTS})}, True),
        ({"services": frozenset({"refunds"})}, False),
        ({"change_types": frozenset({FEATURE, HOTFIX})}, True),
        ({"change_types": frozenset({HOTFIX})}, False),
        ({"environments": frozenset({PRODUCTION}), "services": frozenset({"refunds"})}, False),
    ],
)
def test_a_freeze_covers_what_all_of_its_scope_names(scope, covered):
    window = a_window(**{"environments": frozenset(), **scope})
    assert a_freeze(window=window).covers(PAYMENTS, PRODUCTION, FEATURE) is covered


def an_exception(**fields: Any) -> FreezeException:
    """X-4: Ruth lets R-12 pass F-3 until tomorrow."""
    ready = FreezeException(
        ExceptionId(4),
        Plea(FreezeId(3), ReleaseId(12), MAYA.id, NOW, "Refunds are broken"),
        granted=True,
        decided_by=RUTH.id,
        decided_at=NOW,
        ends_at=NOW + A_DAY,
    )
    return replace(ready, **fields)


def test_a_freeze_and_an_exception_have_names():
    assert (a_freeze().name, an_exception().name) == ("F-3", "X-4")


@pytest.mark.parametrize(
    ("exception", "at", "counts"),
    [
        (an_exception(), NOW, True),
        (an_exception(), NOW + A_DAY - AN_INSTANT, True),
        (an_exception(), NOW + A_DAY, False),
        (an_exception(ends_at=None), NOW + 366 * A_DAY, True),
        (an_exception(granted=None, ends_at=None), NOW, False),
        (an_exception(granted=False, ends_at=None), NOW, False),
    ],
    ids=["granted", "to its last instant", "over", "without an end", "not decided", "refused"],
)
def test_an_exception_counts_once_it_is_granted_and_until_its_end(exception, at, counts):
    assert exception.counts(at) is counts


@pytest.mark.parametrize(
    ("state", "blind"),
    [
        (CalendarState("holidays", None), True),
        (CalendarState("holidays", None, "It does not answer."), True),
        (CalendarState("holidays", NOW), False),
        (CalendarState("holidays", NOW - STALE_AFTER), False),
        (CalendarState("holidays", NOW - STALE_AFTER - AN_INSTANT), True),
        (CalendarState("holidays", NOW - STALE_AFTER, "It does not answer."), False),
        (CalendarState("holidays", NOW - STALE_AFTER - AN_INSTANT, "It does not answer."), True),
    ],
    ids=[
        "never read",
        "never could be",
        "read now",
        "read well last",
        "not read any more",
        "away for a while",
        "away for too long",
    ],
)
def test_a_calendar_is_taken_at_its_word_for_a_while_after_it_was_read_last(state, blind):
    assert unread(state, NOW) is blind


moments = st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))


@given(start=moments, end=moments, ended=st.none() | moments, at=moments)
def test_ending_a_freeze_never_puts_it_in_force(start, end, ended, at):
    freeze = a_freeze(window=a_window(starts_at=start, ends_at=end))
    assert freeze.active(at) or not replace(freeze, ended_at=ended).active(at)
