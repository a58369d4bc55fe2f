"""What the directory said, in the database: in short transactions of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.database.errors import in_our_words
from integrations.database.rows import readings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.people import PersonId, RoleName
    from integrations.database.engine import Engines
    from integrations.readings import PersonRead, Read, RoleRead


class DatabaseReadings:
    """Kept beside the records."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def roles(self, names: Iterable[RoleName]) -> dict[RoleName, RoleRead]:
        """What was last said of these roles."""
        with in_our_words():
            async with self._engines.reading.begin() as connection:
                return await connection.run_sync(readings.roles, sorted(names))

    async def people(self, ids: Iterable[PersonId]) -> dict[PersonId, PersonRead]:
        """What was last said of these people."""
        with in_our_words():
            async with self._engines.reading.begin() as connection:
                return await connection.run_sync(readings.people, sorted(ids))

    async def keep(self, read: Iterable[Read]) -> None:
        """Keep these."""
        with in_our_words():
            async with self._engines.writing.begin() as connection:
                await connection.run_sync(readings.keep, list(read))
