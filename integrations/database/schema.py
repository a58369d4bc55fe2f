"""Bringing a database to this program's form."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from integrations.database.engine import BUSY, DatabaseError, blocking_url, parse_url
from integrations.database.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import URL, Connection

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"

_ONE_AT_A_TIME = 7_529_015_243
"""The number of the advisory lock under which a PostgreSQL database is upgraded."""


class SchemaError(Exception):
    """The database has not the form that this program works on; the message says what to do."""


async def upgrade(address: str | URL, to: str = "head") -> None:
    """Bring this database to this program's form, wholly or not at all. DatabaseError if it can't be reached."""
    await asyncio.to_thread(upgrade_blocking, address, to)


def upgrade_blocking(address: str | URL, to: str = "head", versions: Path = VERSIONS) -> None:
    """The same, on this thread."""
    url = parse_url(address) if isinstance(address, str) else address
    with exclusively(url) as connection:
        config = alembic_config(versions)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as error:  # it stands on a version that is not among ours
            raise SchemaError(
                "The database was made by a newer version of Slipway, so this one leaves it alone."
            ) from error
        broken = (
            connection.execute(text("PRAGMA foreign_key_check")).all() if connection.dialect.name == "sqlite" else []
        )
        if broken:
            raise SchemaError(f"The upgrade would leave {len(broken)} rows that point nowhere, so nothing was changed.")


def ours(name: str | None, kind: str, _parents: Mapping[Any, str | None]) -> bool:
    """Whether Alembic is to look at this: only at our own tables, since the durable engine has its own beside them."""
    return kind != "table" or name in metadata.tables


def unreachable(url: URL, error: DBAPIError) -> DatabaseError:
    """One sentence about a database that doesn't answer, without its password."""
    reason = " ".join(str(error.orig).split())
    return DatabaseError(f"The database {url.render_as_string(hide_password=True)} can't be opened: {reason}")


def alembic_config(versions: Path = VERSIONS) -> Config:
    """Where everything is; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


@contextmanager
def exclusively(url: URL) -> Iterator[Connection]:
    """A transaction that has the upgrade for itself. Foreign keys are off on SQLite, where tables are rebuilt."""
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        blocking_url(url), poolclass=NullPool, connect_args={"timeout": BUSY} if sqlite else {"connect_timeout": 10}
    )
    if sqlite:
        event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            if not sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            yield connection
    except DBAPIError as error:
        raise unreachable(url, error) from error
    finally:
        engine.dispose()
