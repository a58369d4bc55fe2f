"""Terms: a yes was said under rules, and counts for as long as they ask for nothing more."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.hours import Hours, Span
from bot.rules.policy import ApprovalRule, ChangeTypeName, FreezeMeaning, ItemRule, Service
from bot.rules.terms import Terms, rules_digest, span, terms_of
from tests.makers import (
    CHECKLIST,
    FEATURE,
    HOTFIX,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_catalogue,
    a_change_type,
    a_service,
    an_environment,
)
from tests.people import CHANGE_MANAGER, DEVELOPER, ON_CALL, QA, RELEASE_MANAGER

NOTES = ("notes", "Release notes are written", RELEASE_MANAGER)
TESTS = ("regression", "The regression tests have passed", QA)
WORKDAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))


def hours(days: frozenset[int], first: int, last: int, timezone: str = "Europe/Berlin") -> Hours:
    return Hours((Span(days, time(first), time(last)),), timezone)


OFFICE = hours(WORKDAYS, 9, 16)

AGREED = Terms(
    approvals=((CHANGE_MANAGER, 1), (QA, 2)),
    items=(NOTES, TESTS),
    keeps_order=True,
    freeze=FreezeMeaning.ACKNOWLEDGE,
    bake=timedelta(days=1),
    hours=OFFICE,
)
"""Rules that could ask for more, and for less, in every way but one's own word and the second person."""


def but(**other: Any) -> Terms:
    return replace(AGREED, **other)


@pytest.mark.parametrize(
    "stricter",
    [
        but(approvals=((CHANGE_MANAGER, 1), (QA, 3))),
        but(approvals=((CHANGE_MANAGER, 1), (ON_CALL, 1), (QA, 2))),
        but(items=(NOTES, TESTS, ("undo", "Migrations can be rolled back", DEVELOPER))),
        but(freeze=FreezeMeaning.BLOCKS),
        but(requester_may_approve=False),
        but(author_may_approve=False),
        but(bake=timedelta(days=1, seconds=1)),
        but(hours=hours(WORKDAYS, 9, 15)),
        but(hours=hours(WORKDAYS - {4}, 9, 16)),
        but(hours=Hours((), "Europe/Berlin")),
        but(two_people=True),
        but(may_confirm=(False, True, True)),
        but(may_confirm=(True, False, True)),
        but(may_confirm=(True, True, False)),
    ],
    ids=lambda terms: ", ".join(name for name in Terms.__slots__ if getattr(terms, name) != getattr(AGREED, name)),
)
def test_every_strengthening_is_noticed_and_taking_it_back_is_none(stricter):
    assert stricter.ask_for_more_than(AGREED)
    assert not AGREED.ask_for_more_than(stricter)
    assert AGREED.in_words() != stricter.in_words()


@pytest.mark.parametrize(
    "looser",
    [
        but(approvals=((CHANGE_MANAGER, 1), (QA, 1))),
        but(approvals=((QA, 2),)),
        but(approvals=()),
        but(items=(TESTS,)),
        but(items=()),
        but(keeps_order=False),
        but(freeze=FreezeMeaning.PASSES),
        but(bake=timedelta(0)),
        but(hours=hours(EVERY_DAY, 9, 16)),
        but(hours=hours(WORKDAYS, 0, 0)),
        but(hours=None),
        Terms(),
    ],
    ids=lambda terms: terms.in_words()[:60],
)
def test_no_loosening_voids_what_was_said_and_taking_it_back_does(looser):
    assert not looser.ask_for_more_than(AGREED)
    assert AGREED.ask_for_more_than(looser)
    assert AGREED.in_words() != looser.in_words()


@pytest.mark.parametrize(
    "other",
    [
        but(approvals=((ON_CALL, 1), (QA, 2))),
        but(items=(NOTES, ("regression", "All tests have passed", QA))),
        but(items=(NOTES, ("regression", "The regression tests have passed", DEVELOPER))),
        but(hours=hours(WORKDAYS, 10, 17)),
        but(hours=hours(WORKDAYS, 9, 16, "Europe/Lisbon")),
    ],
    ids=["another role", "another text", "another owner", "later hours", "another clock"],
)
def test_what_is_asked_for_in_place_of_something_else_is_more(other):
    assert other.ask_for_more_than(AGREED)
    assert AGREED.ask_for_more_than(other)
    assert AGREED.in_words() != other.in_words()


