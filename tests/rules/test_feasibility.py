"""Can it be met at all? What nobody can do is found, with those who are lacking, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.approval import Verdict
from bot.rules.candidate import Candidate
from bot.rules.checklist import fresh
from bot.rules.deployment import Attempt
from bot.rules.feasibility import Impossible, circles, in_a_circle, unmet, unmet_for
from bot.rules.gate import Facts
from bot.rules.people import Person, PersonId, RoleName, Roles
from bot.rules.policy import (
    ApprovalRule,
    CalendarSource,
    Catalogue,
    ChangeType,
    EnvironmentName,
    ItemRule,
    ReviewRules,
    Right,
    Service,
    ServiceName,
)
from bot.rules.release import Ending, Release, ReleaseId
from tests.makers import (
    FEATURE,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_catalogue,
    a_change_type,
    a_deployment,
    a_plan,
    a_release,
    a_service,
)
from tests.people import (
    BEN,
    CHANGE_MANAGER,
    DEVELOPER,
    HELD,
    INES,
    MAYA,
    OMAR,
    ON_CALL,
    QA,
    RELEASE_MANAGER,
    RUTH,
    roles,
)
from tests.rules.test_gate_more import said

UNHURRIED = settings(deadline=None)
"""A busy machine is no failure."""


def agreed(*, service: dict[str, Any] | None = None, **change: Any) -> Catalogue:
    """A catalogue with one change type and one service."""
    return a_catalogue(
        services={PAYMENTS: a_service(**(service or {}))},
        change_types={FEATURE: a_change_type(**{"checklist": (), **change})},
    )


def told(found: tuple[Impossible, ...]) -> list[str]:
    return [str(each.why) for each in found]


def causes(found: tuple[Impossible, ...], what: str = "No Feature of Payments can get through") -> list[str]:
    """What they all say can't be done, for these reasons."""
    assert all(each.startswith(f"{what}: ") for each in told(found)), told(found)
    return [each.removeprefix(f"{what}: ") for each in told(found)]


def away(*people: Person, held: Roles | None = None, **stand_ins: tuple[Person, Person]) -> Roles:
    """These people are away; `qa=(Ines, Omar)`: Ines stands in for Omar."""
    return replace(
        held or roles(),
        away=frozenset(each.id for each in people),
        stand_ins={RoleName(role.replace("_", "-")): {one.id: two.id} for role, (one, two) in stand_ins.items()},
    )


def without(role: RoleName, problem: str = "Slack did not answer.") -> Roles:
    """That role can't be looked up."""
    return Roles({name: people for name, people in HELD.items() if name != role}, {role: problem})


# ---------------------------------------------------------------- what is agreed


def test_where_everybody_is_in_their_role_everything_can_be_met():
    assert unmet(a_catalogue(), roles()) == ()


TWO = "it takes 2 different people (1 of change-manager and 1 of qa)"


@pytest.mark.parametrize(
    ("story", "held", "cause", "step"),
    [
        (
            "nobody is in it",
            roles(qa=set()),
            "there is nobody in qa.",
            "Put somebody into qa, or ask for another role in the catalogue.",
        ),
        (
            "it can't be looked up",
            without(QA),
            "I can't look up who is in qa (Slack did not answer.)",
            "Look whether its user group is still there, and whether I may read it.",
        ),
        (
            "everybody is away",
            away(OMAR),
            "it takes 1 of qa, but @U0OMAR is away.",
            "Have somebody stand in with /release away @who until <time> with @stand-in.",
        ),
        (
            "one person would have to be both",
            roles(qa={OMAR}, change_manager={OMAR}),
            f"{TWO}, but there is only @U0OMAR.",
            "Put more people into change-manager and qa, or ask for less in the catalogue.",
        ),
        (
            "a stand-in would have to be both",
            away(RUTH, qa=(INES, RUTH), held=roles(qa={RUTH}, change_manager={INES})),
            f"{TWO}, but there is only @U0INES and @U0RUTH is away.",
            "Have somebody stand in with /release away @who until <time> with @stand-in.",
        ),
    ],
)
def test_a_change_that_nobody_can_approve_is_found_with_those_who_are_lacking(story, held, cause, step):
    (found,) = unmet(agreed(), held)
    assert causes((found,)) == [cause], story
    assert str(found.step) == step
    assert found.key == "change feature/payments"


