"""From an address to engines: one that writes and one that reads, the same promises on SQLite and PostgreSQL."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

log = logging.getLogger(__name__)

WAL_IS_SAFE = (3, 51, 3)
"""The first SQLite in which a checkpoint can't lose what another connection has just written to the log."""

BUSY = 30.0
"""Seconds to wait for somebody else's write before giving up."""

LEFT_OPEN = 10
"""Seconds after which a transaction in which nothing happens is ended, so that its locks are to be had."""

PROMPT = MappingProxyType(
    {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
)
"""How a connection to PostgreSQL finds out within some ten seconds, rather than minutes, that the network is cut."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "sqlite+pysqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class DatabaseError(Exception):
    """The database's address is wrong, or nothing answers there; the message is for the person who set it."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The two ways in. `writing` begins with a change's lock; `reading` sees one moment and changes nothing."""

    url: URL
    writing: AsyncEngine
    reading: AsyncEngine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file on this machine."""
        return self.url.get_backend_name() == "sqlite"

    async def dispose(self) -> None:
        """Close every connection."""
        await self.writing.dispose()
        await self.reading.dispose()


def parse_url(text: str) -> URL:
    """The address, with the driver that we use. DatabaseError in one sentence if it is none that we know."""
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise DatabaseError(
            "The database's address can't be read. It looks like sqlite:///slipway.db or "
            "postgresql://user:password@host/name."
        ) from error
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise DatabaseError(
            f"The database's address begins with {url.drivername}://, which I don't know. "
            "Please use sqlite:/// for a file or postgresql:// for a server."
        )
    if driver.startswith("sqlite") and (not url.database or url.database.startswith((":memory:", "file:"))):
        raise DatabaseError(
            "SQLite needs a file here, such as sqlite:///slipway.db; a database in memory is not enough."
        )
    if driver.startswith("postgresql") and not url.database:
        raise DatabaseError(
            "The database's address names no database: it ends with /name, as in postgresql://host/slipway."
        )
    return url.set(drivername=driver)


def blocking_url(url: URL) -> URL:
    """The same database for a driver that blocks its thread: for migrations, and for a library that has threads."""
    return url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg")


def open_engines(address: str | URL, *, pool_size: int = 10) -> Engines:
    """The engines for this address. Nothing is connected yet."""
    url = parse_url(address) if isinstance(address, str) else address
    return _sqlite(url, pool_size) if url.get_backend_name() == "sqlite" else _postgres(url, pool_size)


def _sqlite(url: URL, pool_size: int) -> Engines:
    # One connection writes: pages queue for it in the order in which they came, rather than poll the file's lock.
    writing = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=BUSY, connect_args={"timeout": BUSY})
    reading = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY,
        connect_args={"timeout": BUSY},
    )
    event.listen(writing.sync_engine, "connect", _prepare_writer)
    event.listen(writing.sync_engine, "begin", _begin_immediate)
    event.listen(reading.sync_engine, "connect", _prepare_reader)
    event.listen(reading.sync_engine, "begin", _begin)
    return Engines(url, writing, reading)


def _postgres(url: URL, pool_size: int) -> Engines:
    # A lock that is not given in time is a conflict to be told. A page that is left open must not hold its locks: the
    # process may be suspended in the middle, and all others would wait for the record that it was writing to.
    limits = f"-c lock_timeout=15s -c idle_in_transaction_session_timeout={LEFT_OPEN}s"
    own = {name: value for name, value in {"options": limits, **PROMPT}.items() if name not in url.query}
    writing = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY,
        pool_pre_ping=True,
        connect_args={"application_name": "slipway", "connect_timeout": 10, **own},
    )
    reading = writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(url, writing, reading)


def _prepare_writer(connection: Any, _record: object) -> None:
    _prepare(connection)
    wanted = "wal" if sqlite3.sqlite_version_info >= WAL_IS_SAFE else "delete"
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone()[0] != wanted:
            cursor.execute(f"PRAGMA journal_mode={wanted}")
    finally:
        cursor.close()


def _prepare_reader(connection: Any, _record: object) -> None:
    _prepare(connection)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _prepare(connection: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, by the two functions below
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
