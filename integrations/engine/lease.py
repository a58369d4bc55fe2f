"""A life sign on PostgreSQL: each process holds a lock that the server takes back when nothing is heard of the process.

The lock belongs to a session, which the server ends as soon as the process ends, or when it was silent for the lease's
length: it hangs, is suspended, or the network is cut. Whoever gets another process's lock knows that nobody follows its
work any more, and hands that work back to all. The connection goes straight to the server, through no pool that shares
sessions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL

from integrations.database.engine import DatabaseError
from integrations.engine.names import APPLICATION
from integrations.engine.store import SCHEMA, in_one_line

log = logging.getLogger(__name__)

LOCKS = 752_901_524
"""The first half of our locks' number; the second says whose it is."""

SIGN = "slipway life sign"
"""What the connection that holds the life sign is called at the server; the process's name follows, or its end."""

_ROOM = 63 - len(SIGN) - 1
"""PostgreSQL cuts longer names."""

LENGTH = timedelta(seconds=10)
"""How long nothing may be heard of a process before others go on with its work, unless it is set otherwise."""

BEATS = 5
"""So often within its length the life sign is given anew."""

OLDEST_SERVER = 140_000
"""The first PostgreSQL that ends a session of which it hears nothing."""

# Whoever has work of the engine, or a message that is being sent. Senders of older versions had a colon in their names,
# and no life sign under them that could be asked for.
_OTHERS = SQL(
    "SELECT executor_id FROM {}.workflow_status "
    "WHERE status = 'PENDING' AND application_name = %s AND executor_id <> %s "
    "UNION SELECT claimed_by FROM outbox WHERE sent_at IS NULL AND claimed_by <> %s AND claimed_by NOT LIKE '%%:%%'"
).format(Identifier(SCHEMA))

_OURS = SQL(
    "SELECT workflow_uuid FROM {}.workflow_status "
    "WHERE status = 'PENDING' AND application_name = %s AND executor_id = %s"
).format(Identifier(SCHEMA))

_IS_OURS = SQL(
    "SELECT 1 FROM {}.workflow_status WHERE status = 'PENDING' AND executor_id = %s AND workflow_uuid = %s"
).format(Identifier(SCHEMA))

Lost = Callable[[set[str]], None]
"""Told, whenever the life sign stands again, what is still ours: everything else others have taken over."""


class Lease:
    """This process's life sign, and the eye on the others'."""

    def __init__(self, url: URL, length: timedelta = LENGTH) -> None:
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self.every = length / BEATS
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._length = length
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._stands = asyncio.Event()
        self._stands_until = 0.0

    async def held(self, work: str) -> bool:
        """Wait until the life sign stands; whether that work is ours still, or others have taken it over meanwhile.

        The server is asked each time: who was suspended can't know it otherwise.
        """
        while True:
            await self._stands.wait()
            connection = self._connection
            if connection is None or _now() >= self._stands_until:
                self._stands.clear()  # the next beat finds out
                continue
            try:
                return bool(await self._ask(connection, _IS_OURS, self.executor, work))
            except (psycopg.Error, OSError) as error:
                await self._lose(connection, error)

    async def take(self) -> None:
        """Give the life sign. DatabaseError if this server is too old for it."""
        asked = _now()
        await self._connect()
        self._stand(asked)

    async def beat(self, take_over: Callable[[str], Awaitable[None]], kept: Lost) -> None:
        """Give the life sign anew; take over from those of whom nothing is heard any more."""
        asked, connection = _now(), self._connection
        try:
            if connection is None:
                connection = await self._connect()
                # Only now that nobody can take over any more it is certain what nobody has taken over.
                ours = await self._ask(connection, _OURS, APPLICATION, self.executor)
                kept({workflow for (workflow,) in ours})
                log.warning("The life sign in the database stands again.")
            others = await self._ask(connection, _OTHERS, APPLICATION, self.executor, self.executor)
            self._stand(asked)
            for (executor,) in others:
                await self._succeed(connection, executor, take_over)
        except (psycopg.Error, OSError) as error:
            await self._lose(connection, error)

    async def give_back(self) -> None:
        """Take the life sign away: others go on with what this process leaves behind."""
        await self._let_go()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=max(2, round(self.every.total_seconds())),
            application_name=f"{SIGN} {self.executor[-_ROOM:]}",
        )
        try:
            _must_be_new_enough(connection.info.server_version)
            await self._ask(
                connection,
                SQL("SELECT set_config('idle_session_timeout', %s, false)"),
                f"{round(self._length.total_seconds() * 1000)}ms",
            )
            await self._claim(connection)
        except BaseException:
            _cut(connection)
            await _closed(connection)
            raise
        self._connection = connection
        return connection

    async def _claim(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Take our lock, unless the server hasn't given up our last session, or somebody is taking over from us."""
        if not await self._try(connection, self.executor):
            raise psycopg.OperationalError("it is not to be had yet")

    def _stand(self, asked: float) -> None:
        """Somewhat shorter than the server's patience, which begins when it answers."""
        self._stands_until = asked + self._length.total_seconds() * (BEATS - 1) / BEATS
        self._stands.set()

    async def _succeed(
        self, connection: psycopg.AsyncConnection[Any], executor: str, take_over: Callable[[str], Awaitable[None]]
    ) -> None:
        """Take over from that process, if it is gone. Its lock is ours so long: it can't come back in the middle."""
        if not await self._try(connection, executor):
            return
        try:
            async with asyncio.timeout(self.every.total_seconds()):
                await take_over(executor)
        except TimeoutError:
            log.warning("Taking over from %s took too long; it will be tried again.", executor)
        await self._ask(connection, SQL("SELECT pg_advisory_unlock(%s, %s)"), LOCKS, _number(executor))

    async def _try(self, connection: psycopg.AsyncConnection[Any], executor: str) -> bool:
        tried = await self._ask(connection, SQL("SELECT pg_try_advisory_lock(%s, %s)"), LOCKS, _number(executor))
        return bool(tried[0][0])

    async def _ask(self, connection: psycopg.AsyncConnection[Any], query: SQL | Any, *values: object) -> list[Any]:
        """An answer in time, or an error. To cancel the question instead would wait for the server, too."""
        late = asyncio.get_running_loop().call_later(2 * self.every.total_seconds(), _cut, connection)
        try:
            return await (await connection.execute(query, values)).fetchall()
        finally:
            late.cancel()

    async def _lose(self, connection: psycopg.AsyncConnection[Any] | None, error: Exception) -> None:
        if connection is not self._connection:
            return  # somebody else has found it out before
        if self._stands.is_set():
            why = in_one_line(error)
            log.error("The life sign in the database is lost, so nothing moves until it stands again: %s", why)
        await self._let_go()

    async def _let_go(self) -> None:
        self._stands.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            _cut(connection)
            await _closed(connection)


def _must_be_new_enough(version: int) -> None:
    if version < OLDEST_SERVER:
        raise DatabaseError(f"Slipway needs PostgreSQL 14 or newer; this server is {version // 10_000}.")


def _now() -> float:
    """Seconds that go on while the machine is suspended, where the system counts these."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """Hang up without a word: whatever waits for the server on that line gets an error at once."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


async def _closed(connection: psycopg.AsyncConnection[Any]) -> None:
    with suppress(psycopg.Error, OSError):
        await connection.close()


def _number(executor: str) -> int:
    """The half of a lock's number that says whose it is."""
    return zlib.crc32(executor.encode()) - 2**31
