"""What every suite may use: real databases, migrated, one for each test. Other fixtures live in their folders."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dbos import _queue, _sys_db, _workflow_commands

from integrations.database.schema import upgrade_blocking
from tests.grounds import Ground, InMemoryGround, database_ground
from tests.postgres import Postgres, running_postgres
from tests.quick import quick_root

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.ports import Records


# The engine's threads draw their pauses from the numbers that all share; Hypothesis takes that for a strategy's doing.
for _module in (_queue, _sys_db, _workflow_commands):
    setattr(_module, "random", random.Random())  # noqa: B010 - a module's own numbers, and nobody's secret


# Started in the background of a shell, a run ignores Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when the first test asks for it."""
    with running_postgres(os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file() -> Iterator[Path]:
    """A migrated SQLite file, to be copied."""
    with tempfile.TemporaryDirectory(prefix="slipway-template-", dir=quick_root()) as folder:
        file = Path(folder) / "slipway.db"
        upgrade_blocking(f"sqlite:///{file}")
        yield file


@pytest.fixture
def sqlite_url(migrated_file: Path) -> Iterator[str]:
    """A migrated database in a file of one's own."""
    with tempfile.TemporaryDirectory(prefix="slipway-sqlite-", dir=quick_root()) as folder:
        file = shutil.copy(migrated_file, Path(folder) / "slipway.db")
        yield f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database: each test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["in-memory", "sqlite", "postgres"])
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """Records, each test with the twin and with both databases, and what has come of them."""
    if request.param == "in-memory":
        yield InMemoryGround()
        return
    async with database_ground(request.getfixturevalue(f"{request.param}_url")) as there:
        yield there


@pytest.fixture
def records(ground: Ground) -> Records:
    """Records, each test with the twin and with both databases."""
    return ground.records
