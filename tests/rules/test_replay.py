"""Replay by tables: a record, another catalogue, and what it would have said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.rules.audit import Happened
from bot.rules.check import CheckResult
from bot.rules.foreseen import foreseen
from bot.rules.past import Checked
from bot.rules.people import SLIPWAY, Person, PersonId, RoleName, Surface
from bot.rules.policy import (
    ApprovalRule,
    CalendarSource,
    Catalogue,
    FreezeMeaning,
    FreezeScope,
    ItemRule,
    RecurringFreeze,
)
from bot.rules.release import ReleaseId
from bot.rules.replay import Answer, Case, Replay, Replayed
from bot.rules.sentence import refuse
from tests.makers import (
    CHECKLIST,
    FEATURE,
    HOTFIX,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_catalogue,
    a_change_type,
    a_service,
    an_environment,
    sha,
)
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH

FIRST, SECOND = sha("first"), sha("second")
MINUTE = timedelta(minutes=1)
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
SECURITY = RoleName("security")


class Record:
    """What happened to R-1, minute by minute."""

    def __init__(self) -> None:
        self.at = NOW
        self.entries: list[Happened] = []

    def happened(
        self, verb: str, by: Person | PersonId = MAYA, subject: str = "", candidate: str | None = FIRST, **detail: Any
    ) -> Record:
        """One more thing, a minute later."""
        self.at += MINUTE
        person = by.id if isinstance(by, Person) else by
        self.entries.append(
            Happened(verb, person, Surface.COMMAND, self.at, ReleaseId(1), candidate, subject, detail=detail)
        )
        return self

    def planned(self, **detail: Any) -> Record:
        ready = {"service": PAYMENTS, "version": "2.4.0", "change_type": FEATURE, "author_ids": [BEN.id]}
        return self.happened("plan", **{**ready, "authors": ["ben@example.com"], **detail})

    def ticked(self) -> Record:
        return self.happened("tick", subject="notes").happened("tick", OMAR, "regression")

    def approved(self, by: Person, role: RoleName, **detail: Any) -> Record:
        return self.happened("approve", by, PRODUCTION, role=role, seal="as it was then", **detail)

    def brought(self, number: int, environment: str, by: Person | PersonId = MAYA) -> Record:
        """It was started, and it arrived."""
        self.happened("confirm deploy", by, f"D-{number}", environment=environment)
        return self.happened("deployment succeeded", SLIPWAY, f"D-{number}")

    def blocked(self, *why: str, **detail: Any) -> Record:
        return self.happened("ask to deploy", subject=PRODUCTION, blockers=list(why) or ["Something."], **detail)

    def frozen(self, number: int = 3, lasts: timedelta = A_DAY, verb: str = "freeze", **detail: Any) -> Record:
        ready = {"environments": [PRODUCTION], "services": [], "change_types": [], "hard": True, "reason": "The sale"}
        return self.happened(
            verb,
            subject=f"F-{number}",
            starts_at=self.at.isoformat(),
            ends_at=(self.at + lasts).isoformat(),
            **{**ready, **detail},
        )


def good_way() -> Record:
    """A feature that did everything right, up to where it can go to production."""
    road = Record().planned().ticked().brought(1, STAGING)
    return road.approved(OMAR, QA).approved(RUTH, CHANGE_MANAGER)


def feature(**rules: Any) -> Catalogue:
    """A catalogue in which a feature has these rules."""
    agreed = a_catalogue()
    return replace(agreed, change_types={**agreed.change_types, FEATURE: a_change_type(**rules)})


def serving(**fields: Any) -> Catalogue:
    return a_catalogue(services={PAYMENTS: a_service(**fields)})


def replayed(
    record: Record, catalogue: Catalogue, since: datetime = NOW, apart: bool = False, **known: Any
) -> Replayed:
    def may_start(*_: object):
        return refuse("Somebody else has to start it.") if apart else None

    replay = Replay(catalogue, since, may_start, **known)
    for happened in record.entries:
        replay.hear(happened)
    return replay.so_far(record.at)


def last(record: Record, catalogue: Catalogue, **known: Any) -> Case:
    """The last case of all."""
    return replayed(record, catalogue, **known).cases[-1]


def why(case: Case) -> list[str]:
    return [str(each) for each in case.reasons]


# ---------------------------------------------------------------- what was let through


def test_the_same_rules_let_through_what_they_let_through():
    found = replayed(good_way().brought(2, PRODUCTION), a_catalogue())
    assert [(each.deployment, each.answer) for each in found.cases] == [
        ("D-1", Answer.THROUGH),
        ("D-2", Answer.THROUGH),
    ]
    assert found.others == ()


@pytest.mark.parametrize(
    ("story", "catalogue", "reason"),
    [
        (
            "a third role",
            feature(approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(SECURITY))}),
            "The approval of @security is missing.",
        ),
        (
            "two of QA",
            feature(approvals={PRODUCTION: (ApprovalRule(QA, 2),)}),
            "1 of 2 approvals by @qa are missing.",
        ),
        (
            "approvals that last a minute",
            feature(approvals={PRODUCTION: (ApprovalRule(QA),)}, approvals_last=MINUTE),
            "The approval of @U0OMAR as @qa has expired; 1 more needed.",
        ),
        (
            "a line that nobody ticked",
            feature(checklist=(*CHECKLIST, ItemRule("legal", "Legal has agreed"))),
            "Checklist: “Legal has agreed” is not done.",
        ),
        (
            "an hour in staging",
            serving(environments=(an_environment(STAGING), an_environment(PRODUCTION, after=(STAGING,), bake=AN_HOUR))),
            "It must stand in staging for 1 hour first; it came there 2026-11-23 10:05 UTC.",
        ),
    ],
)
def test_stricter_rules_would_have_blocked_it(story, catalogue, reason):
    case = last(good_way().brought(2, PRODUCTION), catalogue)
    assert (case.answer, case.other) == (Answer.BLOCKED, True)
    assert why(case) == [reason]


def test_authors_whom_other_rules_keep_from_approving_are_known_from_the_record():
    road = Record().planned().ticked().brought(1, STAGING).approved(BEN, QA).approved(RUTH, CHANGE_MANAGER)
    case = last(road.brought(2, PRODUCTION), a_catalogue())
    assert why(case) == ["@U0BEN approved, but can't count as @qa for this candidate now; 1 more needed."]
    assert last(road, feature(author_may_approve=True)).answer is Answer.THROUGH


def test_a_record_that_does_not_tell_who_wrote_it_keeps_nobody_from_having_approved():
    road = Record().planned(author_ids=None).ticked().brought(1, STAGING).approved(BEN, QA)
    found = replayed(road.approved(RUTH, CHANGE_MANAGER).brought(2, PRODUCTION), a_catalogue())
    assert found.cases[-1].answer is Answer.THROUGH
    (note,) = found.notes
    assert str(note).startswith("The record doesn't tell who wrote the candidates of R-1, planned before it did")
    assert replayed(road, feature(author_may_approve=True)).notes == ()


def test_who_approved_in_somebodys_place_counts_for_them():
    road = Record().planned().ticked().brought(1, STAGING).approved(BEN, QA, on_behalf_of=OMAR.id)
    road.approved(RUTH, CHANGE_MANAGER).brought(2, PRODUCTION)
    assert last(road, feature(author_may_approve=True)).answer is Answer.THROUGH


def test_whoever_had_left_the_role_by_then_does_not_count_for_more():
    """One of two who approved had left: enough for the rules of that time, not for others."""
    road = good_way().approved(MAYA, QA)
    left = [{"person": OMAR.id, "role": QA}]
    road.happened("confirm deploy", MAYA, "D-2", environment=PRODUCTION, left=left)
    two = feature(approvals={PRODUCTION: (ApprovalRule(QA, 2),)}, requester_may_approve=True)
    assert last(road, two).answer is Answer.BLOCKED
    assert last(road, feature(requester_may_approve=True)).answer is Answer.THROUGH


def test_who_may_start_it_is_asked_only_where_the_gate_is_open():
    road = good_way().brought(2, PRODUCTION)
    assert why(last(road, a_catalogue(), apart=True)) == ["Somebody else has to start it."]
    third = feature(approvals={PRODUCTION: (ApprovalRule(SECURITY),)})
    assert why(last(road, third, apart=True)) == ["The approval of @security is missing."]


# ---------------------------------------------------------------- what was blocked


def test_looser_rules_would_have_let_it_through():
    road = Record().planned().brought(1, STAGING).approved(OMAR, QA)
    case = last(road.blocked("The approval of @change-manager is missing."), a_catalogue())
    assert (case.answer, case.other, case.deployment) == (Answer.BLOCKED, False, None)
    looser = feature(approvals={PRODUCTION: (ApprovalRule(QA),)}, checklist=())
    case = last(road, looser)
    assert (case.answer, case.other) == (Answer.THROUGH, True)
    assert case.blocked_by == ("The approval of @change-manager is missing.",)


def test_of_several_attempts_the_last_one_counts():
    road = Record().planned().blocked("One.").blocked("Two.")
    assert [each.blocked_by for each in replayed(road, a_catalogue()).attempts] == [("Two.",)]


def test_another_candidate_is_another_attempt():
    road = Record().planned().blocked("One.").happened("set candidate", candidate=SECOND)
    road.happened("ask to deploy", subject=PRODUCTION, candidate=SECOND, blockers=["Two."])
    assert len(replayed(road, a_catalogue()).attempts) == 2


def test_an_attempt_that_was_made_good_is_no_blocked_one():
    assert not replayed(good_way().blocked().brought(2, PRODUCTION), a_catalogue()).attempts
    asked_again = good_way().blocked()
    asked_again.happened("ask to deploy", subject=PRODUCTION, blockers=[])
    assert not replayed(asked_again, a_catalogue()).attempts


def test_what_could_not_be_looked_up_then_blocks_whoever_needs_it():
    road = good_way().blocked("I can't look up who is in @qa: Slack does not answer me", keys=["unreadable:qa"])
    assert last(road, a_catalogue()).answer is Answer.BLOCKED
    without_qa = feature(approvals={PRODUCTION: (ApprovalRule(CHANGE_MANAGER),)})
    assert last(road, without_qa).answer is Answer.THROUGH


# ---------------------------------------------------------------- how it was at that moment


def test_a_word_that_was_withdrawn_does_not_count_and_one_that_was_withdrawn_later_does():
    road = good_way().brought(2, PRODUCTION)
    taken_back = {"role": QA, "seal": "as it was then", "word": "approved"}
    road.happened("withdraw", OMAR, PRODUCTION, **taken_back).brought(3, PRODUCTION)
    before, after = replayed(road, a_catalogue()).deployments[1:]
    assert before.answer is Answer.THROUGH
    assert why(after) == ["The approval of @qa is missing."]


def test_a_rejection_that_somebody_else_lifted_is_lifted():
    road = good_way().happened("reject", OMAR, PRODUCTION, role=QA, seal="s", reason="No").blocked()
    assert why(last(road, a_catalogue())) == ["@U0OMAR rejected this candidate as @qa: No"]
    road.happened("withdraw", BEN, PRODUCTION, role=QA, seal="s", word="rejected").brought(2, PRODUCTION)
    assert last(road, a_catalogue()).answer is Answer.THROUGH
    assert "rejected this candidate" in why(last(Record(), a_catalogue()))[0] if False else True


def test_what_was_said_about_another_candidate_or_version_does_not_count():
    road = good_way().happened("set candidate", candidate=SECOND, author_ids=[])
    road.happened("confirm deploy", MAYA, "D-2", SECOND, environment=PRODUCTION)
    assert "@qa approved something else; this candidate needs its own approval." in why(last(road, a_catalogue()))
    renamed = good_way().happened("edit", version=["2.4.0", "2.4.1"]).brought(2, PRODUCTION)
    assert "@qa approved something else; this candidate needs its own approval." in why(last(renamed, a_catalogue()))
    assert last(renamed, a_catalogue()).version == "2.4.1"


def test_a_candidate_that_comes_back_has_to_be_approved_again():
    road = good_way().happened("set candidate", candidate=SECOND).happened("set candidate", candidate=FIRST)
    assert "@qa approved something else; this candidate needs its own approval." in why(
        last(road.brought(2, PRODUCTION), a_catalogue())
    )


def test_lines_that_other_rules_open_again_with_a_new_candidate_count_as_open():
    road = Record().planned().ticked().happened("set candidate", candidate=SECOND, author_ids=[])
    reopens = tuple(replace(item, reopens=True) for item in CHECKLIST)
    road.happened("confirm deploy", MAYA, "D-2", SECOND, environment=PRODUCTION)
    assert not any("Checklist" in each for each in why(last(road, a_catalogue())))
    assert sum("Checklist" in each for each in why(last(road, feature(checklist=reopens)))) == 2


def test_a_line_that_was_opened_again_is_open():
    road = good_way().happened("untick", OMAR, "regression").brought(2, PRODUCTION)
    assert why(last(road, a_catalogue())) == ["Checklist: “The regression tests have passed” is not done."]


def test_another_type_of_change_keeps_the_ticks_that_both_have():
    agreed = a_catalogue()
    hotfix = replace(agreed.change_types[HOTFIX], checklist=CHECKLIST[:1])
    both = replace(agreed, change_types={**agreed.change_types, HOTFIX: hotfix})
    road = Record().planned(change_type=HOTFIX).happened("tick", subject="notes")
    road.happened("edit", change_type=[HOTFIX, FEATURE], target=[None, "2026-12-01"], depends_on=[[], []])
    road.blocked()
    assert "Checklist: “Release notes are written” is not done." not in why(last(road, both))
    assert "Checklist: “Release notes are written” is not done." in why(last(road, agreed))


def test_a_line_that_is_new_is_ticked_by_the_check_that_had_passed_by_then():
    scan = ItemRule("scan", "The scan is clean", check="scan")
    road = good_way().brought(2, PRODUCTION)
    passed = CheckResult(PAYMENTS, FIRST, "scan", True, NOW + MINUTE)
    catalogue = feature(checklist=(*CHECKLIST, scan))
    for result, answer in (
        (passed, Answer.THROUGH),
        (replace(passed, passed=False), Answer.BLOCKED),
        (replace(passed, at=NOW + A_DAY), Answer.BLOCKED),
    ):
        known = Checked({ReleaseId(1): frozenset({"notes"})}, {(PAYMENTS, FIRST): (result,)})
        assert last(road, catalogue, checked=known).answer is answer
    had_it = Checked({ReleaseId(1): frozenset({"scan"})}, {(PAYMENTS, FIRST): (passed,)})
    assert last(road, catalogue, checked=had_it).answer is Answer.BLOCKED


def test_what_was_rolled_back_does_not_go_there_again():
    road = good_way().brought(2, PRODUCTION)
    road.happened("set candidate", candidate=SECOND, author_ids=[])
    for number, place in ((3, STAGING), (4, PRODUCTION)):
        road.happened("confirm deploy", MAYA, f"D-{number}", SECOND, environment=place)
        road.happened("deployment succeeded", SLIPWAY, f"D-{number}")
    road.happened("roll back", MAYA, "D-5", **{"from": "D-4", "to": "D-2"})
    road.happened("deployment succeeded", SLIPWAY, "D-5")
    road.happened("ask to deploy", subject=PRODUCTION, candidate=SECOND, blockers=["It was rolled back."])
    assert why(last(road, feature(approvals={}))) == ["This candidate was in production (D-4) and was rolled back."]


def test_what_was_rolled_back_long_ago_stays_so():
    """Another release's candidate came back, and then many others went there."""
    road = good_way().brought(2, PRODUCTION)
    for number in range(2, 30):
        plan = replace(road.entries[0], release=ReleaseId(number), candidate=sha(str(number)))
        road.entries.append(replace(plan, detail={**plan.detail, "version": str(number)}))
        road.brought(number + 1 + (number > 2), PRODUCTION)
        these = {"release": ReleaseId(number), "candidate": sha(str(number))}
        road.entries[-2:] = [replace(each, **these) for each in road.entries[-2:]]
        if number == 2:
            road.happened("roll back", MAYA, "D-4", **{"from": "D-3", "to": "D-2"})
            road.happened("deployment succeeded", SLIPWAY, "D-4")
    road.happened("ask to deploy", subject=PRODUCTION, candidate=sha("2"), blockers=["It was rolled back."])
    road.entries[-1] = replace(road.entries[-1], release=ReleaseId(2))
    found = replayed(road, feature(approvals={}, checklist=(), keeps_order=False))
    (attempt,) = found.attempts
    assert why(attempt) == ["This candidate was in production (D-3) and was rolled back."]


