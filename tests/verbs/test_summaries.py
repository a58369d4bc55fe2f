"""Summaries: nothing that waits falls out of them, however much has happened since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.rules.policy import ItemRule
from bot.rules.release import Ending
from tests.makers import HOTFIX, NOW, a_candidate, a_draft, a_plan
from tests.people import MAYA, OMAR, QA


async def test_an_old_release_that_is_open_stays_in_the_digest(shop):
    async with shop.records.open() as page:
        waits = await page.add_release(a_draft(candidate=a_candidate()))
        for number in range(50):
            done = await page.add_release(a_draft(candidate=a_candidate(), plan=a_plan(version=f"3.0.{number}")))
            await page.keep(replace(done, launched=Ending(MAYA.id, NOW)))
        await page.commit()
    digest = await shop.summaries.digest()
    assert [each.release.id for each in digest.waiting] == [waits.id]


async def test_the_fifty_first_approval_that_waits_for_me_is_in_my_inbox(shop):
    async with shop.records.open() as page:
        for number in range(51):
            await page.add_release(a_draft(candidate=a_candidate(), plan=a_plan(version=f"3.0.{number}")))
        await page.commit()
    inbox = await shop.summaries.inbox(OMAR.id)
    assert [each.release.id for each, _ in inbox.approvals] == list(range(1, 52))


async def test_an_environment_whose_outcome_is_unknown_stays_in_the_digest(shop):
    deployment = await shop.with_an_unknown_outcome(await shop.approved(shop.a, "1.0.0"))
    shop.at += timedelta(days=3)
    assert [each.id for each in (await shop.summaries.digest()).failed] == [deployment.id]


async def test_what_only_a_check_ticks_waits_for_nobody_and_what_is_due_first_comes_first(shop):
    shop.agrees_on(
        HOTFIX,
        checklist=(
            ItemRule("scan", "The scan has found nothing", check="scan"),
            ItemRule("notes", "Release notes are written"),
            ItemRule("dashboards", "Dashboards are open", due=timedelta(hours=2)),
            ItemRule("announced", "Support knows", due=timedelta(days=2)),
            ItemRule("load", "It holds under load", QA, check="load"),
        ),
    )
    await shop.planned(shop.a, "1.0.0", target=date(2026, 11, 27))
    mine = await shop.summaries.inbox(MAYA.id)
    assert [item.key for _, item in mine.items] == ["announced", "dashboards", "notes"]
    his = await shop.summaries.inbox(OMAR.id)
    assert [item.key for _, item in his.items] == ["load"]
