"""Approvals: whose word counts, for what, until when, and in whose place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approval import (
    Proposal,
    Tally,
    Verdict,
    Word,
    barred,
    can_be_filled,
    rejections,
    role_to_speak_in,
    standing,
    tallies,
    void,
)
from bot.rules.candidate import seal, subject
from bot.rules.people import Person, PersonId, RoleName, Roles
from bot.rules.policy import ApprovalRule, ChangeType, FreezeMeaning
from bot.rules.sentence import Refused
from bot.rules.terms import terms_of
from tests.makers import NOW, PRODUCTION, STAGING, a_candidate, a_change_type, a_plan, a_service
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, ON_CALL, QA, RUTH, roles

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)
VERSION = a_plan().version
ONE_OF_QA = (ApprovalRule(QA),)
TWO_OF_QA = (ApprovalRule(QA, 2),)
BOTH_ROLES = (ApprovalRule(QA), ApprovalRule(CHANGE_MANAGER))


def proposed(
    word: str = "first", change: ChangeType | None = None, environment=PRODUCTION, **candidate: Any
) -> Proposal:
    """What one would speak about now: that candidate, for production, under these rules."""
    what = a_candidate(word, **candidate)
    terms = terms_of(change or a_change_type(), a_service(), environment)
    return Proposal(
        environment,
        seal(what, VERSION, environment, terms.digest),
        subject(what, VERSION, environment),
        terms,
        what.identity,
        VERSION,
    )


PROPOSED = proposed()


def said(
    by: Person,
    role: RoleName = QA,
    word: Word = Word.YES,
    about: Proposal = PROPOSED,
    *,
    place_of: Person | None = None,
) -> Verdict:
    """Somebody's word, as it is said under the rules in force."""
    return Verdict(
        by.id,
        role,
        about.environment,
        about.seal,
        word,
        NOW,
        on_behalf_of=place_of.id if place_of else None,
        subject=about.subject,
        terms=about.terms,
        candidate=about.candidate,
        version=about.version,
    )


def in_older_words(verdict: Verdict) -> Verdict:
    """The same word as it was kept before the rules were kept beside it."""
    return replace(verdict, subject=None, terms=None, candidate="", version="")


def tally(
    rules: tuple[ApprovalRule, ...], *verdicts: Verdict, held: Roles | None = None, **how: Any
) -> tuple[Tally, ...]:
    """How far each rule has come with these words."""
    how = {"at": NOW, **how}
    return tallies(rules, verdicts, PROPOSED, held or roles(), how.pop("barred", frozenset()), **how)


def counted(*these: Tally) -> list[set[PersonId]]:
    return [{each.person for each in one.given} for one in these]


# ---------------------------------------------------------------- what it was said about


STRICTER = a_change_type(two_people=True)
LOOSER = a_change_type(approvals={PRODUCTION: ONE_OF_QA})


@pytest.mark.parametrize(
    ("story", "now", "yes_counts", "no_stands"),
    [
        ("nothing has changed", PROPOSED, True, True),
        ("another commit", proposed("second"), False, False),
        ("the same commit in another artifact", proposed(artifact="sha256:beef"), False, False),
        ("the same commit, proposed anew after another", proposed(set_at=NOW + A_DAY), False, False),
        ("another environment", proposed(environment=STAGING), False, False),
        ("rules that ask for more", proposed(change=STRICTER), False, True),
        ("rules that ask for less", proposed(change=LOOSER), True, True),
        (
            "rules that ask for one thing more and another one less",
            proposed(change=replace(STRICTER, freeze=FreezeMeaning.PASSES)),
            False,
            True,
        ),
    ],
)
def test_a_yes_counts_while_nothing_more_is_asked_for_and_a_no_whatever_the_rules(story, now, yes_counts, no_stands):
    assert said(OMAR).is_about(now) is yes_counts, story
    assert said(OMAR, word=Word.NO).is_about(now) is no_stands, story


def test_another_version_of_the_same_commit_is_something_else():
    now = replace(PROPOSED, subject=subject(a_candidate(), "2.4.1", PRODUCTION))
    assert not said(OMAR).is_about(now)


