"""Calendars: freezes come by themselves, and everybody can have them in a calendar of their own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import icalendar

from bot.clockwork import IN_STEP
from bot.reload import Agreement
from bot.rules.policy import CalendarSource, EnvironmentName, FreezeScope, RecurringFreeze, ServiceName
from bot.secret import Secret
from bot.verbs.sync_freezes import SyncFreezes
from tests.stories.conftest import a_world
from tests.stories.roads import in_staging
from tests.stories.world import World, read
from tests.twins import Event

KEY = "canary-5107c0ffee-0123"
PAYMENTS = FreezeScope(frozenset({EnvironmentName("production")}), frozenset({ServiceName("payments")}))
COMPANY = CalendarSource("company", "https://calendar.example.com/s3cr3t/basic.ics", PAYMENTS)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def every_day() -> RecurringFreeze:
    """From two hours ago for five hours, every day."""
    starts = (now() - timedelta(hours=2)).replace(tzinfo=None)
    return RecurringFreeze("nights", "Backups run", starts, starts + timedelta(hours=5), "FREQ=DAILY", "UTC", PAYMENTS)


async def agrees(world: World, **fields) -> None:
    """From now on the catalogue has these."""
    agreement = world.bot.agreed
    assert isinstance(agreement, Agreement)
    await agreement.holder._take(replace(agreement(), **fields))
    await world.settles()


async def the_clock_strikes(world: World) -> None:
    await world.bot.tick(IN_STEP.key, now())
    await world.settles()


async def test_what_recurs_freezes_as_soon_as_it_is_agreed_and_no_longer_than_that(world: World):
    await in_staging(world)

    await agrees(world, recurring=(every_day(),))

    await world.until(lambda: "F-1 freezes production" in read(world.card()))
    await world.until(lambda: "*F-1* has begun" in world.channel("payments"))
    assert "Backups run" not in world.channel("storefront")
    listed = await world.maya.types("/freeze list")
    assert "Backups run" in listed
    assert "F-2" in listed

    await agrees(world, recurring=())

    await world.until(lambda: "F-1 freezes" not in read(world.card()))
    await world.until(lambda: "*F-1* is over" in world.channel("payments"))
    assert "F-2" not in world.channel("payments")  # nobody had heard of it
    assert "Nothing is frozen" in await world.maya.types("/freeze list")


async def test_an_event_in_a_calendar_freezes_with_the_next_stroke_of_the_clock(world: World):
    await in_staging(world)
    await agrees(world, calendars=(COMPANY,))
    world.calendars.has("company", Event("sale@example.com", now() - timedelta(hours=1), now() + timedelta(hours=5)))

    await the_clock_strikes(world)

    await world.until(lambda: "F-1 freezes production" in read(world.card()))
    assert "The annual sale" in world.channel("payments")
    assert "over" not in await world.maya.types("/freeze end F-1")
    await the_clock_strikes(world)
    assert "Nothing is frozen" in await world.maya.types("/freeze list")


async def test_a_calendar_that_was_never_read_blocks_and_its_owners_hear_why_without_its_secret(world: World):
    await in_staging(world)
    world.calendars.away["company"] = "calendar.example.com answered with status 404."

    await agrees(world, calendars=(COMPANY,))

    await world.until(lambda: "company" in read(world.card()))
    assert "can't be read: calendar.example.com answered with status 404." in world.channel("releases")
    assert "can't be read: calendar.example.com" in await world.maya.types("/release why R-1 production")
    assert "s3cr3t" not in world.channel("releases") + read(world.card())

    world.calendars.has("company")
    await the_clock_strikes(world)
    await world.until(lambda: "company" not in read(world.card()))
    assert "the calendar company can be read again" in world.channel("releases")


async def test_what_left_the_catalogue_while_nobody_was_there_is_called_off_at_the_start(world: World):
    await in_staging(world)
    await agrees(world, recurring=(every_day(),))
    await world.until(lambda: "*F-1* has begun" in world.channel("payments"))

    await world.restarts()  # the file says nothing of it

    await world.until(lambda: "*F-1* is over" in world.channel("payments"))
    assert "Nothing is frozen" in await world.maya.types("/freeze list")


async def test_what_goes_wrong_with_calendars_is_told_once_and_stops_nothing(world: World, caplog):
    await in_staging(world)

    async def broken(*_):
        raise RuntimeError("nobody expected this")

    world.calendars.events = broken
    await agrees(world, calendars=(replace(COMPANY, hard=False),))
    await the_clock_strikes(world)

    assert world.channel("releases").count("could not be brought up to date") == 1
    assert "nobody expected this" in caplog.text
    assert "R-1" in await world.maya.types("/release list")

    del world.calendars.events
    await the_clock_strikes(world)
    world.calendars.events = broken
    await the_clock_strikes(world)
    assert world.channel("releases").count("could not be brought up to date") == 2


async def test_it_starts_even_if_freezes_can_not_be_brought_in_step(world: World, monkeypatch):
    await in_staging(world)

    async def broken(_):
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr(SyncFreezes, "__call__", broken)
    await world.restarts()

    assert "R-1" in await world.maya.types("/release list")
    await world.until(lambda: "could not be brought up to date" in world.channel("releases"))


async def test_the_freezes_can_be_followed_in_any_calendar(tmp_path: Path, sqlite_url: str):
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(a_world(tmp_path, sqlite_url))
        world.settings = replace(world.settings, calendar_key=Secret(KEY))
        await stack.enter_async_context(world.running())
        await agrees(world, recurring=(every_day(),))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        address = f"{world.bot.address}/api/v1/freezes.ics"

        async with session.get(address, params={"key": KEY, "service": "payments"}) as response:
            assert response.status == 200
            calendar = icalendar.Calendar.from_ical(await response.text())
        async with session.get(address, params={"key": KEY, "service": "storefront"}) as response:
            elsewhere = icalendar.Calendar.from_ical(await response.text())
        async with session.get(address, params={"key": KEY[::-1]}) as response:
            assert response.status == 404
        async with session.get(address) as response:
            assert response.status == 401

    assert calendar["X-WR-CALNAME"] == "Freezes of Payments"
    assert len(calendar.events) >= 366  # a year of nights, of which only the next five weeks have numbers
    assert calendar.events[0]["SUMMARY"] == "Freeze of production of payments: Backups run"
    assert elsewhere.events == []


async def test_without_a_key_in_the_settings_no_key_opens_the_calendar(world: World):
    address = f"{world.bot.address}/api/v1/freezes.ics"
    async with aiohttp.ClientSession() as session, session.get(address, params={"key": KEY}) as got:
        assert got.status == 404
