"""Where records live during a test, and what has come of them: what was told, and what work was started."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, select

from integrations.database import notices
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.database.rows.sql import insert
from integrations.database.tables import intents, outbox
from tests.fakes import InMemoryRecords
from tests.makers import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.notices import Notice
    from bot.ports import Records, Work
    from integrations.database.engine import Engines
    from integrations.database.notices import Unreadable


class RowStarter:
    """Leaves a row for every work and word, in the page's own transaction, as the durable engine does."""

    def start(self, connection: Connection, work: Work, key: int) -> None:
        self._leave(connection, f"started {work} {key}")

    def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:
        self._leave(connection, f"nudged {work} {key} {word}")

    def _leave(self, connection: Connection, told: str) -> None:
        statement = insert(connection, intents).values(intent=told, noted_at=NOW)
        connection.execute(statement.on_conflict_do_nothing())  # said twice it is the same


class Ground(Protocol):
    """Records and what has come of them."""

    wakes: int
    """How often the sender was woken."""

    @property
    def records(self) -> Records: ...

    async def told(self) -> list[Notice | Unreadable]:
        """What waits to be told, in its order."""
        ...

    async def started(self) -> list[str]:
        """What work was started or nudged, in words."""
        ...


class InMemoryGround:
    """The twin."""

    def __init__(self) -> None:
        self.wakes = 0
        self.records = InMemoryRecords(self._wake)

    async def told(self) -> list[Notice | Unreadable]:
        return list(self.records.told)

    async def started(self) -> list[str]:
        return [
            *(f"started {work} {key}" for work, key in self.records.started),
            *(f"nudged {work} {key} {word}" for work, key, word in self.records.nudged),
        ]

    def _wake(self) -> None:
        self.wakes += 1


class DatabaseGround:
    """The real thing."""

    def __init__(self, engines: Engines) -> None:
        self.wakes = 0
        self.engines = engines
        self.records = DatabaseRecords(engines, RowStarter(), self._wake, lambda: NOW)

    async def told(self) -> list[Notice | Unreadable]:
        async with self.engines.reading.connect() as connection:
            rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
        return [notices.read(row.kind, row.body) for row in rows]

    async def started(self) -> list[str]:
        async with self.engines.reading.connect() as connection:
            rows = await connection.execute(select(intents.c.intent).where(intents.c.intent.like("%ed %")))
            return sorted(rows.scalars(), reverse=True)

    def _wake(self) -> None:
        self.wakes += 1


@asynccontextmanager
async def database_ground(url: str) -> AsyncIterator[DatabaseGround]:
    """Records in that database, which is migrated already."""
    engines = open_engines(url)
    try:
        yield DatabaseGround(engines)
    finally:
        await engines.dispose()