def test_what_is_on_its_way_holds_the_place_until_it_ends():
    road = good_way().happened("confirm deploy", MAYA, "D-2", environment=PRODUCTION)
    assert why(last(road.blocked(), a_catalogue())) == ["D-2 (2.4.0) is on its way to production."]
    road.happened("deployment unknown", SLIPWAY, "D-2").blocked()
    assert "outcome of D-2 in production is unknown" in why(last(road, a_catalogue()))[0]
    road.happened("settle deployment", MAYA, "D-2").blocked()
    assert last(road, a_catalogue()).answer is Answer.THROUGH


@pytest.mark.parametrize("ending", ["launch", "cancel release"])
def test_what_has_ended_stays_shut(ending):
    assert last(good_way().happened(ending).blocked(), a_catalogue()).answer is Answer.BLOCKED


def test_another_release_was_there_or_was_not():
    road = good_way()
    other = replace(road.entries[0], release=ReleaseId(2), candidate=SECOND)
    road.entries.insert(0, replace(other, detail={**other.detail, "version": "1.0"}))
    road.happened("edit", depends_on=[[], [2]]).brought(2, PRODUCTION)
    assert why(last(road, a_catalogue())) == ["It depends on R-2, which is not in production yet."]
    launched = Happened("launch", MAYA.id, Surface.COMMAND, road.at, ReleaseId(2))
    road.entries.append(launched)
    assert last(road.brought(3, PRODUCTION), a_catalogue()).answer is Answer.THROUGH