def test_somebody_who_stands_in_is_enough():
    assert unmet(agreed(), away(OMAR, qa=(INES, OMAR))) == ()


def test_a_quorum_needs_as_many_people():
    two = agreed(approvals={PRODUCTION: (ApprovalRule(QA, 2),)})
    assert causes(unmet(two, roles())) == ["it takes 2 of qa, but there is only @U0OMAR."]
    assert causes(unmet(two, away(INES, held=roles(qa={OMAR, INES})))) == [
        "it takes 2 of qa, but there is only @U0OMAR and @U0INES is away."
    ]
    assert unmet(two, roles(qa={OMAR, INES})) == ()


def test_of_many_roles_only_those_that_compete_are_named():
    three = agreed(approvals={PRODUCTION: tuple(map(ApprovalRule, (QA, CHANGE_MANAGER, ON_CALL)))})
    held = roles(qa={OMAR, RUTH}, change_manager={RUTH}, on_call={RUTH})
    assert causes(unmet(three, held)) == [
        "it takes 2 different people (1 of change-manager and 1 of on-call), but there is only @U0RUTH."
    ]


def test_one_person_fills_one_role_over_all_environments():
    held = roles(qa={OMAR}, change_manager={OMAR})
    everywhere = agreed(approvals={STAGING: (ApprovalRule(QA),), PRODUCTION: (ApprovalRule(CHANGE_MANAGER),)})
    assert "but there is only @U0OMAR" in told(unmet(everywhere, held))[0]
    the_same = agreed(approvals={STAGING: (ApprovalRule(QA),), PRODUCTION: (ApprovalRule(QA),)})
    assert unmet(the_same, held) == ()


def test_an_environment_that_a_service_does_not_have_asks_for_nobody():
    assert unmet(agreed(approvals={EnvironmentName("moon"): (ApprovalRule(QA),)}), roles(qa=set())) == ()


def test_services_whose_rules_come_to_the_same_are_told_of_together():
    refunds = ServiceName("refunds")
    services = {PAYMENTS: a_service(), refunds: a_service(refunds)}
    catalogue = a_catalogue(services=services, change_types={FEATURE: a_change_type(checklist=())})
    (found,) = unmet(catalogue, roles(qa=set()))
    assert str(found.why) == "No Feature of Payments and Refunds can get through: there is nobody in qa."


DEPLOYERS = {"rights": {Right.DEPLOY: (RELEASE_MANAGER,)}}


def test_whoever_starts_it_may_have_to_be_somebody_who_has_not_approved_it():
    apart = agreed(service=DEPLOYERS, approver_may_confirm=False)
    assert unmet(apart, roles()) == ()
    assert causes(unmet(apart, roles(release_manager={OMAR}))) == [
        "it takes 2 different people (1 of qa and 1 of release-manager), but there is only @U0OMAR."
    ]
    ships = agreed(service=DEPLOYERS, approver_may_confirm=False, ships_itself=frozenset({STAGING, PRODUCTION}))
    assert unmet(ships, roles(release_manager={OMAR})) == ()


@pytest.mark.parametrize(
    ("right", "doing"),
    [
        (Right.PLAN, "plan a release of"),
        (Right.DEPLOY, "deploy"),
        (Right.ROLL_BACK, "roll back"),
        (Right.LAUNCH, "launch"),
        (Right.BREAK_GLASS, "break the glass for"),
    ],
)
def test_a_right_that_nobody_has_is_found(right, doing):
    reserved = agreed(service={"rights": {right: (ON_CALL, DEVELOPER)}})
    held = roles(on_call=set(), developer=set())
    assert told(unmet(reserved, held)) == [f"Nobody can {doing} Payments: there is nobody in on-call and developer."]
    assert unmet(reserved, roles(on_call=set())) == ()
    assert unmet(agreed(service={"rights": {}}), held) == ()