@pytest.mark.parametrize(
    ("now", "counts"),
    [
        (PROPOSED, True),
        (proposed("second"), False),
        (proposed(change=STRICTER), False),
        (proposed(change=LOOSER), False),
    ],
    ids=["nothing has changed", "another commit", "stricter rules", "looser rules"],
)
def test_an_older_word_that_kept_no_rules_counts_for_exactly_what_its_seal_says(now, counts):
    assert in_older_words(said(OMAR)).is_about(now) is counts
    assert in_older_words(said(OMAR, word=Word.NO)).is_about(now) is counts


def test_a_word_that_was_taken_back_neither_stands_nor_is_void():
    back = said(OMAR).withdrawn(NOW)
    assert standing([back], PROPOSED) == ()
    assert void([back], proposed("second")) == ()


def test_what_no_longer_counts_is_named_for_its_own_environment_only():
    now = proposed("second")
    for_staging = said(RUTH, about=proposed(environment=STAGING))
    assert void([said(OMAR), for_staging], now) == (said(OMAR),)


def test_a_rejection_stands_under_other_rules_and_after_its_author_has_left():
    no = said(OMAR, word=Word.NO)
    for change in (STRICTER, LOOSER):
        assert rejections([no, said(RUTH)], proposed(change=change)) == (no,)
    assert rejections([no], proposed("second")) == ()


# ---------------------------------------------------------------- until when


@pytest.mark.parametrize(
    ("after", "counts"),
    [(timedelta(0), True), (A_DAY - AN_INSTANT, True), (A_DAY, False), (2 * A_DAY, False)],
)
def test_a_yes_counts_until_the_instant_at_which_it_expires(after, counts):
    (one,) = tally(ONE_OF_QA, said(OMAR), at=NOW + after, lasts=A_DAY)
    assert bool(one.given) is counts
    assert [each.person for each in one.expired] == ([] if counts else [OMAR.id])


def test_where_nothing_expires_a_yes_of_last_year_counts():
    (one,) = tally(ONE_OF_QA, said(OMAR), at=NOW + 366 * A_DAY)
    assert not one.missing
    assert said(OMAR).expires_at(None) is None


def test_a_no_never_expires():
    no = said(OMAR, word=Word.NO)
    assert no.expires_at(A_DAY) is None
    assert not no.expired(A_DAY, NOW + 366 * A_DAY)


def test_what_is_said_again_before_it_expires_counts_once_and_goes_on_counting():
    again = replace(said(OMAR), at=NOW + A_DAY / 2)
    (before,) = tally(TWO_OF_QA, said(OMAR), again, at=NOW + A_DAY / 2, lasts=A_DAY)
    assert counted(before) == [{OMAR.id}]
    assert before.missing == 1
    assert before.lapsed == ()  # nobody is told that what Omar said can't count
    (after,) = tally(ONE_OF_QA, said(OMAR), again, at=NOW + A_DAY, lasts=A_DAY)
    assert after.given == (again,)
    assert after.expired == ()


def test_what_has_expired_is_told_even_if_the_same_person_speaks_in_another_role_since():
    later = replace(said(OMAR, CHANGE_MANAGER), at=NOW + A_DAY)
    held = roles(change_manager={OMAR, RUTH})
    qa, managers = tally(BOTH_ROLES, said(OMAR), later, held=held, at=NOW + A_DAY, lasts=A_DAY)
    assert [each.person for each in qa.expired] == [OMAR.id]
    assert managers.given == (later,)


# ---------------------------------------------------------------- one person, one role


def test_one_person_fills_one_role_the_one_that_was_spoken_in_first():
    held = roles(change_manager={OMAR, RUTH})
    qa, managers = tally(BOTH_ROLES, said(OMAR, CHANGE_MANAGER), said(OMAR), held=held)
    assert counted(qa, managers) == [set(), {OMAR.id}]
    assert [each.person for each in qa.lapsed] == [OMAR.id]


def test_losing_the_one_role_does_not_make_a_word_in_the_other_count():
    held = roles(qa={INES}, change_manager={OMAR, RUTH})
    qa, managers = tally(BOTH_ROLES, said(OMAR), said(OMAR, CHANGE_MANAGER), held=held)
    assert (qa.missing, managers.missing) == (1, 1)


def test_saying_yes_twice_is_saying_it_once():
    (one,) = tally(TWO_OF_QA, said(OMAR), said(OMAR), held=roles(qa={OMAR, INES}))
    assert one.missing == 1


