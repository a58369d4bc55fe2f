"""Quiet hours: a reminder waits for the end of somebody's night, and what is urgent does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.messages import Message
from bot.notices import DirectLine, FreezeTold, Notice, Wanted
from bot.ports import DirectoryError
from bot.rules.hours import Span
from bot.rules.people import SLIPWAY, Person, PersonId
from bot.rules.policy import ChannelId
from bot.rules.quiet import QuietHours
from bot.rules.sentence import say
from bot.verbs.left_alone import LeftAlone
from handlers.announcements import Announcements
from handlers.names import CommandNames
from tests.makers import NOW, PRODUCTION, a_window
from tests.people import BEN, MAYA
from tests.verbs.workshop import Workshop

NIGHT = QuietHours((Span(frozenset(range(7)), time(19), time(8)),))
EVENING = NOW.replace(hour=20)
"""It is 21:00 in Berlin, where Maya is, and 15:00 in New York, where Ben is."""
MORNING = EVENING + timedelta(hours=11)


@pytest.fixture
def shop() -> Workshop:
    shop = Workshop()
    shop.catalogue = replace(shop.catalogue, quiet_hours=NIGHT)
    shop.at = EVENING
    return shop


async def drawn(shop: Workshop, notice: Notice) -> Message | None:
    left_alone = LeftAlone(shop.directory, lambda: shop.catalogue, lambda: shop.at)
    announce = Announcements(
        shop.look, shop.summaries, shop.records, lambda: shop.catalogue, CommandNames(), left_alone
    )
    return await announce(notice)


async def held_until(shop: Workshop, notice: Notice) -> datetime | None:
    message = await drawn(shop, notice)
    assert message is not None
    return message.not_before


async def test_a_reminder_waits_for_the_end_of_the_night_where_somebody_is(shop):
    assert await held_until(shop, DirectLine(MAYA.id, say("Soon"), reminder=True)) == MORNING
    assert await held_until(shop, DirectLine(BEN.id, say("Soon"), reminder=True)) is None
    shop.at = MORNING
    assert await held_until(shop, DirectLine(MAYA.id, say("Soon"), reminder=True)) is None


async def test_what_is_no_reminder_is_told_at_once(shop):
    assert await held_until(shop, DirectLine(MAYA.id, say("Now"))) is None


async def test_what_we_ask_by_ourselves_waits_and_what_a_person_asks_does_not(shop):
    release = await shop.planned(shop.a, "1.0.0")
    ours = Wanted(MAYA.id, release, PRODUCTION, "approval:qa", SLIPWAY)
    assert await held_until(shop, ours) == MORNING
    assert await held_until(shop, replace(ours, by=BEN.id)) is None


async def test_one_zone_can_be_everybodys(shop):
    shop.catalogue = replace(shop.catalogue, quiet_hours=replace(NIGHT, timezone="America/New_York"))
    assert await held_until(shop, DirectLine(MAYA.id, say("Soon"), reminder=True)) is None


async def test_where_nobody_can_say_where_somebody_is_the_catalogues_clock_counts(shop, monkeypatch):
    async def away(person: PersonId) -> Person:
        raise DirectoryError("Slack does not answer me")

    monkeypatch.setattr(shop.directory, "person", away)
    assert await held_until(shop, DirectLine(BEN.id, say("Soon"), reminder=True)) == EVENING.replace(
        hour=8
    ) + timedelta(days=1)


async def test_without_quiet_hours_nothing_waits(shop):
    shop.catalogue = replace(shop.catalogue, quiet_hours=None)
    assert await held_until(shop, DirectLine(MAYA.id, say("Soon"), reminder=True)) is None


async def test_what_is_of_no_use_any_more_after_the_night_is_not_told(shop):
    notice = DirectLine(MAYA.id, say("It ends soon"), reminder=True, good_until=EVENING + timedelta(hours=1))
    assert await drawn(shop, notice) is not None
    shop.at = MORNING
    assert await drawn(shop, notice) is None


async def test_a_freeze_of_which_slack_hears_late_is_not_told_as_if_it_came(shop):
    await shop.start_freeze(
        a_window(starts_at=EVENING + timedelta(hours=1), ends_at=EVENING + timedelta(hours=3)), by=shop.by(MAYA)
    )
    channel = ChannelId("C0PAYMENTS")
    told = {moment: FreezeTold(channel, 1, moment) for moment in ("declared", "coming", "started", "ended")}
    assert await drawn(shop, told["coming"]) is not None
    shop.at = EVENING + timedelta(hours=2)
    assert await drawn(shop, told["coming"]) is None
    assert await drawn(shop, told["started"]) is not None
    shop.at = EVENING + timedelta(hours=4)
    assert [await drawn(shop, each) is not None for each in told.values()] == [False, False, False, True]
