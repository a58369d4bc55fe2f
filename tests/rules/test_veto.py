"""Vetoes by themselves: what reaches where, what is certain, and that nothing suspected ever slips through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.deployment import Attempt, DeploymentId, Kind
from bot.rules.gate import Facts, Reason, gate
from bot.rules.policy import EnvironmentName
from bot.rules.release import ReleaseId
from bot.rules.veto import Finding, Ruling, Standing, Suspect, TakenBack, Veto, VetoId, before, standing, taken_back
from bot.rules.veto import vetoed as keeps_out
from integrations.code_hosts.reverts import Node, carried_by
from tests.makers import (
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_deployment,
    a_service,
    an_environment,
    an_order,
    sha,
)
from tests.people import INES
from tests.rules.test_gate import facts

CANARY, EUROPE, AMERICA = map(EnvironmentName, ("canary", "europe", "america"))
SPREAD = a_service(
    repository="/srv/payments",
    environments=(
        an_environment(STAGING),
        an_environment(CANARY, after=(STAGING,)),
        an_environment(EUROPE, after=(CANARY,)),
        an_environment(AMERICA, after=(CANARY,)),
    ),
)
BURNED = TakenBack(
    service=PAYMENTS,
    environment=PRODUCTION,
    bad=sha("bad"),
    good=sha("good"),
    bad_version="2.4.0",
    good_version="2.3.9",
    rollback=DeploymentId(9),
    release=ReleaseId(1),
    by=INES.id,
    reason="It burns",
    at=NOW,
    known=(sha("bad"), sha("between")),
)
VETO = Veto(VetoId(1), BURNED)
CLEAN = Finding(VETO.id, sha("first"), NOW, suspects=2, mended=2)
CARRIED = replace(CLEAN, carried=(Suspect(sha("bad"), "Refund at once", "Ben Castillo"),), total=1, mended=1)


def vetoed(finding: Finding | None, veto: Veto = VETO, **fields) -> Facts:
    """The ready-made candidate, and what is known of it about that veto."""
    service = fields.pop("service", a_service(repository="/srv/payments"))
    findings = {} if finding is None else {veto.id: finding}
    return replace(facts(**fields), service=service, vetoes=(veto,), findings=findings)


def blocked(these: Facts) -> bool:
    return any(each.reason is Reason.VETOED for each in gate(these))


@pytest.mark.parametrize(
    ("where", "reached"),
    [
        (STAGING, {STAGING, CANARY, EUROPE, AMERICA}),
        (CANARY, {CANARY, EUROPE, AMERICA}),
        (EUROPE, {EUROPE, AMERICA}),
        (EnvironmentName("gone"), {STAGING, CANARY, EUROPE, AMERICA}),
    ],
)
def test_it_reaches_every_environment_but_those_before_it(where, reached):
    veto = replace(VETO, taken=replace(BURNED, environment=where))
    assert {each.name for each in SPREAD.environments if veto.reaches(each.name, SPREAD)} == reached
    assert not any(
        replace(veto, lifted=Ruling(INES.id, NOW, "")).reaches(each.name, SPREAD) for each in SPREAD.environments
    )


def test_what_comes_before_is_followed_however_far_and_a_circle_has_an_end():
    assert before(EUROPE, SPREAD) == {STAGING, CANARY}
    circle = replace(
        SPREAD, environments=(an_environment(STAGING, after=(CANARY,)), an_environment(CANARY, after=(STAGING,)))
    )
    assert before(STAGING, circle) == {STAGING, CANARY}


@pytest.mark.parametrize(
    ("veto", "finding", "how"),
    [
        (VETO, None, Standing.UNKNOWN),
        (VETO, replace(CLEAN, problem="Away"), Standing.UNKNOWN),
        (VETO, CLEAN, Standing.CLEAN),
        (VETO, CARRIED, Standing.CARRIES),
        (replace(VETO, culprits=(sha("bad"),)), CARRIED, Standing.UNKNOWN),
        (replace(VETO, culprits=(sha("bad"),)), CLEAN, Standing.CLEAN),
        (replace(VETO, culprits=(sha("bad"),)), replace(CARRIED, culprits=(sha("bad"),)), Standing.CARRIES),
        (VETO, replace(CLEAN, culprits=(sha("bad"),)), Standing.UNKNOWN),
        (replace(VETO, answers=(sha("mend"),)), CARRIED, Standing.CARRIES),
    ],
)
def test_what_is_read_counts_for_what_was_asked_and_what_is_not_known_is_no_yes(veto, finding, how):
    assert standing(veto, sha("first"), finding, readable=True) is how
    assert blocked(vetoed(finding, veto)) is (how is not Standing.CLEAN)


def test_the_very_commit_that_was_taken_back_needs_no_reading():
    assert standing(VETO, sha("bad"), None, readable=True) is Standing.CARRIES
    assert standing(VETO, sha("between"), None, readable=False) is Standing.CARRIES
    assert standing(VETO, sha("other"), None, readable=False) is Standing.CLEAN


def test_while_it_is_lifted_nothing_of_it_blocks():
    assert not blocked(vetoed(None, replace(VETO, lifted=Ruling(INES.id, NOW, "The disk"))))


def test_before_where_it_happened_nothing_is_blocked():
    these = vetoed(CARRIED)
    staging = these.service.environment(STAGING)
    assert staging is not None
    assert not blocked(replace(these, environment=staging))


def test_only_a_rollback_that_went_well_to_another_commit_takes_something_back():
    good = a_deployment(1, Attempt.SUCCEEDED, order=an_order(candidate=a_candidate("good")))
    between = a_deployment(2, Attempt.FAILED, started_at=NOW, order=an_order(candidate=a_candidate("between")))
    never = a_deployment(3, Attempt.FAILED, order=an_order(candidate=a_candidate("never begun")))
    bad = a_deployment(4, Attempt.SUCCEEDED, order=an_order(candidate=a_candidate("bad")))
    order = an_order(kind=Kind.ROLLBACK, candidate=a_candidate("good"), replaces=bad.id, confirmed_by=INES.id)
    moved = a_deployment(5, Attempt.SUCCEEDED, order=order, ended_at=NOW + timedelta(hours=1))
    history = (moved, bad, never, between, good)
    taken = taken_back(moved, bad, history)
    assert taken is not None
    assert (taken.bad, taken.good, taken.by) == (sha("bad"), sha("good"), INES.id)
    assert taken.known == (sha("bad"), sha("between"))
    assert taken_back(replace(moved, attempt=Attempt.FAILED), bad, history) is None
    assert taken_back(replace(moved, order=replace(order, kind=Kind.DEPLOY)), bad, history) is None
    same = replace(moved, order=replace(order, candidate=a_candidate("bad", artifact="sha256:1")))
    assert taken_back(same, bad, history) is None
    stopped = a_deployment(4, Attempt.CANCELLED, order=bad.order)
    assert taken_back(moved, stopped, (moved, stopped, good)) is None  # it was stopped before it began


def test_where_the_good_one_came_too_long_ago_only_the_bad_one_is_known():
    bad = a_deployment(4, Attempt.SUCCEEDED, order=an_order(candidate=a_candidate("bad")))
    other = a_deployment(3, Attempt.SUCCEEDED, order=an_order(candidate=a_candidate("other")))
    order = an_order(kind=Kind.ROLLBACK, candidate=a_candidate("good"), replaces=bad.id)
    taken = taken_back(a_deployment(5, Attempt.SUCCEEDED, order=order), bad, (bad, other))
    assert taken is not None
    assert taken.known == (sha("bad"),)


def test_going_forward_again_takes_nothing_back():
    """What is gone forward to came later than what it replaces, however that got there."""
    one, two, three = (
        a_deployment(number, Attempt.SUCCEEDED, order=an_order(candidate=a_candidate(name)))
        for number, name in enumerate(("one", "two", "three"), 1)
    )
    order = an_order(kind=Kind.ROLLBACK, candidate=a_candidate("one"), replaces=three.id)
    back = a_deployment(4, Attempt.SUCCEEDED, order=order)
    forward = a_deployment(5, Attempt.SUCCEEDED, order=replace(order, candidate=a_candidate("two"), replaces=back.id))
    assert taken_back(back, three, (back, three, two, one)) is not None
    assert taken_back(forward, back, (forward, back, three, two, one)) is None
    further_back = replace(
        forward, order=replace(forward.order, candidate=a_candidate("one"), replaces=DeploymentId(4))
    )
    from_two = a_deployment(4, Attempt.SUCCEEDED, order=replace(order, candidate=a_candidate("two")))
    taken = taken_back(further_back, from_two, (further_back, from_two, three, two, one))
    assert taken is not None
    assert (taken.bad, taken.good) == (sha("two"), sha("one"))


@pytest.mark.parametrize(
    ("commit", "veto", "finding", "kept_out"),
    [
        ("between", VETO, None, True),
        ("bad", VETO, None, True),
        ("first", VETO, None, False),
        ("first", VETO, CARRIED, True),
        ("between", VETO, CLEAN, False),
        ("between", VETO, replace(CLEAN, problem="Away"), True),
        ("between", replace(VETO, culprits=(sha("bad"),)), None, False),
        ("between", replace(VETO, culprits=(sha("bad"),)), CARRIED, False),
        ("between", replace(VETO, culprits=(sha("bad"),)), replace(CARRIED, culprits=(sha("bad"),)), True),
        ("bad", replace(VETO, culprits=(sha("between"),)), None, True),
        ("between", replace(VETO, culprits=(sha("between"),)), None, True),
        ("between", replace(VETO, culprits=(sha("in neither"),)), None, True),
        ("between", replace(VETO, culprits=(sha("in neither"),)), replace(CLEAN, culprits=(sha("in neither"),)), False),
        ("between", replace(VETO, answers=(sha("between"),)), None, False),
        ("between", replace(VETO, lifted=Ruling(INES.id, NOW, "The disk")), None, False),
    ],
)
def test_a_version_may_come_back_unless_it_was_taken_back_or_read_to_carry_what_is_suspected(
    commit, veto, finding, kept_out
):
    read = {} if finding is None else {veto.id: finding}
    assert (keeps_out(a_candidate(commit), [veto], PRODUCTION, read) is veto) is kept_out
    assert keeps_out(a_candidate(commit), [veto], STAGING, read) is None


# ---------------------------------------------------------------- any history

Steps = list[tuple[str, int]]
steps = st.lists(st.tuples(st.sampled_from(["write", "revert", "merge", "branch"]), st.integers(0, 30)), max_size=25)


def played(told: Steps) -> tuple[list[Node], list[set[str]], list[str]]:
    """A history that people write on some branches, and beside it what is really in force on each branch."""
    nodes = [Node("0", ())]
    tips, force, ever = ["0"], [set[str]()], [set[str]()]
    for what, how in told:
        branch = how % len(tips)
        name = str(len(nodes))
        if what == "branch" and len(tips) < 4:
            tips.append(tips[branch])
            force.append(set(force[branch]))
            ever.append(set(ever[branch]))
        elif what == "merge":
            other = (branch + 1) % len(tips)
            if tips[other] != tips[branch]:
                nodes.append(Node(name, (tips[branch], tips[other])))
                # What one side has reverted is gone, as git merges; what it never had comes from the other.
                gone = (ever[branch] - force[branch]) | (ever[other] - force[other])
                tips[branch], force[branch] = name, (force[branch] | force[other]) - gone
                ever[branch] = ever[branch] | ever[other]
        elif what == "revert" and force[branch]:
            target = sorted(force[branch])[how % len(force[branch])]
            nodes.append(Node(name, (tips[branch],), f"Revert\n\nThis reverts commit {target.zfill(40)}."))
            tips[branch] = name
            force[branch] = force[branch] - {target}
        elif what == "write":
            nodes.append(Node(name, (tips[branch],)))
            tips[branch] = name
            force[branch] = force[branch] | {name}
            ever[branch] = ever[branch] | {name}
    return (
        [_long(each) for each in nodes],
        [{each.zfill(40) for each in one} for one in force],
        [t.zfill(40) for t in tips],
    )


def _long(node: Node) -> Node:
    return replace(node, sha=node.sha.zfill(40), parents=tuple(each.zfill(40) for each in node.parents))


@settings(deadline=None, max_examples=200)
@given(steps, st.integers(0, 3), st.integers(0, 3))
def test_exactly_what_is_suspected_and_in_force_is_found_and_blocks(told, here, there):
    nodes, force, tips = played(told)
    since = nodes[1:]
    commit, bad = tips[here % len(tips)], tips[there % len(tips)]
    found = carried_by(since, commit, bad, frozenset())
    written = {node.sha for node in since if not node.message and len(node.parents) == 1}
    reach, waiting = set(), [bad]
    known = {node.sha: node for node in nodes}
    while waiting:
        each = waiting.pop()
        if each not in reach:
            reach.add(each)
            waiting.extend(known[each].parents)
    assert written.intersection(found.carried) == force[here % len(tips)] & reach & written
    assert found.mended + len(found.carried) <= found.suspects
    finding = Finding(
        VETO.id,
        sha("first"),
        NOW,
        suspects=found.suspects,
        carried=tuple(Suspect(each, "", "") for each in found.carried),
        total=len(found.carried),
        mended=found.mended,
    )
    assert blocked(vetoed(finding)) is bool(found.carried)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 8), st.sets(st.integers(0, 7)))
def test_on_one_line_exactly_what_is_not_reverted_is_carried(count, reverted):
    names = [str(number).zfill(40) for number in range(count)]
    nodes = [Node(each, (names[at - 1],) if at else ("f" * 40,)) for at, each in enumerate(names)]
    bad = tip = names[-1]
    for number in sorted(reverted):
        if number < count:
            name = f"{number}a".zfill(40)
            nodes.append(Node(name, (tip,), f"This reverts commit {names[number]}."))
            tip = name
    found = carried_by(nodes, tip, bad, frozenset())
    assert set(found.carried) == {each for at, each in enumerate(names) if at not in reverted}
    assert found.suspects == count
