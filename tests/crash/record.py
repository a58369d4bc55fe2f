"""The record, looked at from outside: by people while it goes on, and by the judge in the end."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Row, Select, func, select

from bot.verbs.audit import Verified, VerifyAudit
from integrations.database.engine import Engines
from integrations.database.records import DatabaseRecords
from integrations.database.tables import deployments, outbox, releases
from integrations.engine import EngineStarter
from integrations.engine import rows as engine_rows
from integrations.engine.names import FOLLOW
from integrations.engine.store import address_of, open_client


class Record:
    """One database."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def rows(self, question: Select[Any]) -> list[Row[Any]]:
        """What the database answers."""
        async with self._engines.reading.connect() as connection:
            return list(await connection.execute(question))

    async def newest(self, service: str, environment: str, many: int) -> list[tuple[int, str]]:
        found = await self.rows(
            select(deployments.c.id, deployments.c.attempt)
            .where(deployments.c.service == service, deployments.c.environment == environment)
            .order_by(deployments.c.id.desc())
            .limit(many)
        )
        return [(row.id, row.attempt) for row in found]

    async def release(self, service: str, version: str) -> int | None:
        found = await self.rows(
            select(releases.c.id).where(releases.c.service == service, releases.c.version == version)
        )
        return found[0].id if found else None

    async def waiting(self) -> int:
        """How much is to be told still."""
        unsent = (outbox.c.sent_at.is_(None), outbox.c.given_up_at.is_(None))
        return int((await self.rows(select(func.count().label("n")).where(*unsent)))[0].n)

    async def verified(self) -> Verified:
        """Whether nothing of it was changed or removed."""
        starter = EngineStarter(self._engines.url)
        try:
            return await VerifyAudit(DatabaseRecords(self._engines, starter, lambda: None))()
        finally:
            starter.close()

    async def engine(self) -> tuple[list[str], int]:
        """The deployments that the engine still follows, and how much of its work ended badly."""
        return await asyncio.to_thread(self._engine)

    def _engine(self) -> tuple[list[str], int]:
        client = open_client(address_of(self._engines.url))
        try:
            going_on = [each for each in engine_rows.active(client) if each.name == FOLLOW]
            begun = [engine_rows.begun_with(each) for each in going_on]
            followed = [f"D-{key}" for work, key, _ in begun if work == "follow-deployment"]
            return followed, engine_rows.badly_ended(client)
        finally:
            client.destroy()