def test_somebody_who_has_left_the_role_does_not_count_and_is_named_once():
    (one,) = tally(TWO_OF_QA, said(OMAR), said(OMAR), held=roles(qa={INES}))
    assert [each.person for each in one.lapsed] == [OMAR.id]
    assert one.missing == 2


@pytest.mark.parametrize(
    ("rules", "candidate", "own"),
    [
        ({}, a_candidate(), {MAYA.id, BEN.id}),
        ({"requester_may_approve": True}, a_candidate(), {BEN.id}),
        ({"author_may_approve": True}, a_candidate(), {MAYA.id}),
        ({"requester_may_approve": True, "author_may_approve": True}, a_candidate(), set()),
        # The commit names people whom nobody here knows: whoever proposed it is no author by that.
        ({}, a_candidate(author_ids=frozenset(), set_by=INES.id), {MAYA.id}),
        # It names nobody at all: whoever proposed it is taken for its author.
        ({}, a_candidate(authors=(), author_ids=frozenset(), set_by=INES.id), {MAYA.id, INES.id}),
    ],
    ids=["requester and author", "the author", "the requester", "nobody", "strangers", "no author known"],
)
def test_whose_own_change_it_is_must_not_approve_it(rules, candidate, own):
    assert barred(a_change_type(**rules), MAYA.id, candidate) == own


# ---------------------------------------------------------------- in somebody's place


def standing_in(person: Person, principal: Person, role: RoleName = CHANGE_MANAGER, held: Roles | None = None) -> Roles:
    """That person acts in the other's place, who is away."""
    return replace(held or roles(), stand_ins={role: {person.id: principal.id}}, away=frozenset({principal.id}))


MANAGERS = (ApprovalRule(CHANGE_MANAGER),)
FOR_RUTH = said(OMAR, CHANGE_MANAGER, place_of=RUTH)


def test_a_word_in_somebodys_place_counts_while_they_hold_the_role():
    (one,) = tally(MANAGERS, FOR_RUTH, held=standing_in(OMAR, RUTH))
    assert one.given == (FOR_RUTH,)


def test_it_goes_on_counting_once_they_are_back():
    (one,) = tally(MANAGERS, FOR_RUTH, held=roles())
    assert not one.missing


def test_it_counts_no_longer_once_they_have_lost_the_role():
    (one,) = tally(MANAGERS, FOR_RUTH, held=roles(change_manager={INES}))
    assert one.missing == 1
    assert one.lapsed == (FOR_RUTH,)


def test_it_counts_no_longer_once_the_role_can_not_be_looked_up():
    members = {role: people for role, people in roles().members.items() if role != CHANGE_MANAGER}
    (one,) = tally(MANAGERS, FOR_RUTH, held=Roles(members, {CHANGE_MANAGER: "Slack did not answer."}))
    assert one.missing == 1


def test_a_stand_in_who_holds_the_role_by_now_still_spoke_in_the_place_of_somebody_who_lost_it():
    (one,) = tally(MANAGERS, FOR_RUTH, held=roles(change_manager={OMAR}))
    assert one.missing == 1


@pytest.mark.parametrize("own", [OMAR, RUTH], ids=["the stand-in", "the one in whose place"])
def test_nobody_speaks_for_their_own_change_nor_has_somebody_speak_for_it(own):
    (one,) = tally(MANAGERS, FOR_RUTH, held=standing_in(OMAR, RUTH), barred=frozenset({own.id}))
    assert one.missing == 1
    assert one.lapsed == (FOR_RUTH,)


def test_somebody_and_who_stands_in_for_them_count_once():
    held = standing_in(OMAR, RUTH, held=roles(change_manager={RUTH, INES}))
    two = (ApprovalRule(CHANGE_MANAGER, 2),)
    for words in permutations([FOR_RUTH, said(RUTH, CHANGE_MANAGER)]):
        (one,) = tally(two, *words, held=held)
        assert one.given == (words[0],)
        assert one.missing == 1


def test_a_stand_in_does_not_speak_in_their_own_role_as_well():
    held = standing_in(OMAR, RUTH)
    for words in permutations([said(OMAR), FOR_RUTH]):
        assert sum(each.missing for each in tally(BOTH_ROLES, *words, held=held)) == 1


def test_the_one_in_whose_place_was_spoken_does_not_speak_in_another_role_as_well():
    held = standing_in(INES, RUTH, held=roles(qa={OMAR, RUTH}))
    for_ruth = said(INES, CHANGE_MANAGER, place_of=RUTH)
    for words in permutations([said(RUTH), for_ruth]):
        assert sum(each.missing for each in tally(BOTH_ROLES, *words, held=held)) == 1


