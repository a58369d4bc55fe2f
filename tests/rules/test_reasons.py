"""Reasons: what speaks for a deployment is said as plainly as what stands in its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from bot.rules.approval import Word
from bot.rules.checklist import Evidence, fresh
from bot.rules.freeze import ExceptionId, FreezeException, Plea
from bot.rules.gate import Facts, checks
from bot.rules.policy import FreezeMeaning
from bot.rules.reasons import answers
from bot.rules.release import ReleaseId
from tests.makers import (
    CHECKLIST,
    HOTFIX,
    NOW,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_change_type,
    a_freeze,
    a_hold,
    a_lock,
    a_release,
    a_service,
    a_window,
    an_environment,
    an_order,
)
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, QA, RUTH
from tests.rules.test_gate import APPROVED, IN_STAGING, TICKED, facts
from tests.rules.test_gate_more import OFFICE, a_calendar, came, placed, said, some_facts, with_words

AN_HOUR = timedelta(hours=1)


def because(these: Facts, about: str) -> list[str]:
    """What speaks for it by that question."""
    (answer,) = (each for each in answers(these) if each.about == about)
    return [str(each) for each in answer.because]


@settings(deadline=None)
@given(some_facts)
def test_every_question_that_is_answered_with_yes_says_why(these):
    found = answers(these)
    assert [(each.about, each.blockers) for each in found] == [(each.about, each.blockers) for each in checks(these)]
    for each in found:
        assert each.because or each.blockers, f"nothing is said about {each.about}"


def test_what_makes_the_other_questions_pointless_is_the_only_answer():
    (answer,) = answers(facts(release=a_release(candidate=None)))
    assert not answer.yes
    assert answer.because == ()


def test_who_approved_when_in_which_role_in_whose_place_and_until_when():
    these = facts(change=HOTFIX)
    these = replace(these, change=replace(these.change, approvals_last=timedelta(days=2)))
    words = (said(these, INES, QA, place_of=OMAR), "It looks good")
    these = with_words(these, replace(words[0], reason=words[1]))
    assert because(these, "approvals") == [
        (
            "@U0INES approved as @qa in the place of @U0OMAR, 2026-11-23 10:00 UTC; that counts until "
            "2026-11-25 10:00 UTC. “It looks good”"
        )
    ]


def test_who_has_approved_is_said_although_others_are_missing():
    assert because(facts(release=a_release(verdicts=APPROVED[:1])), "approvals") == [
        "@U0OMAR approved as @qa, 2026-11-23 10:00 UTC."
    ]


def test_a_rejection_that_was_withdrawn_is_not_forgotten():
    these = facts()
    no = said(these, RUTH, CHANGE_MANAGER, Word.NO).withdrawn(NOW + AN_HOUR)
    assert because(with_words(these, no), "rejections") == [
        "Nobody rejects this candidate.",
        "@U0RUTH rejected it as @change-manager 2026-11-23 10:00 UTC, and that was withdrawn 2026-11-23 11:00 UTC.",
    ]


def test_who_ticked_what_with_what_there_is_to_see():
    notes, regression, _ = fresh(CHECKLIST)
    shown = Evidence("All green", "https://ci.example.com/runs/7")
    ticked = (notes.ticked(MAYA.id, NOW), regression.ticked(OMAR.id, NOW, shown))
    assert because(facts(release=a_release(checklist=ticked)), "checklist") == [
        "“Release notes are written” was ticked by @U0MAYA, 2026-11-23 10:00 UTC.",
        (
            "“The regression tests have passed” was ticked by @U0OMAR, 2026-11-23 10:00 UTC. All green "
            "ci.example.com/runs/7"
        ),
    ]


def waited(after: timedelta, *history) -> Facts:
    """R-12 had to stand in staging for four hours."""
    production = an_environment(PRODUCTION, after=(STAGING,), bake=4 * AN_HOUR)
    return replace(placed(facts(), production), now=NOW + after, deployments=history)


def test_since_when_it_has_stood_in_staging():
    here = came(39, timedelta(0))
    assert because(waited(5 * AN_HOUR, here), "order of environments") == [
        "D-39 brought it to staging, 2026-11-23 10:00 UTC."
    ]
    assert because(waited(5 * AN_HOUR, here), "bake time") == [
        "It has stood in staging since 2026-11-23 10:00 UTC; 4 hours are enough."
    ]
    replaced = (came(40, 5 * AN_HOUR, a_candidate("other")), here)
    assert because(waited(6 * AN_HOUR, *replaced), "bake time") == [
        "It stood in staging from 2026-11-23 10:00 UTC to 2026-11-23 15:00 UTC; 4 hours are enough."
    ]


def test_what_stands_there_now():
    assert because(facts(), "what stands there") == ["Nothing has been brought to production yet."]
    older = replace(IN_STAGING, ended_at=NOW, order=an_order(candidate=a_candidate("older"), version="2.3.9"))
    assert because(facts(deployments=(older, IN_STAGING)), "what stands there") == [
        "2.3.9 stands in production (D-39) since 2026-11-23 10:00 UTC; this candidate has not been there."
    ]
    same = replace(IN_STAGING, ended_at=NOW, order=an_order())
    assert because(facts(deployments=(same,)), "what stands there") == [
        "This very candidate stands in production (D-39) since 2026-11-23 10:00 UTC."
    ]


@pytest.mark.parametrize(
    ("these", "about", "sentence"),
    [
        (facts(), "rejections", "Nobody rejects this candidate."),
        (facts(environment=STAGING), "approvals", "No approval is needed for staging."),
        (facts(environment=STAGING), "checklist", "staging doesn't wait for the checklist."),
        (facts(change=HOTFIX), "order of environments", "A Hotfix goes to the environments in any order."),
        (facts(environment=STAGING), "order of environments", "No environment comes before staging."),
        (facts(), "bake time", "It needs no time in another environment."),
        (facts(), "dependencies", "It depends on no other release."),
        (
            facts(dependencies={ReleaseId(7): True}),
            "dependencies",
            "R-7, on which it depends, is in production.",
        ),
        (facts(), "allowed hours", "production may be deployed to at any hour."),
        (
            placed(facts(), an_environment(PRODUCTION, hours=OFFICE)),
            "allowed hours",
            "production may be deployed to now: mon-fri 09:00-16:00 (Europe/Berlin).",
        ),
        (
            placed(facts(change=HOTFIX), an_environment(PRODUCTION, hours=OFFICE)),
            "allowed hours",
            "production may be deployed to now: mon-fri 09:00-16:00 (Europe/Berlin).",
        ),
        (facts(), "calendars", "Every calendar that may hold a freeze was read."),
        (facts(change=HOTFIX), "calendars", "No calendar holds a Hotfix back."),
        (
            facts(unread=((a_calendar(hard=False), "It does not answer."),)),
            "calendars",
            "holidays can't be read, which doesn't matter here: It does not answer.",
        ),
        (facts(), "locks", "Nobody has locked production."),
        (
            facts(locks=(a_lock(hold=a_hold(release=ReleaseId(12))),)),
            "locks",
            "@U0MAYA has locked production for it, until 2026-11-23 12:00 UTC: The database moves",
        ),
        (facts(), "what is on its way there", "Nothing is on its way to production."),
    ],
)
def test_each_question_has_its_sentence(these, about, sentence):
    assert because(these, about) == [sentence]


def test_a_type_that_any_hour_suits_says_so():
    hours = placed(facts(), an_environment(PRODUCTION, hours=OFFICE))
    assert because(replace(hours, change=a_change_type(any_hour=True)), "allowed hours") == [
        "A Feature goes to production at any hour."
    ]


def test_by_whose_word_it_passes_a_freeze_and_which_one_comes_next():
    plea = Plea(a_freeze().id, ReleaseId(12), MAYA.id, NOW, "Refunds are stuck")
    granted = FreezeException(ExceptionId(4), plea, True, RUTH.id, NOW, ends_at=NOW + AN_HOUR)
    later = a_freeze(4, window=a_window(starts_at=NOW + 2 * AN_HOUR))
    frozen = facts(freezes=(a_freeze(), later), exceptions=(granted,))
    assert because(frozen, "freezes") == [
        "X-4, granted by @U0RUTH, 2026-11-23 10:00 UTC, lets it pass F-3 until 2026-11-23 11:00 UTC: Refunds are stuck",
        "F-4 begins 2026-11-23 12:00 UTC.",
    ]
    soft = replace(granted, plea=replace(plea, soft=True), decided_by=BEN.id)
    care = replace(facts(freezes=(a_freeze(window=a_window(hard=False)),), exceptions=(soft,)))
    assert because(care, "freezes") == [
        "@U0BEN acknowledged F-3 for it, 2026-11-23 10:00 UTC: Refunds are stuck",
    ]


def test_a_type_for_which_freezes_make_room_says_which_it_passes():
    assert because(facts(change=HOTFIX, freezes=(a_freeze(),)), "freezes") == [
        "F-3 is in force until 2026-11-25 10:00 UTC, and a Hotfix passes it."
    ]
    acknowledges = a_change_type(freeze=FreezeMeaning.ACKNOWLEDGE)
    assert because(facts(freezes=()), "freezes") == ["No freeze is in force here."]
    these = replace(facts(freezes=(a_freeze(),)), change=acknowledges, service=a_service())
    assert because(these, "freezes") == []


def test_lines_that_are_not_required_are_not_waited_for():
    optional = tuple(replace(item, required=False) for item in TICKED)
    assert because(facts(release=a_release(checklist=optional)), "checklist") == [
        "No line of the checklist is required."
    ]
