"""The database's address: what people write is understood, or refused in one sentence that helps."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from integrations.database.engine import DatabaseError, blocking_url, parse_url


@pytest.mark.parametrize(
    ("written", "understood", "blocking"),
    [
        ("sqlite:///slipway.db", "sqlite+aiosqlite:///slipway.db", "sqlite:///slipway.db"),
        (
            " sqlite:////var/lib/slipway.db\n",
            "sqlite+aiosqlite:////var/lib/slipway.db",
            "sqlite:////var/lib/slipway.db",
        ),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db", "sqlite:///a.db"),
        ("postgres://u:p%40ss@db/slipway", "postgresql+psycopg://u:p%40ss@db/slipway", None),
        ("postgresql://db:6432/slipway?sslmode=require", "postgresql+psycopg://db:6432/slipway?sslmode=require", None),
        ("postgresql+psycopg:///slipway?host=/run", "postgresql+psycopg:///slipway?host=/run", None),
    ],
)
def test_an_address_becomes_one_with_our_driver(written: str, understood: str, blocking: str | None) -> None:
    url = parse_url(written)
    assert url == make_url(understood)
    assert blocking_url(url) == make_url(blocking or understood)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "can't be read"),
        ("slipway.db", "can't be read"),
        ("postgresql://user:secret@host:port/name", "can't be read"),
        ("mysql://user:secret@host/name", "begins with mysql://, which I don't know"),
        ("postgresql+asyncpg://user:secret@host/name", r"begins with postgresql\+asyncpg://"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "SQLite needs a file"),
        ("postgresql://user:secret@host", "names no database"),
    ],
)
def test_an_address_that_is_none_is_refused_in_a_sentence_without_the_password(written: str, told: str) -> None:
    with pytest.raises(DatabaseError, match=told) as refusal:
        parse_url(written)
    assert "secret" not in str(refusal.value)
    assert str(refusal.value).endswith(".")