# ---------------------------------------------------------------- freezes


@pytest.mark.parametrize(
    ("story", "meanwhile", "answer"),
    [
        ("it holds", lambda road: road, Answer.BLOCKED),
        ("it was ended", lambda road: road.frozen(verb="end freeze"), Answer.THROUGH),
        ("its end was moved", lambda road: road.frozen(verb="extend freeze", lasts=timedelta(0)), Answer.THROUGH),
        (
            "it became one for staging",
            lambda road: road.frozen(verb="change freeze", environments=[STAGING]),
            Answer.THROUGH,
        ),
        (
            "an exception was granted",
            lambda road: road.happened("ask for an exception", subject="X-1", freeze="F-3").happened(
                "grant an exception", RUTH, "X-1", freeze="F-3", ends_at=(NOW + A_DAY).isoformat()
            ),
            Answer.THROUGH,
        ),
        (
            "an exception was granted, and is over",
            lambda road: road.happened("ask for an exception", subject="X-1", freeze="F-3").happened(
                "grant an exception", RUTH, "X-1", freeze="F-3", ends_at=NOW.isoformat()
            ),
            Answer.BLOCKED,
        ),
        (
            "an exception was refused",
            lambda road: road.happened("ask for an exception", subject="X-1", freeze="F-3").happened(
                "refuse an exception", RUTH, "X-1", freeze="F-3"
            ),
            Answer.BLOCKED,
        ),
    ],
)
def test_a_freeze_is_as_people_had_left_it_by_then(story, meanwhile, answer):
    assert last(meanwhile(good_way().frozen()).brought(2, PRODUCTION), a_catalogue()).answer is answer


