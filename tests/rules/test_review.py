"""Reviews: when they are due, who owes them, who is reminded when, and what a late one takes away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.rules.gate import Blocker, Reason
from bot.rules.people import Roles
from bot.rules.review import (
    AFTERWARDS,
    BEFOREHAND,
    Passed,
    Reminder,
    due,
    grown,
    never_passed,
    reminded,
    reminders,
    withdrawn_by,
)
from bot.rules.sentence import say
from tests.makers import NOW, a_duty, a_review
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH, roles

A_DAY = timedelta(days=1)
moments = some.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - Hypothesis wants its bounds naive


def standing_in(person, for_whom, role) -> Roles:
    """That person acts in the place of the other in this role."""
    return replace(roles(), stand_ins={role: {person.id: for_whom.id}}, away=frozenset({for_whom.id}))


# ---------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("opened", "within", "expected"),
    [
        ("2026-11-23 10:00", 3, "2026-11-26 10:00"),  # Monday until Thursday
        ("2026-11-26 10:00", 2, "2026-11-30 10:00"),  # Saturday becomes Monday
        ("2026-11-27 10:00", 2, "2026-11-30 10:00"),  # so does Sunday
        ("2026-11-27 23:30", 0, "2026-11-29 23:30"),  # Saturday already, in Berlin
        ("2026-10-23 10:00", 1, "2026-10-26 11:00"),  # the same time on the wall, over the end of summer time
    ],
)
def test_a_review_is_due_after_so_long_and_never_at_the_weekend(opened, within, expected):
    at = datetime.fromisoformat(opened).replace(tzinfo=UTC)
    found = due(at, timedelta(days=within), "Europe/Berlin")
    assert f"{found:%Y-%m-%d %H:%M}" == expected
    assert found.utcoffset() == timedelta(0)


@given(moments, some.integers(0, 30), some.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"]))
def test_nobody_gets_less_time_than_was_agreed_and_at_most_two_days_more(opened, days, zone):
    found, least = due(opened, timedelta(days=days), zone), opened + timedelta(days=days)
    assert least <= found <= least + timedelta(days=2, hours=1)


def test_people_are_reminded_a_day_before_when_it_is_due_and_every_week_after_that():
    duty = a_duty(due_at=NOW + 3 * A_DAY)
    assert list(islice(reminders(duty), 4)) == [
        (Reminder.SOON, NOW + 2 * A_DAY),
        (Reminder.OVERDUE, NOW + 3 * A_DAY),
        (Reminder.STILL, NOW + 10 * A_DAY),
        (Reminder.STILL, NOW + 17 * A_DAY),
    ]
    short = a_duty(due_at=NOW + BEFOREHAND)
    assert next(reminders(short))[0] is Reminder.OVERDUE


@given(some.integers(0, 40 * 24))
def test_there_is_always_a_next_reminder_and_of_those_before_only_the_newest_counts(hours):
    duty, at = a_duty(), NOW + timedelta(hours=hours)
    last, following = reminded(duty, at)
    assert at < following <= at + max(AFTERWARDS, duty.due_at - duty.opened_at)
    assert (last is None) == (at < NOW + 2 * A_DAY)
    assert last is None or last[1] <= at


# ---------------------------------------------------------------- who


def may(review, person, held) -> bool:
    return review.may_be_done_by(person.id, RELEASE_MANAGER, held)


def test_its_own_role_can_do_it_and_the_owners_can_so_that_it_never_gets_stuck():
    review = a_review(duty=a_duty(owner=QA))
    assert [each.name for each in (OMAR, MAYA, RUTH, BEN) if may(review, each, roles())] == ["Omar", "Maya"]


def test_nobody_reviews_their_own_matter_whatever_they_hold():
    everything = roles(release_manager={INES, MAYA}, qa={INES})
    assert not may(a_review(), INES, everything)
    in_her_place = a_review(duty=a_duty(broken_by=BEN.id, broken_for=INES.id))
    assert not may(in_her_place, INES, everything)
    assert not may(in_her_place, BEN, roles(release_manager={BEN}))
    assert may(in_her_place, MAYA, everything)


def test_nobody_reviews_in_the_place_of_whoever_broke_it():
    review = a_review(duty=a_duty(broken_by=MAYA.id))
    held = standing_in(RUTH, MAYA, RELEASE_MANAGER)
    assert not may(review, RUTH, held)
    assert review.own_matter(RUTH.id, RELEASE_MANAGER, held) == MAYA.id
    assert may(a_review(), RUTH, held)  # which is about Ines


def test_what_is_done_is_done():
    assert not may(a_review(closed_by=MAYA.id, closed_at=NOW), MAYA, roles())


def test_its_role_is_asked_first_and_the_owners_too_once_it_is_overdue():
    review = a_review(duty=a_duty(owner=QA))
    late = review.duty.due_at
    assert review.asked(RELEASE_MANAGER, roles(), NOW) == {OMAR.id}
    assert review.asked(RELEASE_MANAGER, roles(), late) == {OMAR.id, MAYA.id}
    assert review.asked(RELEASE_MANAGER, roles(qa={INES}), NOW) == {MAYA.id}
    assert review.asked(RELEASE_MANAGER, roles(qa=set(), release_manager={INES}), late) == frozenset()


def test_whoever_is_away_is_not_asked_and_owes_it_all_the_same():
    review = a_review(duty=a_duty(owner=QA))
    away = replace(roles(), away=frozenset({OMAR.id}))
    assert review.asked(RELEASE_MANAGER, away, NOW) == {MAYA.id}
    assert review.owed_by(OMAR.id, RELEASE_MANAGER, away, NOW)
    assert review.owed_by(MAYA.id, RELEASE_MANAGER, away, NOW)
    assert not review.owed_by(MAYA.id, RELEASE_MANAGER, roles(), NOW)
    assert review.owed_by(MAYA.id, RELEASE_MANAGER, roles(), review.duty.due_at)


@given(some.sets(some.sampled_from([MAYA, OMAR, RUTH, BEN, INES])), some.sets(some.sampled_from([MAYA, OMAR, INES])))
def test_as_long_as_there_is_anybody_else_somebody_is_asked(reviewers, owners):
    review, held = a_review(duty=a_duty(owner=QA)), roles(qa=reviewers, release_manager=owners)
    able = {each.id for each in reviewers | owners} - {INES.id}
    for at in (NOW, review.duty.due_at):
        asked = review.asked(RELEASE_MANAGER, held, at)
        assert bool(asked) == bool(able)
        assert asked <= able


# ---------------------------------------------------------------- what


def test_the_oldest_overdue_review_takes_the_right_away_and_no_other_does():
    early = a_review(41, duty=a_duty(41, due_at=NOW + A_DAY))
    done = a_review(39, duty=a_duty(39, due_at=NOW), closed_by=MAYA.id, closed_at=NOW)
    reviews = [a_review(), early, done]
    assert withdrawn_by(reviews, NOW) is None
    assert withdrawn_by(reviews, NOW + A_DAY) == early
    assert withdrawn_by(reviews, NOW + 9 * A_DAY) == early
    assert withdrawn_by([], NOW) is None


@pytest.mark.parametrize("reason", sorted(Reason))
def test_some_things_are_never_passed(reason):
    found = never_passed([Blocker(reason, say("No"))])
    assert bool(found) == (reason in {Reason.ENDED, Reason.CANDIDATE, Reason.HELD, Reason.OVERTAKEN})


def test_what_has_gone_since_one_looked_is_nothing_new():
    qa, freeze = Passed("approval:qa", say("No approval")), Passed("freeze:F-3", say("Frozen"))
    assert grown(["approval:qa", "hours:"], [qa]) == ()
    assert grown(["approval:qa"], [qa, freeze]) == (freeze,)


def test_the_parties_are_who_broke_it_and_in_whose_place():
    assert a_duty().parties == {INES.id}
    assert a_duty(broken_for=RUTH.id).parties == {INES.id, RUTH.id}
    assert a_review().reviewers(RELEASE_MANAGER) == (RELEASE_MANAGER,)
    assert a_review(duty=a_duty(owner=ON_CALL)).reviewers(RELEASE_MANAGER) == (ON_CALL, RELEASE_MANAGER)
