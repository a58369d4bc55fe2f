"""Rolling back: which version is good is decided by what became of it last."""

from __future__ import annotations

from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.rollback import good_versions, last_good
from tests.makers import a_candidate, a_deployment, an_order


def went(number: int, version: str, kind: Kind = Kind.DEPLOY, replaces: int | None = None, **candidate) -> Deployment:
    """It succeeded in production."""
    order = an_order(number, candidate=a_candidate(version, **candidate), version=version, kind=kind, replaces=replaces)
    return a_deployment(number, Attempt.SUCCEEDED, order=order)


def test_what_was_rolled_back_once_and_went_out_well_later_is_good():
    """Version 2 was rolled back for a wrong setting, went out again and stood; 3 is bad: back to 2, not to 1."""
    history = [went(5, "3"), went(4, "2"), went(3, "1", Kind.ROLLBACK, 2), went(2, "2"), went(1, "1")]
    assert [each.id for each in good_versions(history)] == [4, 3]
    found = last_good(history)
    assert found is not None
    assert found.order.version == "2"


def test_what_was_rolled_back_and_did_not_come_again_is_not_good():
    history = [went(4, "3"), went(3, "1", Kind.ROLLBACK, 2), went(2, "2"), went(1, "1")]
    assert [each.order.version for each in good_versions(history)] == ["1"]


def test_an_earlier_build_of_the_same_commit_is_something_to_go_back_to():
    good, bad = ("sha256:" + digit * 64 for digit in "ab")
    history = [went(2, "1", artifact=bad), went(1, "1", artifact=good)]
    assert [each.id for each in good_versions(history)] == [1]
