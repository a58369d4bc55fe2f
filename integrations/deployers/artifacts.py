"""Artifacts: whether what is to be deployed is still there, asked of a program of this host within a few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from bot.ports import Available

THERE, GONE = 0, 1
MOST_WORDS = 4096
_LONGEST_LINE = 200


async def ask(program: Sequence[str], folder: Path, variables: Mapping[str, str], within: timedelta) -> Available:
    """What it says by its exit code: 0 there, 1 gone; anything else, or no answer in time, tells nothing."""
    try:
        running = await asyncio.create_subprocess_exec(
            *program,
            cwd=folder,
            env=dict(variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as trouble:
        reason = trouble.strerror if isinstance(trouble, OSError) else trouble
        return Available(None, f"The program that tells could not be started: {reason}.")
    try:
        async with asyncio.timeout(within.total_seconds()):
            line = await _first_line(running)
            code = await running.wait()
    except TimeoutError:
        return Available(None, f"The program that tells did not answer within {within.total_seconds():g} seconds.")
    finally:
        await _bury(running)
    if code == THERE:
        return Available(there=True)
    if code == GONE:
        return Available(there=False, why=line)
    return Available(None, f"The program that tells ended with exit code {code}. {line}".strip())


async def _first_line(running: asyncio.subprocess.Process) -> str:
    """Its first words, as one printable line; the rest is read and thrown away, so that it can end."""
    assert running.stdout is not None
    said = bytearray()
    while part := await running.stdout.read(MOST_WORDS):
        said += part[: MOST_WORDS - len(said)]
    lines = [line.strip() for line in said.decode("utf-8", errors="replace").splitlines() if line.strip()]
    told = "".join(letter if letter.isprintable() else " " for letter in lines[0]) if lines else ""
    return told[:_LONGEST_LINE]


async def _bury(running: asyncio.subprocess.Process) -> None:
    """Leave nothing behind, whatever it has started."""
    if running.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
    await running.communicate()