def test_whoever_may_break_the_glass_needs_somebody_else_to_review_that():
    lonely = replace(agreed(service={"rights": {Right.BREAK_GLASS: (ON_CALL,)}}), owners=RELEASE_MANAGER)
    assert unmet(lonely, roles()) == ()
    (found,) = unmet(lonely, roles(on_call={MAYA, INES}))
    assert str(found.why) == (
        "Nobody can review it if @U0MAYA breaks the glass: it takes 1 of release-manager, but @U0MAYA may not, since "
        "it is their own change."
    )
    others = replace(lonely, reviews=ReviewRules(by=QA))
    assert unmet(others, roles(on_call={MAYA, INES})) == ()


def test_where_it_takes_two_to_deploy_one_is_not_enough():
    assert unmet(agreed(service=DEPLOYERS), roles()) == ()
    for two in (agreed(service={**DEPLOYERS, "two_people": True}), agreed(service=DEPLOYERS, two_people=True)):
        assert told(unmet(two, roles())) == [
            "Nobody can deploy Payments: it takes 2 of release-manager, but there is only @U0MAYA."
        ]
        assert unmet(two, roles(release_manager={MAYA, INES})) == ()


def test_freezes_that_nobody_can_declare_and_a_catalogue_without_owners_are_found():
    lonely = replace(agreed(), freeze_rights=(ON_CALL,), owners=DEVELOPER)
    assert told(unmet(lonely, roles(on_call=set(), developer=set()))) == [
        "Nobody can declare, extend or end a freeze: there is nobody in on-call.",
        "Nobody hears what is wrong with the catalogue: there is nobody in developer.",
    ]


def test_required_lines_that_nobody_can_tick_are_found_by_their_owner():
    lines = (
        ItemRule("load", "It holds the load", DEVELOPER),
        ItemRule("undo", "It can be undone", DEVELOPER),
        ItemRule("poster", "There is a poster", DEVELOPER, required=False),
        ItemRule("ci", "Tests are green", DEVELOPER, check="ci"),
        ItemRule("anybody", "Somebody has looked", None),
    )
    held = roles(developer=set())
    (found,) = unmet(agreed(checklist=lines), held)
    assert str(found.why) == (
        "Nobody can tick “It holds the load” and “It can be undone” on the checklist: there is nobody in developer."
    )
    assert unmet(agreed(checklist=lines, checklist_before=frozenset()), held) == ()


def test_hard_freezes_from_whose_owners_nobody_can_have_an_exception_are_found():
    hard = CalendarSource("holidays", "/srv/holidays.ics", owner=DEVELOPER)
    soft, mine = replace(hard, name="lunch", hard=False), replace(hard, name="mine", owner=None)
    assert told(unmet(replace(agreed(), calendars=(hard, soft, mine)), roles(developer=set()))) == [
        "Nobody can let anything pass the freezes of holidays: there is nobody in developer."
    ]


def test_a_finding_is_the_same_as_long_as_its_cause_is_whoever_is_concerned():
    two = agreed(approvals={PRODUCTION: (ApprovalRule(QA, 3),)})
    (one,), (other,) = unmet(two, roles()), unmet(two, roles(qa={RUTH}))
    assert one.kind == other.kind
    (gone,) = unmet(two, roles(qa=set()))
    assert (gone.key, gone.kind != one.kind) == (one.key, True)


# ---------------------------------------------------------------- what is planned


def planned(
    *, service: dict[str, Any] | None = None, held: Roles | None = None, release: Release | None = None, **change: Any
) -> tuple[Facts, ...]:
    """R-12 as it is seen from staging and from production."""
    payments = a_service(**(service or {}))
    return tuple(
        Facts(
            release or a_release(checklist=()),
            payments,
            environment,
            a_change_type(**{"checklist": (), **change}),
            held or roles(),
            NOW,
        )
        for environment in payments.environments
    )


def with_words(these: tuple[Facts, ...], *words: tuple[EnvironmentName, Person, RoleName]) -> tuple[Facts, ...]:
    """The same once these people have said yes."""
    by_name = {each.environment.name: each for each in these}
    verdicts: tuple[Verdict, ...] = tuple(said(by_name[place], who, role) for place, who, role in words)
    return tuple(replace(each, release=replace(each.release, verdicts=verdicts)) for each in these)


