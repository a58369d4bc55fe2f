"""The catalogue in force: it follows its file, and a bad edit leaves the good one standing."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.catalogue.holder import CatalogueHolder
from integrations.deployers.kinds import KINDS
from tests.catalogue.texts import SHORT, loaded

BETTER = SHORT.replace("  payments:\n", "  payments:\n    title: Money\n")
BAD = SHORT.replace("version: 1", "version: 9")


class Ears:
    """Hears what the holder tells."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []
        self.problems: list[list[str]] = []
        self.deaf = False
        self.heard = asyncio.Event()

    async def on_change(self, old, new) -> None:
        self.changes.append((old.services["payments"].title, new.services["payments"].title))
        self.heard.set()
        self.fail_if_deaf()

    async def on_problem(self, problems) -> None:
        self.problems.append([problem.path for problem in problems])
        self.heard.set()
        self.fail_if_deaf()

    def fail_if_deaf(self) -> None:
        if self.deaf:
            raise ConnectionError("nobody can be told now")

    async def hears(self) -> None:
        async with asyncio.timeout(10):
            await self.heard.wait()
        self.heard.clear()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "slipway.yaml"
    path.write_text(SHORT)
    return path


@pytest.fixture
async def ears() -> Ears:
    return Ears()


@pytest.fixture
async def holder(file: Path, ears: Ears) -> CatalogueHolder:
    return CatalogueHolder(loaded(SHORT), file, deployers=KINDS, on_change=ears.on_change, on_problem=ears.on_problem)


@asynccontextmanager
async def following(holder: CatalogueHolder):
    stop = asyncio.Event()
    task = asyncio.create_task(holder.follow(stop))
    await asyncio.sleep(0.3)  # the watcher of files has no word for “I am ready”
    try:
        yield
    finally:
        stop.set()
        await task


async def test_a_good_edit_is_in_force_and_told(holder, file, ears):
    file.write_text(BETTER)
    assert await holder.reload() == []
    assert holder.current.services["payments"].title == "Money"
    assert ears.changes == [("Payments", "Money")]


async def test_a_bad_edit_changes_nothing_and_is_told(holder, file, ears):
    before = holder.current
    file.write_text(BAD)
    assert [problem.path for problem in await holder.reload()] == ["version"]
    assert holder.current is before
    assert ears.problems == [["version"]]
    assert ears.changes == []


async def test_the_same_bad_edit_is_told_once_and_another_one_again(holder, file, ears):
    file.write_text(BAD)
    await holder.reload()
    await holder.reload()
    assert ears.problems == [["version"]]
    file.write_text(BAD + "nonsense: 1\n")
    await holder.reload()
    assert ears.problems == [["version"], ["version", "nonsense"]]


async def test_a_bad_edit_that_comes_back_after_a_good_one_is_told_again(holder, file, ears):
    for text in (BAD, SHORT, BAD):
        file.write_text(text)
        await holder.reload()
    assert ears.problems == [["version"], ["version"]]


async def test_a_file_that_disappears_is_a_bad_edit(holder, file, ears):
    file.unlink()
    await holder.reload()
    assert holder.current.services["payments"].title == "Payments"
    assert ears.problems == [[""]]


async def test_nothing_is_told_when_nothing_changed(holder, ears):
    await holder.reload()
    assert ears.changes == []
    assert ears.problems == []


async def test_owners_who_could_not_be_told_are_told_the_next_time(holder, file, ears, caplog):
    file.write_text(BAD)
    ears.deaf = True
    await holder.reload()
    ears.deaf = False
    await holder.reload()
    assert ears.problems == [["version"], ["version"]]
    assert "could not be told" in caplog.text


async def test_a_listener_that_fails_does_not_keep_a_good_edit_out(holder, file, ears, caplog):
    ears.deaf = True
    file.write_text(BETTER)
    await holder.reload()
    assert holder.current.services["payments"].title == "Money"
    assert "in force" in caplog.text


async def test_an_edit_is_noticed_by_itself(holder, file, ears):
    async with following(holder):
        file.write_text(BETTER)
        await ears.hears()
    assert holder.current.services["payments"].title == "Money"


async def test_a_file_put_in_the_old_ones_place_is_noticed(holder, file, ears):
    async with following(holder):
        draft = file.with_name("draft")
        draft.write_text(BETTER)
        draft.rename(file)
        await ears.hears()
    assert holder.current.services["payments"].title == "Money"


async def test_a_folder_swapped_behind_a_link_is_noticed(tmp_path, ears):
    for name, text in (("..one", SHORT), ("..two", BETTER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "slipway.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..one")
    file = tmp_path / "slipway.yaml"
    file.symlink_to("..data/slipway.yaml")
    holder = CatalogueHolder(loaded(SHORT), file, deployers=KINDS, on_change=ears.on_change, on_problem=ears.on_problem)
    async with following(holder):
        (tmp_path / "..new").symlink_to("..two")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await ears.hears()
    assert holder.current.services["payments"].title == "Money"


async def test_the_neighbours_of_the_file_are_no_reason_to_read_it(holder, file, ears):
    reads = 0
    read = holder._read

    def counted():
        nonlocal reads
        reads += 1
        return read()

    holder._read = counted
    async with following(holder):
        file.with_name("slipway.db").write_text("busy")
        await asyncio.sleep(0.4)
        assert reads == 0
        file.write_text(BETTER)
        await ears.hears()
    assert reads >= 1


async def test_a_hangup_signal_reloads(holder, file, ears):
    async with following(holder):
        file.write_text(BETTER)
        os.kill(os.getpid(), signal.SIGHUP)
        await ears.hears()
    assert holder.current.services["payments"].title == "Money"
    assert ears.changes == [("Payments", "Money")]
