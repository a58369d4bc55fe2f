"""Outbox: the sender. What waits to be told goes to Slack once, in order; while Slack is away, it waits."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, cast, get_args

from bot.messages import Render
from bot.notices import Notice
from bot.ports import Clock, ConflictError, DirectoryError, RecordsError
from bot.tasks import Tasks
from integrations.slack.client import SlackClient
from integrations.slack.errors import SlackAwayError, SlackBusyError, SlackRefusedError
from integrations.slack.pace import UNHURRIED, Pace, Speeds
from integrations.slack.ports import Depth, OutboxStore, P, Parcel
from integrations.slack.posting import PausedError, Posting

log = logging.getLogger(__name__)

_NOT_NOW = (RecordsError, ConflictError)
"""The database is away, or busy with somebody else's change. What waits is looked for again; nothing is given up."""

Report = Callable[[Parcel, str], Awaitable[None]]
"""Told of a parcel that was given up, and why."""

_AT_ONCE = 16
_LONGEST = 30.0
_DRAWINGS = 6
"""So often a message that can't be drawn is tried before it is given up."""
_OURS_TO_MEND = frozenset(
    {
        "account_inactive",
        "accesslimited",
        "access_denied",
        "enterprise_is_restricted",
        "ekm_access_denied",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Refusals that are about the app and not about the message: it waits until somebody has mended that."""


class Sender(Generic[P]):
    """Takes parcels from the store and sends them, several lanes at a time."""

    def __init__(
        self,
        client: SlackClient,
        store: OutboxStore[P],
        render: Render,
        *,
        now: Clock,
        owner: str,
        speeds: Speeds = UNHURRIED,
        poll: timedelta = timedelta(seconds=2),
        first_pause: timedelta = timedelta(seconds=1),
        lease: timedelta = timedelta(minutes=2),
        report: Report | None = None,
    ) -> None:
        self._store = store
        self._posting = Posting(client, store, render, now, Pace(speeds))
        self._now = now
        self._owner = owner
        self._poll = poll
        self._first_pause = first_pause.total_seconds()
        self._lease = lease
        self._report = report
        self._taking = asyncio.Lock()
        self._sending = Tasks()
        self._woken = asyncio.Event()
        self._ending = False
        self._failures = 0
        self._quiet_until = 0.0
        self._unharmed: set[int] = set()

    def wake(self) -> None:
        """Look now: there may be something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Send until `drain`."""
        while not self._ending:
            self._woken.clear()
            async with self._taking:
                taken = await self._take()
                for parcel in taken:
                    self._sending.spawn(self._deliver(parcel), f"parcel {parcel.id}").add_done_callback(
                        lambda _: self._woken.set()
                    )
            if not taken:
                try:
                    await asyncio.wait_for(self._woken.wait(), await self._until_next())
                except TimeoutError:
                    continue

    async def drain(self, within: timedelta) -> None:
        """Take nothing new, and finish what is being sent. What isn't finished is sent by whoever looks next."""
        self._ending = True
        self._woken.set()
        async with self._taking:
            pass  # what is being taken at this moment is sent, too
        await self._sending.drain(within)

    async def settle(self, within: timedelta) -> None:
        """Wait until nothing waits any more; TimeoutError if that takes longer."""
        async with asyncio.timeout(within.total_seconds()):
            while len(self._sending) or (await self._store.depth()).waiting:
                self._woken.set()
                await asyncio.sleep(0.01)

    async def depth(self) -> Depth:
        """How much waits."""
        return await self._store.depth()

    @property
    def away(self) -> bool:
        """Whether Slack could not be reached the last time."""
        return self._failures > 0

    # ------------------------------------------------------------------ taking

    async def _take(self) -> Sequence[P]:
        """What may be sent now; while Slack is away, one parcel to try with when it is time to try."""
        free = (1 if self.away else _AT_ONCE) - len(self._sending)
        if free <= 0 or self._quiet():
            return []
        try:
            return await self._store.claim(self._now(), self._owner, self._lease, free)
        except _NOT_NOW as error:
            log.error("The outbox can't be read: %s", error)  # noqa: TRY400 - the message says all of it
            return []

    def _quiet(self) -> float:
        """For how long Slack is left alone, since it could not be reached."""
        return max(self._quiet_until - time.monotonic(), 0.0)

    async def _until_next(self) -> float:
        """How long to sleep: until something is due, and no longer than the poll."""
        longest = self._poll.total_seconds()
        if self._quiet():
            return min(self._quiet(), longest)
        try:
            moment = await self._store.next_moment()
        except _NOT_NOW:
            return longest
        # What is due and was not to be had is being sent just now; its end wakes us.
        wait = (moment - self._now()).total_seconds() if moment is not None else 0.0
        return min(wait, longest) if wait > 0 else longest

    # ------------------------------------------------------------------ sending

    async def _deliver(self, parcel: P) -> None:
        try:
            await self._attempt(parcel)
        except _NOT_NOW as error:
            # Its lease ends by itself; then it is looked for in Slack before it is posted again.
            log.error("What became of parcel %s can't be kept: %s", parcel.id, error)  # noqa: TRY400 - as above
        except asyncio.CancelledError:
            await self._store.later(parcel, self._now(), "it was being sent when the sender was stopped")
            raise

    async def _attempt(self, parcel: P) -> None:
        """Send it, and see what becomes of it."""
        if not isinstance(parcel.notice, get_args(Notice)):
            await self._give_up(parcel, f"it can't be read: {parcel.notice!r}")
            return
        doubtful = parcel.attempts > 1 and parcel.id not in self._unharmed
        try:
            await self._posting.send(parcel, cast("Notice", parcel.notice), doubtful=doubtful)
        except PausedError as error:
            await self._again(parcel, error.seconds, str(error), harmed=doubtful)
        except SlackBusyError as error:
            log.info("Parcel %s waits: %s", parcel.id, error)
            await self._again(parcel, error.retry_after, str(error), harmed=doubtful)
        except SlackAwayError as error:
            log.warning("Slack could not be reached: %s", error)
            await self._again(parcel, self._rest(), str(error), harmed=doubtful or error.uncertain)
        except SlackRefusedError as error:
            if error.code in _OURS_TO_MEND:
                log.error("Slack refuses the app, so messages wait: %s", error)  # noqa: TRY400 - no traceback helps
                await self._again(parcel, self._rest(), str(error), harmed=doubtful)
            else:
                await self._give_up(parcel, str(error))
        except (*_NOT_NOW, DirectoryError) as error:
            # It may have been posted already: where it stands is kept after that.
            log.warning("Parcel %s has to wait: %s", parcel.id, error)
            await self._again(parcel, self._pause(parcel.attempts), str(error), harmed=True)
        except Exception as error:
            # Drawing is code of ours, and templates of the team: one bad message must not stop all others.
            log.exception("Parcel %s can't be drawn.", parcel.id)
            if parcel.attempts >= _DRAWINGS:
                await self._give_up(parcel, f"it can't be drawn: {error!r}")
            else:
                await self._again(parcel, self._pause(parcel.attempts), repr(error), harmed=True)
        else:
            self._failures, self._quiet_until = 0, 0.0
            self._unharmed.discard(parcel.id)
            await self._surely(parcel, lambda: self._store.sent(parcel, self._now()))

    async def _surely(self, parcel: P, write: Callable[[], Awaitable[object]]) -> None:
        """Keep what became of it, once the database is there: else all behind it would wait for its lease to end."""
        tries = max(1, int(self._lease / self._poll))
        for number in range(1, tries + 1):
            try:
                await write()
            except _NOT_NOW as error:
                if self._ending or number == tries:
                    raise
                if number == 1:
                    log.warning("What became of parcel %s can't be kept yet: %s", parcel.id, error)
                await asyncio.sleep(self._poll.total_seconds())
            else:
                return

    async def _again(self, parcel: P, seconds: float, error: str, *, harmed: bool) -> None:
        """Later. `harmed`: it may have arrived, so that it must be looked for before it is posted again."""
        if harmed:
            self._unharmed.discard(parcel.id)
        else:
            self._unharmed.add(parcel.id)
        until = self._now() + timedelta(seconds=seconds)
        await self._surely(parcel, lambda: self._store.later(parcel, until, error[:500]))

    async def _give_up(self, parcel: P, reason: str) -> None:
        """It can't be sent, ever: said loudly, and what waits behind it goes on."""
        log.error("Parcel %s of %s will never arrive: %s", parcel.id, parcel.lane, reason)
        self._unharmed.discard(parcel.id)
        await self._store.drop(parcel, reason[:500])
        if self._report is not None:
            self._sending.spawn(self._reported(self._report, parcel, reason), f"report of parcel {parcel.id}")

    async def _reported(self, report: Report, parcel: Parcel, reason: str) -> None:
        await report(parcel, reason)

    def _rest(self) -> float:
        """Leave Slack alone for a while, longer each time; how long. What fails together has failed once."""
        if not self._quiet():
            self._failures += 1
            self._quiet_until = time.monotonic() + self._pause(self._failures)
        return self._quiet()

    def _pause(self, failures: int) -> float:
        """Twice as long each time, up to half a minute, never all at the same moment."""
        longest = min(self._first_pause * 2.0 ** min(failures - 1, 10), _LONGEST)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
