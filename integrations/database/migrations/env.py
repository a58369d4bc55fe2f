"""Alembic's environment. It is given a connection with an open transaction, and configures no logging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import context

from integrations.database.columns import Moment, Words
from integrations.database.schema import ours
from integrations.database.tables import metadata

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def in_plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A version is written in SQLAlchemy's own types: ours may change, and what it did then may not."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(item, Words) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=in_plain_types,
    transactional_ddl=True,
    transaction_per_migration=False,
    compare_type=True,
    include_name=ours,
)
with context.begin_transaction():
    context.run_migrations()
