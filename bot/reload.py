"""Reload: what follows when the catalogue's file has changed, or was changed badly."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.catalogue.holder import CatalogueHolder
from bot.catalogue.problem import Problem
from bot.clockwork import schedules_of
from bot.notices import ChannelLine
from bot.ports import Records, Schedule
from bot.rules.policy import Catalogue
from bot.rules.sentence import AtRole, Code, Sentence, say
from bot.settings import Settings
from bot.verbs.mark_soon import mark_all
from integrations.deployers.kinds import KINDS

log = logging.getLogger(__name__)

KeepSchedules = Callable[[Sequence[Schedule]], Awaitable[None]]
Adopt = Callable[[Catalogue, Catalogue], Awaitable[None]]
Find = Callable[[], Awaitable[None]]
Sync = Callable[[], Awaitable[None]]


class Agreement:
    """The catalogue in force, and everything that must hear of another one."""

    def __init__(self, settings: Settings, first: Catalogue, records: Records) -> None:
        self._records = records
        self.keep_schedules: KeepSchedules | None = None
        self.adopt: Adopt | None = None
        self.find_impossible: Find | None = None
        self.sync: Sync | None = None
        """All are set once there is somebody to do it."""
        self._in_step = True
        self.holder = CatalogueHolder(
            first, settings.catalogue, deployers=KINDS, on_change=self._changed, on_problem=self._refused
        )

    def __call__(self) -> Catalogue:
        """What is agreed at this moment."""
        return self.holder.current

    async def _changed(self, old: Catalogue, new: Catalogue) -> None:
        """Its schedules run from now on, its freezes come in time, and everybody hears what it means for them."""
        if self.keep_schedules is not None:
            await self.keep_schedules(schedules_of(new))
        await self.keep_in_step()  # before people hear of it, and can act upon it: until then, nothing new is frozen
        if self.adopt is not None:
            await self.adopt(old, new)
        if self.find_impossible is not None:
            await self.find_impossible()
        await mark_all(self._records, new)

    async def keep_in_step(self) -> None:
        """Bring the freezes in step with it. What goes wrong is logged, and told once, and stops nothing else."""
        if self.sync is None:
            return
        try:
            await self.sync()
            self._in_step = True
        except Exception:  # the boundary: whatever it is, Slipway must be there for people; it is tried again soon
            log.exception("The freezes could not be brought in step with the catalogue and its calendars.")
            if self._in_step:
                await self._tell_that_it_is_out_of_step()

    async def _tell_that_it_is_out_of_step(self) -> None:
        try:
            await self.tell_owners(
                say(
                    "{owners}: the freezes that recur or stand in calendars could not be brought up to date. Those "
                    "that are declared hold; it is tried again every {minutes} minutes. The log says more.",
                    owners=AtRole(self().owners),
                    minutes=15,
                )
            )
            self._in_step = False
        except Exception:  # as above: then the database is away, and the next failure tells it
            log.exception("The owners could not be told of it.")

    async def _refused(self, problems: Sequence[Problem]) -> None:
        """A bad edit: the owners are told where it is wrong."""
        first, *others = problems
        await self.tell_owners(
            say(
                "{owners}: the catalogue has a problem, so the one before stays in force. {first}{others}",
                owners=AtRole(self().owners),
                first=Code(str(first)),
                others=f" There are {len(others)} more; `slipway check` shows them all." if others else "",
            )
        )

    async def undeliverable(self, lane: str, reason: str) -> None:
        """Something will never arrive: the owners are told, unless it was for them."""
        if lane != self().owners_channel:
            await self.tell_owners(
                say(
                    "{owners}: a message for {lane} can't be delivered: {reason}",
                    owners=AtRole(self().owners),
                    lane=Code(lane.partition("/")[0]),
                    reason=reason,
                )
            )

    async def tell_owners(self, sentence: Sentence) -> None:
        """Say it in the owners' channel."""
        async with self._records.open() as page:
            await page.tell(ChannelLine(self().owners_channel, sentence))
            await page.commit()
