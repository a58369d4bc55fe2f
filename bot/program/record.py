"""What `slipway db` and `slipway audit` do: the database's form, and the record in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from bot.ports import ConflictError, RecordsError, Work
from bot.program import terminal
from bot.rules.release import parse_release_id
from bot.rules.sentence import Refused
from bot.trouble import WRONG_SETTINGS, Trouble
from bot.verbs.audit import Evidence, VerifyAudit
from integrations.database import schema
from integrations.database.engine import DatabaseError, open_engines
from integrations.database.guard import check_schema
from integrations.database.records import DatabaseRecords
from integrations.database.schema import SchemaError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.settings import Settings


async def upgrade(settings: Settings) -> None:
    """Bring the database to this version's form."""
    address = settings.database_url.reveal()
    with in_a_sentence():
        await schema.upgrade(address)
    terminal.good(f"The database {shown(address)} is up to date.")


async def verify(settings: Settings) -> None:
    """Read the whole record and check its chain."""
    with in_a_sentence():
        async with open_records(settings) as records:
            verified = await VerifyAudit(records)()
    entries = f"{verified.entries} {'entry' if verified.entries == 1 else 'entries'}"
    broken = verified.broken
    if broken is not None:
        raise Trouble(
            f"The record is broken at entry {broken.number}: {broken.how}.", f"{entries} before it read well."
        )
    terminal.good(f"{entries}, unbroken.")
    terminal.say(f"  head {verified.head}")


async def export(settings: Settings, name: str, output: Path | None) -> None:
    """Write one release's evidence."""
    release = parse_release_id(name)
    if release is None:
        raise Trouble(f"“{name}” is not a release; it looks like R-12.", code=WRONG_SETTINGS)
    with in_a_sentence():
        async with open_records(settings) as records:
            found = await Evidence(records, lambda: datetime.now(UTC))(release)
    if isinstance(found, Refused):
        raise Trouble(str(found.why))
    if output is None:
        terminal.say(found.text.rstrip("\n"))
        return
    _write(output, found.text)
    terminal.good(f"{output} holds the evidence of R-{release}.")


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Trouble(f"{output} can't be written: {error.strerror or error}.") from error


def shown(address: str) -> str:
    """A database's address as people may see it: without its password."""
    return make_url(address).render_as_string(hide_password=True)


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[DatabaseRecords]:
    """The records, to be read while Slipway is at work; nothing is started from here."""
    engines = open_engines(settings.database_url.reveal())
    try:
        await check_schema(engines)
        yield DatabaseRecords(engines, _NothingStarts(), on_told=lambda: None)
    finally:
        await engines.dispose()


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """Trouble instead of what the database can't do."""
    try:
        yield
    except (DatabaseError, SchemaError, RecordsError) as error:
        raise Trouble(str(error)) from error
    except ConflictError as error:
        raise Trouble("Others are changing the same thing right now, so nothing was done. Please try again.") from error


class _NothingStarts:
    """Who only reads the record starts no work."""

    def start(self, connection: Connection, work: Work, key: int) -> None:  # noqa: ARG002 - a starter's shape
        raise AssertionError("Who only reads the record starts no work.")

    def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:  # noqa: ARG002 - as above
        raise AssertionError("Who only reads the record starts no work.")