def test_a_release_for_which_there_is_somebody_can_be_met():
    assert unmet_for(planned()) == ()


@pytest.mark.parametrize(
    ("story", "these", "what", "cause"),
    [
        (
            "the only tester wrote it",
            planned(held=roles(qa={BEN})),
            "R-12 can't be approved",
            "it takes 1 of qa, but @U0BEN may not, since it is their own change.",
        ),
        (
            "the only tester planned it",
            planned(held=roles(qa={MAYA})),
            "R-12 can't be approved",
            "it takes 1 of qa, but @U0MAYA may not, since it is their own change.",
        ),
        (
            "one planned it and the other is away",
            planned(held=away(OMAR, held=roles(qa={MAYA, OMAR}))),
            "R-12 can't be approved",
            "it takes 1 of qa, but @U0OMAR is away and @U0MAYA may not, since it is their own change.",
        ),
        (
            "there is nobody",
            planned(held=roles(qa=set())),
            "R-12 can't be approved",
            "there is nobody in qa.",
        ),
        (
            "no commit is known yet, and the only tester planned it",
            planned(held=roles(qa={MAYA}), release=a_release(candidate=None, checklist=())),
            "R-12 can't be approved",
            "it takes 1 of qa, but @U0MAYA may not, since it is their own change.",
        ),
        (
            "the only one who deploys planned it",
            planned(service=DEPLOYERS, requester_may_confirm=False, approvals={PRODUCTION: ()})[1:],
            "R-12 can't be started in production",
            "it takes 1 of release-manager, but @U0MAYA may not, since it is their own change.",
        ),
        (
            "the only one who deploys wrote it",
            planned(service=DEPLOYERS, held=roles(release_manager={BEN}), author_may_confirm=False)[1:],
            "R-12 can't be started in production",
            "it takes 1 of release-manager, but @U0BEN may not, since it is their own change.",
        ),
        (
            "it takes two, and there is one",
            planned(service=DEPLOYERS, two_people=True)[1:],
            "R-12 can't be started in production",
            "it takes 2 of release-manager, but there is only @U0MAYA.",
        ),
        (
            "whoever starts it would have to approve it",
            planned(service=DEPLOYERS, held=roles(release_manager={OMAR}), approver_may_confirm=False)[1:],
            "R-12 can't be approved and started by different people",
            "it takes 2 different people (1 of qa and 1 of release-manager), but there is only @U0OMAR.",
        ),
        (
            "nobody can tick a line",
            planned(
                held=roles(developer=set()), release=a_release(checklist=fresh([ItemRule("x", "It is", DEVELOPER)]))
            ),
            "Nobody can tick “It is” on the checklist",
            "there is nobody in developer.",
        ),
    ],
)
def test_a_release_that_nobody_can_bring_there_is_found(story, these, what, cause):
    assert causes(unmet_for(these), what) == [cause], story


@pytest.mark.parametrize(
    "change",
    [{"requester_may_approve": True, "author_may_approve": True}, {"approvals": {}}],
    ids=["one's own word counts", "nobody's word is asked for"],
)
def test_where_the_rules_allow_it_ones_own_change_is_no_obstacle(change):
    assert unmet_for(planned(held=roles(qa={MAYA, BEN}), **change)) == ()


def test_whoever_has_spoken_in_one_role_is_no_help_in_another():
    both = planned(held=roles(qa={OMAR, INES}, change_manager={OMAR}))
    assert unmet_for(both) == ()
    assert told(unmet_for(with_words(both, (PRODUCTION, OMAR, QA)))) == [
        "R-12 can't be approved: it takes 1 of change-manager, but @U0OMAR may not, having spoken on it already."
    ]


def test_whoever_has_spoken_for_one_environment_can_do_so_for_the_next():
    everywhere = planned(approvals={STAGING: (ApprovalRule(QA),), PRODUCTION: (ApprovalRule(QA),)})
    assert unmet_for(with_words(everywhere, (STAGING, OMAR, QA))) == ()