def test_a_soft_freeze_that_was_acknowledged_is_passed():
    road = good_way().frozen(hard=False).happened("acknowledge a freeze", subject="X-1", freeze="F-3", reason="Safe")
    assert last(road.brought(2, PRODUCTION), a_catalogue()).answer is Answer.THROUGH


def test_types_for_which_freezes_make_room_are_those_of_the_other_catalogue():
    road = good_way().frozen().brought(2, PRODUCTION)
    assert last(road, feature(freeze=FreezeMeaning.PASSES)).answer is Answer.THROUGH


WEEKEND = RecurringFreeze("weekends", "Nobody is here", datetime(2026, 11, 21), datetime(2026, 11, 23), "", "UTC")  # noqa: DTZ001


def recurring(rule: RecurringFreeze = WEEKEND) -> dict[str, Any]:
    """That rule applied around now."""
    return {"recurring": (foreseen(rule, "2026-11-21T00:00", NOW - A_DAY, NOW + A_DAY),)}


def agreed_on(rule: RecurringFreeze = WEEKEND) -> Catalogue:
    return a_catalogue(recurring=(rule,))


def test_a_recurring_freeze_that_is_new_would_have_blocked_by_its_name():
    case = last(good_way().brought(2, PRODUCTION), agreed_on(), **recurring())
    assert why(case) == ["weekends freezes production until 2026-11-24 10:00 UTC: Nobody is here"]


