"""The record from a terminal: proven whole, found broken, and handed out."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.rules.audit import Happened
from bot.rules.people import Surface
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from tests.fakes import RecordingStarter
from tests.makers import NOW, a_draft
from tests.people import MAYA


async def write(url: str, count: int = 3) -> None:
    """A release, and so many entries about it."""
    engines = open_engines(url)
    try:
        records = DatabaseRecords(engines, RecordingStarter(), lambda: None, lambda: NOW)
        async with records.open() as page:
            release = await page.add_release(a_draft())
            for number in range(count):
                await page.put_on_record(
                    Happened(f"verb-{number}", MAYA.id, Surface.COMMAND, NOW, release.id, detail={"n": number})
                )
            await page.commit()
    finally:
        await engines.dispose()


@pytest.fixture
def url(sqlite_url: str) -> str:
    asyncio.run(write(sqlite_url))
    return sqlite_url


def typed(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, words, env={"SLIPWAY_DATABASE_URL": url})


def tampered(url: str, *statements: str) -> None:
    """Somebody with the database's file, and no respect: whatever guards the table is taken away first."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    connection.close()


def test_a_record_that_is_whole_is_proven_so(url):
    result = typed(url, "audit", "verify")
    assert result.exit_code == 0, result.output
    assert "3 entries, unbroken." in result.stdout


def test_the_first_entry_that_was_changed_is_named(url):
    tampered(url, "UPDATE audit SET verb = 'nothing' WHERE number = 2")
    result = typed(url, "audit", "verify")
    assert result.exit_code == 1
    assert "broken at entry 2" in result.stderr
    assert "1 entry before it" in result.stderr


def test_an_entry_that_was_removed_is_named(url):
    tampered(url, "DELETE FROM audit WHERE number = 2")
    result = typed(url, "audit", "verify")
    assert result.exit_code == 1
    assert "broken at entry 2" in result.stderr


def test_entries_removed_from_the_end_are_missed(url):
    tampered(url, "DELETE FROM audit WHERE number > 1")
    result = typed(url, "audit", "verify")
    assert result.exit_code == 1
    assert "broken at entry 2" in result.stderr


def test_the_evidence_holds_the_plan_and_every_entry_with_its_digest(url, tmp_path: Path):
    file = tmp_path / "evidence.json"
    result = typed(url, "audit", "export", "R-1", "--output", str(file))
    assert result.exit_code == 0, result.output
    evidence = json.loads(file.read_text())
    assert evidence["release"] == "R-1"
    assert evidence["plan"]["version"] == "2.4.0"
    assert [entry["number"] for entry in evidence["entries"]] == [1, 2, 3]
    assert evidence["entries"][1]["previous"] == evidence["entries"][0]["digest"]
    assert evidence["record"]["head"] == evidence["entries"][2]["digest"]


def test_the_evidence_is_printed_where_no_file_is_named(url):
    assert json.loads(typed(url, "audit", "export", "r1").stdout)["release"] == "R-1"


def test_a_file_that_can_not_be_written_is_said_so(url, tmp_path: Path):
    result = typed(url, "audit", "export", "1", "-o", str(tmp_path))
    assert result.exit_code == 1
    assert "can't be written" in result.stderr
