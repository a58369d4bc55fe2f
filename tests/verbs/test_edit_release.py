"""Edit a release: what was approved is what was on the screen, the version included."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.rules.gate import Reason
from bot.rules.policy import ItemRule
from bot.rules.sentence import Refused
from bot.verbs.edit_release import Edited
from tests.grounds import database_ground
from tests.makers import FEATURE, HOTFIX, PAYMENTS, PRODUCTION
from tests.people import MAYA, OMAR, QA
from tests.verbs.workshop import Workshop


async def test_a_version_that_was_edited_is_not_what_was_approved(shop):
    """The version is handed to the deploying program, is what a rollback names, and what verification accepts."""
    release = await shop.approved(shop.a, "1.0.0")
    assert await shop.blockers(release, Reason.APPROVAL) == []
    before = (await shop.picture(release)).release
    edited = await shop.edit_release(release, replace(before.plan, version="6.6.6"), before.revision, by=shop.by(MAYA))
    assert isinstance(edited, Edited)
    assert await shop.blockers(release, Reason.APPROVAL)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_a_title_that_was_edited_voids_nothing(shop):
    release = await shop.approved(shop.a, "1.0.0")
    before = (await shop.picture(release)).release
    await shop.edit_release(release, replace(before.plan, title="Refunds"), before.revision, by=shop.by(MAYA))
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_the_version_of_another_open_release_cannot_be_taken(shop):
    await shop.planned(shop.a, "1.0.0")
    other = await shop.planned(shop.b, "2.0.0")
    before = (await shop.picture(other)).release
    refused = await shop.edit_release(other, replace(before.plan, version="1.0.0"), None, by=shop.by(MAYA))
    assert isinstance(refused, Refused)
    assert "R-1 is planned as 1.0.0 already" in str(refused.why)


@pytest.mark.parametrize("tests", [{"owner": QA}, {"check": "e2e"}], ids=["somebody else's", "a check's"])
async def test_a_tick_does_not_count_where_the_other_type_asks_somebody_else(shop, tests):
    """Anybody ticks it for a hotfix; a feature has it ticked by QA, or by a check: an edit is no way around."""
    line = ItemRule("tests", "The tests have passed", None)
    shop.agrees_on(HOTFIX, checklist=(line,))
    shop.agrees_on(FEATURE, checklist=(replace(line, **tests),))
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "tests", True, by=shop.by(MAYA))
    plan = (await shop.picture(release)).release.plan
    await shop.edit_release(release, replace(plan, change_type=FEATURE), None, by=shop.by(MAYA))
    item = await shop.line(release, "tests")
    assert not item.done
    assert (item.owner, item.check) == (tests.get("owner"), tests.get("check"))


async def test_a_line_that_another_check_ticks_now_hears_what_that_has_said_already(shop):
    line = ItemRule("tests", "The tests have passed", None, check="unit")
    shop.agrees_on(HOTFIX, checklist=(line,))
    shop.agrees_on(FEATURE, checklist=(replace(line, check="e2e"),))
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reported("unit", shop.a)
    await shop.reported("e2e", shop.a)
    plan = (await shop.picture(release)).release.plan
    await shop.edit_release(release, replace(plan, change_type=FEATURE), None, by=shop.by(MAYA))
    item = await shop.line(release, "tests")
    assert (item.check, item.done) == ("e2e", True)


async def test_an_edit_and_a_check_that_reports_at_the_same_moment_do_not_wait_for_each_other(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        release = await shop.planned(shop.a, "1.0.0")
        plan = (await shop.picture(release)).release.plan
        async with shop.records.open() as reporting:
            await reporting.checks(PAYMENTS, shop.a)
            wanted = replace(plan, change_type=FEATURE)
            editing = asyncio.create_task(shop.edit_release(release, wanted, None, by=shop.by(MAYA)))
            await asyncio.sleep(0.2)
            await reporting.release(release)
            await reporting.commit()
        assert isinstance(await editing, Edited)