def test_a_recurring_freeze_that_is_no_more_would_not_have_blocked():
    road = good_way().frozen(origin="weekends/2026-11-21T00:00", owner=None).blocked()
    assert last(road, a_catalogue()).answer is Answer.THROUGH


def test_a_recurring_freeze_keeps_its_number_and_what_people_did_to_it():
    origin = {"origin": "weekends/2026-11-21T00:00", "owner": CHANGE_MANAGER}
    road = good_way().frozen(**origin).blocked()
    known = recurring(replace(WEEKEND, scope=FreezeScope(environments=frozenset({STAGING}))))
    assert last(road, agreed_on(), **known).answer is Answer.THROUGH  # its scope is another one now
    assert why(last(road, agreed_on(), **recurring())) == [
        "F-3 freezes production until 2026-11-24 10:00 UTC: Nobody is here"
    ]
    road.frozen(verb="end freeze", **origin).blocked()
    assert last(road, agreed_on(), **recurring()).answer is Answer.THROUGH
    again = good_way().frozen(**origin)
    again.entries.append(replace(again.entries[-1], verb="end freeze", by=SLIPWAY, at=again.at))
    assert last(again.blocked(), agreed_on(), **recurring()).answer is Answer.BLOCKED  # nobody ended it


def test_a_recurring_freeze_whose_end_somebody_moved_ends_then():
    origin = {"origin": "weekends/2026-11-21T00:00"}
    road = good_way().frozen(**origin).frozen(verb="extend freeze", lasts=MINUTE, **origin)
    road.at += AN_HOUR
    assert last(road.blocked(), agreed_on(), **recurring()).answer is Answer.THROUGH


