"""The git program: run with arguments as a list, a time limit, a size limit, and nothing of our environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

MOST_OUTPUT = 8 * 1024 * 1024

_QUIET = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "log.showSignature=false"),
    *("-c", "core.hooksPath=/dev/null"),
)


class GitFailedError(Exception):
    """Git did not answer. `is_plain_no`: it looked, and simply has no such thing."""

    def __init__(self, sentence: str, *, is_plain_no: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.is_plain_no = is_plain_no


class Git:
    """Runs git, a few at a time."""

    def __init__(self, *, timeout: float, at_once: int) -> None:
        self._timeout = timeout
        self._turn = asyncio.Semaphore(at_once)

    async def run(self, folder: Path, *arguments: str, given: str = "") -> str:
        """What git says; GitFailedError with a sentence if it can't."""
        async with self._turn:
            try:
                running = await asyncio.create_subprocess_exec(
                    "git",
                    *_QUIET,
                    *arguments,
                    cwd=folder,
                    env=_environment(folder),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    start_new_session=True,
                )
            except FileNotFoundError as trouble:
                raise GitFailedError("The program git was not found on this host.") from trouble
            except OSError as trouble:
                raise GitFailedError(f"The program git could not be started: {trouble.strerror}.") from trouble
            try:
                async with asyncio.timeout(self._timeout):
                    said, complaint = await _talk(running, given.encode())
            except TimeoutError as trouble:
                raise GitFailedError(
                    f"Git did not answer within {self._timeout:g} seconds about {folder.name}."
                ) from trouble
            finally:
                await _bury(running)
        if running.returncode != 0:
            raise _failure(folder, running.returncode, complaint)
        return said.decode("utf-8", errors="replace")


async def _talk(running: asyncio.subprocess.Process, given: bytes) -> tuple[bytes, str]:
    assert running.stdin
    assert running.stdout
    assert running.stderr
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        running.stdin.write(given)
        await running.stdin.drain()
    running.stdin.close()
    complaint = asyncio.ensure_future(running.stderr.read(16 * 1024))
    try:
        said = bytearray()
        while part := await running.stdout.read(64 * 1024):
            said += part
            if len(said) > MOST_OUTPUT:
                raise GitFailedError("Git's answer is too long to be read.")
        words = (await complaint).decode("utf-8", errors="replace")
    finally:
        complaint.cancel()
        await asyncio.gather(complaint, return_exceptions=True)
    await running.wait()
    return bytes(said), words


async def _bury(running: asyncio.subprocess.Process) -> None:
    """Leave no program behind, whatever happened."""
    if running.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
    # Waiting alone could take for ever: the loop calls a process ended only at the end of its pipes, and one that
    # is paused because nobody reads on never gets there. What is left in them is read, and thrown away.
    await running.communicate()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",  # a commit is what its SHA says
        # The repository is the one that was named, never one that happens to lie above it.
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        # The catalogue named it, so it is trusted whoever owns its files.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(folder),
    }


def _failure(folder: Path, code: int | None, complaint: str) -> GitFailedError:
    line = next((line for line in complaint.splitlines() if line.strip()), "").strip()
    if "not a git repository" in line:
        return GitFailedError(f"{folder} is not a git repository.")
    if "dubious ownership" in line:
        return GitFailedError(f"Git does not trust {folder}, since its files belong to somebody else.")
    reason = line.removeprefix("fatal: ").removeprefix("error: ").rstrip(".")[:200]
    return GitFailedError(
        f"Git could not read {folder.name}: {reason or f'it ended with code {code}'}.",
        is_plain_no=(code == 1 and not line) or "expected commit type" in line,
    )
