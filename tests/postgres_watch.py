"""Stops the tests' PostgreSQL when the tests were killed: run as a program, which ends when its input does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil


def is_at_work(process: int) -> bool:
    """Whether a process of that number still runs; one that is dead but not yet buried doesn't."""
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def clear_away(folder: Path) -> None:
    """Stop the server in that folder and remove it, unless another worker still uses it or it is gone already."""
    try:
        users = json.loads((folder / ".handle_pids.json").read_text())
        server = int((folder / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    if any(is_at_work(user) for user in users):
        return
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGQUIT)
    for _ in range(50):
        if not is_at_work(server):
            break
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    time.sleep(1)  # the workers of a session die one after the other
    clear_away(Path(sys.argv[1]))