def test_what_a_calendar_held_counts_in_the_scope_that_the_other_catalogue_gives_it():
    road = good_way().frozen(origin="holidays/42").blocked()
    source = CalendarSource("holidays", "https://calendar.example.com")
    assert last(road, a_catalogue(calendars=(source,))).answer is Answer.BLOCKED
    elsewhere = replace(source, scope=FreezeScope(environments=frozenset({STAGING})))
    assert last(road, a_catalogue(calendars=(elsewhere,))).answer is Answer.THROUGH
    assert last(road, a_catalogue()).answer is Answer.THROUGH


def test_a_calendar_that_could_not_be_read_then_blocks_as_it_did():
    road = good_way().blocked(keys=["unreadable:calendar holidays"])
    source = CalendarSource("holidays", "https://calendar.example.com")
    assert last(road, a_catalogue(calendars=(source,))).answer is Answer.BLOCKED
    assert last(road, a_catalogue()).answer is Answer.THROUGH


def test_a_calendar_of_which_the_record_knows_nothing_is_said_to_be_uncertain():
    source = CalendarSource("holidays", "https://calendar.example.com")
    (note,) = replayed(good_way(), a_catalogue(calendars=(source,))).notes
    assert "knows no freeze from the calendar holidays" in str(note)


# ---------------------------------------------------------------- what can't be asked


@pytest.mark.parametrize(
    ("catalogue", "sentence"),
    [
        (a_catalogue(services={}), "This catalogue has no service payments."),
        (a_catalogue(change_types={}), "This catalogue has no change type feature."),
        (serving(environments=(an_environment(STAGING),)), "In this catalogue, payments has no production."),
    ],
)
def test_what_the_other_catalogue_does_not_have_is_listed_as_such(catalogue, sentence):
    case = last(good_way().brought(2, PRODUCTION), catalogue)
    assert (case.answer, case.other) == (Answer.UNKNOWN, False)
    assert why(case) == [sentence]


def test_a_release_whose_beginning_is_not_on_the_record_can_not_be_judged():
    assert last(Record().brought(2, PRODUCTION), a_catalogue()).answer is Answer.UNKNOWN


def test_what_happened_before_counts_but_is_not_judged():
    road = good_way()
    since = road.at
    found = replayed(road.brought(2, PRODUCTION), a_catalogue(), since)
    assert [each.deployment for each in found.cases] == ["D-2"]
    assert found.cases[0].answer is Answer.THROUGH
