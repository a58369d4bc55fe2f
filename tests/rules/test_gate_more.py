"""The gate and time: what blocks until when, and what no change of the facts may ever do to the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.approval import Verdict, Word
from bot.rules.checklist import fresh, left_to_do
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.freeze import ExceptionId, Freeze, FreezeException, Plea
from bot.rules.gate import Blocker, Facts, Reason, checks, gate, opens_by_itself
from bot.rules.hours import Hours, Span
from bot.rules.people import Person, RoleName, Roles
from bot.rules.policy import (
    ApprovalRule,
    CalendarSource,
    Environment,
    EnvironmentName,
    FreezeMeaning,
    FreezeScope,
    Right,
)
from bot.rules.release import Ending, ReleaseId
from bot.rules.sentence import At, AtRole
from tests.makers import (
    CHECKLIST,
    HOTFIX,
    NOW,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_change_type,
    a_deployment,
    a_freeze,
    a_release,
    a_service,
    a_window,
    an_environment,
    an_order,
)
from tests.people import BEN, CHANGE_MANAGER, HELD, INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH
from tests.rules.test_gate import APPROVED, facts, reasons

UNHURRIED = settings(deadline=None)
"""A busy machine is no failure."""

AN_HOUR, A_DAY, AN_INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
OTHER = a_candidate("other")


def words(these: Facts) -> list[str]:
    return [str(each.why) for each in gate(these)]


def only(these: Facts) -> Blocker:
    (blocker,) = gate(these)
    return blocker


def keys(these: Facts) -> set[str]:
    return {each.key for each in gate(these)}


def said(
    these: Facts,
    by: Person,
    role: RoleName,
    word: Word = Word.YES,
    *,
    at: datetime = NOW,
    place_of: Person | None = None,
) -> Verdict:
    """Somebody's word on what is proposed in these facts, under the rules that are in force there."""
    proposal = these.proposal
    assert proposal is not None
    return Verdict(
        by.id,
        role,
        proposal.environment,
        proposal.seal,
        word,
        at,
        on_behalf_of=place_of.id if place_of else None,
        subject=proposal.subject,
        terms=proposal.terms,
        candidate=proposal.candidate,
        version=proposal.version,
    )


def placed(these: Facts, production: Environment) -> Facts:
    """The same on the way to that environment, after staging."""
    service = replace(these.service, environments=(an_environment(STAGING), production))
    return replace(these, service=service, environment=production)


def with_words(these: Facts, *verdicts: Verdict) -> Facts:
    return replace(these, release=replace(these.release, verdicts=verdicts))


# ---------------------------------------------------------------- every question is asked


def test_every_question_is_listed_with_its_answer_and_the_gate_is_all_answers():
    these = facts(freezes=(a_freeze(),), deployments=(), release=a_release(verdicts=APPROVED))
    asked = checks(these)
    assert [each.about for each in asked] == [
        "rejections",
        "approvals",
        "checklist",
        "order of environments",
        "bake time",
        "what stands there",
        "what was rolled back",
        "dependencies",
        "allowed hours",
        "freezes",
        "calendars",
        "locks",
        "what is on its way there",
    ]
    assert [each.about for each in asked if each.blockers] == ["checklist", "order of environments", "freezes"]
    assert tuple(blocker for each in asked for blocker in each.blockers) == gate(these)


@pytest.mark.parametrize(
    ("release", "about"),
    [
        (a_release(cancelled=Ending(MAYA.id, NOW, "no")), "whether it is open"),
        (a_release(candidate=None), "a candidate"),
    ],
)
def test_where_one_answer_makes_the_others_pointless_only_that_question_is_asked(release, about):
    assert [each.about for each in checks(facts(release=release))] == [about]


