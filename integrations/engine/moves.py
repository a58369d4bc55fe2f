"""Moving durable work along: one move, a wait that a word cuts short, the next move, until it is done.

Each move is a step of the engine: what it said is on record, so that a restart goes on where it was. A move that fails
is tried again with widening pauses, for ever: what was started is never given up by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

from dbos import DBOS, error

from bot.ports import Advance, Clock, ConflictError, RecordsError, Work
from integrations.engine.names import CONTROL, id_of
from integrations.engine.store import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

MOVES_IN_A_LIFE = 200
"""After so many moves a piece of work is handed to a new life: a restart reads again what its life has seen so far.

This number belongs to the form of the code (`names.FORM`): lives that go on were begun with it.
"""

MayMove = Callable[[str], Awaitable[bool]]
"""Wait until that workflow may move here; False if another process has taken it over."""

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return timedelta(seconds=PAUSES[min(failures, len(PAUSES)) - 1])


class Moved(TypedDict):
    """What a move said, as it is kept."""

    done: bool
    after: float
    at: str
    error: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A piece of work whose last move failed. It is tried again at `again_at`, or as soon as it gets a word."""

    work: str
    key: int
    failures: int
    since: datetime
    error: str
    again_at: datetime


@dataclass(slots=True)
class Place:
    """Where a piece of work is in this process."""

    state: str
    since: datetime | None = None
    until: datetime | None = None


class Stopping:
    """The way out: who waits leaves at once, who moves may end the move."""

    def __init__(self) -> None:
        self.asked = False
        self._inside: dict[asyncio.Task[Any], str] = {}
        self._waiting: set[asyncio.Task[Any]] = set()
        self._sent_out: set[asyncio.Task[Any]] = set()

    @contextmanager
    def inside(self, workflow: str) -> Iterator[None]:
        """Around everything that a piece of work does in this process."""
        task = _this_task()
        self._inside[task] = workflow
        try:
            self.gate()
            yield
        except error.DBOSWorkflowConflictIDError:
            # The engine would keep watching what becomes of it there.
            log.warning("%s is followed by another process; it is let go of here.", workflow)
            raise asyncio.CancelledError from None
        finally:
            self._inside.pop(task, None)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a wait, which may be cut off: the engine remembers until when it was."""
        self.gate()
        task = _this_task()
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)
        self.gate()

    async def until_mine(self, may_move: MayMove, workflow: str) -> None:
        """Wait until it may move; go no further if it is another process's by now."""
        with self.waiting():
            if not await may_move(workflow):
                log.warning("%s was taken over by another process; it is let go of here.", workflow)
                raise asyncio.CancelledError

    def gate(self) -> None:
        """Go no further if the way out was asked for. The work goes on later, as after a process that ended."""
        if self.asked:
            raise asyncio.CancelledError

    def keep(self, workflows: set[str]) -> None:
        """Let go of all others: others follow them now. What moves ends its move, which the engine will not keep."""
        for task, workflow in self._inside.items():
            if workflow not in workflows and task in self._waiting:
                task.cancel()

    async def ask(self, within: timedelta) -> int:
        """Ask everybody out, and wait for those that move; how many had to be cut off."""
        self.asked = True
        loop = asyncio.get_running_loop()
        end = loop.time() + within.total_seconds()
        while self._inside and loop.time() < end:
            for task in self._waiting - self._sent_out:
                task.cancel()
                self._sent_out.add(task)
            await asyncio.wait(set(self._inside), timeout=min(0.2, max(0.0, end - loop.time())))
        late = set(self._inside)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        return len(late)


class Follower:
    """Follows every piece of work that this process has taken up."""

    def __init__(
        self,
        works: Mapping[Work, Advance],
        hand_over: Callable[[str, int, int], Awaitable[None]],
        may_move: MayMove,
        stopping: Stopping,
        now: Clock,
    ) -> None:
        self._works: dict[str, Advance] = {str(work): advance for work, advance in works.items()}
        self._hand_over = hand_over
        self._may_move = may_move
        self._stopping = stopping
        self._now = now
        self.places: dict[str, Place] = {}
        self.troubles: dict[str, Trouble] = {}

    async def follow(self, work: str, key: int, life: int) -> str:
        """The workflow: it ends when the work is done, or when a new life goes on with it.

        Everything that it decides by comes from the engine's record, so that it takes the same way again.
        """
        name = id_of(work, key)
        with self._stopping.inside(id_of(work, key, life)), self._placed(name):
            moves = failures = 0
            while True:
                moved = await DBOS.run_step_async({"name": "move"}, self._move, work, key, life)
                moves += 1
                if moved["done"]:
                    self.troubles.pop(name, None)
                    return "done"
                failures = failures + 1 if moved["error"] else 0
                pause = self._note(name, work, key, moved, failures)
                with self._stopping.waiting():
                    await DBOS.recv_async(CONTROL, timeout_seconds=pause)
                if moves >= MOVES_IN_A_LIFE and not failures and await self._handed_over(work, key, life + 1):
                    return "handed over"

    async def _move(self, work: str, key: int, life: int) -> Moved:
        self.places[id_of(work, key)] = Place("moving", since=self._now())
        await self._stopping.until_mine(self._may_move, id_of(work, key, life))
        try:
            advance = self._works.get(work)
            if advance is None:
                raise LookupError(f"This program doesn't know the work “{work}”.")  # noqa: TRY301 - told as any other
            following = await advance(key)
        except (RecordsError, ConflictError) as failure:  # nothing of ours is broken, so no traceback helps
            log.warning("%s %s could not move; it will be tried again: %s", work, key, in_one_line(failure))
            return Moved(done=False, after=0.0, at=self._now().isoformat(), error=in_one_line(failure))
        except Exception as failure:  # the boundary: it is logged here, shown by `troubles`, and tried again
            log.exception("%s %s failed; it will be tried again.", work, key)
            said = f"{type(failure).__name__}: {failure}"
            return Moved(done=False, after=0.0, at=self._now().isoformat(), error=said)
        after = max(0.0, following.after.total_seconds())
        return Moved(done=following.done, after=after, at=self._now().isoformat(), error="")

    def _note(self, name: str, work: str, key: int, moved: Moved, failures: int) -> float:
        """Keep in mind where it is, and say how long it waits."""
        at = datetime.fromisoformat(moved["at"])
        pause = pause_after(failures).total_seconds() if failures else moved["after"]
        until = at + timedelta(seconds=pause)
        if failures:
            before = self.troubles.get(name)
            since = before.since if before and failures > 1 else at
            self.troubles[name] = Trouble(work, key, failures, since, moved["error"], until)
        else:
            self.troubles.pop(name, None)
        self.places[name] = Place("in trouble" if failures else "waiting", since=at, until=until)
        return pause

    async def _handed_over(self, work: str, key: int, life: int) -> bool:
        said: bool = await DBOS.run_step_async({"name": "hand over"}, self._try_to_hand_over, work, key, life)
        return said

    async def _try_to_hand_over(self, work: str, key: int, life: int) -> bool:
        try:
            await self._hand_over(work, key, life)
        except Exception:  # the boundary: this life simply goes on, and tries again after its next move
            log.exception("%s %s could not be handed to its next life; it goes on in this one.", work, key)
            return False
        return True

    @contextmanager
    def _placed(self, name: str) -> Iterator[None]:
        self.places[name] = Place("moving", since=self._now())
        try:
            yield
        finally:
            self.places.pop(name, None)
            self.troubles.pop(name, None)


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None, "durable work runs in tasks of the event loop"
    return task
