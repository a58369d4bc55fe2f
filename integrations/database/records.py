"""The records: pages, each one transaction, and readings, each one moment."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.database.errors import in_our_words
from integrations.database.page import DatabasePage
from integrations.database.reading import DatabaseReading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from bot.ports import Clock
    from integrations.database.engine import Engines
    from integrations.database.starter import WorkStarter


def utc_now() -> datetime:
    """Now."""
    return datetime.now(UTC)


class DatabaseRecords:
    """The records in a database. `on_told` is called after a commit that left something in the outbox.

    `besides` is what the record keeps with every entry from here: under which circumstances it was made.
    """

    def __init__(
        self,
        engines: Engines,
        starter: WorkStarter,
        on_told: Callable[[], None],
        now: Clock = utc_now,
        *,
        besides: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._engines = engines
        self._starter = starter
        self._on_told = on_told
        self._now = now
        self._besides = besides

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DatabasePage]:
        """A page to read and write. What is not committed when it closes never was."""
        with in_our_words():
            async with self._engines.writing.connect() as connection:
                await connection.begin()
                page = DatabasePage(connection, self._starter, self._on_told, self._now, self._besides)
                try:
                    yield page
                finally:
                    page.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[DatabaseReading]:
        """A page to read from, at one moment."""
        with in_our_words():
            async with self._engines.reading.connect() as connection:
                await connection.begin()
                reading = DatabaseReading(connection)
                try:
                    yield reading
                finally:
                    reading.close()