EVERYTHING = Terms(
    approvals=((QA, 1),),
    keeps_order=True,
    freeze=FreezeMeaning.BLOCKS,
    requester_may_approve=False,
    author_may_approve=False,
    two_people=True,
    may_confirm=(False, False, False),
)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (
            Terms(),
            """no approval, no checklist, in any order of environments, a freeze doesn't block it,
            the requester may approve, authors may approve""",
        ),
        (
            AGREED,
            """approved by change-manager, 2 of qa,
            checklist of 2 (Release notes are written (release-manager); The regression tests have passed (qa)),
            1 day in the environment before, only mon-fri 09:00-16:00 (Europe/Berlin),
            a freeze must be acknowledged, the requester may approve, authors may approve""",
        ),
        (
            EVERYTHING,
            """approved by qa, no checklist, confirmed by a second person,
            not confirmed by the requester, not confirmed by an author, not confirmed by an approver""",
        ),
    ],
    ids=["nothing", "something", "everything"],
)
def test_terms_say_in_one_line_what_they_ask_for(terms, words):
    assert terms.in_words() == " ".join(words.split())


# ---------------------------------------------------------------- for any rules whatever

roles = st.sampled_from([QA, CHANGE_MANAGER, ON_CALL])
some_hours = st.builds(
    hours,
    st.sampled_from([WORKDAYS, EVERY_DAY, frozenset({5, 6})]),
    st.sampled_from([0, 9, 10]),
    st.sampled_from([0, 16, 17]),
    st.sampled_from(["Europe/Berlin", "UTC"]),
)
some_terms = st.builds(
    Terms,
    approvals=st.dictionaries(roles, st.integers(1, 3)).map(lambda found: tuple(sorted(found.items()))),
    items=st.sets(st.sampled_from([NOTES, TESTS])).map(lambda found: tuple(sorted(found))),
    keeps_order=st.booleans(),
    freeze=st.sampled_from(list(FreezeMeaning)),
    requester_may_approve=st.booleans(),
    author_may_approve=st.booleans(),
    bake=st.sampled_from([timedelta(0), timedelta(minutes=90), timedelta(days=2)]),
    hours=st.none() | some_hours,
    two_people=st.booleans(),
    may_confirm=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
one_changed = st.builds(
    lambda one, other, names: replace(one, **{name: getattr(other, name) for name in names}),
    st.shared(some_terms, key="terms"),
    some_terms,
    st.sets(st.sampled_from(Terms.__slots__), max_size=2),
)
"""Terms that differ in little from others, so that either may well ask for no more than the other."""


@given(some_terms)
def test_no_rules_ask_for_more_than_themselves(terms):
    assert not terms.ask_for_more_than(terms)


@given(st.shared(some_terms, key="terms"), one_changed, one_changed)
def test_what_asks_for_no_more_than_something_that_asks_for_no_more_asks_for_no_more(one, two, three):
    if not two.ask_for_more_than(one) and not three.ask_for_more_than(two):
        assert not three.ask_for_more_than(one)


@given(st.shared(some_terms, key="terms"), one_changed)
def test_rules_that_ask_for_no_more_than_each_other_are_the_same(one, other):
    if not one.ask_for_more_than(other) and not other.ask_for_more_than(one):
        assert one == other


@given(st.shared(some_terms, key="terms"), one_changed)
def test_the_digest_is_the_same_exactly_for_the_same_rules(one, other):
    assert (one.digest == other.digest) is (one == other)


@given(some_terms)
def test_terms_come_back_from_where_they_are_kept_as_they_were(terms):
    assert Terms.from_json(json.loads(json.dumps(terms.as_json()))) == terms


def test_terms_of_which_nothing_was_kept_ask_for_nothing():
    assert Terms.from_json({}) == Terms()


@given(one=some_hours, other=some_hours)
def test_hours_include_others_exactly_if_whatever_those_allow_is_allowed(one, other):
    assert one.include(one)
    if one.timezone != other.timezone:
        assert not one.include(other)
        return
    week = [(day, hour) for day in range(7) for hour in range(24)]

    def allowed(these: Hours) -> set[tuple[int, int]]:
        (only,) = these.spans
        length = (only.ends.hour - only.starts.hour - 1) % 24 + 1
        return {
            (day, hour)
            for day, hour in week
            if any((day * 24 + hour - each * 24 - only.starts.hour) % 168 < length for each in only.days)
        }

    assert one.include(other) is (allowed(other) <= allowed(one))


# ---------------------------------------------------------------- from the catalogue


def agreed_on(*, service: Service | None = None, environment=PRODUCTION, **change: Any) -> Terms:
    return terms_of(a_change_type(**change), service or a_service(), environment)


def test_the_rules_of_a_feature_are_those_of_its_type_its_service_and_the_environment():
    baked = an_environment(PRODUCTION, after=(STAGING,), bake=timedelta(hours=4), hours=OFFICE, two_people=True)
    own = (ItemRule("load", "It holds the load", QA), ItemRule("poster", "There is a poster", required=False))
    payments = a_service(environments=(an_environment(STAGING), baked), checklist=own)
    assert agreed_on(service=payments, approver_may_confirm=False) == Terms(
        approvals=((QA, 1), (CHANGE_MANAGER, 1)),
        items=(("load", "It holds the load", QA), NOTES, TESTS),
        keeps_order=True,
        freeze=FreezeMeaning.BLOCKS,
        requester_may_approve=False,
        author_may_approve=False,
        bake=timedelta(hours=4),
        hours=OFFICE,
        two_people=True,
        may_confirm=(True, True, False),
    )


@pytest.mark.parametrize(
    ("story", "change", "expected"),
    [
        ("a type's own bake time goes before the environment's", {"bake": {PRODUCTION: timedelta(0)}}, timedelta(0)),
        ("another environment's bake time is none here", {"bake": {STAGING: timedelta(1)}}, timedelta(hours=4)),
        ("in any order nothing stands anywhere before", {"keeps_order": False}, timedelta(0)),
    ],
)
def test_bake_time_is_asked_for_where_something_stands_before(story, change, expected):
    baked = an_environment(PRODUCTION, after=(STAGING,), bake=timedelta(hours=4))
    payments = a_service(environments=(an_environment(STAGING), baked))
    assert agreed_on(service=payments, **change).bake == expected, story


def test_the_first_environment_asks_for_no_bake_time():
    alone = a_service(environments=(an_environment(PRODUCTION, bake=timedelta(hours=4)),))
    assert agreed_on(service=alone).bake == timedelta(0)


def test_a_type_that_any_hour_suits_is_held_back_by_none():
    payments = a_service(environments=(an_environment(PRODUCTION, hours=OFFICE),))
    assert agreed_on(service=payments, any_hour=True).hours is None


def test_the_checklist_is_asked_for_only_where_it_must_be_done_before():
    assert agreed_on(environment=STAGING).items == ()
    assert agreed_on(environment=STAGING, checklist_before=frozenset({STAGING})).items == (NOTES, TESTS)
    assert agreed_on(checklist_before=frozenset({STAGING})).items == ()


def test_a_line_of_the_service_is_only_for_the_types_that_it_names():
    line = ItemRule("load", "It holds the load", QA, only_for=frozenset({ChangeTypeName("bugfix")}))
    assert agreed_on(service=a_service(checklist=(line,))).items == (NOTES, TESTS)


def test_the_order_in_which_rules_are_written_changes_nothing():
    forwards = agreed_on(approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(ON_CALL))}, checklist=CHECKLIST)
    backwards = agreed_on(approvals={PRODUCTION: (ApprovalRule(ON_CALL), ApprovalRule(QA))}, checklist=CHECKLIST[::-1])
    assert forwards.digest == backwards.digest


@pytest.mark.parametrize(
    ("change", "environment", "digest"),
    [
        (FEATURE, STAGING, "4e37250647f5d2ad"),
        (FEATURE, PRODUCTION, "26203d4081911745"),
        (HOTFIX, STAGING, "88653c620759d271"),
        (HOTFIX, PRODUCTION, "199fcbdbd7e91d28"),
    ],
)
def test_rules_that_use_nothing_new_have_the_digest_under_which_older_words_are_kept(change, environment, digest):
    """What was said before there were bake times and allowed hours is sealed with these, and goes on counting."""
    agreed = a_catalogue()
    assert rules_digest(agreed.change_types[change], agreed.services[PAYMENTS], environment) == digest


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(days=2), "2 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(seconds=61), "61 seconds"),
        (timedelta(0), "no time"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_whole_unit(length, words):
    assert span(length) == words