def test_a_blocker_has_one_name_as_long_as_it_is_there():
    these = facts(
        release=a_release(verdicts=(said(facts(), INES, QA, Word.NO),)),
        freezes=(a_freeze(3), a_freeze(4)),
        dependencies={ReleaseId(7): False},
        deployments=(),
    )
    assert [each.key for each in gate(these)] == [
        "rejected:qa/U0INES",
        "approval:qa",
        "approval:change-manager",
        "checklist:notes",
        "checklist:regression",
        "order:staging",
        "dependency:R-7",
        "freeze:F-3",
        "freeze:F-4",
    ]
    assert keys(replace(these, now=NOW + AN_HOUR)) == keys(these)


# ---------------------------------------------------------------- bake time


def came(number: int, after: timedelta, candidate=None, **order: Any) -> Deployment:
    """Something that came to staging so long after NOW."""
    wanted = an_order(environment=STAGING, candidate=candidate or a_candidate(), **order)
    return a_deployment(number, Attempt.SUCCEEDED, order=wanted, ended_at=NOW + after)


def baking(*history: Deployment, at: timedelta = timedelta(0), needed: timedelta = 4 * AN_HOUR, **fields: Any) -> Facts:
    """R-12 must stand in staging for four hours; `history` is newest first."""
    production = an_environment(PRODUCTION, after=(STAGING,), bake=needed)
    these = replace(placed(facts(**fields), production), now=NOW + at, deployments=history)
    return with_words(these, said(these, OMAR, QA), said(these, RUTH, CHANGE_MANAGER))


HERE = came(39, timedelta(0))


@pytest.mark.parametrize(
    ("at", "blocked"),
    [(timedelta(0), True), (4 * AN_HOUR - AN_INSTANT, True), (4 * AN_HOUR, False), (A_DAY, False)],
)
def test_a_candidate_must_have_stood_in_the_environment_before_to_the_instant(at, blocked):
    assert reasons(baking(HERE, at=at)) == ([Reason.BAKE] if blocked else [])


def test_until_then_it_says_since_when_how_long_and_when_the_gate_opens():
    blocker = only(baking(HERE, at=AN_HOUR))
    assert str(blocker.why) == "It must stand in staging for 4 hours first; it came there 2026-11-23 10:00 UTC."
    assert str(blocker.step) == "Wait: it is left alone there until then."
    assert blocker.opens_at == NOW + 4 * AN_HOUR


def test_something_that_is_replaced_before_it_is_done_does_not_get_there_by_waiting():
    replaced = baking(came(41, AN_HOUR, OTHER), HERE, at=A_DAY)
    blocker = only(replaced)
    assert blocker.reason is Reason.BAKE
    assert blocker.opens_at is None
    assert "/rollback payments in staging to 2.4.0" in str(blocker.step)
    assert opens_by_itself(replaced) is None


def test_something_that_is_replaced_on_the_very_instant_at_which_it_is_done_is_done():
    assert gate(baking(came(41, 4 * AN_HOUR, OTHER), HERE, at=A_DAY)) == ()
    assert reasons(baking(came(41, 4 * AN_HOUR - AN_INSTANT, OTHER), HERE, at=A_DAY)) == [Reason.BAKE]


def test_something_that_is_replaced_right_now_is_left_alone_no_longer():
    assert only(baking(came(41, AN_HOUR, OTHER), HERE, at=AN_HOUR)).opens_at is None


def test_a_second_deployment_of_the_same_does_not_start_the_time_anew():
    again = came(40, 3 * AN_HOUR)
    assert gate(baking(again, HERE, at=4 * AN_HOUR)) == ()


def test_a_deployment_that_failed_in_between_changes_nothing():
    failed = replace(came(40, 3 * AN_HOUR, OTHER), attempt=Attempt.FAILED)
    assert gate(baking(failed, HERE, at=4 * AN_HOUR)) == ()


def test_once_it_is_back_there_the_time_starts_anew():
    back = came(42, 2 * AN_HOUR)
    these = baking(back, came(41, AN_HOUR, OTHER), HERE, at=3 * AN_HOUR)
    assert only(these).opens_at == NOW + 6 * AN_HOUR


def test_what_has_stood_there_for_long_enough_has_also_if_it_comes_there_once_more():
    back = came(42, 6 * AN_HOUR)
    assert gate(baking(back, came(41, 5 * AN_HOUR, OTHER), HERE, at=6 * AN_HOUR)) == ()


