"""The calendars: rules followed, and iCalendar files and addresses read afresh each time they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self

import aiohttp

from bot.ports import CalendarError, Occurrence
from bot.rules.policy import CalendarSource, RecurringFreeze
from integrations.calendars.fetching import fetched, host_of, is_address, on_disk
from integrations.calendars.occurrences import by_rule, in_text

PATIENCE = timedelta(seconds=10)
LONGEST_READING = timedelta(seconds=30)
"""A calendar that takes longer to work through is not one that people made."""


class IcalCalendars:
    """Follows rules, and reads iCalendar (RFC 5545) from files and web addresses."""

    def __init__(self, session: aiohttp.ClientSession, *, patience: timedelta = PATIENCE) -> None:
        """The session belongs to whoever made it."""
        self._session = session
        self._patience = patience

    @classmethod
    @asynccontextmanager
    async def connected(cls) -> AsyncIterator[Self]:
        """With a session of its own: by the usual proxies, and without keeping anybody's cookies."""
        async with aiohttp.ClientSession(trust_env=True, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield cls(session)

    def recurring(self, freeze: RecurringFreeze, start: datetime, end: datetime) -> list[Occurrence]:
        """The times of a recurring freeze that touch the time from `start` to `end`, the first one first."""
        return by_rule(freeze, start, end)

    async def events(self, source: CalendarSource, start: datetime, end: datetime) -> list[Occurrence]:
        """The events of a calendar that touch that time, read afresh. CalendarError if that is impossible."""
        if is_address(source.source):
            place = host_of(source.source)
            text = await fetched(self._session, source.source, self._patience)
        else:
            place, text = await asyncio.to_thread(on_disk, source.source)
        try:
            async with asyncio.timeout(LONGEST_READING.total_seconds()):
                return await asyncio.to_thread(in_text, text, source.timezone, start, end)
        except TimeoutError:
            raise CalendarError(f"{place}: working through this calendar takes too long.") from None
        except CalendarError as error:
            raise CalendarError(f"{place}: {error}") from error
