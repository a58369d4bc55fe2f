"""What the clock asks for: each tick is a piece of durable work of its own, once over all processes.

A tick has the name of its schedule and of the time on the wall there. Whoever sees it due writes it down under that
name, and the engine keeps the first. So an hour that comes twice in autumn ticks once; a time that spring leaves out
ticks at the first moment after the gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped] # it has no types of its own
from dbos import DBOS

from bot.ports import Clock, Schedule, Tick
from integrations.engine.moves import MayMove, Stopping, pause_after
from integrations.engine.store import LONGEST_PAUSE, in_one_line

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(seconds=20)
"""The longest sleep before the clock is looked at again: it may have been set, or the machine may have slept."""

WriteDown = Callable[[str, datetime, str], Awaitable[None]]
"""Write down a tick: its schedule's key, the moment, and its zone."""


def ticks(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The moments at which it is due, later than that one."""
    times = croniter(schedule.cron, after.astimezone(ZoneInfo(schedule.timezone)), second_at_beginning=True)
    while True:
        yield times.get_next(datetime).astimezone(UTC)


class Clockwork:
    """Sees what is due, and writes it down."""

    def __init__(
        self,
        write_down: WriteDown,
        has_ticked: Callable[[str], Awaitable[bool]],
        now: Clock,
        late_after: timedelta,
    ) -> None:
        self._write_down = write_down
        self._has_ticked = has_ticked
        self._now = now
        self._late_after = late_after
        self._schedules: dict[str, Schedule] = {}
        self._seen_to: dict[str, datetime] = {}
        self._changed = asyncio.Event()
        self._kept_before = False

    async def keep(self, schedules: Iterable[Schedule]) -> None:
        """From now on exactly these run.

        What was due while no process ran is caught up at the first call, as far as it is not too late: for schedules
        that ticked before, since a new one has missed nothing.
        """
        wanted = {each.key: each for each in schedules}
        now = self._now()
        for key, schedule in wanted.items():
            next(ticks(schedule, now))  # what can't be computed is refused here, before anything changes
            if key in self._seen_to and self._schedules.get(key) == schedule:
                continue
            catches_up = not self._kept_before and await self._has_ticked(key)
            self._seen_to[key] = now - self._late_after if catches_up else now
        self._kept_before = True
        self._seen_to = {key: moment for key, moment in self._seen_to.items() if key in wanted}
        self._schedules = wanted
        self._changed.set()

    def runs(self, key: str) -> bool:
        """Whether that schedule is to run. Before it was ever said which do, all of them are."""
        return key in self._schedules or not self._kept_before

    async def run(self) -> None:
        """Write down what is due, for as long as this process lives."""
        failures = 0
        while True:
            try:
                await self._write_what_is_due()
                failures = 0
            except Exception as failure:  # noqa: BLE001 - the boundary: the database may be away; what is due stays due
                failures += 1
                if failures == 1:
                    log.warning("What is due could not be written down; trying on: %s", in_one_line(failure))
                await asyncio.sleep(min(failures, LONGEST_PAUSE))
            self._changed.clear()
            with suppress(TimeoutError):
                # Not `wait_for`: before Python 3.12 it can overhear that this task was cancelled.
                async with asyncio.timeout(self._until_next()):
                    await self._changed.wait()

    async def _write_what_is_due(self) -> None:
        now = self._now()
        for schedule in list(self._schedules.values()):
            for due in self._due(schedule, now):
                await self._write_down(schedule.key, due, schedule.timezone)
                self._seen_to[schedule.key] = due
            self._seen_to[schedule.key] = max(now, self._seen_to.get(schedule.key, now))

    def _due(self, schedule: Schedule, now: datetime) -> Iterator[datetime]:
        seen_to = self._seen_to.get(schedule.key, now)
        oldest = now - self._late_after
        if seen_to < oldest:
            first = next(ticks(schedule, seen_to))
            if first < oldest:
                log.warning("%s: what was due from %s to %s is too late and left out.", schedule.key, first, oldest)
            seen_to = oldest - timedelta(microseconds=1)  # what is exactly as old as may be is not too late
        for due in ticks(schedule, seen_to):
            if due > now:
                return
            yield due

    def _until_next(self) -> float:
        now = self._now()
        wait = LOOK_AGAIN
        for key, schedule in self._schedules.items():
            wait = min(wait, next(ticks(schedule, self._seen_to.get(key, now))) - now)
        return max(0.0, wait.total_seconds())


class Ticker:
    """Does what a schedule is for. What fails is tried again until it is too late."""

    def __init__(
        self,
        tick: Tick,
        runs: Callable[[str], bool],
        may_move: MayMove,
        stopping: Stopping,
        *,
        now: Clock,
        late_after: timedelta,
    ) -> None:
        self._tick = tick
        self._runs = runs
        self._may_move = may_move
        self._stopping = stopping
        self._now = now
        self._late_after = late_after

    async def follow(self, key: str, due: str) -> str:
        """The workflow of one tick."""
        with self._stopping.inside(_this_workflow()):
            failures = 0
            while True:
                said: str = await DBOS.run_step_async({"name": "tick"}, self._once, key, due)
                if said != "failed":
                    return said
                failures += 1
                with self._stopping.waiting():
                    await DBOS.sleep_async(pause_after(failures).total_seconds())

    async def _once(self, key: str, due: str) -> str:
        await self._stopping.until_mine(self._may_move, _this_workflow())
        moment = datetime.fromisoformat(due)
        age = self._now() - moment
        if age > self._late_after:
            log.warning("%s was due at %s, which is %s ago: too late, so it is left out.", key, moment, age)
            return "too late"
        if not self._runs(key):
            log.info("%s was due at %s, but is no longer on the schedule: left out.", key, moment)
            return "left out"
        try:
            await self._tick(key, moment)
        except Exception:  # the boundary: it is logged here, and tried again until it is too late
            log.exception("%s, due at %s, failed; it will be tried again.", key, moment)
            return "failed"
        return "done"


def _this_workflow() -> str:
    name: str | None = DBOS.workflow_id
    assert name is not None, "ticks run in the engine"
    return name
