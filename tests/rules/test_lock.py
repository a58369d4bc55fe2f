"""Locks: they are about the change, end by their time whoever has noticed, and are not forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.gate import Reason, gate, opens_by_itself
from bot.rules.lock import Moment, moments
from bot.rules.people import SLIPWAY
from bot.rules.policy import LockRules, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.stage import Stage, stage
from tests.makers import NOW, STAGING, a_hold, a_lock
from tests.people import INES, MAYA
from tests.rules.test_gate import facts, reasons

AN_HOUR = timedelta(hours=1)
AN_INSTANT = timedelta(microseconds=1)
RULES = LockRules()


@pytest.mark.parametrize(
    ("story", "lock", "blocked"),
    [
        ("it holds production", a_lock(), True),
        ("its holder's own release waits as well", a_lock(hold=a_hold(by=MAYA.id)), True),
        ("it is for another release", a_lock(hold=a_hold(release=ReleaseId(11))), True),
        ("it is for this release", a_lock(hold=a_hold(release=ReleaseId(12))), False),
        ("it holds another environment", a_lock(hold=a_hold(environment=STAGING)), False),
        ("it holds another service", a_lock(hold=a_hold(service=ServiceName("search"))), False),
        ("it is in its last instant", a_lock(hold=a_hold(ends_at=NOW + AN_INSTANT)), True),
        ("its time is over, and nobody has noticed", a_lock(hold=a_hold(ends_at=NOW), locked_at=NOW - AN_HOUR), False),
        ("it was unlocked", a_lock(ended_at=NOW, ended_by=INES.id, locked_at=NOW - AN_HOUR), False),
    ],
)
def test_what_a_lock_holds_back(story, lock, blocked):
    assert reasons(facts(locks=(lock,))) == ([Reason.LOCKED] if blocked else []), story


def test_a_lock_says_who_why_since_when_until_when_and_how_it_is_lifted():
    (blocker,) = gate(facts(locks=(a_lock(locked_at=NOW - AN_HOUR),)))
    assert str(blocker.why) == (
        "@U0MAYA has locked production since 2026-11-23 09:00 UTC, until 2026-11-23 12:00 UTC: The database moves"
    )
    assert "/deploy unlock payments production <reason>" in str(blocker.step)
    assert "/deploy lock payments production take over <reason>" in str(blocker.step)
    (other,) = gate(facts(locks=(a_lock(hold=a_hold(release=ReleaseId(11))),)))
    assert "until 2026-11-23 12:00 UTC, and only R-11 may go there: The database moves" in str(other.why)


def test_a_lock_opens_by_itself_when_its_time_is_over():
    locked = facts(locks=(a_lock(),))
    assert opens_by_itself(locked) == NOW + 2 * AN_HOUR
    assert gate(replace(locked, now=NOW + 2 * AN_HOUR)) == ()


def test_a_locked_release_for_which_all_is_done_is_preparing_and_not_ready():
    assert stage((facts(),)) is Stage.READY
    assert stage((facts(locks=(a_lock(),)),)) is Stage.PREPARING


def test_whoever_ends_a_lock_after_its_time_does_not_make_it_longer():
    assert a_lock().ended(NOW + AN_HOUR, INES.id).over_at == NOW + AN_HOUR
    late = a_lock().ended(NOW + 5 * AN_HOUR, SLIPWAY)
    assert (late.over_at, late.ended_at) == (NOW + 2 * AN_HOUR, NOW + 2 * AN_HOUR)


def test_its_holder_is_told_before_its_end_and_others_when_it_is_old():
    long = a_lock(hold=a_hold(ends_at=NOW + timedelta(days=3)))
    assert [(each.moment, each.at - NOW) for each in moments(long, RULES)] == [
        (Moment.FORGOTTEN, timedelta(days=1)),
        (Moment.STILL_THERE, timedelta(days=2)),
        (Moment.ENDING, timedelta(days=3) - timedelta(minutes=15)),
        (Moment.ENDED, timedelta(days=3)),
    ]
    assert [each.moment for each in moments(a_lock(), RULES)] == [Moment.ENDING, Moment.ENDED]


def test_nobody_is_reminded_of_what_they_have_just_said():
    short = a_lock(hold=a_hold(ends_at=NOW + timedelta(minutes=10)))
    assert [each.moment for each in moments(short, RULES)] == [Moment.ENDED]
    prolonged = a_lock(said_at=NOW + 2 * AN_HOUR - timedelta(minutes=5))
    assert [each.moment for each in moments(prolonged, RULES)] == [Moment.ENDED]


def test_what_is_told_of_a_lock_that_was_prolonged_is_told_anew():
    before, after = a_lock(), a_lock(hold=a_hold(ends_at=NOW + 3 * AN_HOUR))
    first, again = (next(moments(each, RULES)).intent for each in (before, after))
    assert first != again
