"""Sync freezes: what recurs by a rule or stands in a calendar becomes freezes, five weeks ahead, and stays in step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.ports import Agreed, CalendarError, Calendars, Clock, ConflictError, Occurrence, Page, Reading, Records, Work
from bot.rules.audit import Happened
from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.people import SLIPWAY, Surface, slipway
from bot.rules.policy import CalendarSource, Catalogue, RecurringFreeze
from bot.rules.wanted import Alter, CallOff, Declare, Known, Step, Wanted, in_question, occasion, source_of, steps
from bot.verbs.freeze import moments, on_record, redraw_cards, tell_channels
from bot.verbs.note_calendar import note_calendar

log = logging.getLogger(__name__)

AHEAD = timedelta(days=35)
"""So long before they begin, freezes get their numbers: time enough to except or to end them one by one."""

_ME = slipway(Surface.SCHEDULE)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SyncFreezes:
    """Bring the freezes in step with the catalogue and its calendars. As often as one likes, also in two replicas."""

    records: Records
    calendars: Calendars
    agreed: Agreed
    now: Clock

    async def __call__(self) -> None:
        """Read, compare, and take each step on a page of its own."""
        agreed, now = self.agreed(), self.now()
        read = dict(await asyncio.gather(*(self._read(source, now) for source in agreed.calendars)))
        unread = {name for name, found in read.items() if isinstance(found, CalendarError)}
        known_before = await self._read_before()
        await self._note(unread, read, agreed, now)
        wanted = [*self._by_rule(agreed, now), *_in_calendars(agreed, read)]
        for step in await self._planned(wanted, Known(frozenset(read), unread), now):
            try:
                await self._take(step, agreed, now, told_of=known_before)
            except ConflictError:
                # Another replica was first, or somebody acted just now: the next time, all of it is seen again.
                log.info("A freeze was changed by somebody else in the meantime: %s.", _name(step))
        # Only now, for whoever takes a calendar at its word counts on its freezes.
        await self._note(set(read) - unread, read, agreed, now)

    async def _read(self, source: CalendarSource, now: datetime) -> tuple[str, list[Occurrence] | CalendarError]:
        try:
            return source.name, await self.calendars.events(source, now, now + AHEAD)
        except CalendarError as error:
            log.warning("The calendar %s can't be read: %s", source.name, error)
            return source.name, error

    async def _read_before(self) -> frozenset[str]:
        """The calendars that have been read well at least once."""
        async with self.records.read() as page:
            return frozenset(each.name for each in await page.calendars() if each.read_at is not None)

    async def _note(
        self,
        names: Collection[str],
        read: Mapping[str, list[Occurrence] | CalendarError],
        agreed: Catalogue,
        now: datetime,
    ) -> None:
        """Note how it stands with these."""
        for source in agreed.calendars:
            found = read[source.name]
            if source.name in names:
                problem = str(found) if isinstance(found, CalendarError) else ""
                await note_calendar(self.records, source, problem, agreed, now)

    def _by_rule(self, agreed: Catalogue, now: datetime) -> Iterator[Wanted]:
        for rule in agreed.recurring:
            for each in self.calendars.recurring(rule, now, now + AHEAD):
                yield wanted_by(rule, each, rule.reason)

    async def _planned(self, wanted: list[Wanted], calendars: Known, now: datetime) -> list[Step]:
        """What is to be done. Whether somebody has moved an end is only looked up where it matters."""
        async with self.records.read() as page:
            freezes = await page.freezes_from("", not_over_at=now)
            known = {occasion(each.origin) for each in freezes}
            for each in wanted:
                if each.origin not in known:
                    before = await page.freezes_from(each.origin, not_over_at=_EVER)
                    freezes += [other for other in before if occasion(other.origin) == each.origin]
            freezes.sort(key=lambda each: each.id)
            planned = list(steps(wanted, freezes, calendars, now))
            doubtful = in_question(planned)
            if not doubtful:
                return planned
            by_hand = await _moved_by_people(page, doubtful)
            return list(steps(wanted, freezes, calendars, now, by_hand=by_hand))

    async def _take(self, step: Step, agreed: Catalogue, now: datetime, *, told_of: Collection[str]) -> None:
        """`told_of` are the calendars whose new events are news; what they held at first isn't, nor what recurs."""
        async with self.records.open() as page:
            match step:
                case Declare(wanted=wanted):
                    await _declare(page, wanted, agreed, now, news=source_of(wanted.origin) in told_of)
                case Alter(freeze=freeze, wanted=wanted):
                    await _alter(page, freeze, wanted, agreed, now)
                case CallOff(freeze=freeze):
                    await _call_off(page, freeze, agreed, now)
            await page.commit()