def test_it_may_be_brought_back_by_a_rollback_of_what_replaced_it():
    replacing = came(41, AN_HOUR, OTHER)
    back = came(42, 2 * AN_HOUR, kind=Kind.ROLLBACK, replaces=DeploymentId(41))
    assert only(baking(back, replacing, HERE, at=3 * AN_HOUR)).opens_at == NOW + 6 * AN_HOUR
    assert gate(baking(back, replacing, HERE, at=6 * AN_HOUR)) == ()


@pytest.mark.parametrize("stood", [AN_HOUR, 5 * AN_HOUR])
def test_what_was_rolled_back_there_has_not_been_there_however_long_it_stood(stood):
    back = came(41, stood, OTHER, kind=Kind.ROLLBACK, replaces=HERE.id)
    assert reasons(baking(back, HERE, at=A_DAY)) == [Reason.ORDER]


def test_where_others_came_in_between_that_were_not_read_nobody_knows_how_long_it_stood():
    """So busy an environment that only the newest of what came there is read: D-60 replaced D-59, and not D-39."""
    much_later = came(60, A_DAY, OTHER, replaces=DeploymentId(59))
    assert reasons(baking(much_later, HERE, at=2 * A_DAY)) == [Reason.BAKE]
    right_after = came(60, A_DAY, OTHER, replaces=HERE.id)
    assert gate(baking(right_after, HERE, at=2 * A_DAY)) == ()


def test_what_has_not_been_there_at_all_is_said_once():
    assert reasons(baking()) == [Reason.ORDER]


def test_an_outcome_that_was_never_noted_counts_from_its_confirmation():
    older = replace(HERE, ended_at=None)
    assert gate(baking(older, at=4 * AN_HOUR)) == ()


@pytest.mark.parametrize(
    "change",
    [a_change_type(bake={PRODUCTION: timedelta(0)}), a_change_type(keeps_order=False)],
    ids=["a type that needs none", "a type that any order suits"],
)
def test_a_change_type_may_ask_for_no_bake_time(change):
    these = replace(baking(HERE), change=change)
    assert gate(with_words(these, said(these, OMAR, QA), said(these, RUTH, CHANGE_MANAGER))) == ()


def test_each_environment_before_is_stood_in():
    canary = EnvironmentName("canary")
    production = an_environment(PRODUCTION, after=(STAGING, canary), bake=4 * AN_HOUR)
    there = replace(came(38, 2 * AN_HOUR), order=an_order(environment=canary))
    these = placed(baking(HERE, there, at=5 * AN_HOUR), production)
    assert [each.key for each in gate(these)] == ["bake:canary"]


# ---------------------------------------------------------------- allowed hours

OFFICE = Hours((Span(frozenset(range(5)), time(9), time(16)),), "Europe/Berlin")


def within(hours: Hours, at: datetime = NOW, **fields: Any) -> Facts:
    """R-12 may go to production in these hours only."""
    production = an_environment(PRODUCTION, after=(STAGING,), hours=hours)
    these = replace(placed(facts(**fields), production), now=at)
    return with_words(these, said(these, OMAR, QA), said(these, RUTH, CHANGE_MANAGER))


def test_outside_of_the_allowed_hours_it_says_which_they_are_and_when_the_gate_opens():
    assert gate(within(OFFICE)) == ()
    blocker = only(within(OFFICE, NOW + 5 * AN_HOUR))
    assert str(blocker.why) == "production may only be deployed to mon-fri 09:00-16:00 (Europe/Berlin)."
    assert str(blocker.step) == "Wait until then."
    assert blocker.opens_at == datetime(2026, 11, 24, 8, tzinfo=NOW.tzinfo)


def test_a_change_type_that_any_hour_suits_is_not_held_back():
    these = replace(within(OFFICE, NOW + 5 * AN_HOUR), change=a_change_type(any_hour=True))
    assert gate(with_words(these, said(these, OMAR, QA), said(these, RUTH, CHANGE_MANAGER))) == ()


