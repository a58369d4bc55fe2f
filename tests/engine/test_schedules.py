"""What the clock asks for happens once, at its time, and not when it is too late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from bot.ports import Schedule
from integrations.engine.names import tick_id
from integrations.engine.ticking import Clockwork, ticks
from tests.engine.workshop import Ticks, Workshop, until

BERLIN = "Europe/Berlin"
MORNING = Schedule("morning", "0 9 * * mon-fri", BERLIN)
NIGHT = Schedule("night", "30 2 * * *", BERLIN)
EACH_SECOND = Schedule("each-second", "* * * * * *", BERLIN)
LATE_AFTER = timedelta(minutes=15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Wall:
    """A clock that a test sets, with a clockwork beside it. `written` are the ticks as they were written down."""

    def __init__(self, moment: str, ticked_before: set[str] | None = None) -> None:
        self.moment = at(moment)
        self.written: list[tuple[str, datetime]] = []
        self._ticked_before = ticked_before or set()
        self.clockwork = Clockwork(self._write_down, self._has_ticked, lambda: self.moment, LATE_AFTER)

    async def passes_to(self, moment: str) -> list[str]:
        self.moment = at(moment)
        self.written.clear()
        await self.clockwork._write_what_is_due()
        return [f"{key} {due:%d %H:%M}" for key, due in self.written]

    async def _write_down(self, key: str, due: datetime, timezone: str) -> None:
        self.written.append((key, due))

    async def _has_ticked(self, key: str) -> bool:
        return key in self._ticked_before


async def test_a_schedule_ticks_by_the_clock_of_its_zone() -> None:
    wall = Wall("2026-11-23T07:00Z")
    await wall.clockwork.keep([MORNING, Schedule("tokyo", "0 9 * * *", "Asia/Tokyo")])
    assert await wall.passes_to("2026-11-23T07:59Z") == []
    assert await wall.passes_to("2026-11-23T08:00Z") == ["morning 23 08:00"]
    assert await wall.passes_to("2026-11-23T08:01Z") == []
    assert await wall.passes_to("2026-11-24T00:00Z") == ["tokyo 24 00:00"]


async def test_the_running_set_is_exactly_what_was_said_last() -> None:
    wall = Wall("2026-11-23T07:59Z")
    await wall.clockwork.keep([MORNING])
    await wall.clockwork.keep([Schedule("morning", "5 9 * * *", BERLIN), NIGHT])
    assert await wall.passes_to("2026-11-23T08:00Z") == []
    assert await wall.passes_to("2026-11-23T08:05Z") == ["morning 23 08:05"]
    await wall.clockwork.keep([NIGHT])
    assert await wall.passes_to("2026-11-24T09:00Z") == []
    assert await wall.passes_to("2026-11-25T01:31Z") == ["night 25 01:30"]


async def test_saying_the_same_again_loses_no_tick() -> None:
    wall = Wall("2026-11-23T07:59Z")
    await wall.clockwork.keep([MORNING])
    wall.moment = at("2026-11-23T08:00:01Z")
    await wall.clockwork.keep([MORNING])
    assert await wall.passes_to("2026-11-23T08:00:02Z") == ["morning 23 08:00"]


async def test_a_restart_catches_up_on_what_was_just_missed_and_on_nothing_older() -> None:
    often = Schedule("often", "*/10 * * * *", BERLIN)
    wall = Wall("2026-11-23T08:05Z", ticked_before={"morning", "often"})
    await wall.clockwork.keep([MORNING, often, Schedule("new", "0 9 * * *", BERLIN)])
    assert await wall.passes_to("2026-11-23T08:05Z") == ["morning 23 08:00", "often 23 08:00"]


async def test_after_a_long_sleep_of_the_machine_there_is_no_burst(caplog: pytest.LogCaptureFixture) -> None:
    often = Schedule("often", "*/10 * * * *", BERLIN)
    wall = Wall("2026-11-23T07:00Z")
    await wall.clockwork.keep([MORNING, often])
    assert await wall.passes_to("2026-11-23T14:05Z") == ["often 23 13:50", "often 23 14:00"]
    assert caplog.text.count("too late and left out") == 2  # a line for each schedule, however much it missed


async def test_the_hour_that_comes_twice_in_autumn_ticks_once() -> None:
    due = list(islice(ticks(NIGHT, at("2026-10-24T12:00Z")), 3))
    assert due == [at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z"), at("2026-10-26T01:30Z")]
    from zoneinfo import ZoneInfo

    names = [tick_id("night", moment.astimezone(ZoneInfo(BERLIN))) for moment in due]
    assert names == ["tick:night:2026-10-25T02:30:00"] * 2 + ["tick:night:2026-10-26T02:30:00"]


async def test_a_time_that_spring_leaves_out_ticks_at_the_first_moment_after_the_gap() -> None:
    due = list(islice(ticks(NIGHT, at("2026-03-28T12:00Z")), 2))
    assert due == [at("2026-03-29T01:00Z"), at("2026-03-30T00:30Z")]


async def test_an_impossible_schedule_changes_nothing() -> None:
    wall = Wall("2026-11-23T07:00Z")
    await wall.clockwork.keep([MORNING])
    with pytest.raises(ValueError, match="failed to find next date"):
        await wall.clockwork.keep([NIGHT, Schedule("never", "0 0 30 2 *", BERLIN)])
    assert await wall.passes_to("2026-11-23T08:00Z") == ["morning 23 08:00"]


async def test_ticks_come_in_time_from_the_engine_until_they_are_taken_off(file_workshop: Workshop) -> None:
    seen = Ticks()
    async with file_workshop.engine(ticks=seen) as engine:
        await engine.keep_schedules([EACH_SECOND])
        await until(lambda: len(seen.seen) >= 2)
        (first, due), (_, following) = seen.seen[:2]
        assert first == "each-second"
        assert following - due == timedelta(seconds=1)
        assert datetime.now(UTC) - seen.seen[-1][1] < timedelta(seconds=3)
        await engine.keep_schedules([])
        await asyncio.sleep(0.3)
        known = len(seen.seen)
        await asyncio.sleep(1.2)
        assert len(seen.seen) == known


async def test_the_same_time_on_the_wall_is_given_to_tick_only_once(workshop: Workshop) -> None:
    """The engine's part of the autumn night: the second 02:30 finds the name of the first."""
    seen = Ticks()
    moment = at("2026-10-25T01:31Z")
    async with workshop.engine(ticks=seen, now=lambda: moment, late_after=timedelta(hours=2)) as engine:
        await engine._write_down("night", at("2026-10-25T00:30Z"), BERLIN)
        await engine._write_down("night", at("2026-10-25T01:30Z"), BERLIN)
        await engine._write_down("other", at("2026-10-25T01:30Z"), BERLIN)
        await until(lambda: len(seen.seen) == 2)
        await asyncio.sleep(0.3)
        assert sorted(seen.seen) == [("night", at("2026-10-25T00:30Z")), ("other", at("2026-10-25T01:30Z"))]


async def test_a_late_tick_is_left_out_with_a_line_in_the_log(
    file_workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Ticks()
    async with file_workshop.engine(ticks=seen) as engine:
        now = datetime.now(UTC)
        await engine._write_down("stale", now - timedelta(minutes=16), BERLIN)
        await engine._write_down("recent", now - timedelta(minutes=14), BERLIN)
        await until(lambda: seen.seen and "too late" in caplog.text)
        assert [key for key, _ in seen.seen] == ["recent"]


@pytest.mark.usefixtures("short_pauses")
async def test_a_tick_that_fails_is_tried_again(file_workshop: Workshop) -> None:
    seen = Ticks(fails=2)
    async with file_workshop.engine(ticks=seen) as engine:
        await engine._write_down("morning", datetime.now(UTC), BERLIN)
        await until(lambda: seen.seen)


async def test_a_restart_knows_which_schedules_ticked_before(workshop: Workshop) -> None:
    seen = Ticks()
    async with workshop.engine(ticks=seen) as engine:
        await engine._write_down("morning", datetime.now(UTC) - timedelta(minutes=60), BERLIN)
        assert await engine._has_ticked("morning")
        assert not await engine._has_ticked("mornings")
        assert not await engine._has_ticked("evening")
