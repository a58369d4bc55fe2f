"""The databases' errors in our words: somebody was faster, or the records can't be reached."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.ports import ConflictError, RecordsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOST_THE_RACE = {
    "40001",  # serialization failure
    "40P01",  # deadlock: we were the one to give way
    "55P03",  # a lock was not given in time
    "23505",  # somebody else has put there what may be there only once
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_ONLY_ONCE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


@contextmanager
def in_our_words() -> Iterator[None]:
    """No error of SQLAlchemy's or of a driver's passes: it becomes a ConflictError or a RecordsError."""
    try:
        yield
    except StatementError as error:
        if _is_conflict(error):
            raise ConflictError("Somebody else is changing the same thing; please try again.") from error
        raise RecordsError(f"The database refused or could not be asked: {error.orig}") from error
    except PoolTimeoutError as error:
        raise RecordsError("All connections to the database are in use; none became free in time.") from error


def _is_conflict(error: StatementError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        # The lower byte says what it is, the rest in which situation.
        code = getattr(error.orig, "sqlite_errorcode", 0)
        return (code & 0xFF) in _BUSY or code in _ONLY_ONCE
    return getattr(error.orig, "sqlstate", None) in _LOST_THE_RACE
