"""Look: the gate goes by the rules in force and by what stands where, not by what once was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.freeze import CalendarState, Plea
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY
from bot.rules.policy import CalendarSource, FreezeMeaning, FreezeScope, ItemRule
from bot.rules.stage import Stage
from tests.grounds import database_ground
from tests.makers import FEATURE, PRODUCTION, STAGING, a_window
from tests.people import MAYA, OMAR, QA, RUTH
from tests.verbs.workshop import Workshop


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
    assert [each.reason for each in await shop.blockers(release)] == [Reason.ORDER, Reason.VETOED]


async def test_a_release_that_was_overtaken_is_deployed_and_not_ready_to_go_again(shop):
    old = await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    assert (await shop.picture(old)).stage is Stage.DEPLOYED
    assert [each.reason for each in await shop.blockers(old)] == [Reason.OVERTAKEN]


# ---------------------------------------------------------------- calendars that can't be read

COMPANY = CalendarSource("company", "https://example.com/s3cr3t.ics", FreezeScope(environments=frozenset({PRODUCTION})))


async def noted(shop, *states: CalendarState) -> None:
    async with shop.records.open() as page:
        for state in states:
            await page.keep_calendar(state)
        await page.commit()


async def test_a_calendar_that_nobody_has_read_yet_blocks_where_it_may_hold_a_freeze(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, keeps_order=False)
    shop.catalogue = replace(shop.catalogue, calendars=(COMPANY,))

    (blocker,) = await shop.blockers(release)

    assert blocker.reason is Reason.UNREADABLE
    assert str(blocker.why) == (
        "The calendar company, which may hold a freeze, can't be read: it has not been read yet."
    )
    assert await shop.blockers(release, environment=STAGING) == []


async def test_a_calendar_is_taken_at_its_word_for_two_hours(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, keeps_order=False)
    shop.catalogue = replace(shop.catalogue, calendars=(COMPANY,))
    await noted(shop, CalendarState("company", shop.at, "example.com could not be reached."))

    assert await shop.blockers(release) == []
    shop.at += timedelta(hours=2, seconds=1)
    (blocker,) = await shop.blockers(release)
    assert "example.com could not be reached." in str(blocker.why)

    await noted(shop, CalendarState("company", shop.at))
    assert await shop.blockers(release) == []


async def test_a_calendar_that_nobody_reads_any_more_blocks_even_if_nothing_went_wrong(shop):
    """Slipway was stopped, and somebody deploys from a terminal: what it holds by now, nobody knows."""
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, keeps_order=False)
    shop.catalogue = replace(shop.catalogue, calendars=(COMPANY,))
    await noted(shop, CalendarState("company", shop.at))
    read_at = f"{shop.at:%Y-%m-%d %H:%M}"

    shop.at += timedelta(hours=2)
    assert await shop.blockers(release) == []
    shop.at += timedelta(seconds=1)
    (blocker,) = await shop.blockers(release)
    assert f"can't be read: nobody has read it since {read_at} UTC." in str(blocker.why)


async def test_a_soft_one_and_one_of_somewhere_else_do_not_block(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, keeps_order=False)
    elsewhere = replace(COMPANY, name="elsewhere", scope=FreezeScope(services=frozenset({"search"})))
    shop.catalogue = replace(shop.catalogue, calendars=(replace(COMPANY, hard=False), elsewhere))

    place = (await shop.picture(release)).place(PRODUCTION)

    assert place.open
    assert [source.name for source, _ in place.facts.doubtful] == ["company"]


async def test_what_only_acknowledges_freezes_is_warned_and_what_passes_them_does_not_care(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.catalogue = replace(shop.catalogue, calendars=(COMPANY,))

    shop.agrees_on(FEATURE, keeps_order=False, freeze=FreezeMeaning.ACKNOWLEDGE)
    facts = (await shop.picture(release)).place(PRODUCTION).facts
    assert await shop.blockers(release, Reason.UNREADABLE) == []
    assert [facts.doubt_blocks(source) for source, _ in facts.doubtful] == [False]

    shop.agrees_on(FEATURE, freeze=FreezeMeaning.PASSES)
    assert (await shop.picture(release)).place(PRODUCTION).facts.doubtful == ()


async def test_a_state_of_a_calendar_that_is_agreed_no_more_says_nothing(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, keeps_order=False)
    await noted(shop, CalendarState("company", None, "There is no file x.ics."))

    assert await shop.blockers(release) == []


async def test_a_freeze_blocks_however_many_others_there_are(database_url):
    """Nobody gets past one by declaring hundreds that concern nothing and began before it."""
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        release = await shop.approved(shop.a, "1.0.0", FEATURE)
        lasting = a_window(starts_at=shop.at, ends_at=shop.at + timedelta(days=9), environments=frozenset({STAGING}))
        async with shop.records.open() as page:
            for _ in range(250):
                await page.add_freeze(lasting, MAYA.id, shop.at)
            later = replace(lasting, starts_at=shop.at + timedelta(minutes=1), environments=frozenset({PRODUCTION}))
            await page.add_freeze(later, MAYA.id, shop.at)
            await page.commit()
        shop.at += timedelta(minutes=2)
        (blocker,) = await shop.blockers(release, Reason.FREEZE)
        assert blocker.about == "F-251"


# ---------------------------------------------------------------- exceptions


async def test_an_exception_lets_its_own_release_pass_and_no_other(shop):
    shop.agrees_on(FEATURE, keeps_order=False)
    mine, other = await shop.approved(shop.a, "1.0.0", FEATURE), await shop.approved(shop.b, "2.0.0", FEATURE)
    async with shop.records.open() as page:
        freeze = await page.add_freeze(a_window(), SLIPWAY, shop.at, origin="weekends/x")
        asked = await page.add_exception(Plea(freeze.id, mine, MAYA.id, shop.at, "Refunds are broken"))
        await page.keep_exception(
            replace(asked, granted=True, decided_by=RUTH.id, decided_at=shop.at, ends_at=shop.at + timedelta(hours=5))
        )
        await page.commit()

    assert await shop.blockers(mine, Reason.FREEZE) == []
    assert len(await shop.blockers(other, Reason.FREEZE)) == 1
    shop.at += timedelta(hours=5)
    assert len(await shop.blockers(mine, Reason.FREEZE)) == 1
