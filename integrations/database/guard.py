"""The guard: a start is refused on a database of another form, with one clear sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from integrations.database.schema import SchemaError, alembic_config, unreachable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from integrations.database.engine import Engines


async def check_schema(engines: Engines) -> None:
    """Raise SchemaError unless the database has exactly this program's form; DatabaseError if it can't be reached."""
    file = Path(engines.url.database or "")
    if engines.is_sqlite and not await asyncio.to_thread(file.exists):  # to look into it would create it
        raise SchemaError(f"There is no database at {file} yet. Please run: slipway db upgrade")
    try:
        async with engines.reading.connect() as connection:
            found = await connection.run_sync(_heads_in)
    except DBAPIError as error:
        raise unreachable(engines.url, error) from error
    script = ScriptDirectory.from_config(alembic_config())
    wanted = script.get_current_head()
    if not found:
        raise SchemaError("The database is empty. Please run: slipway db upgrade")
    if found == {wanted}:
        return
    known = {each.revision for each in script.walk_revisions()}
    if found <= known:
        raise SchemaError(
            f"The database is of an older version ({', '.join(sorted(found))}; this program needs {wanted}). "
            "Please run: slipway db upgrade"
        )
    raise SchemaError(
        f"The database was made by a newer version of Slipway ({', '.join(sorted(found))}; this one knows {wanted}). "
        "Please start that version."
    )


def _heads_in(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())
