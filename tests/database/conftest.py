"""What the database's own tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.grounds import DatabaseGround, database_ground

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database(empty=True) as url:
        yield url


@pytest.fixture
async def there(database_url: str) -> AsyncIterator[DatabaseGround]:
    """Records on both databases, without the twin."""
    async with database_ground(database_url) as ground:
        yield ground