def test_hours_that_never_come_open_nothing():
    these = within(Hours(()))
    assert only(these).opens_at is None
    assert opens_by_itself(these) is None


# ---------------------------------------------------------------- freezes and exceptions

END = a_freeze().window.ends_at
SOFT = a_freeze(window=a_window(hard=False))
ACKNOWLEDGES = a_change_type(freeze=FreezeMeaning.ACKNOWLEDGE)


def an_exception(freeze: Freeze | None = None, **fields: Any) -> FreezeException:
    """X-4: R-12 may pass that freeze until tomorrow."""
    plea = Plea((freeze or a_freeze()).id, ReleaseId(12), MAYA.id, NOW, "Refunds are broken")
    ready = FreezeException(ExceptionId(4), plea, granted=True, decided_by=RUTH.id, decided_at=NOW, ends_at=NOW + A_DAY)
    return replace(ready, **fields)


def frozen(*freezes: Freeze, change=None, **fields: Any) -> Facts:
    """Everything is done, and these freezes are there."""
    these = facts(**fields)
    these = replace(these, freezes=freezes, change=change or these.change)
    return with_words(these, said(these, OMAR, QA), said(these, RUTH, CHANGE_MANAGER))


@pytest.mark.parametrize(
    ("freeze", "change"), [(SOFT, None), (a_freeze(), ACKNOWLEDGES)], ids=["a soft one", "a type that acknowledges"]
)
def test_what_only_asks_for_care_is_acknowledged_by_whoever_may_deploy(freeze, change):
    service = a_service(rights={Right.DEPLOY: (RELEASE_MANAGER,)})
    blocker = only(frozen(freeze, change=change, service=service))
    assert str(blocker.why) == "F-3 asks for care in production until 2026-11-25 10:00 UTC: The annual sale"
    assert blocker.lifted_by == (AtRole(RELEASE_MANAGER),)
    assert "acknowledges it with /freeze except R-12 <reason>" in str(blocker.step)
    assert blocker.opens_at == END


def test_a_hard_one_is_lifted_by_its_owners_or_by_whoever_declared_it():
    assert only(frozen(a_freeze())).lifted_by == (At(MAYA.id),)
    assert only(frozen(a_freeze(owner=CHANGE_MANAGER))).lifted_by == (AtRole(CHANGE_MANAGER),)


@pytest.mark.parametrize("change", [None, ACKNOWLEDGES])
@pytest.mark.parametrize("freeze", [a_freeze(), SOFT], ids=["hard", "soft"])
def test_an_exception_lets_it_pass_until_its_last_instant(freeze, change):
    these = replace(frozen(freeze, change=change), exceptions=(an_exception(),))
    assert gate(these) == ()
    assert gate(replace(these, now=NOW + A_DAY - AN_INSTANT)) == ()
    assert reasons(replace(these, now=NOW + A_DAY)) == [Reason.FREEZE]


@pytest.mark.parametrize(
    "exception",
    [an_exception(granted=None), an_exception(granted=False), an_exception(a_freeze(4))],
    ids=["not decided", "refused", "from another freeze"],
)
def test_what_was_not_granted_for_this_freeze_lets_nothing_pass(exception):
    assert reasons(replace(frozen(a_freeze()), exceptions=(exception,))) == [Reason.FREEZE]


def test_of_two_freezes_an_exception_lifts_its_own():
    these = replace(frozen(a_freeze(3), a_freeze(4)), exceptions=(an_exception(a_freeze(4)),))
    assert [each.key for each in gate(these)] == ["freeze:F-3"]


@pytest.mark.parametrize("freeze", [a_freeze(), SOFT])
def test_a_type_for_which_freezes_make_room_passes_them(freeze):
    these = facts(change=HOTFIX, freezes=(freeze,))
    assert gate(with_words(these, said(these, OMAR, QA))) == ()


# ---------------------------------------------------------------- calendars that can't be read


def a_calendar(**fields: Any) -> CalendarSource:
    return replace(
        CalendarSource("holidays", "https://calendar.example.com/holidays.ics", owner=CHANGE_MANAGER), **fields
    )