async def _declare(page: Page, wanted: Wanted, agreed: Catalogue, now: datetime, *, news: bool) -> None:
    """A new one. The notices before it are enough, unless it comes as news, or too late for them."""
    freeze = await page.add_freeze(wanted.window, SLIPWAY, now, origin=wanted.origin, owner=wanted.owner)
    await page.put_on_record(_on_record("freeze", freeze, now))
    if not freeze.active(now) and (news or _announced(freeze, agreed, now)):
        await _tell_of(page, freeze, agreed)
    await page.start(Work.WATCH_FREEZE, freeze.id)


async def _alter(page: Page, before: Freeze, wanted: Wanted, agreed: Catalogue, now: datetime) -> None:
    """Another time, scope, reason or owner. Whoever has heard of it hears of its new times."""
    freeze = await page.keep_freeze(replace(before, window=wanted.window, owner=wanted.owner))
    await page.put_on_record(_on_record("change freeze", freeze, now))
    moved = _times(before.window) != _times(freeze.window)
    if before.active(now):
        if moved:
            await tell_channels(page, agreed, freeze, "extended")
        await redraw_cards(page, agreed, freeze)
    elif moved and not freeze.active(now) and await _heard_of(page, before, agreed, now):
        await _tell_of(page, freeze, agreed)
    await page.nudge(Work.WATCH_FREEZE, freeze.id, "changed")


async def _call_off(page: Page, before: Freeze, agreed: Catalogue, now: datetime) -> None:
    """Nothing asks for it any more. Nobody has to hear that what they never heard of doesn't come."""
    freeze = await page.keep_freeze(replace(before, ended_at=now, ended_by=SLIPWAY))
    await page.put_on_record(_on_record("end freeze", freeze, now))
    if not await _heard_of(page, before, agreed, now):
        for _, _, intent in moments(freeze, agreed):
            await page.first_time(intent)
    await page.nudge(Work.WATCH_FREEZE, freeze.id, "changed")


async def _tell_of(page: Page, freeze: Freeze, agreed: Catalogue) -> None:
    await page.first_time(_told(freeze))
    await tell_channels(page, agreed, freeze, "declared")


async def _heard_of(page: Page, freeze: Freeze, agreed: Catalogue, now: datetime) -> bool:
    """Whether its channels were told of it, by the notices before it or by a line of its own."""
    return _announced(freeze, agreed, now) or not await page.first_time(_told(freeze))


def _announced(freeze: Freeze, agreed: Catalogue, now: datetime) -> bool:
    """Whether the first of the notices before it was due by now."""
    return now >= freeze.window.starts_at - max(agreed.freeze_notices.before, default=timedelta(0))


def _told(freeze: Freeze) -> str:
    return f"{freeze.name} told of"


async def _moved_by_people(page: Reading, freezes: Mapping[FreezeId, Freeze]) -> frozenset[FreezeId]:
    """Those of them whose end somebody has moved: the record knows."""
    names = {each.name: each.id for each in freezes.values()}
    since, after, found = min(each.declared_at for each in freezes.values()), 0, set()
    while entries := await page.record(since=since, after=after, limit=_AT_ONCE):
        after = entries[-1].number
        happened = (each.happened for each in entries)
        found |= {names[each.subject] for each in happened if each.subject in names and _by_hand(each)}
    return frozenset(found)


def _by_hand(happened: Happened) -> bool:
    return happened.verb == "extend freeze" and happened.by != SLIPWAY


def _on_record(verb: str, freeze: Freeze, now: datetime) -> Happened:
    happened = on_record(verb, freeze, _ME, now)
    return replace(happened, detail={**happened.detail, "origin": freeze.origin, "owner": freeze.owner})


def _in_calendars(agreed: Catalogue, read: Mapping[str, list[Occurrence] | CalendarError]) -> Iterator[Wanted]:
    for source in agreed.calendars:
        found = read[source.name]
        if not isinstance(found, CalendarError):
            for each in found:
                yield wanted_by(source, each, each.title or f"In the calendar {source.name}")


def wanted_by(source: RecurringFreeze | CalendarSource, occurrence: Occurrence, reason: str) -> Wanted:
    """The freeze that is to be there for one time of a rule, or one event of a calendar."""
    scope = source.scope
    window = Window(
        occurrence.starts_at,
        occurrence.ends_at,
        reason,
        environments=scope.environments,
        services=scope.services,
        change_types=scope.change_types,
        hard=source.hard,
    )
    return Wanted(f"{source.name}/{occurrence.key}", window, source.owner)


def _times(window: Window) -> tuple[datetime, datetime]:
    return window.starts_at, window.ends_at


def _name(step: Step) -> str:
    return step.wanted.origin if isinstance(step, Declare) else step.freeze.name
