"""Absence: who is away, who acts in their place, in which roles, and from when until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.absence import Absence, AbsenceId, Leave, with_stand_ins
from bot.rules.people import Person, Roles
from tests.makers import NOW
from tests.people import BEN, CHANGE_MANAGER, DEVELOPER, EVERYBODY, HELD, INES, MAYA, OMAR, ON_CALL, QA, RUTH, roles

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)
TWO_WEEKS = NOW + 14 * A_DAY


def an_absence(number: int = 3, person: Person = RUTH, stand_in: Person | None = OMAR, **leave: Any) -> Absence:
    """A-3: Ruth is away for two weeks from now on, and Omar stands in for her."""
    ready = Leave(person.id, NOW, TWO_WEEKS, stand_in.id if stand_in else None)
    return Absence(AbsenceId(number), replace(ready, **leave), person.id, NOW - A_DAY)


def at_work(*absences: Absence, held: Roles | None = None, at=NOW) -> Roles:
    return with_stand_ins(held or roles(), absences, at)


@pytest.mark.parametrize(
    ("at", "away"),
    [
        (NOW - AN_INSTANT, False),
        (NOW, True),
        (TWO_WEEKS - AN_INSTANT, True),
        (TWO_WEEKS, False),
    ],
    ids=["just before", "from its first instant", "until its last", "just after"],
)
def test_somebody_is_away_from_the_first_instant_until_the_last(at, away):
    found = at_work(an_absence(), at=at)
    assert found.hold(OMAR.id, CHANGE_MANAGER) is away
    assert (RUTH.id in found.away) is away


@pytest.mark.parametrize(
    ("ended_at", "over_at"),
    [
        (None, TWO_WEEKS),
        (NOW + A_DAY, NOW + A_DAY),
        (NOW - AN_INSTANT, NOW - AN_INSTANT),
        (TWO_WEEKS + A_DAY, TWO_WEEKS),
    ],
)
def test_whoever_comes_back_early_is_back_then_and_nobody_is_away_for_longer_than_declared(ended_at, over_at):
    absence = replace(an_absence(), ended_at=ended_at, ended_by=RUTH.id)
    assert absence.over_at == over_at
    assert not absence.active(over_at)


def test_an_absence_has_a_name():
    assert an_absence(7).name == "A-7"


def test_the_stand_in_acts_in_that_place_and_both_are_told_apart():
    found = at_work(an_absence())
    assert found.principal(OMAR.id, CHANGE_MANAGER) == RUTH.id
    assert found.principal(RUTH.id, CHANGE_MANAGER) is None
    assert not found.belongs(OMAR.id, CHANGE_MANAGER)
    assert found.held_by(OMAR.id) == {QA, CHANGE_MANAGER}


def test_whoever_is_away_goes_on_holding_the_role_and_is_only_not_waited_for():
    found = at_work(an_absence())
    assert found.hold(RUTH.id, CHANGE_MANAGER)
    assert found.holders(CHANGE_MANAGER) == {RUTH.id, OMAR.id}
    assert found.reachable(CHANGE_MANAGER) == {OMAR.id}


def test_without_a_stand_in_nobody_acts_for_them():
    found = at_work(an_absence(stand_in=None))
    assert found.holders(CHANGE_MANAGER) == {RUTH.id}
    assert found.reachable(CHANGE_MANAGER) == frozenset()


def test_a_stand_in_acts_in_every_role_that_the_other_holds_unless_some_are_named():
    held = roles(change_manager={RUTH}, developer={RUTH, BEN})
    assert at_work(an_absence(), held=held).held_by(OMAR.id) == {QA, CHANGE_MANAGER, DEVELOPER}
    only = an_absence(roles=frozenset({CHANGE_MANAGER}))
    assert at_work(only, held=held).held_by(OMAR.id) == {QA, CHANGE_MANAGER}


def test_a_role_that_the_other_does_not_hold_is_not_given_by_naming_it():
    found = at_work(an_absence(roles=frozenset({CHANGE_MANAGER, ON_CALL})))
    assert not found.hold(OMAR.id, ON_CALL)


def test_a_role_that_is_lost_meanwhile_is_lost_to_the_stand_in():
    assert not at_work(an_absence(), held=roles(change_manager={INES})).hold(OMAR.id, CHANGE_MANAGER)


def test_a_role_that_can_not_be_looked_up_has_no_stand_ins_either():
    members = {role: people for role, people in HELD.items() if role != CHANGE_MANAGER}
    found = at_work(an_absence(), held=Roles(members, {CHANGE_MANAGER: "Slack did not answer."}))
    assert found.holders(CHANGE_MANAGER) == frozenset()
    assert found.unknown == {CHANGE_MANAGER: "Slack did not answer."}


def test_there_are_no_chains_a_stand_in_who_is_away_is_stood_in_for_in_their_own_roles_only():
    found = at_work(an_absence(1, RUTH, OMAR), an_absence(2, OMAR, INES))
    assert found.hold(INES.id, QA)
    assert not found.hold(INES.id, CHANGE_MANAGER)
    assert found.reachable(CHANGE_MANAGER) == frozenset()


def test_a_stand_in_for_two_acts_in_the_place_of_the_one_who_said_so_first():
    held = roles(change_manager={RUTH, INES})
    both = (an_absence(2, INES, OMAR), an_absence(1, RUTH, OMAR))
    assert at_work(*both, held=held).principal(OMAR.id, CHANGE_MANAGER) == RUTH.id


def test_whoever_holds_the_role_already_acts_in_their_own_name():
    held = roles(change_manager={RUTH, OMAR})
    assert at_work(an_absence(), held=held).principal(OMAR.id, CHANGE_MANAGER) is None


people = st.sampled_from([each for each in EVERYBODY if each.id in frozenset().union(*HELD.values())])
absences = st.lists(
    st.builds(
        lambda person, stand_in, named: an_absence(1, person, stand_in, roles=named),
        people,
        st.none() | people,
        st.frozensets(st.sampled_from(list(HELD)), max_size=2),
    ),
    max_size=4,
).map(lambda found: [replace(each, id=AbsenceId(number)) for number, each in enumerate(found, start=1)])


@given(absences)
def test_nobody_loses_a_role_by_an_absence_and_only_stand_ins_gain_one(found):
    before, after = roles(), at_work(*found)
    stand_ins = {each.leave.stand_in for each in found}
    for person in EVERYBODY:
        assert before.held_by(person.id) <= after.held_by(person.id)
        if person.id not in stand_ins:
            assert before.held_by(person.id) == after.held_by(person.id)


@given(absences)
def test_whoever_acts_in_somebodys_place_does_so_for_somebody_who_is_away_and_holds_the_role(found):
    after = at_work(*found)
    for person in EVERYBODY:
        for role in HELD:
            principal = after.principal(person.id, role)
            if principal is not None:
                assert principal in after.away
                assert after.belongs(principal, role)


def test_the_roles_that_were_looked_up_stay_as_they_were():
    before = roles()
    at_work(an_absence(1, RUTH, OMAR), an_absence(2, MAYA, BEN), held=before)
    assert before == roles()
    assert before.away == frozenset()
