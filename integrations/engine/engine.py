"""The engine: takes up what was written down, follows it to its end, and does what the clock asks for."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from zoneinfo import ZoneInfo

from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowStatus
from sqlalchemy import URL

from bot.ports import Advance, Clock, Schedule, Tick, Work
from integrations.database.engine import parse_url
from integrations.engine import rows
from integrations.engine.alone import Alone
from integrations.engine.lease import LENGTH, Lease
from integrations.engine.moves import Follower, Stopping, Trouble
from integrations.engine.names import FOLLOW, QUEUE, TICK, id_of, tick_id, tick_prefix
from integrations.engine.starter import options_for
from integrations.engine.store import TRIES, address_of, configuration, in_one_line, open_client, prepare
from integrations.engine.ticking import Clockwork, Ticker

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)

T = TypeVar("T")

LATE_AFTER = timedelta(minutes=15)
WITHIN = timedelta(seconds=10)
LOOK_AFTER = timedelta(seconds=5)
"""The pause between two looks for work that nobody follows, though it is this process's."""
REVIVE_EVERY = 3
"""Looks between two looks for work that the engine itself has ended."""


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)


class Engine:
    """From `open` to `close`: durable work and schedules. One to a process, since the library keeps only one."""

    _opened: ClassVar[Engine | None] = None

    def __init__(
        self,
        url: str | URL,
        *,
        works: Mapping[Work, Advance],
        tick: Tick,
        late_after: timedelta = LATE_AFTER,
        lease: timedelta = LENGTH,
        gone: Callable[[str], Awaitable[object]] | None = None,
        now: Clock = utc_now,
    ) -> None:
        """`gone` hears of each process that is dead, by its name: whoever else holds something for it can let go."""
        self._url = parse_url(url) if isinstance(url, str) else url
        is_file = self._url.get_backend_name() == "sqlite"
        self._guard: Alone | Lease = Alone(self._url) if is_file else Lease(self._url, lease)
        self._client: DBOSClient = open_client(address_of(self._url))
        self._now = now
        self._gone = gone
        self._stopping = Stopping()
        self._follower = Follower(works, self._hand_over, self._guard.held, self._stopping, now)
        self._clockwork = Clockwork(self._write_down, self._has_ticked, now, late_after)
        self._ticker = Ticker(
            tick, self._clockwork.runs, self._guard.held, self._stopping, now=now, late_after=late_after
        )
        self._engine: DBOS | None = None
        self._going: list[asyncio.Task[None]] = []

    @property
    def name(self) -> str:
        """What this process is called among those that may be at work on this database."""
        return self._guard.executor

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Take up what was left, and whatever comes. AlreadyRunningError if another process has the SQLite file."""
        if Engine._opened is not None:
            raise RuntimeError("This process has an open engine already.")
        if self._stopping.asked:
            raise RuntimeError("This engine was closed for good; make another one.")
        TRIES.begins()
        await self._guard.take()
        Engine._opened = self
        try:
            await prepare(self._url)
            if self._gone is not None:
                # On SQLite it is the name of whoever was there before; elsewhere nobody ever had it.
                await self._gone(self.name)
            self._launch()
            await self._revive()
        except BaseException:
            await self.close()
            raise
        self._going = [
            asyncio.create_task(self._clockwork.run(), name="what the clock asks for"),
            asyncio.create_task(self._beats(), name="the life sign"),
            asyncio.create_task(self._rounds(), name="the engine's rounds"),
        ]

    async def close(self, within: timedelta = WITHIN) -> None:
        """Let running moves end, for a bounded time, and stop. What isn't done goes on when somebody opens again."""
        if Engine._opened is self:
            await self._stop(within)
            Engine._opened = None
        await asyncio.to_thread(self._client.destroy)

    async def _stop(self, within: timedelta) -> None:
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)
        cut_off = await self._stopping.ask(within)
        if cut_off:
            log.warning("%s moves took longer than %s and were cut off; they will be made again.", cut_off, within)
        TRIES.ends()
        # The library has put its own threads at the loop's service, and takes them away with it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        await self._guard.give_back()

    async def keep_schedules(self, schedules: Iterable[Schedule]) -> None:
        """From now on exactly these run. To be called at the start, and whenever they change.

        A tick that is later than `late_after` is left out. A time that comes twice in autumn ticks once; one that
        spring leaves out ticks at the first moment after the gap.
        """
        await self._clockwork.keep(schedules)

    def troubles(self) -> tuple[Trouble, ...]:
        """The work of this process whose last move failed, the oldest trouble first."""
        return tuple(sorted(self._follower.troubles.values(), key=lambda trouble: trouble.since))

    async def status(self) -> rows.Status:
        """What there is to do, over all processes; where this one is with its own."""
        active, failed = await self._ask(lambda client: (rows.active(client), rows.badly_ended(client)))
        pending = tuple(self._pending(each) for each in active if each.name == FOLLOW)
        return rows.Status(
            counts=Counter(each.work for each in pending),
            pending=pending,
            ticks=sum(each.name == TICK for each in active),
            failed=failed,
        )

    async def prune(self, before: datetime) -> int:
        """Forget what ended before that moment; how much it was."""
        return await self._ask(lambda client: rows.forget(client, before))

    def _launch(self) -> None:
        self._engine = DBOS(config=configuration(address_of(self._url), self._guard.executor))

        @DBOS.workflow(name=FOLLOW, max_recovery_attempts=None)
        async def follow(work: str, key: int, life: int) -> str:
            return await self._follower.follow(work, key, life)

        @DBOS.workflow(name=TICK, max_recovery_attempts=None)
        async def tick(key: str, due: str) -> str:
            return await self._ticker.follow(key, due)

        # On the loop's own thread: from here the library knows on which loop our work is to run.
        DBOS.launch()

    async def _beats(self) -> None:
        """The life sign, for as long as the engine runs: nothing else may hold it up."""
        while True:
            try:
                await self._guard.beat(self._take_over, self._stopping.keep)
            except Exception:  # the boundary: without a beat others would take over for no reason
                log.exception("The life sign could not be given; it will be tried again.")
            await asyncio.sleep(self._guard.every.total_seconds())

    async def _rounds(self) -> None:
        """What must be looked after for as long as the engine runs."""
        strays: set[str] = set()
        failing = False
        for number in itertools.count(1):
            await asyncio.sleep(LOOK_AFTER.total_seconds())
            try:
                strays = await self._bring_back(strays)
                if number % REVIVE_EVERY == 0:
                    await self._revive()
                failing = False
            except Exception as error:  # noqa: BLE001 - the boundary: the database may be away; the next round comes
                if not failing:
                    log.warning("The engine can't be looked after; trying on: %s", in_one_line(error))
                failing = True

    async def _bring_back(self, before: set[str]) -> set[str]:
        """Hand back what is ours on paper and, for the second time, not in our hands; what was seen so just now.

        That happens when the database went away just as the engine took work up: it was taken, and nobody knew.
        """
        ours = await self._ask(lambda client: rows.held_by(client, self._guard.executor))
        strays = ours - set(self._running().activeList())
        for workflow in strays & before:
            log.warning("%s was taken up and never begun; it begins now.", workflow)
            await asyncio.to_thread(self._hand_back, workflow)
        return strays - before

    def _running(self) -> Any:
        assert self._engine is not None, "the engine is open"
        return self._engine._active_workflows_set  # noqa: SLF001 - a test holds it

    def _hand_back(self, workflow: str) -> None:
        assert self._engine is not None, "the engine is open"
        database = self._engine._sys_db  # noqa: SLF001 - a test holds it
        database.reenqueue_for_recovery(workflow, [self._guard.executor], QUEUE)

    async def _take_over(self, executor: str) -> None:
        handles = await asyncio.to_thread(DBOS._recover_pending_workflows, [executor])  # noqa: SLF001 - a test holds it
        log.warning("The process %s is gone; %s pieces of its work go on.", executor, len(handles))
        if self._gone is not None:
            await self._gone(executor)

    async def _revive(self) -> None:
        """Nothing is given up because the engine itself stumbled: what it ended with an error gets another life."""
        for work, key, life in await self._ask(rows.stumbled):
            log.error("%s %s was ended by an error of the engine; it goes on in another life.", work, key)
            await self._hand_over(work, key, life + 1)

    async def _hand_over(self, work: str, key: int, life: int) -> None:
        await self._client.enqueue_async(options_for(work, key, life), work, key, life)

    async def _write_down(self, key: str, due: datetime, timezone: str) -> None:
        name = tick_id(key, due.astimezone(ZoneInfo(timezone)))
        options = EnqueueOptions(workflow_name=TICK, queue_name=QUEUE, workflow_id=name)
        await self._client.enqueue_async(options, key, due.isoformat())

    async def _has_ticked(self, key: str) -> bool:
        return await self._ask(lambda client: rows.has_ticked(client, tick_prefix(key)))

    async def _ask(self, question: Callable[[DBOSClient], T]) -> T:
        return await asyncio.to_thread(question, self._client)

    def _pending(self, found: WorkflowStatus) -> rows.Pending:
        work, key, _ = rows.begun_with(found)
        place = self._follower.places.get(id_of(work, key))
        if place is None:
            return rows.Pending(work, key, "elsewhere" if found.status == "PENDING" else "queued")
        trouble = self._follower.troubles.get(id_of(work, key))
        return rows.Pending(work, key, place.state, place.since, place.until, trouble.error if trouble else "")