def unread(*calendars: CalendarSource, change=None) -> Facts:
    these = frozen(change=change)
    return replace(these, unread=tuple((each, "It does not answer.") for each in calendars))


def test_a_calendar_that_should_block_and_can_not_be_read_blocks_and_nobody_knows_until_when():
    these = unread(a_calendar())
    blocker = only(these)
    assert blocker.reason is Reason.UNREADABLE
    assert str(blocker.why) == "The calendar holidays, which may hold a freeze, can't be read: It does not answer."
    assert blocker.lifted_by == (AtRole(CHANGE_MANAGER),)
    assert opens_by_itself(these) is None


@pytest.mark.parametrize(
    ("calendar", "change"),
    [
        (a_calendar(hard=False), None),
        (a_calendar(scope=FreezeScope(environments=frozenset({STAGING}))), None),
        (a_calendar(scope=FreezeScope(services=frozenset({"refunds"}))), None),
        (a_calendar(scope=FreezeScope(change_types=frozenset({HOTFIX}))), None),
        (a_calendar(), ACKNOWLEDGES),
        (a_calendar(), a_change_type(freeze=FreezeMeaning.PASSES)),
    ],
    ids=["a soft one", "of another place", "of another service", "of another type", "acknowledged", "passed"],
)
def test_a_calendar_that_would_only_ask_for_care_or_is_for_others_does_not_block(calendar, change):
    assert gate(unread(calendar, change=change)) == ()


def test_two_calendars_are_told_apart():
    assert keys(unread(a_calendar(), a_calendar(name="sales"))) == {
        "unreadable:calendar holidays",
        "unreadable:calendar sales",
    }


# ---------------------------------------------------------------- approvals that expire


def lasting(lasts: timedelta, at: timedelta) -> Facts:
    these = frozen(change=a_change_type(approvals_last=lasts))
    return replace(these, now=NOW + at)


def test_an_approval_that_has_expired_says_whose_it_was():
    assert gate(lasting(A_DAY, A_DAY - AN_INSTANT)) == ()
    assert words(lasting(A_DAY, A_DAY)) == [
        "The approval of @U0OMAR as @qa has expired; 1 more needed.",
        "The approval of @U0RUTH as @change-manager has expired; 1 more needed.",
    ]


# ---------------------------------------------------------------- when it opens by itself


def test_an_open_gate_is_open_now():
    assert opens_by_itself(facts()) == NOW


def test_a_freeze_that_ends_at_night_opens_the_gate_in_the_morning():
    late = a_freeze(window=a_window(ends_at=datetime(2026, 11, 24, 22, tzinfo=NOW.tzinfo)))
    these = replace(within(OFFICE), freezes=(late,))
    assert opens_by_itself(these) == datetime(2026, 11, 25, 8, tzinfo=NOW.tzinfo)


def test_of_bake_time_and_a_freeze_the_later_one_opens_it():
    these = replace(baking(HERE, at=AN_HOUR), freezes=(a_freeze(),))
    assert opens_by_itself(these) == END
    short = a_freeze(window=a_window(ends_at=NOW + 2 * AN_HOUR))
    assert opens_by_itself(replace(these, freezes=(short,))) == NOW + 4 * AN_HOUR


def test_a_freeze_that_begins_meanwhile_is_waited_for_too():
    first = a_freeze(3, window=a_window(ends_at=NOW + A_DAY))
    second = a_freeze(4, window=a_window(starts_at=NOW + A_DAY / 2, ends_at=NOW + 2 * A_DAY))
    assert opens_by_itself(frozen(first, second)) == NOW + 2 * A_DAY


def test_an_exception_that_is_over_meanwhile_does_not_help():
    short = a_freeze(3, window=a_window(ends_at=NOW + 3 * AN_HOUR))
    long = a_freeze(4, window=a_window(ends_at=NOW + 2 * A_DAY))
    passes = an_exception(long, ends_at=NOW + 2 * AN_HOUR)
    assert opens_by_itself(replace(frozen(short, long), exceptions=(passes,))) == NOW + 2 * A_DAY
    assert opens_by_itself(replace(frozen(short, long), exceptions=(an_exception(long),))) == NOW + 3 * AN_HOUR


