"""Standing back: an environment shows that it stands on an older version, and people are reminded, until it doesn't."""

from __future__ import annotations

from datetime import timedelta

from bot.notices import ThreadLine
from bot.verbs.standing_back import AGAIN_AFTER, FIRST_AFTER, RemindOfWayBack, told
from tests.makers import PRODUCTION
from tests.people import BEN, INES, MAYA
from tests.verbs.workshop import Workshop


async def reminders(shop: Workshop) -> list[str]:
    """What people were reminded of so far, once the clock has struck now."""
    await RemindOfWayBack(shop.records, lambda: shop.catalogue, lambda: shop.at)()
    return [str(each.sentence) for each in await shop.told(ThreadLine) if "still stands on" in str(each.sentence)]


async def rolled_back(shop: Workshop) -> None:
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    await shop.rolled_back()


async def test_the_digest_and_the_home_of_those_who_can_do_something_say_so(shop):
    await rolled_back(shop)
    (behind,) = (await shop.summaries.digest()).behind
    assert str(told(behind)).startswith("Payments production stands on 1.0.0, older than 2.0.0 (rolled back 2026-11-23")
    assert str(told(behind)).endswith("by @U0INES).")
    for person, sees in ((INES, 1), (MAYA, 1), (BEN, 0)):
        assert len((await shop.summaries.inbox(person.id)).behind) == sees, person


async def test_people_are_reminded_after_some_hours_once_a_day_and_not_for_ever(shop):
    await rolled_back(shop)
    assert await reminders(shop) == []
    shop.at += FIRST_AFTER
    (told_once,) = await reminders(shop)
    assert "Payments production still stands on 1.0.0, older than 2.0.0" in told_once
    assert "@U0MAYA, @release-manager and @on-call" in told_once
    shop.at += AGAIN_AFTER - timedelta(minutes=1)
    assert len(await reminders(shop)) == 1
    shop.at += timedelta(minutes=1)
    assert len(await reminders(shop)) == 2
    shop.at += timedelta(days=30)
    assert len(await reminders(shop)) == 2


async def test_it_ends_as_soon_as_something_is_deployed_there(shop):
    await rolled_back(shop)
    await shop.shipped(shop.reverts(shop.b), "3.0.0")
    shop.at += timedelta(days=1)
    assert await reminders(shop) == []
    assert (await shop.summaries.digest()).behind == ()


async def test_after_two_rollbacks_it_is_still_the_newest_version_that_is_missed(shop):
    for commit, version in ((shop.a, "1.0.0"), (shop.b, "2.0.0"), (shop.c, "3.0.0")):
        await shop.shipped(commit, version)
    for standing in ("2.0.0", "1.0.0"):
        await shop.rolled_back()
        (behind,) = (await shop.summaries.digest()).behind
        assert (behind.environment, behind.newer.order.version) == (PRODUCTION, "3.0.0")
        assert behind.standing.order.version == standing
