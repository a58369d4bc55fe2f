"""Approve: one person's word, in one role, on exactly what was there, and never on one's own work."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.gate import Reason
from bot.rules.policy import ApprovalRule, EnvironmentName
from bot.rules.sentence import Refused
from bot.verbs.speak import Said
from tests.makers import FEATURE, HOTFIX, PAYMENTS, PRODUCTION, STAGING, a_service, an_environment
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH, roles
from tests.verbs.workshop import REPOSITORY, Workshop

PEOPLE = (Reason.APPROVAL, Reason.UNREADABLE)


async def test_whoever_presses_first_the_roles_are_filled_if_there_is_a_way_to_fill_them(shop):
    """Omar holds both roles, Ruth only one of them: together they are enough."""
    shop.directory.held = roles(qa={OMAR, RUTH}, change_manager={OMAR})
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.approve(release, PRODUCTION, None, by=shop.by(RUTH))
    assert await shop.blockers(release, *PEOPLE) == []


async def test_one_person_fills_one_role_in_a_release(shop):
    shop.directory.held = roles(qa={OMAR}, change_manager={OMAR, RUTH})
    shop.agrees_on(FEATURE, approvals={STAGING: (ApprovalRule(QA),), PRODUCTION: (ApprovalRule(CHANGE_MANAGER),)})
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, STAGING, None, by=shop.by(OMAR))
    refused = await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert isinstance(refused, Refused)
    assert "one person fills one role" in str(refused.why)
    assert await shop.blockers(release, *PEOPLE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(RUTH))
    assert await shop.blockers(release, *PEOPLE) == []


async def test_an_author_is_an_author_for_the_second_final_environment_too():
    """One region runs the commit already, the other doesn't: who wrote it must not approve it there either."""
    eu, us = EnvironmentName("eu"), EnvironmentName("us")
    shop = Workshop(environments=(an_environment(eu), an_environment(us)))
    shop.agrees_on(HOTFIX, approvals={eu: (ApprovalRule(QA),), us: (ApprovalRule(QA),)})
    shop.directory.held = roles(qa={OMAR, BEN})
    for ref, version, places in ((shop.a, "1.0.0", (eu, us)), (shop.b, "2.0.0", (eu,))):
        release = await shop.planned(ref, version)
        for environment in places:
            await shop.approve(release, environment, None, by=shop.by(OMAR))
            await shop.deployed(release, environment)
    planned_again = await shop.planned(shop.b, "2.0.1")
    assert isinstance(await shop.approve(planned_again, us, None, by=shop.by(BEN)), Refused)
    assert isinstance(await shop.approve(planned_again, us, None, by=shop.by(OMAR)), Said)


async def test_an_author_is_found_behind_hundreds_of_other_commits(shop):
    shop.directory.held = roles(qa={OMAR, BEN})
    await shop.shipped(shop.a, "1.0.0")
    last = shop.code.commit(REPOSITORY, "Ben's own", parents=[shop.a])
    for number in range(501):
        last = shop.code.commit(REPOSITORY, f"Robot {number}", parents=[last], email="robot@example.com")
    release = await shop.planned(last, "2.0.0")
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(BEN)), Refused)


async def test_whoever_proposed_it_is_taken_for_its_author_where_authors_cannot_be_known(shop):
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: a_service(repository=None)})
    shop.directory.held = roles(qa={OMAR, BEN})
    release = await shop.planned(None, "1.0.0")
    await shop.set_candidate(release, "a" * 40, by=shop.by(BEN))
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(BEN)), Refused)
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR)), Said)


async def test_what_is_missing_in_an_environment_is_approved_for_that_environment(shop):
    """Two environments ask for approval: the step of production's blocker names production."""
    shop.agrees_on(FEATURE, approvals={STAGING: (ApprovalRule(QA),), PRODUCTION: (ApprovalRule(QA),)})
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    for environment in (STAGING, PRODUCTION):
        (blocker,) = await shop.blockers(release, Reason.APPROVAL, environment=environment)
        assert f"/release approve R-{release} {environment}" in str(blocker.step)


async def test_the_record_says_which_artifact_was_approved_and_confirmed(shop):
    release = await shop.planned(shop.a, "1.0.0")
    artifact = "sha256:" + "c" * 64
    await shop.set_candidate(release, shop.a, artifact, by=shop.by(BEN))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.deployed(release)
    async with shop.records.read() as reading:
        said = {each.happened.verb: each.happened.candidate for each in await reading.record(release=release)}
    assert said["approve"] == said["confirm deploy"] == f"{shop.a}@{artifact}"


async def test_a_requested_approval_is_not_given_by_the_requester(shop):
    shop.directory.held = roles(qa={MAYA, OMAR})
    release = await shop.planned(shop.a, "1.0.0")
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(MAYA)), Refused)