def test_an_approval_that_expires_before_then_keeps_it_shut():
    these = replace(lasting(A_DAY, timedelta(0)), freezes=(a_freeze(),))
    assert opens_by_itself(these) is None
    assert opens_by_itself(replace(lasting(3 * A_DAY, timedelta(0)), freezes=(a_freeze(),))) == END


def test_hours_and_freezes_that_never_leave_room_never_open():
    """Deployed to on Mondays only, and frozen on every one of them."""
    mondays = Hours((Span(frozenset({0}), time(9), time(16)),), "UTC")
    frozen_mondays = tuple(
        a_freeze(
            number,
            window=a_window(starts_at=NOW + number * 7 * A_DAY - A_DAY, ends_at=NOW + number * 7 * A_DAY + A_DAY),
        )
        for number in range(5)
    )
    after = datetime(2026, 12, 28, 9, tzinfo=NOW.tzinfo)
    assert opens_by_itself(replace(within(mondays), freezes=frozen_mondays)) == after


@pytest.mark.parametrize(
    "these",
    [
        facts(deployments=(), freezes=(a_freeze(),)),
        facts(release=a_release(verdicts=APPROVED), freezes=(a_freeze(),)),
        facts(dependencies={ReleaseId(7): False}),
        facts(release=a_release(cancelled=Ending(MAYA.id, NOW))),
    ],
    ids=["staging first", "a line to tick", "another release", "it has ended"],
)
def test_what_somebody_has_to_do_is_not_done_by_waiting(these):
    assert opens_by_itself(these) is None


# ---------------------------------------------------------------- for any facts whatever

PEOPLE = [OMAR, RUTH, INES, BEN, MAYA]
ASKED = [QA, CHANGE_MANAGER, ON_CALL]
offsets = st.sampled_from([-48, -30, -5, -4, -1, 0, 1, 3, 30]).map(lambda each: each * AN_HOUR)

