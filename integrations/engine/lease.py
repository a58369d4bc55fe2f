"""A life sign on PostgreSQL: each process holds a lock that the server takes back when the process is gone.

Whoever gets another process's lock knows that nobody follows its work any more, and hands that work back to all. The
lock belongs to a session, so the connection goes straight to the server, through no pool that shares sessions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL

from integrations.engine.names import APPLICATION
from integrations.engine.store import SCHEMA

log = logging.getLogger(__name__)

LOCKS = 752_901_524
"""The first half of our locks' number; the second says whose it is."""

BEAT = timedelta(seconds=3)
"""How often the life sign is looked after, and the others' too."""

SIGN = "slipway life sign"
"""What the connection that holds the life sign is called at the server; the process's name follows, or its end."""

_ROOM = 63 - len(SIGN) - 1
"""PostgreSQL cuts longer names."""

# The server finds out within some ten seconds that a machine is gone without a word, rather than after two hours.
_WATCHED = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"

_OTHERS = SQL(
    "SELECT DISTINCT executor_id FROM {}.workflow_status "
    "WHERE status = 'PENDING' AND application_name = %s AND executor_id <> %s"
).format(Identifier(SCHEMA))


class Lease:
    """This process's life sign, and the eye on the others'."""

    def __init__(self, url: URL) -> None:
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held = asyncio.Event()

    async def held(self) -> None:
        """Wait until the life sign stands: without it, others may already do what this process would do."""
        await self._held.wait()

    async def take(self) -> None:
        """Give the life sign."""
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=5,
            application_name=f"{SIGN} {self.executor[-_ROOM:]}",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
        try:
            await connection.execute(_WATCHED)
            await connection.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, _number(self.executor)])
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        self._held.set()

    async def beat(self, take_over: Callable[[str], Awaitable[None]]) -> None:
        """Look whether the life sign still stands, and give it again if not; take over from those who are gone."""
        try:
            async with asyncio.timeout(BEAT.total_seconds()):
                if self._connection is None:
                    await self.take()
                    log.warning("The life sign in the database stands again.")
                gone = await self._gone()
        except (psycopg.Error, OSError, TimeoutError) as error:
            if self._held.is_set():
                log.error("The life sign in the database is lost, so nothing moves until it stands again: %s", error)  # noqa: TRY400 - the sentence says it all
            await self._let_go()
            return
        for executor in gone:
            await take_over(executor)

    async def give_back(self) -> None:
        """Take the life sign away: others go on with what this process leaves behind."""
        await self._let_go()

    async def _gone(self) -> list[str]:
        assert self._connection is not None, "the life sign was given"
        found = await self._connection.execute(_OTHERS, [APPLICATION, self.executor])
        gone = []
        for (executor,) in await found.fetchall():
            # Held for a moment only, as the proof that the process is gone: the row itself is handed back only once.
            tried = await self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCKS, _number(executor)])
            row = await tried.fetchone()
            if row and row[0]:
                await self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCKS, _number(executor)])
                gone.append(executor)
        return gone

    async def _let_go(self) -> None:
        self._held.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                async with asyncio.timeout(1):
                    await connection.close()
            except (psycopg.Error, OSError, TimeoutError):
                log.debug("The connection of the life sign was gone already.")


def _number(executor: str) -> int:
    """The half of a lock's number that says whose it is."""
    return zlib.crc32(executor.encode()) - 2**31
