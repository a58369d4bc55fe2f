"""What all calendars promise, held against the twin, an HTTP server that really answers, and real files."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import aiohttp
import pytest
from aiohttp import web

from bot.ports import CalendarError, Calendars
from bot.rules.policy import CalendarSource, RecurringFreeze
from integrations.calendars.adapter import IcalCalendars
from tests.calendars.writing import a_calendar
from tests.twins import Event, FakeCalendars

TOKEN = "private-5107c0ffee"
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
END = START + timedelta(days=35)


class Ground(Protocol):
    """Calendars, and one of them that holds what a test writes into it."""

    calendars: Calendars

    def source(self, **fields) -> CalendarSource: ...
    def has(self, *events: Event) -> None: ...
    def is_away(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.calendars = FakeCalendars()

    def source(self, **fields):
        return CalendarSource("company", f"https://example.com/{TOKEN}/basic.ics", **fields)

    def has(self, *events):
        self.calendars.has("company", *events)

    def is_away(self):
        self.calendars.away["company"] = "example.com could not be reached."


class FileGround:
    def __init__(self, session, folder) -> None:
        self.calendars = IcalCalendars(session)
        self.file = folder / "freezes.ics"

    def source(self, **fields):
        return CalendarSource("company", str(self.file), **fields)

    def has(self, *events):
        self.file.write_bytes(a_calendar(*events))

    def is_away(self):
        self.file.unlink(missing_ok=True)


class HttpGround:
    def __init__(self, session) -> None:
        self.calendars = IcalCalendars(session)
        self.address = ""
        self.text: bytes | None = None

    def source(self, **fields):
        return CalendarSource("company", f"{self.address}/{TOKEN}/basic.ics", **fields)

    def has(self, *events):
        self.text = a_calendar(*events)

    def is_away(self):
        self.text = None

    async def answer(self, request):
        if self.text is None:
            raise web.HTTPServiceUnavailable
        return web.Response(body=self.text, content_type="text/calendar")


@pytest.fixture(params=["twin", "file", "http"])
async def ground(request, tmp_path):
    if request.param == "twin":
        yield TwinGround()
        return
    async with aiohttp.ClientSession() as session:
        if request.param == "file":
            yield FileGround(session, tmp_path)
            return
        ready = HttpGround(session)
        app = web.Application()
        app.router.add_get(f"/{TOKEN}/basic.ics", ready.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield ready
        await runner.cleanup()


async def read(ground: Ground, start=START, end=END, **fields):
    return await ground.calendars.events(ground.source(**fields), start, end)


def at(day: int, hour: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def wall(shown: str) -> datetime:
    """As the clock on the wall shows it: without a zone."""
    return datetime.fromisoformat(shown)


SALE = Event("sale@example.com", at(1, 8), at(3, 20))


# ---------------------------------------------------------------- what is in a calendar


async def test_an_event_is_told_with_its_moments_and_what_it_is_called(ground: Ground):
    ground.has(SALE)

    (sale,) = await read(ground)

    assert (sale.starts_at, sale.ends_at, sale.title) == (at(1, 8), at(3, 20), "The annual sale")
    assert sale.starts_at.utcoffset() == timedelta(0)


async def test_an_empty_calendar_holds_nothing(ground: Ground):
    ground.has()

    assert await read(ground) == []


async def test_what_touches_that_time_is_told_and_nothing_else(ground: Ground):
    just_over = Event("over@example.com", START - timedelta(hours=2), START)
    under_way = Event("now@example.com", START - timedelta(days=9), START + timedelta(minutes=1))
    too_late = Event("late@example.com", END, END + timedelta(hours=1))
    ground.has(too_late, SALE, just_over, under_way)

    assert [each.starts_at for each in await read(ground)] == [under_way.starts, SALE.starts]


async def test_it_is_read_afresh_each_time(ground: Ground):
    ground.has(SALE)
    before = await read(ground)
    ground.has()

    assert len(before) == 1
    assert await read(ground) == []


async def test_an_event_that_was_moved_is_still_the_same_one(ground: Ground):
    ground.has(SALE)
    before = await read(ground)
    ground.has(Event(SALE.uid, at(8, 8), at(10, 20)))
    after = await read(ground)

    assert [each.key for each in before] == [each.key for each in after]
    assert after[0].starts_at == at(8, 8)


async def test_each_time_of_what_recurs_has_a_key_of_its_own_also_once_it_was_moved(ground: Ground):
    ground.has(Event("demo@example.com", at(1, 8), at(1, 12), weeks=3))
    before = await read(ground)
    ground.has(Event("demo@example.com", at(1, 8), at(1, 12), weeks=3, moved={1: (at(9, 9), at(9, 15))}))
    after = await read(ground)

    assert [each.starts_at for each in before] == [at(1, 8), at(8, 8), at(15, 8)]
    assert [each.starts_at for each in after] == [at(1, 8), at(9, 9), at(15, 8)]
    assert after[1].ends_at == at(9, 15)
    assert len({each.key for each in before}) == 3
    assert [each.key for each in before] == [each.key for each in after]


async def test_all_day_events_are_whole_days_of_the_zone_that_was_agreed(ground: Ground):
    ground.has(Event("holidays@example.com", date(2026, 12, 24), date(2026, 12, 27)))

    (berlin,) = await read(ground, timezone="Europe/Berlin")
    (new_york,) = await read(ground, timezone="America/New_York")

    assert (berlin.starts_at, berlin.ends_at) == (at(23, 23), at(26, 23))
    assert (new_york.starts_at, new_york.ends_at) == (at(24, 5), at(27, 5))


async def test_times_without_a_zone_are_those_of_the_zone_that_was_agreed(ground: Ground):
    ground.has(Event("lunch@example.com", wall("2026-12-01 12:00"), wall("2026-12-01 13:00")))

    (lunch,) = await read(ground, timezone="Europe/Berlin")

    assert (lunch.starts_at, lunch.ends_at) == (at(1, 11), at(1, 12))


async def test_what_was_cancelled_or_leaves_people_free_is_no_freeze(ground: Ground):
    ground.has(
        Event("off@example.com", at(1), at(2), cancelled=True), Event("birthday@example.com", at(1), at(2), free=True)
    )

    assert await read(ground) == []


async def test_a_title_is_one_line_of_a_bearable_length(ground: Ground):
    ground.has(
        Event("a@example.com", at(1), at(2), title="Sale,\n  part 2; “all out” 🎄"),
        Event("b@example.com", at(2), at(3), title="x" * 300),
    )

    first, second = await read(ground)

    assert first.title == "Sale, part 2; “all out” 🎄"
    assert second.title == "x" * 199 + "…"


async def test_more_events_than_anybody_wants_as_freezes_are_refused(ground: Ground):
    ground.has(*(Event(f"{each}@example.com", at(1), at(2)) for each in range(1001)))

    with pytest.raises(CalendarError, match="1000"):
        await read(ground)


# ---------------------------------------------------------------- when it can't be read


async def test_a_calendar_that_can_not_be_read_says_why_and_comes_back(ground: Ground):
    ground.is_away()
    with pytest.raises(CalendarError) as away:
        await read(ground)
    ground.has(SALE)

    assert str(away.value).endswith(".")
    assert len(await read(ground)) == 1


async def test_the_secret_in_an_address_is_never_told(ground: Ground):
    ground.is_away()

    with pytest.raises(CalendarError) as away:
        await read(ground)

    assert TOKEN not in "".join(traceback.format_exception(away.value))


# ---------------------------------------------------------------- what recurs by a rule


def weekends(**fields) -> RecurringFreeze:
    ready = RecurringFreeze(
        "weekends",
        "Nobody is in the office",
        wall("2026-10-02 17:00"),
        wall("2026-10-05 07:00"),
        "FREQ=WEEKLY;BYDAY=FR",
        "Europe/Berlin",
    )
    return replace(ready, **fields)


def test_a_weekend_begins_and_ends_at_the_same_hours_before_and_after_clocks_change(ground: Ground):
    found = ground.calendars.recurring(weekends(), at(17, 0, 10), at(9, 0, 11))

    assert [(each.key, each.starts_at, each.ends_at) for each in found] == [
        ("2026-10-16T17:00", at(16, 15, 10), at(19, 5, 10)),
        ("2026-10-23T17:00", at(23, 15, 10), at(26, 6, 10)),  # clocks go back on the 25th
        ("2026-10-30T17:00", at(30, 16, 10), at(2, 6, 11)),
        ("2026-11-06T17:00", at(6, 16, 11), at(9, 6, 11)),
    ]
    assert {each.title for each in found} == {"Nobody is in the office"}


def test_what_was_over_when_that_time_began_and_what_begins_at_its_end_is_not_told(ground: Ground):
    found = ground.calendars.recurring(weekends(), at(5, 5, 10), at(16, 15, 10))

    assert [each.key for each in found] == ["2026-10-09T17:00"]


def test_a_time_that_comes_twice_is_the_longer_one(ground: Ground):
    nights = weekends(
        starts=wall("2026-10-20 02:30"),
        ends=wall("2026-10-20 02:45"),
        rule="FREQ=DAILY",
    )

    (night,) = ground.calendars.recurring(nights, at(24, 22, 10), at(25, 22, 10))

    assert (night.starts_at, night.ends_at) == (
        at(25, 0, 10) + timedelta(minutes=30),
        at(25, 1, 10) + timedelta(minutes=45),
    )


def test_a_time_that_never_comes_begins_after_the_gap_or_not_at_all(ground: Ground):
    first = wall("2027-03-27 02:30")
    long = weekends(starts=first, ends=first + timedelta(hours=2), rule="FREQ=DAILY")
    short = weekends(starts=first, ends=first + timedelta(minutes=15), rule="FREQ=DAILY")
    spring, next_day = datetime(2027, 3, 27, 23, tzinfo=UTC), datetime(2027, 3, 28, 22, tzinfo=UTC)

    (found,) = ground.calendars.recurring(long, spring, next_day)

    assert (found.starts_at.hour, found.ends_at) == (1, datetime(2027, 3, 28, 2, 30, tzinfo=UTC))
    assert ground.calendars.recurring(short, spring, next_day) == []


def test_every_second_week_means_every_second_week(ground: Ground):
    found = ground.calendars.recurring(weekends(rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"), at(2, 0, 10), at(7, 0, 11))

    assert [each.key[:10] for each in found] == ["2026-10-02", "2026-10-16", "2026-10-30"]


def test_the_first_time_counts_even_if_the_rule_would_not_have_it(ground: Ground):
    """People who write `from tuesday, then on fridays` mean both."""
    odd = weekends(
        starts=wall("2026-10-06 17:00"),
        ends=wall("2026-10-06 18:00"),
    )

    found = ground.calendars.recurring(odd, at(1, 0, 10), at(17, 0, 10))

    assert [each.key[:10] for each in found] == ["2026-10-06", "2026-10-09", "2026-10-16"]
