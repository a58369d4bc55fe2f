"""A deployment goes where its lifecycle leads, and comes back to what was good."""

from __future__ import annotations

import pytest

from bot.rules.deployment import HOLDING, LIFECYCLE, Attempt, DeploymentId, Kind, WrongTurnError
from bot.rules.rollback import good_versions, last_good, stands_now
from tests.makers import a_candidate, a_deployment, an_order


def of(number, version, attempt=Attempt.SUCCEEDED, **order):
    return a_deployment(number, attempt, order=an_order(version=version, candidate=a_candidate(version), **order))


def test_every_state_is_in_the_lifecycle_and_every_road_ends():
    assert set(LIFECYCLE) == set(Attempt)
    ends = {state for state, following in LIFECYCLE.items() if not following}
    assert ends == {Attempt.SUCCEEDED, Attempt.FAILED, Attempt.CANCELLED}
    for start in Attempt:
        seen, waiting = {start}, [start]
        while waiting:
            for following in LIFECYCLE[waiting.pop()] - seen:
                seen.add(following)
                waiting.append(following)
        assert seen & ends


def test_only_unended_states_hold_an_environment():
    assert {
        Attempt.STARTING,
        Attempt.RUNNING,
        Attempt.VERIFYING,
        Attempt.WATCHING,
        Attempt.UNKNOWN,
    } == HOLDING


def test_a_wrong_turn_is_an_error():
    with pytest.raises(WrongTurnError, match="D-40 is succeeded and can't become running"):
        a_deployment(40, Attempt.SUCCEEDED).must_lead_to(Attempt.RUNNING)
    a_deployment(40, Attempt.STARTING).must_lead_to(Attempt.RUNNING)


def test_the_last_good_version_is_the_success_before_what_stands_there():
    history = [of(4, "2.4.0"), of(3, "2.4.0", Attempt.FAILED), of(2, "2.3.9"), of(1, "2.3.8")]
    assert stands_now(history) is history[0]
    assert last_good(history) is history[2]
    assert [each.order.version for each in good_versions(history)] == ["2.3.9", "2.3.8"]


def test_what_was_rolled_away_from_is_never_good_again():
    history = [
        of(5, "2.3.9", kind=Kind.ROLLBACK, replaces=DeploymentId(4)),
        of(4, "2.4.0"),
        of(2, "2.3.9"),
        of(1, "2.3.8"),
    ]
    assert [each.order.version for each in good_versions(history)] == ["2.3.8"]


def test_a_rollback_that_failed_bans_nothing():
    history = [
        of(5, "2.3.9", Attempt.FAILED, kind=Kind.ROLLBACK, replaces=DeploymentId(4)),
        of(4, "2.4.0"),
        of(2, "2.3.9"),
    ]
    assert last_good(history) is history[2]


@pytest.mark.parametrize("name", ["2.3.8", "D-1", "d-1", " 2.3.8 "])
def test_a_chosen_version_can_be_named_in_several_ways(name):
    history = [of(4, "2.4.0"), of(2, "2.3.9"), of(1, "2.3.8")]
    assert last_good(history, name) is history[2]
    assert last_good(history, history[2].order.candidate.short) is history[2]


@pytest.mark.parametrize("name", ["2.4.0", "9.9.9", "", "abc"])
def test_what_stands_there_or_never_was_there_cannot_be_gone_back_to(name):
    assert last_good([of(4, "2.4.0"), of(2, "2.3.9")], name) is None


def test_with_nothing_before_there_is_no_way_back():
    assert last_good([of(4, "2.4.0")]) is None
    assert last_good([]) is None
    assert stands_now([]) is None
