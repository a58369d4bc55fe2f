"""Where the engine keeps its things: its tables in our database, and the way in that starts nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, Serializer
from sqlalchemy import URL

from integrations.database.engine import blocking_url, parse_url
from integrations.engine.names import APPLICATION, FORM, POLL_STARTS, POLL_WORDS, QUEUE

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


class _AtShutdown(logging.Filter):
    """Leaves out what the engine says of each waiting piece of work when it is closed: it goes on at the next start."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("Asyncio task cancelled for workflow or step")


def address_of(url: str | URL) -> str:
    """The database's address, as the engine's threads use it."""
    parsed = parse_url(url) if isinstance(url, str) else url
    return blocking_url(parsed).render_as_string(hide_password=False)


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
        logger.addFilter(_AtShutdown())
        logger.setLevel(logging.WARNING)