def test_what_has_been_approved_already_needs_nobody():
    done = with_words(planned(), (PRODUCTION, OMAR, QA), (PRODUCTION, RUTH, CHANGE_MANAGER))
    gone = tuple(replace(each, roles=away(OMAR, RUTH)) for each in done)
    assert unmet_for(gone) == ()


def test_whoever_approved_it_may_not_start_it_where_that_is_to_be_another():
    apart = planned(service=DEPLOYERS, held=roles(release_manager={OMAR, INES}), approver_may_confirm=False)[1:]
    assert unmet_for(apart) == ()
    spoken = with_words(apart, (PRODUCTION, OMAR, QA), (PRODUCTION, RUTH, CHANGE_MANAGER))
    assert unmet_for(spoken) == ()
    alone = tuple(replace(each, roles=away(INES, held=each.roles)) for each in spoken)
    why = "it takes 1 of release-manager, but @U0INES is away and @U0OMAR may not, having spoken on it already."
    assert told(unmet_for(alone)) == [f"R-12 can't be started in production: {why}"]


def test_where_it_stands_already_nothing_more_is_needed():
    these = planned(held=roles(qa=set()))
    there = tuple(replace(each, deployments=(a_deployment(40, Attempt.SUCCEEDED),)) for each in these)
    assert unmet_for(there) == ()


def test_a_release_that_has_ended_needs_nobody():
    over = a_release(cancelled=Ending(MAYA.id, NOW), checklist=())
    assert unmet_for(planned(held=roles(qa=set()), release=over)) == ()


def test_a_release_that_waits_for_one_that_was_given_up_is_found():
    waits = tuple(replace(each, dependencies={ReleaseId(7): False}) for each in planned())
    given_up = a_release(7, cancelled=Ending(MAYA.id, NOW))
    (found,) = unmet_for(waits, [given_up])
    assert str(found.why) == "R-12 waits for R-7, which was cancelled."
    assert str(found.step) == "Take it out of the plan with /release edit R-12."
    assert unmet_for(waits, [a_release(7)]) == ()
    there = tuple(replace(each, dependencies={ReleaseId(7): True}) for each in waits)
    assert unmet_for(there, [given_up]) == ()


# ---------------------------------------------------------------- releases that wait for each other


def waiting(**for_others: list[int]) -> list[Release]:
    """`r1=[2]`: R-1 depends on R-2."""
    return [
        a_release(int(name[1:]), plan=a_plan(depends_on=tuple(map(ReleaseId, others))))
        for name, others in for_others.items()
    ]


@pytest.mark.parametrize(
    ("releases", "found"),
    [
        (waiting(r1=[2], r2=[3], r3=[]), []),
        (waiting(r1=[2], r2=[1]), [{1, 2}]),
        (waiting(r1=[2], r2=[3], r3=[1], r4=[1]), [{1, 2, 3}]),
        (waiting(r1=[2], r2=[1], r3=[4], r4=[3]), [{1, 2}, {3, 4}]),
        (waiting(r1=[9]), []),
        ([*waiting(r1=[2]), a_release(2, plan=a_plan(depends_on=(ReleaseId(1),)), launched=Ending(MAYA.id, NOW))], []),
    ],
    ids=[
        "in a row",
        "two",
        "three and one who waits for them",
        "two twos",
        "for one that is not open",
        "for one launched",
    ],
)
def test_open_releases_that_wait_for_each_other_are_found(releases, found):
    assert [set(each) for each in circles(releases)] == found


def test_each_of_a_circle_hears_how_it_waits_for_itself():
    (circle,) = circles(waiting(r1=[2], r2=[3], r3=[1]))
    assert str(in_a_circle(ReleaseId(2), circle).why) == "R-2 waits for itself: R-2 → R-3 → R-1 → R-2."
    assert "/release edit R-2" in str(in_a_circle(ReleaseId(2), circle).step)


graphs = st.dictionaries(st.integers(1, 6), st.lists(st.integers(1, 6), unique=True, max_size=3), max_size=6)


