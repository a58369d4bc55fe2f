"""Note a calendar: how it stands with it, told to its owners once when it can't be read, and once when it can again."""

from __future__ import annotations

from datetime import datetime

from bot.notices import ChannelLine
from bot.ports import Page, Records
from bot.rules.freeze import STALE_AFTER, CalendarState, unread
from bot.rules.policy import CalendarSource, Catalogue
from bot.rules.sentence import AtRole, Sentence, say
from bot.verbs.redraw import changed


async def note_calendar(
    records: Records, source: CalendarSource, problem: str, agreed: Catalogue, now: datetime
) -> None:
    """Keep what came of reading it, an empty `problem` for well read."""
    async with records.open() as page:
        before = next((each for each in await page.calendars() if each.name == source.name), None)
        last = before.read_at if before else None
        state = CalendarState(source.name, last if problem else now, problem)
        await page.keep_calendar(state)
        was_well = before is None or not before.problem
        if problem and was_well and await page.first_time(f"calendar {source.name} unread since {last}"):
            await page.tell(ChannelLine(agreed.owners_channel, _can_not_be_read(source, state, agreed, now)))
        if not problem and not was_well and await page.first_time(f"calendar {source.name} read after {last}"):
            await page.tell(ChannelLine(agreed.owners_channel, _can_be_read_again(source, agreed)))
        if source.hard and await _changes_gates(page, before, state, now):
            await _redraw_cards(page, source, agreed)
        await page.commit()


def _can_not_be_read(source: CalendarSource, state: CalendarState, agreed: Catalogue, now: datetime) -> Sentence:
    if not source.hard:
        follows = "What is known of it stays as it is; deployments see a warning."
    elif unread(state, now):
        follows = "Until it can, nothing is deployed where it may hold a freeze."
    else:
        hours = int(STALE_AFTER.total_seconds() // 3600)
        follows = f"What is known of it counts for {hours} hours; then nothing is deployed where it may hold a freeze."
    return say(
        "{owners}: the calendar {name} can't be read: {why} {follows}",
        owners=AtRole(source.owner or agreed.owners),
        name=source.name,
        why=state.problem,
        follows=follows,
    )


def _can_be_read_again(source: CalendarSource, agreed: Catalogue) -> Sentence:
    return say(
        "{owners}: the calendar {name} can be read again.",
        owners=AtRole(source.owner or agreed.owners),
        name=source.name,
    )


async def _changes_gates(page: Page, before: CalendarState | None, state: CalendarState, now: datetime) -> bool:
    """Whether it blocks from now on, or no longer does."""
    if unread(state, now):
        return await page.first_time(f"calendar {state.name} blocks since {state.read_at}")
    return before is None or unread(before, now)


async def _redraw_cards(page: Page, source: CalendarSource, agreed: Catalogue) -> None:
    """The gate of every open release in its scope may read otherwise now."""
    for name in source.scope.services or frozenset(agreed.services):
        for release in await page.releases(service=name, open_only=True):
            await changed(page, release.id)