def test_one_stand_in_for_two_people_counts_once():
    held = Roles(
        {CHANGE_MANAGER: frozenset({RUTH.id, INES.id})},
        stand_ins={CHANGE_MANAGER: {OMAR.id: RUTH.id}},
        away=frozenset({RUTH.id, INES.id}),
    )
    for_ines = said(OMAR, CHANGE_MANAGER, place_of=INES)
    (one,) = tally((ApprovalRule(CHANGE_MANAGER, 2),), FOR_RUTH, for_ines, held=held)
    assert one.missing == 1


# ---------------------------------------------------------------- in which role somebody speaks


def speaks(
    person: Person, rules: tuple[ApprovalRule, ...], held: Roles, *before: Verdict, **how: Any
) -> RoleName | str:
    """The role in which this person's word is wanted, or why it isn't."""
    found = role_to_speak_in(
        person.id, rules, tally(rules, *before, held=held), roles=held, environment=PRODUCTION, **how
    )
    return str(found.why) if isinstance(found, Refused) else found


def test_somebody_with_two_roles_speaks_so_that_the_others_can_fill_the_rest():
    held = roles(qa={OMAR}, change_manager={OMAR, RUTH})
    assert speaks(OMAR, BOTH_ROLES, held) == QA
    assert speaks(RUTH, BOTH_ROLES, held) == CHANGE_MANAGER
    held = roles(qa={OMAR, INES}, change_manager={OMAR})
    assert speaks(OMAR, BOTH_ROLES, held) == CHANGE_MANAGER


def test_a_role_that_is_filled_is_spoken_in_last():
    held = roles(qa={OMAR, INES}, change_manager={OMAR, RUTH})
    assert speaks(OMAR, BOTH_ROLES, held, said(INES)) == CHANGE_MANAGER
    assert speaks(OMAR, BOTH_ROLES, held, said(INES), said(RUTH, CHANGE_MANAGER)) == QA


def test_those_whose_own_change_it_is_are_not_counted_upon():
    held = roles(qa={OMAR, BEN}, change_manager={OMAR, RUTH})
    assert speaks(OMAR, BOTH_ROLES, held, barred=frozenset({BEN.id})) == QA
    assert speaks(OMAR, BOTH_ROLES, held, barred=frozenset({RUTH.id})) == CHANGE_MANAGER


def test_a_stand_in_speaks_in_the_role_of_the_one_who_is_away():
    assert speaks(INES, BOTH_ROLES, standing_in(INES, RUTH)) == CHANGE_MANAGER


def test_whoever_has_spoken_elsewhere_in_a_role_is_bound_to_it():
    held = roles(qa={OMAR}, change_manager={OMAR, RUTH})
    assert speaks(OMAR, BOTH_ROLES, held, bound=CHANGE_MANAGER) == CHANGE_MANAGER
    assert "one person fills one role" in speaks(OMAR, BOTH_ROLES, held, bound=ON_CALL)


@pytest.mark.parametrize(
    ("rules", "held", "told"),
    [
        ((), roles(), "No approval is needed for production."),
        (BOTH_ROLES, roles(), "Only @qa and @change-manager can approve this for production."),
        (ONE_OF_QA, Roles({}, {QA: "Slack did not answer."}), "I can't look up who is in @qa just now (Slack did"),
    ],
)
def test_whoever_can_not_speak_hears_who_can(rules, held, told):
    assert told in speaks(BEN, rules, held)


# ---------------------------------------------------------------- whether there is somebody for every place

people = st.frozensets(st.sampled_from([PersonId(f"U{each}") for each in range(5)]))
three_roles = [QA, CHANGE_MANAGER, ON_CALL]


@given(
    places=st.lists(st.sampled_from(three_roles), max_size=5),
    held=st.fixed_dictionaries(dict.fromkeys(three_roles, people)),
)
def test_places_can_be_filled_exactly_if_trying_all_ways_finds_one(places, held):
    everybody = sorted(frozenset().union(*held.values()))
    brute_force = any(
        all(person in held[role] for person, role in zip(seated, places, strict=True))
        for seated in permutations(everybody, len(places))
    )
    assert can_be_filled(places, held) is brute_force