@given(graphs)
def test_a_circle_is_found_exactly_if_there_is_one(graph):
    releases = waiting(**{f"r{name}": others for name, others in graph.items()})
    found = circles(releases)
    for circle in found:
        for one, other in zip(circle, (*circle[1:], circle[0]), strict=True):
            assert other in graph[one]
    left = {name: set(others) & graph.keys() for name, others in graph.items()}
    while any(not others for others in left.values()):
        done = {name for name, others in left.items() if not others}
        left = {name: others - done for name, others in left.items() if name not in done}
    assert bool(found) is bool(left)
    assert sorted(each for circle in found for each in circle) == sorted({each for circle in found for each in circle})


# ---------------------------------------------------------------- against trying all ways

PEOPLE = [PersonId(f"U{number}") for number in range(5)]
ASKED = [QA, CHANGE_MANAGER, ON_CALL]
some_people = st.frozensets(st.sampled_from(PEOPLE))
worlds = st.builds(
    lambda members, gone, covered: _with_stand_ins(
        Roles({RELEASE_MANAGER: frozenset({MAYA.id}), **members}, away=gone), covered
    ),
    st.fixed_dictionaries(dict.fromkeys(ASKED, some_people)),
    st.frozensets(st.sampled_from(PEOPLE), max_size=2),
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), max_size=2),
)
quorums = st.dictionaries(st.sampled_from(ASKED), st.integers(1, 2), max_size=3)


def _with_stand_ins(held: Roles, covered: dict[PersonId, PersonId]) -> Roles:
    """Some of those who are away have somebody who stands in for them."""
    stand_ins: dict[RoleName, dict[PersonId, PersonId]] = {}
    for principal, other in covered.items():
        for role, people in held.members.items():
            if principal in held.away & people and other not in people:
                stand_ins.setdefault(role, {}).setdefault(other, principal)
    return replace(held, stand_ins=stand_ins)


def rules(asked: dict[RoleName, int]) -> tuple[ApprovalRule, ...]:
    return tuple(ApprovalRule(role, quorum) for role, quorum in asked.items())


def ways_to_speak(held: Roles) -> Iterator[dict[PersonId, RoleName | None]]:
    """Every way in which those who are there can each speak in one role, or in none."""
    people = [each for each in PEOPLE if each not in held.away]
    for chosen in product([None, *ASKED], repeat=len(people)):
        way = dict(zip(people, chosen, strict=True))
        if all(role is None or held.hold(who, role) for who, role in way.items()):
            yield way


def changes_that_can_not(found: tuple[Impossible, ...]) -> bool:
    return any(each.key.startswith("change") for each in found)


@UNHURRIED
@given(held=worlds, staging=quorums, production=quorums)
def test_approvals_over_all_environments_are_impossible_exactly_if_no_way_to_speak_fills_them(
    held, staging, production
):
    catalogue = agreed(approvals={STAGING: rules(staging), PRODUCTION: rules(production)})
    possible = any(
        all(
            list(way.values()).count(role) >= quorum
            for asked in (staging, production)
            for role, quorum in asked.items()
        )
        for way in ways_to_speak(held)
    )
    assert changes_that_can_not(unmet(catalogue, held)) is not possible


@UNHURRIED
@given(held=worlds, production=quorums, deployers=st.sets(st.sampled_from(ASKED), min_size=1, max_size=2))
def test_a_start_by_another_is_impossible_exactly_if_no_different_people_fill_all_places(held, production, deployers):
    rights = {"rights": {Right.DEPLOY: tuple(sorted(deployers))}}
    catalogue = agreed(service=rights, approvals={PRODUCTION: rules(production)}, approver_may_confirm=False)
    there = [each for each in PEOPLE if each not in held.away]
    places = [{role} for role, quorum in production.items() for _ in range(quorum)] + [deployers]
    possible = any(
        all(held.any_of(who, place) for who, place in zip(seated, places, strict=True))
        for seated in permutations(there, len(places))
    )
    assert changes_that_can_not(unmet(catalogue, held)) is not possible


some_words = st.lists(
    st.tuples(st.sampled_from([STAGING, PRODUCTION]), st.sampled_from(PEOPLE), st.sampled_from(ASKED)), max_size=3
)
two_people = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE))


