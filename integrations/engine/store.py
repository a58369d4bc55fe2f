"""Where the engine keeps its things: its tables in our database, and the way in that starts nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
import time
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, Serializer, _sys_db
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from integrations.database.engine import LEFT_OPEN, PROMPT, blocking_url, parse_url
from integrations.engine.names import APPLICATION, FORM, POLL_STARTS, POLL_WORDS, QUEUE

LONGEST_PAUSE = 3.0
"""Seconds between two tries of a database that is away."""

AGAIN_AFTER = 30.0
"""Seconds in which the same is not said again."""

_DATABASE = re.compile(r"\b(?:psycopg|sqlite3)\.|OperationalError|connection")
_RETRYING = "wrapper"
"""The function in which the library tries the database again."""
_NOISE = re.compile(
    r" ?Traceback \(most recent call last\).*Error: | ?\(Background on this error at: \S+\)| ?\[SQL: .*"
)

SCHEMA = "dbos"
"""The engine's schema on PostgreSQL. SQLite has no schemas: there its tables stand beside ours."""


class Json(Serializer):
    """Plain JSON, for rows that anyone can read; the engine's own choice would be pickle."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=repr, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "json"


def in_one_line(error: Exception) -> str:
    """What a driver says over several lines, in one, without the statement that it was about."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split()) or type(error).__name__


class _Sparing(logging.Filter):
    """What the engine says, as it helps whoever reads it.

    It says of each waiting piece of work that it is let go of when the engine is closed: left out, since it goes on at
    the next start. While the database is away it says so many times a second, over several lines: once in a while is
    enough, and in one line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message.startswith("Asyncio task cancelled for workflow or step"):
            return False
        away = isinstance(record.exc_info[1], DBAPIError) if record.exc_info else _DATABASE.search(message)
        if not away:
            return True
        what = message.partition(":")[0]
        at, unsaid = self._said.get(what, (-AGAIN_AFTER, 0))
        if record.created - at < AGAIN_AFTER:
            self._said[what] = (at, unsaid + 1)
            return False
        self._said[what] = (record.created, 0)
        message = _NOISE.sub(" ", " ".join(message.split()))
        record.msg = f"{message} (and {unsaid} times since it was said last)" if unsaid else message
        record.args, record.exc_info, record.exc_text = (), None, None
        return True


class _Brisk:
    """The time, with shorter pauses.

    The engine waits longer and longer between its tries of a database that is away, up to a minute and a half. So after
    a minute's outage its work would stand still for another minute; with replicas, in the hands of the living.
    """

    def __init__(self) -> None:
        self._over = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Wait; where the library would try the database again, not past the end."""
        if sys._getframe(1).f_code.co_name != _RETRYING:  # noqa: SLF001 - only its tries go on for ever
            time.sleep(seconds)
        elif self._over.wait(min(seconds, LONGEST_PAUSE)):
            raise ClosedError("The engine was closed while the database was away.")

    def begins(self) -> None:
        """From now on the database is tried again for as long as it takes."""
        self._over.clear()

    def ends(self) -> None:
        """From now on nobody tries again: a thread that did would keep the process from its end."""
        self._over.set()


class ClosedError(Exception):
    """The engine is being closed; what was to be kept is done again by whoever opens it next."""


TRIES = _Brisk()
"""The pauses between the library's tries."""


def address_of(url: str | URL) -> str:
    """The database's address, as the engine's threads use it."""
    parsed = parse_url(url) if isinstance(url, str) else url
    url = blocking_url(parsed)
    if url.get_backend_name() == "postgresql":
        url = url.update_query_dict({name: str(value) for name, value in PROMPT.items() if name not in url.query})
    return url.render_as_string(hide_password=False)


def configuration(address: str, executor: str) -> DBOSConfig:
    """How the engine is to run: in our database, with our serializer, saying little, and talking to nobody."""
    hush()
    return DBOSConfig(
        name=APPLICATION,
        system_database_url=address,
        dbos_system_schema=SCHEMA,
        application_version=FORM,
        executor_id=executor,
        serializer=Json(),
        log_level="WARNING",
        enable_otlp=False,
        # A file doesn't hang up, so there is nothing to ask before each of many small looks.
        db_engine_kwargs={"pool_pre_ping": not address.startswith("sqlite")},
        notification_listener_polling_interval_sec=POLL_WORDS.total_seconds(),
        sys_db_idle_transaction_timeout_sec=LEFT_OPEN,
    )


def open_client(address: str) -> DBOSClient:
    """A way in that runs nothing. It connects when it must, which it need not to write into our own transactions."""
    hush()
    return DBOSClient(
        system_database_url=address,
        dbos_system_schema=SCHEMA,
        serializer=Json(),
        application_name=APPLICATION,
        system_database_pool_size=2,
        sys_db_idle_transaction_timeout_sec=LEFT_OPEN,
        retry_connection_errors=False,  # whoever asks tries again, in time of its own
        lazy=True,
    )


async def prepare(url: str | URL) -> None:
    """Bring the engine's own tables and its queue to this program's form. Nothing is started."""
    await asyncio.to_thread(_prepare, address_of(url))


def _prepare(address: str) -> None:
    hush()
    DBOS.migrate(address, schema=SCHEMA)
    client = open_client(address)
    try:
        client.register_queue(QUEUE, polling_interval_sec=POLL_STARTS.total_seconds())
    finally:
        client.destroy()


def hush() -> None:
    """Let the engine's log go the way of all others, from warnings on. With no handler it would bring its own."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.addFilter(_Sparing())
        logger.setLevel(logging.WARNING)
        setattr(_sys_db, "time", TRIES)  # noqa: B010 - the library's own name for it; a test holds it
