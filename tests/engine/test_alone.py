"""One process for a SQLite file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from integrations.engine import AlreadyRunningError
from integrations.engine.alone import Alone
from tests.engine.workshop import Workshop, a_child


async def test_a_second_process_is_refused_with_a_sentence_that_names_the_first(
    sqlite_url: str, tmp_path: Path
) -> None:
    workshop, file = Workshop(sqlite_url), Path(make_url(sqlite_url).database or "")
    async with a_child(sqlite_url, tmp_path) as child:
        with pytest.raises(AlreadyRunningError) as refusal:
            await workshop.engine().open()
        assert f"Another Slipway (process {child.process.pid}) is using {file}." in str(refusal.value)
        await child.kill()
    async with workshop.engine():  # the kill freed it
        assert file.with_name("slipway.db.lock").read_text() == f"{os.getpid()}\n"
    await workshop.close()


async def test_a_start_that_fails_leaves_the_file_free(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop = Workshop(sqlite_url)
    monkeypatch.setattr("integrations.engine.engine.Engine._launch", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await workshop.engine().open()
    monkeypatch.undo()
    async with workshop.engine():
        pass
    await workshop.close()


async def test_children_of_the_process_do_not_keep_the_lock(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path / 'slipway.db'}")
    first = Alone(url)
    await first.take()
    sleeper = await asyncio.create_subprocess_exec("sleep", "30")
    await first.give_back()
    second = Alone(url)
    await second.take()
    await second.give_back()
    sleeper.kill()
    await sleeper.wait()
