"""Ahead: whoever plans into a freeze hears of it, by the team's own days, and however far ahead it lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.rules.freeze import Freeze
from bot.rules.people import SLIPWAY
from bot.rules.policy import (
    EnvironmentName,
    FreezeMeaning,
    FreezeScope,
    RecurringFreeze,
    Reminders,
    ServiceName,
)
from bot.verbs.ahead import FrozenThen
from bot.verbs.edit_release import Edited
from bot.verbs.plan_release import Planned
from tests.makers import FEATURE, HOTFIX, PRODUCTION, a_plan, a_window
from tests.people import MAYA, RUTH
from tests.verbs.workshop import Workshop

WEEKENDS = RecurringFreeze(
    "weekends",
    "Nobody is there",
    datetime(2026, 11, 27, 17, 0),  # noqa: DTZ001 - as the clock on the wall shows it
    datetime(2026, 11, 30, 7, 0),  # noqa: DTZ001
    "FREQ=WEEKLY;BYDAY=FR",
    "Europe/Berlin",
    FreezeScope(frozenset({PRODUCTION})),
)
FAR_SATURDAY = date(2027, 2, 6)


async def told(shop: Workshop, target: date | None, change=FEATURE) -> FrozenThen | None:
    """What Maya hears when she plans it."""
    shop.number = getattr(shop, "number", 0) + 1
    plan = a_plan(version=f"{shop.number}.0.0", target=target, change_type=change)
    done = await shop.plan_release(plan, None, by=shop.by(MAYA))
    assert isinstance(done, Planned), str(done.why)
    return done.frozen_by


async def frozen(shop: Workshop, start: datetime, end: datetime, **window) -> Freeze:
    done = await shop.start_freeze(a_window(starts_at=start, ends_at=end, **window), by=shop.by(MAYA))
    assert isinstance(done, Freeze), done
    return done


def in_zone(shop: Workshop, zone: str) -> None:
    shop.catalogue = replace(shop.catalogue, reminders=Reminders(timezone=zone))


# ---------------------------------------------------------------- those with a number


@pytest.mark.parametrize(
    ("zone", "target", "warned"),
    [
        # From Friday 22:00 until Saturday 02:00 in UTC: that is Saturday in Berlin, Friday in New York.
        ("UTC", date(2026, 11, 27), True),
        ("UTC", date(2026, 11, 28), True),
        ("UTC", date(2026, 11, 29), False),
        ("Europe/Berlin", date(2026, 11, 27), True),
        ("America/New_York", date(2026, 11, 27), True),
        ("America/New_York", date(2026, 11, 28), False),
        ("Pacific/Auckland", date(2026, 11, 27), False),
        ("Pacific/Auckland", date(2026, 11, 28), True),
    ],
)
async def test_the_target_day_is_a_day_where_the_team_is(shop, zone, target, warned):
    in_zone(shop, zone)
    await frozen(shop, datetime(2026, 11, 27, 22, tzinfo=UTC), datetime(2026, 11, 28, 2, tzinfo=UTC))
    found = await told(shop, target)
    assert (found is not None) is warned


async def test_a_day_on_which_clocks_go_forward_has_no_more_and_no_fewer_freezes(shop):
    """In Berlin 29 March 2026 has 23 hours: it ends at 22:00 UTC."""
    shop.at = datetime(2026, 3, 20, tzinfo=UTC)
    in_zone(shop, "Europe/Berlin")
    await frozen(shop, datetime(2026, 3, 29, 22, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC))
    assert await told(shop, date(2026, 3, 29)) is None
    assert await told(shop, date(2026, 3, 30)) is not None


async def test_the_warning_says_what_it_is(shop):
    freeze = await frozen(shop, shop.at + timedelta(days=2), shop.at + timedelta(days=4), hard=False)
    found = await told(shop, date(2026, 11, 26))
    assert found == FrozenThen("F-1", "The annual sale", freeze.window.starts_at, freeze.over_at, soft=True)


async def test_of_several_it_is_the_hard_one_that_counts(shop):
    await frozen(shop, shop.at + timedelta(days=1), shop.at + timedelta(days=4), hard=False)
    hard = await frozen(shop, shop.at + timedelta(days=2), shop.at + timedelta(days=4))
    found = await told(shop, date(2026, 11, 26))
    assert found is not None
    assert found.name == hard.name


async def test_what_is_over_by_then_or_was_ended_is_no_warning(shop):
    first = await frozen(shop, shop.at + timedelta(days=1), shop.at + timedelta(days=4))
    assert await told(shop, date(2026, 11, 28)) is None
    assert await told(shop, date(2026, 11, 26)) is not None
    await shop.end_freeze(first.id, by=shop.by(MAYA))
    assert await told(shop, date(2026, 11, 26)) is None
    assert await told(shop, None) is None
    assert await told(shop, date(2026, 11, 1)) is None


async def test_what_does_not_concern_the_release_is_no_warning(shop):
    times = (shop.at + timedelta(days=2), shop.at + timedelta(days=4))
    await frozen(shop, *times, change_types=frozenset({HOTFIX}))
    async with shop.records.open() as page:
        for scope in (
            {"services": frozenset({ServiceName("web")})},
            {"environments": frozenset({EnvironmentName("qa")})},
        ):
            await page.add_freeze(a_window(starts_at=times[0], ends_at=times[1], **scope), RUTH.id, shop.at)
        await page.commit()
    assert await told(shop, date(2026, 11, 26)) is None
    assert await told(shop, date(2026, 11, 26), HOTFIX) is None  # for which freezes make room
    shop.agrees_on(HOTFIX, freeze=FreezeMeaning.ACKNOWLEDGE)
    found = await told(shop, date(2026, 11, 26), HOTFIX)
    assert found is not None
    assert found.soft


# ---------------------------------------------------------------- those that recur


async def test_a_recurring_freeze_is_known_months_before_it_has_a_number(shop):
    shop.catalogue = replace(shop.catalogue, recurring=(WEEKENDS,))
    in_zone(shop, "Europe/Berlin")
    found = await told(shop, FAR_SATURDAY)
    assert found == FrozenThen(
        "weekends",
        "Nobody is there",
        datetime(2027, 2, 5, 16, tzinfo=UTC),
        datetime(2027, 2, 8, 6, tzinfo=UTC),
        soft=False,
        numbered=False,
    )
    assert await told(shop, FAR_SATURDAY + timedelta(days=3)) is None  # a Tuesday
    assert await told(shop, FAR_SATURDAY, HOTFIX) is None


@pytest.mark.parametrize(
    "scope",
    [
        FreezeScope(services=frozenset({ServiceName("web")})),
        FreezeScope(environments=frozenset({EnvironmentName("qa")})),
        FreezeScope(change_types=frozenset({HOTFIX})),
    ],
)
async def test_a_recurring_freeze_of_something_else_is_no_warning(shop, scope):
    shop.catalogue = replace(shop.catalogue, recurring=(replace(WEEKENDS, scope=scope),))
    assert await told(shop, FAR_SATURDAY) is None


async def test_once_it_has_a_number_it_counts_as_it_stands(shop):
    """Somebody has ended the first weekend: what the rule says of it is no longer so."""
    shop.catalogue = replace(shop.catalogue, recurring=(WEEKENDS,))
    (first,) = shop.calendars.recurring(WEEKENDS, shop.at, shop.at + timedelta(days=6))
    async with shop.records.open() as page:
        window = a_window(starts_at=first.starts_at, ends_at=first.ends_at)
        freeze = await page.add_freeze(window, SLIPWAY, shop.at, origin=f"weekends/{first.key}")
        await page.commit()
    found = await told(shop, date(2026, 11, 28))
    assert found is not None
    assert (found.name, found.numbered) == ("F-1", True)
    await shop.end_freeze(freeze.id, by=shop.by(MAYA))
    assert await told(shop, date(2026, 11, 28)) is None


# ---------------------------------------------------------------- while editing


async def test_moving_the_target_into_a_freeze_warns_and_other_edits_do_not(shop):
    freeze = await frozen(shop, shop.at + timedelta(days=2), shop.at + timedelta(days=4))
    release = await shop.planned(None, "1.0.0", FEATURE, target=date(2026, 11, 24))
    plan = (await shop.picture(release)).release.plan

    async def edited(**fields) -> FrozenThen | None:
        done = await shop.edit_release(release, replace(plan, **fields), None, by=shop.by(MAYA))
        assert isinstance(done, Edited), str(done.why)
        return done.frozen_by

    into = date(2026, 11, 26)
    found = await edited(target=into)
    assert found is not None
    assert found.name == freeze.name
    assert await edited(target=into, title="Refunds") is None  # she knows
    assert await edited(target=into, title="Refunds", change_type=HOTFIX) is None
    assert await edited(target=into, title="Refunds", change_type=FEATURE) is not None
    assert await edited(target=None) is None


# ---------------------------------------------------------------- what recurs, ended by hand


async def test_ending_a_recurring_freeze_by_hand_says_on_the_record_whose_it_was(shop):
    async with shop.records.open() as page:
        freeze = await page.add_freeze(a_window(), SLIPWAY, shop.at, origin="weekends/2026-11-27T17:00", owner=None)
        await page.commit()
    await shop.extend_freeze(freeze.id, freeze.over_at + timedelta(days=1), by=shop.by(MAYA))
    await shop.end_freeze(freeze.id, by=shop.by(MAYA))
    async with shop.records.read() as page:
        *_, extended, ended = [each.happened for each in await page.record()]
    for entry, verb in ((extended, "extend freeze"), (ended, "end freeze")):
        assert (entry.verb, entry.by, entry.detail["origin"]) == (verb, MAYA.id, "weekends/2026-11-27T17:00")


async def test_a_freeze_for_a_change_type_that_does_not_exist_is_refused(shop):
    window = a_window(starts_at=shop.at, change_types=frozenset({HOTFIX, "featrue"}))
    refused = await shop.start_freeze(window, by=shop.by(MAYA))
    assert str(refused.why) == "The catalogue has no change type featrue. It has feature and hotfix."
