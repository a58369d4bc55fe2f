"""A workshop for each story, over the twin of the records; those about the database open one over a database."""

from __future__ import annotations

import pytest

from tests.grounds import database_ground
from tests.verbs.workshop import Workshop


@pytest.fixture
def shop():
    return Workshop()


@pytest.fixture
async def database(sqlite_url):
    """Records in a SQLite file, and what has come of them."""
    async with database_ground(sqlite_url) as ground:
        yield ground