@UNHURRIED
@given(held=worlds, staging=quorums, production=quorums, words=some_words, owners=two_people)
def test_a_release_can_not_be_approved_exactly_if_no_way_to_go_on_speaking_fills_it(
    held, staging, production, words, owners
):
    """With what was said already, by people who each keep to one role, and without those whose own change it is."""
    planner, author = owners
    candidate: Candidate = a_candidate(author_ids=frozenset({author}))
    release = a_release(checklist=(), candidate=candidate, requested_by=planner)
    these = planned(held=held, release=release, approvals={STAGING: rules(staging), PRODUCTION: rules(production)})
    bound: dict[PersonId, RoleName] = {}
    kept = [
        (place, Person(who, who), role)
        for place, who, role in dict.fromkeys(words)
        if held.belongs(who, role) and who not in owners and bound.setdefault(who, role) == role
    ]
    these = with_words(these, *kept)
    spoken = [
        {who: tally.rule.role for tally in each.tallies for word in tally.given for who in word.speakers}
        for each in these
    ]
    fixed = {who: role for each in spoken for who, role in each.items()}

    def fills(way: dict[PersonId, RoleName | None]) -> bool:
        if any(way.get(who, role) != role for who, role in fixed.items()):
            return False
        for here, asked in zip(spoken, (staging, production), strict=True):
            now = [role for who, role in way.items() if who not in here and who not in owners]
            if any((now + list(here.values())).count(role) < quorum for role, quorum in asked.items()):
                return False
        return True

    possible = any(fills(way) for way in ways_to_speak(held))
    assert bool(unmet_for(these)) is not possible


# ---------------------------------------------------------------- what must never happen

change_types = st.builds(
    lambda staging, production, **fields: a_change_type(
        approvals={STAGING: rules(staging), PRODUCTION: rules(production)},
        checklist=(ItemRule("x", "It is", ON_CALL),),
        **fields,
    ),
    quorums,
    quorums,
    approver_may_confirm=st.booleans(),
    requester_may_confirm=st.booleans(),
    author_may_confirm=st.booleans(),
    requester_may_approve=st.booleans(),
    author_may_approve=st.booleans(),
    two_people=st.sampled_from([None, True, False]),
    ships_itself=st.sampled_from([frozenset(), frozenset({STAGING})]),
)
services = st.builds(
    lambda deploy, back: a_service(rights={Right.DEPLOY: deploy, Right.ROLL_BACK: back}),
    st.lists(st.sampled_from(ASKED), unique=True, max_size=2).map(tuple),
    st.lists(st.sampled_from(ASKED), unique=True, max_size=2).map(tuple),
)


def keys(found: tuple[Impossible, ...]) -> set[str]:
    assert len({each.key for each in found}) == len(found), "no two findings have the same name"
    return {each.key for each in found}


def joined_by(held: Roles, person: PersonId, role: RoleName) -> Roles:
    return replace(held, members={**held.members, role: held.members[role] | {person}})


@UNHURRIED
@given(held=worlds, change=change_types, service=services, person=st.sampled_from(PEOPLE), role=st.sampled_from(ASKED))
def test_somebody_who_joins_a_role_never_makes_anything_impossible(
    held: Roles, change: ChangeType, service: Service, person: PersonId, role: RoleName
):
    catalogue = a_catalogue(services={PAYMENTS: service}, change_types={FEATURE: change}, owners=ON_CALL)
    more = joined_by(held, person, role)
    assert keys(unmet(catalogue, more)) <= keys(unmet(catalogue, held))
    release = a_release(requested_by=PEOPLE[0], candidate=a_candidate(author_ids=frozenset({PEOPLE[1]})))
    these = [Facts(release, service, each, change, held, NOW) for each in service.environments]
    assert keys(unmet_for([replace(each, roles=more) for each in these])) <= keys(unmet_for(these))


@UNHURRIED
@given(held=worlds, change=change_types, service=services)
def test_every_finding_says_what_would_help(held, change, service):
    catalogue = a_catalogue(services={PAYMENTS: service}, change_types={FEATURE: change})
    for found in unmet(catalogue, held):
        assert str(found.why).endswith((".", ".)"))
        assert str(found.step).endswith(".")