change_types = st.builds(
    lambda approvals, before, **fields: a_change_type(
        approvals={PRODUCTION: tuple(ApprovalRule(role, quorum) for role, quorum in approvals.items())},
        checklist_before=None if before else frozenset(),
        **fields,
    ),
    st.dictionaries(st.sampled_from(ASKED), st.integers(1, 2), max_size=3),
    before=st.booleans(),
    freeze=st.sampled_from(list(FreezeMeaning)),
    keeps_order=st.booleans(),
    requester_may_approve=st.booleans(),
    author_may_approve=st.booleans(),
    any_hour=st.booleans(),
    bake=st.sampled_from([{}, {PRODUCTION: timedelta(0)}, {PRODUCTION: A_DAY}]),
    approvals_last=st.just(None),
)
expiring = st.builds(
    lambda change, lasts: replace(change, approvals_last=lasts),
    change_types,
    st.sampled_from([None, 6 * AN_HOUR, 2 * A_DAY]),
)
environments = st.builds(
    lambda hours, bake: an_environment(PRODUCTION, after=(STAGING,), hours=hours, bake=bake),
    st.sampled_from(
        [None, OFFICE, Hours((Span(frozenset({5, 6}), time(22), time(2)),), "America/New_York"), Hours(())]
    ),
    st.sampled_from([timedelta(0), 4 * AN_HOUR]),
)
memberships = st.fixed_dictionaries(
    {role: st.frozensets(st.sampled_from([each.id for each in PEOPLE])) for role in ASKED}
)
some_roles = st.builds(lambda members: Roles({**HELD, **members}), memberships)
histories = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=4).map(
    lambda found: tuple(
        came(
            30 + number,
            (number - len(found)) * 3 * AN_HOUR,
            a_candidate() if ours else OTHER,
            kind=Kind.ROLLBACK if back else Kind.DEPLOY,
            replaces=DeploymentId(29 + number) if number else None,
        )
        for number, (ours, back) in reversed(list(enumerate(found)))
    )
)
freezes = st.lists(
    st.builds(
        lambda start, length, hard: a_window(starts_at=NOW + start, ends_at=NOW + start + length, hard=hard),
        offsets,
        st.sampled_from([AN_HOUR, 6 * AN_HOUR, 3 * A_DAY]),
        st.booleans(),
    ),
    max_size=3,
).map(lambda found: tuple(a_freeze(number, window=each) for number, each in enumerate(found, start=1)))
granted = st.lists(
    st.builds(
        lambda freeze, answer, end: an_exception(a_freeze(freeze), granted=answer, ends_at=NOW + end),
        st.integers(1, 3),
        st.sampled_from([True, False, None]),
        offsets,
    ),
    max_size=2,
).map(tuple)
checklists = st.tuples(st.booleans(), st.booleans(), st.booleans()).map(
    lambda done: tuple(
        item.ticked(MAYA.id, NOW) if ticked else item for item, ticked in zip(fresh(CHECKLIST), done, strict=True)
    )
)
bare = st.builds(
    Facts,
    release=st.builds(lambda items: a_release(checklist=items), checklists),
    service=st.just(a_service()),
    environment=st.just(an_environment(PRODUCTION, after=(STAGING,))),
    change=expiring,
    roles=some_roles,
    now=st.just(NOW),
    deployments=histories,
    freezes=freezes,
    dependencies=st.dictionaries(st.sampled_from([ReleaseId(7), ReleaseId(8)]), st.booleans()),
    exceptions=granted,
    unread=st.lists(
        st.sampled_from([a_calendar(), a_calendar(name="sales", hard=False)]), unique_by=id, max_size=2
    ).map(lambda found: tuple((each, "It does not answer.") for each in found)),
)
SPEAKERS = [*((each, None) for each in PEOPLE), (INES, RUTH), (OMAR, BEN), (BEN, MAYA)]
"""Everybody in their own name, and some in somebody's place."""


