"""The gate: the same facts give the same answer, and every answer says who can change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approval import Word
from bot.rules.checklist import fresh
from bot.rules.deployment import Attempt, Kind
from bot.rules.gate import Facts, Reason, gate
from bot.rules.people import Roles
from bot.rules.policy import ApprovalRule
from bot.rules.release import Ending, ReleaseId
from tests.makers import (
    CHECKLIST,
    FEATURE,
    HOTFIX,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_catalogue,
    a_change_type,
    a_deployment,
    a_freeze,
    a_release,
    a_verdict,
    a_window,
    an_order,
)
from tests.people import BEN, CHANGE_MANAGER, HELD, INES, MAYA, OMAR, QA, RUTH, roles

TICKED = tuple(item.ticked(MAYA.id, NOW) for item in fresh(CHECKLIST))
APPROVED = (a_verdict(OMAR.id, QA), a_verdict(RUTH.id, CHANGE_MANAGER))
IN_STAGING = a_deployment(39, Attempt.SUCCEEDED, order=an_order(environment=STAGING))


def facts(environment=PRODUCTION, change=FEATURE, **fields: Any) -> Facts:
    """R-12 on its way to production with everything done; a test takes away what its story is about."""
    agreed = a_catalogue()
    service = agreed.services[PAYMENTS]
    place = service.environment(environment)
    assert place is not None
    ready = Facts(
        release=a_release(checklist=TICKED, verdicts=APPROVED),
        service=service,
        environment=place,
        change=agreed.change_types[change],
        roles=roles(),
        now=NOW,
        deployments=(IN_STAGING,),
    )
    return replace(ready, **fields)


def reasons(these: Facts) -> list[Reason]:
    return [each.reason for each in gate(these)]


def test_with_everything_done_the_gate_is_empty():
    assert gate(facts()) == ()


@pytest.mark.parametrize(
    ("story", "these", "blocked", "sentence"),
    [
        (
            "nobody said which commit",
            facts(release=a_release(candidate=None)),
            [Reason.CANDIDATE],
            "R-12 has no candidate yet.",
        ),
        (
            "QA has not looked",
            facts(release=a_release(checklist=TICKED, verdicts=APPROVED[1:])),
            [Reason.APPROVAL],
            "The approval of @qa is missing.",
        ),
        (
            "QA said no",
            facts(
                release=a_release(
                    checklist=TICKED,
                    verdicts=(a_verdict(OMAR.id, QA, Word.NO, reason="Refunds fail twice"), *APPROVED[1:]),
                )
            ),
            [Reason.REJECTED, Reason.APPROVAL],
            "@U0OMAR rejected this candidate as @qa: Refunds fail twice",
        ),
        (
            "the candidate is another one since",
            facts(
                release=a_release(checklist=TICKED, verdicts=APPROVED, candidate=a_candidate("second")),
                deployments=(
                    replace(IN_STAGING, order=an_order(environment=STAGING, candidate=a_candidate("second"))),
                ),
            ),
            [Reason.APPROVAL, Reason.APPROVAL],
            "@qa approved something else; this candidate needs its own approval.",
        ),
        (
            "staging never had it",
            facts(deployments=()),
            [Reason.ORDER],
            "This candidate has not been in staging yet.",
        ),
        (
            "staging had it, and it failed there",
            facts(deployments=(replace(IN_STAGING, attempt=Attempt.FAILED),)),
            [Reason.ORDER],
            "This candidate has not been in staging yet.",
        ),
        (
            "a line was forgotten",
            facts(release=a_release(checklist=(TICKED[0].reopened(), *TICKED[1:]), verdicts=APPROVED)),
            [Reason.CHECKLIST],
            "Checklist: “Release notes are written” is not done.",
        ),
        (
            "production is frozen",
            facts(freezes=(a_freeze(),)),
            [Reason.FREEZE],
            "F-3 freezes production until 2026-11-25 10:00 UTC: The annual sale",
        ),
        (
            "another deployment is on its way",
            facts(deployments=(a_deployment(41, Attempt.RUNNING, order=an_order(11, version="2.3.9")), IN_STAGING)),
            [Reason.HELD],
            "D-41 (2.3.9) is on its way to production.",
        ),
        (
            "nobody knows how the last one ended",
            facts(deployments=(a_deployment(41, Attempt.UNKNOWN, order=an_order(11)), IN_STAGING)),
            [Reason.HELD],
            "The outcome of D-41 in production is unknown, so nothing else may start there.",
        ),
        (
            "it needs another release first",
            facts(dependencies={ReleaseId(7): False, ReleaseId(8): True}),
            [Reason.DEPENDENCY],
            "It depends on R-7, which is not in production yet.",
        ),
        (
            "it was cancelled",
            facts(release=a_release(cancelled=Ending(MAYA.id, NOW, "Not worth it"))),
            [Reason.ENDED],
            "R-12 was cancelled.",
        ),
        (
            "it is with the customers already",
            facts(release=a_release(launched=Ending(MAYA.id, NOW))),
            [Reason.ENDED],
            "R-12 has been launched already.",
        ),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) and value[0].islower() else None,
)
def test_each_reason_says_what_blocks(story, these, blocked, sentence):
    assert reasons(these) == blocked, story
    assert str(gate(these)[0].why) == sentence


@pytest.mark.parametrize("people", [{OMAR}, set()], ids=["left the role", "nobody is in it"])
def test_losing_the_role_takes_the_approval_out_of_the_count(people):
    these = facts(roles=roles(change_manager=people))
    assert reasons(these) == [Reason.APPROVAL]
    assert "can't count as @change-manager" in str(gate(these)[0].why)


def test_a_rejection_stands_even_when_its_author_has_left():
    no = a_verdict(OMAR.id, QA, Word.NO, reason="It loses money")
    these = facts(release=a_release(checklist=TICKED, verdicts=(no, *APPROVED[1:])), roles=roles(qa={INES}))
    assert Reason.REJECTED in reasons(these)


def test_a_role_that_cannot_be_looked_up_blocks_and_says_so():
    members = {role: people for role, people in HELD.items() if role != QA}
    these = facts(roles=Roles(members, {QA: "Slack did not answer."}))
    assert reasons(these) == [Reason.UNREADABLE, Reason.APPROVAL]
    assert "Slack did not answer." in str(gate(these)[0].why)


def test_the_requester_and_the_authors_do_not_count_for_their_own_change():
    own = (a_verdict(MAYA.id, QA), a_verdict(BEN.id, CHANGE_MANAGER))
    these = facts(
        release=a_release(checklist=TICKED, verdicts=own), roles=roles(qa={MAYA, OMAR}, change_manager={BEN, RUTH})
    )
    assert reasons(these) == [Reason.APPROVAL, Reason.APPROVAL]


def test_one_person_fills_one_role_only():
    twice = (a_verdict(OMAR.id, QA), a_verdict(OMAR.id, CHANGE_MANAGER))
    these = facts(release=a_release(checklist=TICKED, verdicts=twice), roles=roles(change_manager={OMAR, RUTH}))
    assert reasons(these) == [Reason.APPROVAL]


def test_a_quorum_of_two_needs_two_people():
    two = a_change_type(approvals={PRODUCTION: (ApprovalRule(QA, 2),)})
    these = facts(change=FEATURE)
    these = replace(these, change=two, roles=roles(qa={OMAR, INES}))
    first = a_verdict(OMAR.id, QA, seal=these.seal)
    assert these.seal is not None
    one = replace(these, release=a_release(checklist=TICKED, verdicts=(first,)))
    assert [str(each.why) for each in gate(one)] == ["1 of 2 approvals by @qa are missing."]
    second = a_verdict(INES.id, QA, seal=these.seal)
    both = replace(these, release=a_release(checklist=TICKED, verdicts=(first, second)))
    assert gate(both) == ()


def test_rules_that_ask_for_more_void_what_was_said_under_the_old_ones():
    stricter = a_change_type(
        approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(CHANGE_MANAGER), ApprovalRule(HELD_BY_INES))}
    )
    assert reasons(replace(facts(), change=stricter)) == [Reason.APPROVAL] * 3


HELD_BY_INES = next(role for role, people in HELD.items() if INES.id in people)


def test_a_hotfix_passes_a_freeze_and_goes_straight_to_production():
    these = facts(change=HOTFIX, freezes=(a_freeze(),), deployments=())
    yes = a_verdict(OMAR.id, QA, seal=these.seal)
    assert gate(replace(these, release=a_release(verdicts=(yes,), checklist=()))) == ()


def test_a_freeze_begins_on_its_first_instant_and_is_over_on_its_last():
    freeze = a_freeze()
    start, end = freeze.window.starts_at, freeze.window.ends_at
    instant = timedelta(microseconds=1)
    frozen = {at: freeze.active(at) for at in (start - instant, start, end - instant, end)}
    assert list(frozen.values()) == [False, True, True, False]


def test_a_freeze_of_other_things_does_not_block():
    elsewhere = a_freeze(window=a_window(environments=frozenset({STAGING})))
    assert gate(facts(freezes=(elsewhere,))) == ()


def test_a_freeze_says_when_the_gate_opens_by_itself():
    (blocker,) = gate(facts(freezes=(a_freeze(),)))
    assert blocker.opens_at == a_freeze().window.ends_at


def test_a_rollback_to_this_candidate_does_not_count_as_having_been_in_staging():
    back = replace(IN_STAGING, order=an_order(environment=STAGING, kind=Kind.ROLLBACK))
    assert reasons(facts(deployments=(back,))) == [Reason.ORDER]


approvers = st.sampled_from([(OMAR.id, QA), (RUTH.id, CHANGE_MANAGER), (INES.id, QA), (BEN.id, QA), (MAYA.id, QA)])
verdict_lists = st.lists(
    st.builds(
        lambda who, word, void: a_verdict(who[0], who[1], word, **({"seal": "another"} if void else {})),
        approvers,
        st.sampled_from(list(Word)),
        st.booleans(),
    ),
    max_size=6,
)
role_sets = st.fixed_dictionaries(
    {
        "qa": st.sets(st.sampled_from([OMAR, INES, BEN, MAYA])),
        "change_manager": st.sets(st.sampled_from([RUTH, OMAR])),
    }
)


@given(said=verdict_lists, held=role_sets)
def test_adding_a_missing_approval_never_adds_a_blocker(said, held):
    before = facts(release=a_release(checklist=TICKED, verdicts=tuple(said)), roles=roles(**held))
    for tally in before.tallies:
        for person in before.roles.members[tally.rule.role]:
            if any(each.person == person for each in said) or not tally.missing:
                continue
            more = before.release.with_verdict(a_verdict(person, tally.rule.role))
            assert len(gate(replace(before, release=more))) <= len(gate(before))


@given(said=verdict_lists, held=role_sets, lost=st.sampled_from([OMAR, RUTH, INES, BEN, MAYA]))
def test_losing_a_person_never_opens_the_gate_further(said, held, lost):
    before = facts(release=a_release(checklist=TICKED, verdicts=tuple(said)), roles=roles(**held))
    without = {name: people - {lost} for name, people in held.items()}
    after = replace(before, roles=roles(**without))
    assert {each.reason for each in gate(before)} <= {each.reason for each in gate(after)}
    missing = [tally.missing for tally in before.tallies]
    assert all(now >= then for now, then in zip([t.missing for t in after.tallies], missing, strict=True))


@given(said=verdict_lists, held=role_sets, number=st.integers(1, 10_000))
def test_two_releases_with_the_same_facts_get_the_same_answer(said, held, number):
    one = facts(release=a_release(checklist=TICKED, verdicts=tuple(said)), roles=roles(**held))
    other = replace(one, release=replace(one.release, id=ReleaseId(number)))
    assert [each.reason for each in gate(one)] == [each.reason for each in gate(other)]


@given(said=verdict_lists, held=role_sets)
def test_every_blocker_says_what_to_do_next(said, held):
    these = facts(release=a_release(verdicts=tuple(said)), roles=roles(**held), freezes=(a_freeze(),), deployments=())
    for blocker in gate(these):
        assert blocker.step is not None
