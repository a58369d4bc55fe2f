"""Whether the database can be used as it is: for `slipway doctor`."""

from __future__ import annotations

from bot.doctor import AilingError
from integrations.database.engine import DatabaseError, Engines
from integrations.database.guard import check_schema
from integrations.database.schema import SchemaError


async def look_at(engines: Engines) -> str:
    """Which database this is, in a sentence; AilingError if it can't be reached or has another form."""
    try:
        await check_schema(engines)
    except (DatabaseError, SchemaError) as error:
        raise AilingError(str(error)) from error
    return f"{engines.url.render_as_string(hide_password=True)} has the form that this version needs."
