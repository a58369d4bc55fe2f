"""Tasks: held, never silent, drained."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.tasks import Tasks


async def test_draining_waits_for_what_runs_and_for_what_that_starts() -> None:
    tasks = Tasks()
    done: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0.01)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0.01)
        tasks.spawn(second(), "second")
        done.append("first")

    tasks.spawn(first(), "first")
    assert await tasks.drain(timedelta(seconds=5)) == []
    assert done == ["first", "second"]
    assert len(tasks) == 0


async def test_what_takes_too_long_is_cancelled_and_named(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    tasks.spawn(asyncio.Event().wait(), "endless")  # type: ignore[arg-type]
    assert await tasks.drain(timedelta(milliseconds=10)) == ["endless"]
    assert "endless did not end" in caplog.text


async def test_a_failure_is_never_silent(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("lost otherwise")

    tasks = Tasks()
    tasks.spawn(fails(), "unlucky")
    await tasks.drain(timedelta(seconds=1))
    [record] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert record.getMessage() == "unlucky failed."
    assert record.exc_info
