"""Tidying: old folders go, and none of a deployment that may still be at work."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rules.deployment import Phase
from bot.rules.policy import DeployerChoice
from integrations.deployers import tidying
from integrations.deployers.command import CommandDeployer
from integrations.deployers.job import CANCELLED, NOBODY, Job
from integrations.deployers.key import key_of
from tests.makers import a_deployment, a_service, an_environment

LONG_AGO = timedelta(days=31)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Two are kept at least, and five at most."""
    monkeypatch.setattr(tidying, "KEPT_AT_LEAST", 2)
    monkeypatch.setattr(tidying, "KEPT_AT_MOST", 5)


def a_folder(state: Path, number: int, ago: timedelta = LONG_AGO, **claim: object) -> Path:
    """A job that nobody may run any more, so long ago."""
    folder = state / f"D-{number}-1f3a90c2"
    folder.mkdir(parents=True)
    (folder / "claim.json").write_text(json.dumps({"by": NOBODY, "how": CANCELLED, **claim}))
    then = time.time() - ago.total_seconds() + number
    os.utime(folder, (then, then))
    return folder


def numbers(state: Path) -> list[int]:
    return sorted(int(each.name.split("-")[1]) for each in state.iterdir())


def test_what_is_old_goes_but_for_the_newest(tmp_path):
    for number in range(1, 5):
        a_folder(tmp_path, number)
    assert tidying.tidy(tmp_path, ()) == 2
    assert numbers(tmp_path) == [3, 4]


def test_what_is_new_stays_up_to_a_number(tmp_path):
    for number in range(1, 9):
        a_folder(tmp_path, number, timedelta(days=1))
    assert tidying.tidy(tmp_path, ()) == 3
    assert numbers(tmp_path) == [4, 5, 6, 7, 8]


def test_what_is_at_work_by_the_record_stays_however_old_it_is(tmp_path):
    for number in range(1, 9):
        a_folder(tmp_path, number)
    assert tidying.tidy(tmp_path, {"D-1-1f3a90c2"}) == 5
    assert numbers(tmp_path) == [1, 7, 8]


def test_what_may_be_about_to_begin_is_damaged_or_not_ours_stays(tmp_path):
    for number in range(1, 4):
        a_folder(tmp_path, number)
    (a_folder(tmp_path, 4) / "claim.json").unlink()
    (a_folder(tmp_path, 5) / "claim.json").write_text("[]")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "D-6-1f3a90c2").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "D-notes").mkdir()
    old = time.time() - LONG_AGO.total_seconds()
    for each in ("D-4-1f3a90c2", "D-5-1f3a90c2", "D-notes"):
        os.utime(tmp_path / each, (old, old))
    assert tidying.tidy(tmp_path, ()) == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *(f"D-{number}-1f3a90c2" for number in range(2, 7)),
        "D-notes",
        "elsewhere",
    ]


def test_where_nothing_was_ever_deployed_there_is_nothing_to_tidy(tmp_path):
    assert tidying.tidy(tmp_path / "never", ()) == 0


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 60
    while not await so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_program_that_runs_is_never_cleared_away_whatever_the_record_says(tmp_path, monkeypatch):
    monkeypatch.setattr(tidying, "KEPT_AT_LEAST", 0)
    state = tmp_path / "state"
    deployer = CommandDeployer(state=state, grace=timedelta(seconds=1))
    waits = an_environment(deployer=DeployerChoice("command", {"program": ["/bin/sleep", "60"]}))
    done = an_environment(deployer=DeployerChoice("command", {"program": ["/bin/true"]}))
    service, at_work, over, held = a_service(), a_deployment(1), a_deployment(2), a_deployment(3)
    await deployer.start(at_work, service, waits)
    for each in (over, held):
        await deployer.start(each, service, done)

    async def is_over() -> bool:
        phases = [(await deployer.follow(each, service, done)).phase for each in (over, held)]
        # A runner writes its last word before it goes.
        return set(phases) == {Phase.SUCCEEDED} and not Job(state / key_of(over)).has_runner()

    await until(is_over)
    old = time.time() - LONG_AGO.total_seconds()
    for folder in state.iterdir():
        os.utime(folder, (old, old))

    assert await deployer.tidy([held]) == 1
    assert {each.name for each in state.iterdir()} == {key_of(at_work), key_of(held)}

    async def is_stopped() -> bool:
        return (await deployer.follow(at_work, service, waits)).phase is Phase.CANCELLED

    await deployer.cancel(at_work, service, waits)
    await until(is_stopped)
    assert (await deployer.follow(over, service, done)).phase is Phase.LOST
