"""Time: whatever waits for a moment is told once, by whichever replica, and after an outage only the newest of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.notices import ChannelLine, DigestDue, DirectLine, FreezeTold, Notice, ThreadLine, Wanted
from bot.rules.hours import Span
from bot.rules.people import SLIPWAY
from bot.rules.policy import ChannelId, DigestSchedule
from bot.rules.quiet import QuietHours
from bot.verbs.lock import Locked, Wish
from bot.verbs.post_digest import ScheduledDigest
from tests.grounds import database_ground
from tests.makers import FEATURE, HOTFIX, NOW, PAYMENTS, PRODUCTION, a_window
from tests.people import MAYA, OMAR, RUTH
from tests.verbs.workshop import Workshop

AN_HOUR, A_DAY, A_WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
NIGHT = QuietHours((Span(frozenset(range(7)), time(19), time(8)),))
TARGET = date(2026, 12, 4)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


async def lines(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine)]


async def to_owners(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ChannelLine) if each.channel == "C0OWNERS"]


# ---------------------------------------------------------------- after an outage


async def test_of_three_freezes_whose_notices_were_missed_each_is_told_once_as_it_stands(shop):
    spans = ((30 * AN_HOUR, 40 * AN_HOUR), (26 * AN_HOUR, 40 * AN_HOUR), (25 * AN_HOUR, 27 * AN_HOUR))
    for start, end in spans:
        await shop.start_freeze(a_window(starts_at=NOW + start, ends_at=NOW + end), by=shop.by(MAYA))
    for number in (1, 2, 3):
        await shop.watch_freeze(number)
    shop.at = NOW + 29 * AN_HOUR + timedelta(minutes=30)  # nobody was there: a day before, an hour before, …
    for number in (1, 2, 3):
        await shop.watch_freeze(number)
        await shop.watch_freeze(number)
    told = [(each.freeze, each.moment) for each in await shop.told(FreezeTold)]
    assert told == [
        *((number, "declared") for number in (1, 2, 3)),
        (1, "coming"),
        (2, "started"),
        (3, "ended"),
    ]


async def test_of_a_target_date_that_was_missed_only_the_newest_is_told(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=TARGET)
    shop.at = midnight(TARGET) + 9 * AN_HOUR
    await shop.watched(release)
    (told,) = (each for each in await lines(shop) if "target date" in each)
    assert "is today. 3 things are in the way." in told
    assert {each.person for each in await shop.told(Wanted)} == {OMAR.id, RUTH.id}


async def test_what_was_due_to_the_owners_long_ago_is_left_out(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=TARGET)
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    expired = await shop.approved(shop.b, "2.0.0")
    shop.at = midnight(TARGET) + 30 * A_DAY
    await shop.watched(release)
    await shop.watched(expired)
    assert await to_owners(shop) == []
    assert await shop.told(Wanted) == []


# ---------------------------------------------------------------- from those who can act, to their role, to the owners


async def test_a_target_date_is_told_to_people_then_to_roles_then_to_the_owners(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=TARGET)
    for after in (-A_DAY, timedelta(0), A_DAY):
        shop.at = midnight(TARGET) + after
        await shop.watched(release)
        await shop.watched(release)
    said = [each for each in await lines(shop) if "target date" in each]
    assert [each.partition(" the target date")[0] for each in said] == ["@U0MAYA,", "@qa and @change-manager:"]
    assert [(each.person, each.by) for each in await shop.told(Wanted)][:2] == [(OMAR.id, SLIPWAY), (RUTH.id, SLIPWAY)]
    assert await to_owners(shop) == [
        (
            "@release-manager: R-1 (payments 1.0.0) was due on 2026-12-04, and is not with customers. 3 things are in "
            "the way. /release why R-1 shows more."
        )
    ]


async def test_what_is_with_customers_by_its_target_date_is_not_told_to_the_owners(shop):
    release = await shop.approved(shop.a, "1.0.0")
    seen = await shop.look(release)
    await shop.edit_release(release, replace(seen.release.plan, target=TARGET), None, by=shop.by(MAYA))
    await shop.deployed(release)
    shop.at = midnight(TARGET) + A_DAY
    await shop.watched(release)
    assert await to_owners(shop) == []


async def test_an_approval_that_nobody_renews_is_told_to_its_giver_then_to_its_role_then_to_the_owners(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    end = shop.at + A_WEEK
    for moment in (end - A_DAY, end, end + A_DAY, end + 5 * A_DAY):
        shop.at = moment
        await shop.watched(release)
        await shop.watched(release)
    (warning,) = await shop.told(DirectLine)
    assert (warning.person, warning.reminder, warning.good_until) == (OMAR.id, True, end)
    assert sum("@qa, please look at it again" in each for each in await lines(shop)) == 1
    (told,) = await to_owners(shop)
    assert "the approval of R-1 for production as @qa expired 2026-11-30" in told


async def test_an_approval_that_was_given_anew_is_not_told_to_the_owners(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    shop.at += A_WEEK
    await shop.watched(release)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    shop.at += A_DAY
    await shop.watched(release)
    assert await to_owners(shop) == []


# ---------------------------------------------------------------- quiet hours


async def test_what_would_call_people_in_a_thread_waits_for_the_end_of_the_quiet_hours(shop):
    shop.catalogue = replace(shop.catalogue, quiet_hours=NIGHT)
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=TARGET)
    shop.at = midnight(TARGET) - A_DAY
    assert await shop.watched(release) == 8 * AN_HOUR
    assert not any("target date" in each for each in await lines(shop))
    shop.at += 8 * AN_HOUR
    await shop.watched(release)
    assert sum("is near" in each for each in await lines(shop)) == 1


async def test_a_lock_that_seems_forgotten_in_the_night_is_asked_about_in_the_morning(shop):
    shop.catalogue = replace(shop.catalogue, quiet_hours=NIGHT)
    shop.at = NOW.replace(hour=23)
    done = await shop.lock(Wish(PAYMENTS, PRODUCTION, "It moves", until=shop.at + 3 * A_DAY), by=shop.by(MAYA))
    assert isinstance(done, Locked)
    shop.at = done.lock.locked_at + A_DAY
    following = await shop.watch_lock(done.lock.id)
    assert await shop.told(ChannelLine) == []
    shop.at += following.after
    assert shop.at.hour == 8
    await shop.watch_lock(done.lock.id)
    assert len(await shop.told(ChannelLine)) == 1


# ---------------------------------------------------------------- three replicas


Due = Callable[[Workshop], Awaitable[object]]


async def a_freeze_begins(shop: Workshop) -> Due:
    await shop.start_freeze(a_window(starts_at=NOW + AN_HOUR), by=shop.by(MAYA))
    shop.at = NOW + AN_HOUR
    return lambda replica: replica.watch_freeze(1)


async def a_lock_is_about_to_end(shop: Workshop) -> Due:
    done = await shop.lock(Wish(PAYMENTS, PRODUCTION, "It moves"), by=shop.by(MAYA))
    assert isinstance(done, Locked)
    shop.at = done.lock.over_at - timedelta(minutes=15)
    return lambda replica: replica.watch_lock(done.lock.id)


async def a_lock_ends(shop: Workshop) -> Due:
    due = await a_lock_is_about_to_end(shop)
    shop.at += timedelta(minutes=15)
    return due


async def a_lock_seems_forgotten(shop: Workshop) -> Due:
    await shop.lock(Wish(PAYMENTS, PRODUCTION, "It moves", until=shop.at + 3 * A_DAY), by=shop.by(MAYA))
    shop.at += A_DAY
    return lambda replica: replica.watch_lock(1)


async def a_target_date_is_near(shop: Workshop) -> Due:
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=TARGET)
    shop.at = midnight(TARGET) - A_DAY
    return lambda replica: replica.watch_release(release)


async def a_target_date_is_over(shop: Workshop) -> Due:
    due = await a_target_date_is_near(shop)
    shop.at += 2 * A_DAY
    return due


async def an_approval_is_about_to_expire(shop: Workshop) -> Due:
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    shop.at += A_WEEK - A_DAY
    return lambda replica: replica.watch_release(release)


async def an_approval_has_expired(shop: Workshop) -> Due:
    due = await an_approval_is_about_to_expire(shop)
    shop.at += A_DAY
    return due


async def a_digest_is_due(shop: Workshop) -> Due:
    schedule = DigestSchedule(ChannelId("C0PAYMENTS"), "0 9 * * *", "Europe/Berlin")
    shop.catalogue = replace(shop.catalogue, digests=(schedule,))
    return lambda replica: ScheduledDigest(replica.records, lambda: shop.catalogue)(schedule.key, shop.at)


def in_words(notice: Notice) -> str:
    match notice:
        case FreezeTold(moment=moment):
            return moment
        case DigestDue():
            return "digest"
        case ThreadLine() | DirectLine() | ChannelLine():
            return str(notice.sentence)
        case _:
            return ""


@pytest.mark.parametrize(
    ("comes_to_that", "told"),
    [
        (a_freeze_begins, "started"),
        (a_lock_is_about_to_end, "To prolong it"),
        (a_lock_ends, "If you still need it"),
        (a_lock_seems_forgotten, "Is that still needed?"),
        (a_target_date_is_near, "is near"),
        (a_target_date_is_over, "was due on"),
        (an_approval_is_about_to_expire, "If you still mean it"),
        (an_approval_has_expired, "has expired"),
        (a_digest_is_due, "digest"),
    ],
)
async def test_three_replicas_tell_it_once(postgres_url, comes_to_that, told):
    async with AsyncExitStack() as stack:
        grounds = [await stack.enter_async_context(database_ground(postgres_url)) for _ in range(3)]
        replicas = [Workshop(each.records) for each in grounds]
        due = await comes_to_that(replicas[0])
        for each in replicas[1:]:
            each.at, each.catalogue = replicas[0].at, replicas[0].catalogue
        before = sum(told in in_words(each) for each in await grounds[0].told())
        await asyncio.gather(*(due(each) for each in (*replicas, *replicas)), return_exceptions=True)
        assert sum(told in in_words(each) for each in await grounds[0].told()) - before == 1
