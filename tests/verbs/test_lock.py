"""Locks: nobody loses one unheard, nothing slips past one, and each ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.notices import ChannelLine, DirectLine, ThreadLine, Wanted
from bot.ports import Work
from bot.rules.absence import Leave
from bot.rules.gate import Reason
from bot.rules.lock import Lock
from bot.rules.people import SLIPWAY, Person
from bot.rules.policy import LockRules, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, Refused
from bot.verbs.ask_them import Called
from bot.verbs.confirm_deploy import Blocked, Confirmed
from bot.verbs.lock import Locked, Wish
from bot.verbs.roll_back import RollingBack
from tests.makers import HOTFIX, PAYMENTS, PRODUCTION, STAGING, a_hold, a_service
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, RELEASE_MANAGER
from tests.verbs.workshop import Workshop

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


async def locks(shop: Workshop, by: Person = MAYA, **wish: Any) -> Locked:
    done = await shop.lock(replace(Wish(PAYMENTS, PRODUCTION, "The database moves"), **wish), by=shop.by(by))
    assert isinstance(done, Locked), str(done)
    return done


async def refused(shop: Workshop, by: Person = MAYA, **wish: Any) -> str:
    done = await shop.lock(replace(Wish(PAYMENTS, PRODUCTION, "The database moves"), **wish), by=shop.by(by))
    assert isinstance(done, Refused)
    return str(done.why)


def only_two_roles_deploy(shop: Workshop) -> None:
    rights = {Right.DEPLOY: (RELEASE_MANAGER, ON_CALL), Right.ROLL_BACK: (RELEASE_MANAGER, ON_CALL)}
    services = {PAYMENTS: replace(shop.catalogue.services[PAYMENTS], rights=rights)}
    shop.catalogue = replace(shop.catalogue, services=services)


async def kept(shop: Workshop, lock: Lock) -> Lock:
    async with shop.records.read() as reading:
        found = await reading.lock(lock.id)
    assert found is not None
    return found


async def watched(shop: Workshop, lock: Lock) -> timedelta | None:
    """What is due is done; how long it waits then, None if the watch is over."""
    following = await shop.watch_lock(lock.id)
    return None if following.done else following.after


async def recorded(shop: Workshop) -> list[tuple[str, str]]:
    async with shop.records.read() as reading:
        entries = await reading.record()
    return [(each.happened.verb, each.happened.by) for each in entries if "lock" in each.happened.verb]


async def test_nothing_goes_to_a_locked_environment_not_even_its_holders_release(shop):
    release = await shop.approved(shop.a, "1.0.0")
    locked = await locks(shop)
    assert [each.about for each in await shop.blockers(release, Reason.LOCKED)] == [locked.lock.name]
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(await shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA)), Blocked)
    assert isinstance(await shop.unlock(PAYMENTS, PRODUCTION, by=shop.by(MAYA)), Lock)
    await shop.deployed(release)


async def test_a_lock_for_one_release_lets_that_one_pass(shop):
    mine, other = await shop.approved(shop.a, "1.0.0"), await shop.approved(shop.b, "2.0.0")
    await locks(shop, release=mine)
    assert await shop.blockers(mine, Reason.LOCKED) == []
    assert "and only R-1 may go there" in str((await shop.blockers(other, Reason.LOCKED))[0].why)
    await shop.deployed(mine)


async def test_a_rollback_is_never_locked(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await locks(shop)
    done = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(done, RollingBack)


async def test_it_lasts_as_long_as_the_catalogue_says_and_no_longer_than_it_allows(shop):
    shop.catalogue = replace(shop.catalogue, locks=LockRules(lasts=AN_HOUR, longest=A_DAY))
    locked = await locks(shop)
    assert locked.lock.hold.ends_at == shop.at + AN_HOUR
    assert "for 1 day at most" in await refused(shop, until=shop.at + A_DAY + AN_HOUR)
    assert "before it begins" in await refused(shop, until=shop.at - AN_HOUR)


async def test_who_may_not_deploy_may_not_lock(shop):
    only_two_roles_deploy(shop)
    assert "Only @release-manager and @on-call can deploy" in await refused(shop, BEN)


async def test_what_cannot_be_locked_is_answered_and_changes_nothing(shop):
    release = await shop.planned(shop.a, "1.0.0")
    assert "no service" in await refused(shop, service="moon")
    assert "has no environment" in await refused(shop, environment="moon")
    assert "needs a reason" in await refused(shop, reason="  ")
    assert "no release R-9" in await refused(shop, release=ReleaseId(9))
    await shop.cancel_release(release, "Not wanted", by=shop.by(MAYA))
    assert "has ended" in await refused(shop, release=release)
    services = {**shop.catalogue.services, "search": a_service("search")}
    shop.catalogue = replace(shop.catalogue, services=services)
    other = await shop.planned(shop.b, "2.0.0")
    assert "can't be held for it" in await refused(shop, service="search", release=other)
    assert await recorded(shop) == []


async def test_locking_again_prolongs_it(shop):
    first = await locks(shop)
    shop.at += AN_HOUR
    second = await locks(shop, reason="It takes longer")
    assert (second.lock.id, second.lock.locked_at) == (first.lock.id, first.lock.locked_at)
    assert second.lock.over_at == shop.at + 2 * AN_HOUR
    assert not second.taken_over
    assert await recorded(shop) == [("lock", MAYA.id), ("prolong a lock", MAYA.id)]


async def test_somebody_elses_lock_is_taken_over_with_a_reason_and_its_holder_hears_of_it(shop):
    mine = await locks(shop)
    why = await refused(shop, INES)
    assert "@U0MAYA has locked production of payments since" in why
    assert "(The database moves)" in why
    assert "/deploy lock payments production take over <reason>" in why
    hers = await locks(shop, INES, take_over=True, reason="Checkout is down")
    assert hers.taken_over
    assert (await kept(shop, mine.lock)).ended_by == INES.id
    (told,) = await shop.told(DirectLine)
    assert told.person == MAYA.id
    assert str(told.sentence) == "@U0INES has taken over your lock on production of payments: Checkout is down"
    assert await recorded(shop) == [("lock", MAYA.id), ("take over a lock", INES.id), ("lock", INES.id)]
    assert await watched(shop, mine.lock) is None


async def test_taking_over_what_nobody_holds_any_more_just_locks_it(shop):
    mine = await locks(shop)
    shop.at += 3 * AN_HOUR
    hers = await locks(shop, INES, take_over=True)
    assert hers.before is None
    assert (await kept(shop, mine.lock)).ended_by == SLIPWAY
    assert ["ended 2026" in str(each.sentence) for each in await shop.told(DirectLine)] == [True]


async def test_somebody_else_unlocks_with_a_reason_and_its_holder_hears_of_it(shop):
    await locks(shop)
    silent = await shop.unlock(PAYMENTS, PRODUCTION, by=shop.by(INES))
    assert isinstance(silent, Refused)
    assert "/deploy unlock payments production <reason>" in str(silent.why)
    assert isinstance(await shop.unlock(PAYMENTS, PRODUCTION, "Maya is asleep", by=shop.by(INES)), Lock)
    (told,) = await shop.told(DirectLine)
    assert (told.person, str(told.sentence)) == (
        MAYA.id,
        "@U0INES has ended your lock on production of payments: Maya is asleep",
    )
    again = await shop.unlock(PAYMENTS, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(again, Refused)
    assert str(again.why) == "production of Payments is not locked."


async def test_its_holder_lets_go_without_a_reason_even_without_the_role(shop):
    await locks(shop, BEN)
    only_two_roles_deploy(shop)
    assert isinstance(await shop.unlock(PAYMENTS, PRODUCTION, by=shop.by(BEN)), Lock)
    await locks(shop)
    refusal = await shop.unlock(PAYMENTS, PRODUCTION, "Because", by=shop.by(BEN))
    assert isinstance(refusal, Refused)
    assert "Only" in str(refusal.why)


async def test_a_repeated_delivery_has_one_effect(shop):
    once = shop.by(MAYA)
    wish = Wish(PAYMENTS, PRODUCTION, "The database moves")
    assert isinstance(await shop.lock(wish, by=once), Locked)
    assert await shop.lock(wish, by=once) is REPEATED
    once = shop.by(MAYA)
    assert isinstance(await shop.unlock(PAYMENTS, PRODUCTION, by=once), Lock)
    assert await shop.unlock(PAYMENTS, PRODUCTION, by=once) is REPEATED


async def test_its_holder_is_asked_to_unlock_it_and_others_only_if_they_are_away(shop):
    only_two_roles_deploy(shop)
    release = await shop.approved(shop.a, "1.0.0")
    locked = await locks(shop, INES)
    key = f"locked:{locked.lock.name}"
    asked = await shop.ask_them(release, PRODUCTION, key, by=shop.by(BEN))
    assert isinstance(asked, tuple)
    assert [each.people for each in asked] == [(INES.id,)]
    await shop.go_away(Leave(INES.id, shop.at, shop.at + A_DAY), by=shop.by(INES))
    shop.at += 5 * AN_HOUR
    await locks(shop, INES)
    ((called,),) = [await shop.ask_them(release, PRODUCTION, by=shop.by(BEN))]
    assert isinstance(called, Called)
    assert called.people == (MAYA.id,)
    assert {each.person for each in await shop.told(Wanted)} == {INES.id, MAYA.id}


# ---------------------------------------------------------------- by the clock


async def test_its_holder_is_reminded_before_its_end_and_told_at_it(shop):
    release = await shop.approved(shop.a, "1.0.0")
    locked = await locks(shop)
    assert (Work.WATCH_LOCK, locked.lock.id) in shop.records.started
    assert await watched(shop, locked.lock) == 2 * AN_HOUR - timedelta(minutes=15)
    shop.at = locked.lock.over_at - timedelta(minutes=15)
    assert await watched(shop, locked.lock) == timedelta(minutes=15)
    await watched(shop, locked.lock)
    (reminder,) = await shop.told(DirectLine)
    assert (reminder.person, reminder.reminder, reminder.good_until) == (MAYA.id, True, locked.lock.over_at)
    assert "/deploy lock payments production <reason>" in str(reminder.sentence)
    shop.at = locked.lock.over_at
    shop.records.nudged.clear()
    assert await watched(shop, locked.lock) is None
    assert (await kept(shop, locked.lock)).ended_by == SLIPWAY
    assert "ended 2026-11-23" in str((await shop.told(DirectLine))[-1].sentence)
    assert (Work.WATCH_RELEASE, release, "changed") in shop.records.nudged
    assert await watched(shop, locked.lock) is None
    assert len(await shop.told(DirectLine)) == 2


async def test_whoever_prolongs_it_is_reminded_of_the_new_end(shop):
    locked = await locks(shop)
    shop.at = locked.lock.over_at - timedelta(minutes=15)
    await watched(shop, locked.lock)
    longer = await locks(shop)
    assert (Work.WATCH_LOCK, locked.lock.id, "changed") in shop.records.nudged
    shop.at = longer.lock.over_at - timedelta(minutes=15)
    await watched(shop, locked.lock)
    assert [each.good_until for each in await shop.told(DirectLine)] == [locked.lock.over_at, longer.lock.over_at]


async def test_a_lock_that_seems_forgotten_is_asked_about_and_then_told_to_the_owners(shop):
    only_two_roles_deploy(shop)
    locked = await locks(shop, until=shop.at + 3 * A_DAY)
    assert await watched(shop, locked.lock) == A_DAY
    shop.at = locked.lock.locked_at + A_DAY
    await watched(shop, locked.lock)
    await watched(shop, locked.lock)
    (asked,) = await shop.told(ChannelLine)
    assert asked.channel == "C0PAYMENTS"
    assert "@U0MAYA, you have held production of payments since" in str(asked.sentence)
    assert "@release-manager and @on-call can do so, too." in str(asked.sentence)
    shop.at += A_DAY
    await watched(shop, locked.lock)
    (_, told) = await shop.told(ChannelLine)
    assert told.channel == "C0OWNERS"
    assert "@release-manager: @U0MAYA has held production of payments since" in str(told.sentence)


async def test_after_an_outage_only_the_newest_is_told(shop):
    locked = await locks(shop, until=shop.at + 3 * A_DAY)
    shop.at += 2 * A_DAY + AN_HOUR
    await watched(shop, locked.lock)
    assert [each.channel for each in await shop.told(ChannelLine)] == ["C0OWNERS"]
    shop.at += 5 * A_DAY
    await watched(shop, locked.lock)
    assert len(await shop.told(ChannelLine)) == 1
    assert len(await shop.told(DirectLine)) == 1
    assert "ended 2026-11-26" in str((await shop.told(DirectLine))[0].sentence)


async def test_the_gate_opens_by_its_time_whether_or_not_anybody_has_noticed(shop):
    release = await shop.approved(shop.a, "1.0.0")
    locked = await locks(shop)
    shop.at = locked.lock.over_at
    assert await shop.blockers(release) == []
    await shop.deployed(release)


@pytest.mark.parametrize("ends", ["launched", "cancelled"])
async def test_what_was_held_for_a_release_is_free_once_that_has_ended(shop, ends):
    release = await shop.approved(shop.a, "1.0.0")
    locked = await locks(shop, INES, release=release)
    if ends == "launched":
        await shop.deployed(release)
        shop.at = locked.lock.locked_at + AN_HOUR
        await shop.launch(release, by=shop.by(MAYA))
    else:
        await shop.cancel_release(release, "Not wanted", by=shop.by(MAYA))
    assert (await kept(shop, locked.lock)).ended_by == MAYA.id
    (told,) = await shop.told(DirectLine)
    assert (told.person, "R-1 has ended" in str(told.sentence)) == (INES.id, True)
    assert await watched(shop, locked.lock) is None


async def test_the_thread_of_the_release_hears_that_it_is_held_for_it(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await locks(shop, release=release)
    await shop.unlock(PAYMENTS, PRODUCTION, by=shop.by(MAYA))
    lines = [str(each.sentence) for each in await shop.told(ThreadLine)]
    assert "@U0MAYA holds production for this release until" in lines[-2]
    assert lines[-1] == "@U0MAYA has unlocked production, which was held for this release."


# ---------------------------------------------------------------- at the same time


async def test_of_two_who_lock_at_once_one_does_and_the_other_hears_who(records):
    shop = Workshop(records)
    wish = Wish(PAYMENTS, PRODUCTION, "The database moves")
    outcomes = await asyncio.gather(*(shop.lock(wish, by=shop.by(each)) for each in (MAYA, INES)))
    (done,) = (each for each in outcomes if isinstance(each, Locked))
    (told,) = (each for each in outcomes if isinstance(each, Refused))
    assert f"@{done.lock.hold.by} has locked production of payments" in str(told.why)


async def test_whoever_confirms_while_it_is_being_locked_waits_and_is_blocked(records):
    shop = Workshop(records)
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    async with records.open() as page:
        await page.lock_on(PAYMENTS, PRODUCTION)
        confirming = asyncio.create_task(shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA)))
        await asyncio.sleep(0.1)
        assert not confirming.done()
        await page.add_lock(a_hold(by=INES.id, ends_at=shop.at + AN_HOUR), shop.at)
        await page.commit()
    outcome = await confirming
    assert isinstance(outcome, Blocked)
    assert [each.reason for each in outcome.place.blockers] == [Reason.LOCKED]


async def test_what_ships_itself_waits_for_whoever_locks_as_well(records):
    shop = Workshop(records)
    shop.agrees_on(HOTFIX, approvals={}, ships_itself=frozenset({STAGING, PRODUCTION}))
    release = await shop.planned(shop.a, "1.0.0")
    async with records.open() as page:
        await page.lock_on(PAYMENTS, STAGING)
        watching = asyncio.create_task(shop.watch_release(release))
        await asyncio.sleep(0.1)
        assert not watching.done()
        await page.add_lock(a_hold(environment=STAGING, ends_at=shop.at + AN_HOUR), shop.at)
        await page.commit()
    await watching
    assert (await shop.picture(release)).deployments == ()


async def test_whoever_locks_while_something_is_being_confirmed_hears_that_it_goes_on(records):
    shop = Workshop(records)
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    outcomes = await asyncio.gather(
        shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA)),
        shop.lock(Wish(PAYMENTS, PRODUCTION, "The database moves"), by=shop.by(INES)),
    )
    confirmed, locked = outcomes
    assert isinstance(locked, Locked)
    # Either it began, and whoever locked knows; or it was locked, and nothing began.
    assert isinstance(confirmed, Confirmed) == (locked.running is not None)


async def test_locking_for_a_release_while_that_is_confirmed_is_no_deadlock(records):
    shop = Workshop(records)
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    wish = Wish(PAYMENTS, PRODUCTION, "Refunds first", release=release)
    confirmed, locked = await asyncio.gather(
        shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA)), shop.lock(wish, by=shop.by(OMAR))
    )
    assert isinstance(confirmed, Confirmed)
    assert isinstance(locked, Locked)


async def test_of_three_watches_at_once_one_tells(records):
    shop = Workshop(records)
    locked = await locks(shop)
    shop.at = locked.lock.over_at
    await asyncio.gather(*(shop.watch_lock(locked.lock.id) for _ in range(3)))
    assert [verb for verb, _ in await recorded(shop)] == ["lock", "unlock"]
