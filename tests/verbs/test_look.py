"""Look: the gate goes by the rules in force and by what stands where, not by what once was."""

from __future__ import annotations

from bot.rules.gate import Reason
from bot.rules.policy import ItemRule
from bot.rules.stage import Stage
from tests.makers import FEATURE, PRODUCTION, STAGING
from tests.people import OMAR, QA, RUTH


async def test_a_required_line_that_the_rules_gained_blocks(shop):
    """Approvals are asked for anew under the new rules; they don't stand for the line that was added."""
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    pentest = ItemRule("pentest", "The penetration test is done", QA)
    shop.agrees_on(FEATURE, checklist=(pentest,), keeps_order=False)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.approve(release, PRODUCTION, None, by=shop.by(RUTH))
    (blocker,) = await shop.blockers(release)
    assert blocker.reason is Reason.CHECKLIST
    assert pentest.text in str(blocker.why)


async def test_a_dependency_that_was_rolled_back_is_not_there(shop):
    await shop.shipped(shop.a, "1.0.0")
    needed = await shop.shipped(shop.b, "2.0.0")
    release = await shop.planned(shop.c, "9.0.0", depends_on=(needed,))
    assert await shop.blockers(release, Reason.DEPENDENCY) == []
    await shop.rolled_back()
    assert await shop.blockers(release, Reason.DEPENDENCY)


async def test_a_staging_that_was_rolled_back_no_longer_vouches_for_the_candidate(shop):
    first = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(first, STAGING)
    release = await shop.approved(shop.b, "2.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    assert await shop.blockers(release) == []
    await shop.rolled_back(environment=STAGING)
    assert [each.reason for each in await shop.blockers(release)] == [Reason.ORDER]


async def test_a_release_that_was_overtaken_is_deployed_and_not_ready_to_go_again(shop):
    old = await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    assert (await shop.picture(old)).stage is Stage.DEPLOYED
    assert [each.reason for each in await shop.blockers(old)] == [Reason.OVERTAKEN]
