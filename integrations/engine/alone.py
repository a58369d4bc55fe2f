"""One process for a SQLite file: a lock beside it, which is free again once the process ends, however it ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL

LOOKED_AT = 0.25
"""Seconds in which somebody who only looks whether the lock is free gives it back for sure."""


class AlreadyRunningError(Exception):
    """Another Slipway has this database for itself; the message is for the person who started this one."""


class Alone:
    """This process's claim on the file, in the place of a life sign among others."""

    executor = "the-one"
    """Always the same name: whoever holds the lock goes on with whatever the last one left."""

    every = timedelta(seconds=2)
    """How often there would be something to do, if there were anything."""

    def __init__(self, url: URL) -> None:
        self._database = Path(url.database or "").absolute()
        self._path = lock_beside(url)
        self._lock: int | None = None

    async def held(self, work: str) -> bool:  # noqa: ARG002 - whatever it is
        """Nothing to wait for: what was taken stays taken, and nobody else is there to take work over."""
        return True

    async def take(self) -> None:
        """Take the lock. AlreadyRunningError if somebody has it."""
        # The file stays when the lock is given back: to remove it could remove the lock of whoever comes next.
        lock = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await _locked(lock)
        except BlockingIOError as error:
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
            os.close(lock)
            raise AlreadyRunningError(
                f"Another Slipway (process {holder or 'unknown'}) is using {self._database}. Please stop it first: "
                "a SQLite file serves one process, PostgreSQL serves several."
            ) from error
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    async def beat(self, take_over: Callable[[str], Awaitable[None]], kept: Callable[[set[str]], None]) -> None:
        """Nobody else is there, so there is nobody to take over from."""

    async def give_back(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def lock_beside(url: URL) -> Path:
    """The lock of that database's file."""
    database = Path(url.database or "").absolute()
    return database.with_name(f"{database.name}.lock")


async def _locked(lock: int) -> None:
    """Lock it. BlockingIOError if somebody has it, and not only for a look."""
    for _ in range(5):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(LOOKED_AT / 5)
        else:
            return
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