def one_word_each(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without the words of those who have spoken, or for whom somebody has: the verbs let nobody do that."""
    spoken: set[Person] = set()
    kept = []
    for each in found:
        speakers = {who for who in each[0] if who is not None}
        if not speakers & spoken:
            kept.append(each)
            spoken |= speakers
    return kept


some_words = st.lists(
    st.tuples(
        st.sampled_from(SPEAKERS),
        st.sampled_from(ASKED),
        st.sampled_from([Word.YES, Word.YES, Word.YES, Word.NO]),
        offsets.filter(lambda each: each <= timedelta(0)),
    ),
    max_size=6,
).map(one_word_each)
some_facts = st.builds(
    lambda these, words: with_words(
        these, *(said(these, who[0], role, word, at=NOW + at, place_of=who[1]) for who, role, word, at in words)
    ),
    bare,
    some_words,
)


@UNHURRIED
@given(some_facts)
def test_the_same_question_twice_has_the_same_answer(these):
    assert gate(these) == gate(replace(these))


@UNHURRIED
@given(these=some_facts, number=st.integers(1, 10_000))
def test_two_releases_of_which_the_same_is_true_have_the_same_answer(these, number):
    other = replace(these, release=replace(these.release, id=ReleaseId(number), revision=7))
    told = [(each.key, each.lifted_by, each.opens_at) for each in gate(these)]
    assert told == [(each.key, each.lifted_by, each.opens_at) for each in gate(other)]
    assert opens_by_itself(these) == opens_by_itself(other)


@UNHURRIED
@given(some_facts)
def test_no_two_blockers_of_an_environment_have_the_same_name(these):
    assert len(keys(these)) == len(gate(these))


@UNHURRIED
@given(some_facts)
def test_every_blocker_says_what_to_do_next_and_opens_in_the_future_if_at_all(these):
    for blocker in gate(these):
        assert blocker.step is not None
        assert blocker.opens_at is None or blocker.opens_at > these.now


@UNHURRIED
@given(some_facts)
def test_an_approval_that_was_missing_never_adds_a_blocker(these):
    spoken = {who for each in these.release.verdicts for who in each.speakers}
    for tally in these.tallies:
        for person in PEOPLE:
            if tally.missing and person.id not in spoken and these.roles.hold(person.id, tally.rule.role):
                more = said(these, person, tally.rule.role)
                assert keys(with_words(these, *these.release.verdicts, more)) <= keys(these)


@UNHURRIED
@given(these=some_facts, lost=st.sampled_from(PEOPLE), role=st.sampled_from(ASKED))
def test_losing_a_person_never_removes_a_blocker(these, lost, role):
    members = {**these.roles.members, role: these.roles.members[role] - {lost.id}}
    assert keys(these) <= keys(replace(these, roles=replace(these.roles, members=members)))


@UNHURRIED
@given(these=some_facts, role=st.sampled_from(ASKED))
def test_losing_a_group_never_removes_a_blocker(these, role):
    members = {name: people for name, people in these.roles.members.items() if name != role}
    assert keys(these) <= keys(replace(these, roles=Roles(members, {role: "Slack did not answer."})))


@UNHURRIED
@given(these=some_facts, which=st.integers(1, 3))
def test_granting_an_exception_never_adds_a_blocker(these, which):
    more = an_exception(a_freeze(which))
    assert keys(replace(these, exceptions=(*these.exceptions, more))) <= keys(these)


@UNHURRIED
@given(these=some_facts, ended=st.sampled_from([NOW - AN_HOUR, NOW, NOW + AN_HOUR]))
def test_ending_a_freeze_never_adds_a_blocker(these, ended):
    for freeze in these.freezes:
        fewer = tuple(replace(each, ended_at=ended) if each is freeze else each for each in these.freezes)
        assert keys(replace(these, freezes=fewer)) <= keys(these)


@UNHURRIED
@given(some_facts)
def test_ticking_a_line_never_adds_a_blocker(these):
    for item in left_to_do(these.release.checklist):
        ticked = these.release.with_item(item.ticked(MAYA.id, NOW))
        assert keys(replace(these, release=ticked)) <= keys(these)


@UNHURRIED
@given(these=some_facts, part=st.floats(0, 1))
def test_what_ends_by_itself_ends_at_the_moment_that_was_told_and_not_before(these, part):
    for blocker in gate(these):
        if blocker.opens_at is None:
            continue
        on_the_way = these.now + part * (blocker.opens_at - AN_INSTANT - these.now)
        for moment in (on_the_way, blocker.opens_at - AN_INSTANT):
            assert blocker.key in keys(replace(these, now=moment))
        assert blocker.key not in keys(replace(these, now=blocker.opens_at))


@UNHURRIED
@given(these=some_facts, waits=st.lists(st.floats(0, 30 * 24), max_size=5))
def test_the_gate_opens_by_itself_at_that_moment_and_at_no_other_before(these, waits):
    opens = opens_by_itself(these)
    later = [these.now, *(these.now + wait * AN_HOUR for wait in waits)]
    if opens is not None:
        assert gate(replace(these, now=opens)) == ()
        later = [each for each in (*later, opens - AN_INSTANT) if these.now <= each < opens]
    for moment in later:
        assert gate(replace(these, now=moment))


@UNHURRIED
@given(these=some_facts, one=change_types, other=change_types)
def test_rules_that_ask_for_more_never_have_fewer_blockers_on_the_same_facts(these, one, other):
    """Also if what was said was said under the one or the other of them."""
    lenient, strict = (replace(these, change=each) for each in (one, other))
    assert lenient.proposal is not None
    assert strict.proposal is not None
    if lenient.proposal.terms.ask_for_more_than(strict.proposal.terms):
        return
    words = these.release.verdicts
    for at_the_time in (lenient, strict):
        proposal = at_the_time.proposal
        assert proposal is not None
        then = tuple(replace(each, seal=proposal.seal, terms=proposal.terms) for each in words)
        assert keys(with_words(lenient, *then)) <= keys(with_words(strict, *then))
