"""A release's stage follows from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.rules.deployment import Attempt, DeploymentId, Kind
from bot.rules.release import Ending
from bot.rules.stage import Stage, stage
from tests.makers import NOW, STAGING, a_candidate, a_deployment, a_freeze, a_release, an_order
from tests.people import MAYA
from tests.rules.test_gate import APPROVED, IN_STAGING, TICKED, facts

THERE = a_deployment(40, Attempt.SUCCEEDED)
OLD = a_deployment(30, Attempt.SUCCEEDED, order=an_order(11, version="2.3.9", candidate=a_candidate("old")))
BACK = a_deployment(
    41,
    Attempt.SUCCEEDED,
    order=an_order(11, version="2.3.9", candidate=a_candidate("old"), kind=Kind.ROLLBACK, replaces=DeploymentId(40)),
)


@pytest.mark.parametrize(
    ("expected", "these"),
    [
        (Stage.PLANNING, facts(release=a_release(candidate=None))),
        (Stage.BUILDING, facts(release=a_release(), deployments=())),
        (Stage.TESTING, facts(release=a_release())),
        (Stage.TESTING, facts(release=a_release(verdicts=APPROVED[:1]), deployments=())),
        (Stage.TESTING, facts(release=a_release(checklist=(TICKED[0],)), deployments=())),
        (Stage.PREPARING, facts(release=a_release(verdicts=APPROVED))),
        (Stage.PREPARING, facts(freezes=(a_freeze(),))),
        (Stage.READY, facts()),
        (Stage.DEPLOYING, facts(deployments=(a_deployment(40, Attempt.RUNNING), IN_STAGING))),
        (Stage.DEPLOYED, facts(deployments=(THERE, IN_STAGING, OLD))),
        (Stage.ROLLED_BACK, facts(deployments=(BACK, THERE, IN_STAGING, OLD))),
        (Stage.RELEASED, facts(release=a_release(launched=Ending(MAYA.id, NOW)))),
        (Stage.CANCELLED, facts(release=a_release(cancelled=Ending(MAYA.id, NOW, "no")))),
    ],
    ids=lambda value: value.value if isinstance(value, Stage) else "",
)
def test_the_stage_follows_from_the_facts(expected, these):
    assert stage((these,)) is expected


def test_a_new_candidate_after_a_rollback_starts_over():
    again = a_release(candidate=a_candidate("second"), checklist=TICKED)
    assert stage((facts(release=again, deployments=(BACK, THERE, IN_STAGING, OLD)),)) is Stage.TESTING


def test_somebody_elses_deployment_does_not_make_this_release_deploying():
    other = a_deployment(41, Attempt.RUNNING, order=an_order(11))
    assert stage((facts(deployments=(other, IN_STAGING)),)) is Stage.PREPARING


def test_with_two_final_environments_it_is_deployed_only_when_it_stands_in_both():
    here = facts(deployments=(THERE, IN_STAGING))
    there = facts(deployments=(IN_STAGING,))
    assert stage((here, there)) is Stage.READY
    assert stage((here, here)) is Stage.DEPLOYED


def test_staging_alone_is_still_testing():
    assert stage((replace(facts(release=a_release()), deployments=(IN_STAGING,)),)) is Stage.TESTING
    assert IN_STAGING.order.environment == STAGING
