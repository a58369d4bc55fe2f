"""The kinds of columns: moments that are aware and in UTC everywhere, words, numbers, JSON kept as written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

from integrations.database.storable import storable

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. SQLite has no time zones, so it is stored without one there."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; moments are kept aware.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that people or programs wrote. What can't be stored is marked rather than refused: nobody's press fails."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's form
        return None if value is None else storable(value)


Number = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database gives: SQLite numbers only its INTEGER PRIMARY KEY."""

Json = JSON(none_as_null=True)
"""JSON as text, on PostgreSQL too (`json`, not `jsonb`): the record's digests are over exactly what was written."""
