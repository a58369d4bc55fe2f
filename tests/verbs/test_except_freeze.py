"""Ask for an exception: every freeze in the way once. Its owners hear of it; soft ones are acknowledged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.notices import CardChanged, ExceptionWanted, ThreadLine
from bot.ports import Work
from bot.rules.absence import Leave
from bot.rules.freeze import ExceptionId, Freeze, FreezeId
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY, Actor, PersonId, Surface
from bot.rules.policy import ExceptionRules, FreezeMeaning, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, Refused
from bot.verbs.except_freeze import InTheWay, Pleaded
from tests.makers import FEATURE, HOTFIX, PRODUCTION, STAGING, a_window
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, QA, RELEASE_MANAGER, RUTH, roles
from tests.verbs.workshop import Workshop

WHY = "Refunds must work before the sale"


@pytest.fixture
def shop():
    """Change managers may freeze as well, so that there is somebody to ask."""
    shop = Workshop()
    shop.catalogue = replace(shop.catalogue, freeze_rights=(RELEASE_MANAGER, CHANGE_MANAGER))
    shop.agrees_on(HOTFIX, freeze=FreezeMeaning.BLOCKS)
    return shop


async def frozen(shop: Workshop, by=RUTH, **window) -> Freeze:
    """Somebody has frozen production for two days, unless said otherwise."""
    freeze = await shop.start_freeze(a_window(**{"starts_at": shop.at, **window}), by=shop.by(by))
    assert isinstance(freeze, Freeze), freeze
    shop.at += timedelta(seconds=1)
    return freeze


async def asked(shop: Workshop, release: ReleaseId, by=MAYA, why: str = WHY, **how) -> Pleaded:
    done = await shop.except_freeze(release, why, by=shop.by(by), **how)
    assert isinstance(done, Pleaded), str(done.why)
    return done


async def refused(shop: Workshop, release: ReleaseId, by=MAYA, why: str = WHY, **how) -> str:
    done = await shop.except_freeze(release, why, by=shop.by(by), **how)
    assert isinstance(done, Refused), done
    return str(done.why)


async def wanted(shop: Workshop) -> list[PersonId]:
    return [each.person for each in await shop.told(ExceptionWanted)]


# ---------------------------------------------------------------- hard ones


async def test_the_owners_of_a_hard_freeze_are_asked_and_the_release_stays_blocked(shop):
    release = await shop.approved(shop.a, "1.0.0")
    freeze = await frozen(shop)
    told = await asked(shop, release)
    (exception,) = (each.exception for each in told.asked)
    assert (exception.granted, exception.plea.freeze, exception.plea.by) == (None, freeze.id, MAYA.id)
    assert await wanted(shop) == [RUTH.id]
    assert [each.about for each in await shop.blockers(release, Reason.FREEZE)] == ["F-1"]
    line = str((await shop.told(ThreadLine))[-1].sentence)
    assert f"@U0MAYA asks that this release may pass F-1 (X-1): {WHY}\n@U0RUTH, @release-manager and " in line
    assert "/freeze grant X-1" in line
    assert (await shop.told(CardChanged))[-1].release == release
    assert (Work.WATCH_RELEASE, release, "changed") in shop.records.nudged


async def test_it_is_on_the_record_with_who_was_asked(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    await asked(shop, release)
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.verb, entry.by, entry.subject, entry.release) == ("ask for an exception", MAYA.id, "X-1", release)
    assert entry.detail == {"freeze": "F-1", "reason": WHY, "ends_at": None, "asked": [RUTH.id]}


async def test_every_freeze_in_the_way_is_asked_in_whatever_environment(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    await frozen(shop, environments=frozenset({STAGING}), reason="The staging database moves")
    await frozen(shop, change_types=frozenset({FEATURE}))  # which this release is not
    told = await asked(shop, release)
    assert [each.freeze.name for each in told.asked] == ["F-1", "F-2"]


async def test_only_the_freezes_that_were_on_the_screen_are_asked(shop):
    release = await shop.approved(shop.a, "1.0.0")
    first = await frozen(shop)
    await frozen(shop, reason="Since the form was opened")
    told = await asked(shop, release, seen={first.id})
    assert [each.freeze.name for each in told.asked] == ["F-1"]
    assert "No freeze is in the way" in await refused(shop, release, seen={FreezeId(77)})


async def test_asking_again_while_one_waits_says_who_is_asked(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop, by=MAYA)
    shop.catalogue = replace(shop.catalogue, freeze_rights=(CHANGE_MANAGER, RELEASE_MANAGER))
    await asked(shop, release)
    again = await refused(shop, release, by=INES)
    assert "@U0MAYA asked for an exception from F-1" in again
    assert "X-1 waits for @U0MAYA, @change-manager and @release-manager." in again
    seen = await shop.except_freeze.look(release)
    assert isinstance(seen, Refused)
    assert "X-1 waits for" in str(seen.why)
    assert await wanted(shop) == [RUTH.id]


async def test_what_waits_keeps_nobody_from_asking_another_freeze(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    await asked(shop, release)
    await frozen(shop, reason="The inventory")
    told = await asked(shop, release)
    assert [each.freeze.name for each in told.asked] == ["F-2"]
    assert "X-1 waits for" in str(told.refused[0])


async def test_where_nobody_could_grant_it_nobody_is_asked(shop):
    """Maya plans the releases, and is the only one who may freeze: she would grant what she asks for."""
    shop.catalogue = replace(shop.catalogue, freeze_rights=(RELEASE_MANAGER,))
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop, by=MAYA)
    told = await refused(shop, release, by=INES)
    assert "Only @U0MAYA and @release-manager can grant an exception from F-1" in told
    assert "/freeze end F-1" in told
    assert not await shop.told(ExceptionWanted)


async def test_a_role_that_cannot_be_looked_up_may_hold_somebody_so_it_is_asked_in_the_thread(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    shop.catalogue = replace(shop.catalogue, freeze_rights=(RELEASE_MANAGER, QA))
    async with shop.records.open() as page:
        await page.keep_freeze(replace(await page.freeze(FreezeId(1)), owner=QA))
        await page.commit()
    shop.directory.held = replace(roles(qa=set()), unknown={QA: "Slack is away"})
    await asked(shop, release)
    assert not await shop.told(ExceptionWanted)
    assert "@qa can grant or refuse it" in str((await shop.told(ThreadLine))[-1].sentence)


async def test_a_large_role_is_asked_by_its_mention_alone(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    shop.directory.held = replace(
        roles(), members={**roles().members, CHANGE_MANAGER: frozenset(PersonId(f"U0{n}") for n in range(20))}
    )
    await asked(shop, release)
    assert not await shop.told(ExceptionWanted)
    assert "@change-manager can grant or refuse it" in str((await shop.told(ThreadLine))[-1].sentence)


async def test_who_is_away_is_not_asked_and_whoever_stands_in_is(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop, by=MAYA)
    leave = Leave(RUTH.id, shop.at, shop.at + timedelta(days=5), stand_in=INES.id)
    await shop.go_away(leave, by=shop.by(RUTH))
    await asked(shop, release)
    assert await wanted(shop) == [INES.id]


async def test_a_recurring_freeze_without_a_role_asks_those_who_may_freeze(shop):
    release = await shop.approved(shop.a, "1.0.0")
    async with shop.records.open() as page:
        await page.add_freeze(a_window(), SLIPWAY, shop.at, origin="weekends/2026-11-21")
        await page.commit()
    await asked(shop, release)
    assert await wanted(shop) == [RUTH.id]


async def test_what_was_refused_may_be_asked_for_once_more(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    await asked(shop, release)
    await shop.decide_exception(ExceptionId(1), None, "Not today", granted=False, by=shop.by(RUTH))
    again = await asked(shop, release, why="The regulator asks for it")
    assert again.asked[0].exception.name == "X-2"


# ---------------------------------------------------------------- soft ones


async def test_a_soft_freeze_is_acknowledged_at_once_for_as_long_as_it_lasts(shop):
    release = await shop.approved(shop.a, "1.0.0")
    freeze = await frozen(shop, hard=False)
    told = await asked(shop, release, by=INES)
    (done,) = told.acknowledged
    assert (done.exception.granted, done.exception.decided_by) == (True, INES.id)
    assert done.exception.ends_at == freeze.over_at
    assert await shop.blockers(release) == []
    line = str((await shop.told(ThreadLine))[-1].sentence)
    assert line == f"@U0INES acknowledged F-1 for this release (X-1): {WHY}"
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.verb, entry.subject) == ("acknowledge a freeze", "X-1")


async def test_a_change_type_may_only_have_to_acknowledge_a_hard_freeze(shop):
    shop.agrees_on(HOTFIX, freeze=FreezeMeaning.ACKNOWLEDGE)
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    assert (await asked(shop, release)).acknowledged
    assert await shop.blockers(release) == []


async def test_a_freeze_that_was_prolonged_has_to_be_acknowledged_again(shop):
    release = await shop.approved(shop.a, "1.0.0")
    freeze = await frozen(shop, hard=False)
    await asked(shop, release)
    await shop.extend_freeze(freeze.id, freeze.over_at + timedelta(days=3), by=shop.by(RUTH))
    shop.at = freeze.over_at + timedelta(hours=1)
    assert [each.about for each in await shop.blockers(release, Reason.FREEZE)] == ["F-1"]


async def test_only_whoever_may_deploy_acknowledges(shop):
    service = next(iter(shop.catalogue.services.values()))
    deployers = replace(service, rights={**service.rights, Right.DEPLOY: (RELEASE_MANAGER,)})
    shop.catalogue = replace(shop.catalogue, services={service.name: deployers})
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop, hard=False)
    assert await refused(shop, release, by=OMAR) == "Only @release-manager can acknowledge F-1."
    # What he may do is done all the same, and he hears what he may not.
    await frozen(shop, reason="The inventory")
    told = await asked(shop, release, by=OMAR)
    assert [each.freeze.name for each in told.asked] == ["F-2"]
    assert [str(each) for each in told.refused] == ["Only @release-manager can acknowledge F-1."]


# ---------------------------------------------------------------- what needs none


async def test_a_change_for_which_freezes_make_room_needs_no_exception(shop):
    shop.agrees_on(HOTFIX, freeze=FreezeMeaning.PASSES)
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    assert await refused(shop, release) == (
        "R-1 needs no exception: freezes make room for a change of the type Hotfix."
    )


async def test_what_is_not_frozen_needs_no_exception(shop):
    release = await shop.approved(shop.a, "1.0.0")
    assert await refused(shop, release) == "No freeze is in the way of R-1, so it needs no exception."
    await frozen(shop)
    await asked(shop, release)
    await shop.decide_exception(ExceptionId(1), None, "", granted=True, by=shop.by(RUTH))
    assert "No freeze is in the way" in await refused(shop, release)


async def test_a_release_that_has_ended_is_not_let_pass(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    await shop.cancel_release(release, "Not yet", by=shop.by(MAYA))
    assert await refused(shop, release) == "R-1 has ended; it needs no exception."
    assert "There is no release R-9" in await refused(shop, ReleaseId(9))
    assert "There is no release R-9" in str((await shop.except_freeze.look(ReleaseId(9))).why)


async def test_an_exception_needs_a_reason(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    assert "/freeze except R-1 <reason>" in await refused(shop, release, why="  ")


# ---------------------------------------------------------------- ahead


async def test_a_freeze_into_which_the_target_day_falls_can_be_asked_before_it_begins(shop):
    release = await shop.planned(shop.a, "1.0.0", target=date(2026, 11, 27))
    start = shop.at + timedelta(days=3)
    await frozen(shop, starts_at=start, ends_at=start + timedelta(days=4))
    await frozen(shop, starts_at=start + timedelta(days=20), ends_at=start + timedelta(days=21), reason="Too late")
    told = await asked(shop, release)
    assert [each.freeze.name for each in told.asked] == ["F-1"]
    # Granted long before, it counts for a day of the freeze.
    await shop.decide_exception(ExceptionId(1), None, "", granted=True, by=shop.by(RUTH))
    shop.at = start + timedelta(hours=23)
    assert await shop.blockers(release, Reason.FREEZE) == []
    shop.at = start + timedelta(hours=24)
    assert await shop.blockers(release, Reason.FREEZE)


async def test_a_target_day_that_has_passed_asks_nothing_of_the_freezes_ahead(shop):
    release = await shop.planned(shop.a, "1.0.0", target=date(2026, 11, 20))
    await frozen(shop, starts_at=shop.at + timedelta(days=1), ends_at=shop.at + timedelta(days=2))
    assert "No freeze is in the way" in await refused(shop, release)


async def test_what_would_be_asked_can_be_looked_at_first(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    seen = await shop.except_freeze.look(release)
    assert isinstance(seen, InTheWay)
    assert [freeze.name for freeze, _ in seen.freezes] == ["F-1"]
    assert not await shop.told(ExceptionWanted)


# ---------------------------------------------------------------- the budget


async def test_once_the_budget_is_used_up_nobody_is_asked_any_more(shop):
    shop.catalogue = replace(shop.catalogue, exceptions=ExceptionRules(budget=1, per=timedelta(days=30)))
    first, second = await shop.approved(shop.a, "1.0.0"), await shop.approved(shop.b, "2.0.0")
    await frozen(shop, ends_at=shop.at + timedelta(days=60))
    await asked(shop, first)
    await shop.decide_exception(ExceptionId(1), None, "", granted=True, by=shop.by(RUTH))
    granted_at = shop.at
    told = await refused(shop, second)
    assert told.startswith("The one exception from freezes that Payments may be granted in 30 days is used up. ")
    assert f"possible {granted_at + timedelta(days=30):%Y-%m-%d %H:%M} UTC" in told
    assert "@release-manager can change the budget in the catalogue." in told
    shop.at = granted_at + timedelta(days=30)
    await asked(shop, second)


async def test_a_budget_of_nothing_says_who_can_change_that(shop):
    shop.catalogue = replace(shop.catalogue, exceptions=ExceptionRules(budget=0))
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    assert await refused(shop, release) == (
        "Payments is granted no exceptions from freezes. Only @release-manager can change that, in the catalogue."
    )


# ---------------------------------------------------------------- once


async def test_a_repeated_delivery_asks_once(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await frozen(shop)
    press = Actor(MAYA, Surface.COMMAND, "the same press")
    assert isinstance(await shop.except_freeze(release, WHY, by=press), Pleaded)
    assert await shop.except_freeze(release, WHY, by=press) is REPEATED
    assert await wanted(shop) == [RUTH.id]


async def test_many_who_ask_at_once_ask_once(database):
    shop = Workshop(database.records)
    shop.catalogue = replace(shop.catalogue, freeze_rights=(RELEASE_MANAGER, CHANGE_MANAGER))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await frozen(shop)
    ends = await asyncio.gather(*(shop.except_freeze(release, WHY, by=shop.by(who)) for who in (MAYA, BEN, INES, OMAR)))
    assert [type(each) for each in ends].count(Pleaded) == 1
    assert [each for each in await database.told() if isinstance(each, ExceptionWanted)] == [
        ExceptionWanted(RUTH.id, ExceptionId(1))
    ]
    assert PRODUCTION in {each.name for each in (await shop.picture(release)).places}
