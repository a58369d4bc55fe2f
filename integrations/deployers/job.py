"""A job's folder: what the command deployer and its runner tell each other, in files that survive both of them.

    alive         held locked by the runner as long as it lives; the kernel lets go when it dies, however it dies
    claim.json    who took the job, once and for all: made exclusively, so nobody can take it a second time
    program.json  the program's process, once it has started
    output.log    everything that the program said
    cancel.json   somebody asked to stop it
    outcome.json  how it ended

Only the standard library is imported here: the runner must start fast, and on nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

RUNNER = "runner"
NOBODY = "nobody"
"""Who may take a job: a runner, to run it; or nobody, so that it can never be run."""

EXITED = "exited"
TIMED_OUT = "timed out"
CANCELLED = "cancelled"
STOPPED = "stopped"
NOT_STARTED = "not started"
"""The ways in which a job ends."""


@dataclass(frozen=True, slots=True)
class Job:
    """One deployment's folder."""

    folder: Path

    @property
    def output(self) -> Path:
        """Where the program's output is."""
        return self.folder / "output.log"

    @property
    def diary(self) -> Path:
        """Where a runner that is in trouble itself leaves its last words."""
        return self.folder / "runner.log"

    @property
    def exists(self) -> bool:
        """Whether anybody ever wanted to start it here."""
        return self.folder.is_dir()

    @property
    def cancel_asked(self) -> bool:
        """Whether somebody asked to stop it."""
        return (self.folder / "cancel.json").exists()

    def claim(self) -> dict[str, Any] | None:
        """Who took it; None while nobody has."""
        return self._read("claim.json")

    def program(self) -> dict[str, Any] | None:
        """The program's process; None if it has not started."""
        return self._read("program.json")

    def outcome(self) -> dict[str, Any] | None:
        """How it ended; None if nobody wrote that down."""
        return self._read("outcome.json")

    def take(self, content: Mapping[str, Any]) -> bool:
        """Take the job. Exactly one taker ever gets True, whatever crashes in between."""
        return self._write_once("claim.json", content)

    def began(self, content: Mapping[str, Any]) -> None:
        """Note the program's process."""
        self._write_once("program.json", content)

    def ask_to_cancel(self, content: Mapping[str, Any]) -> None:
        """Ask whoever runs it to stop it."""
        self._write_once("cancel.json", content)

    def ended(self, content: Mapping[str, Any]) -> bool:
        """Note how it ended; the first word stays."""
        return self._write_once("outcome.json", content)

    def hold(self) -> IO[bytes] | None:
        """Hold the job for as long as the returned file is open (the runner's life); None if another runner does."""
        held = _open_private(self.folder / "alive")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            return None
        return held

    def has_runner(self) -> bool:
        """Whether a runner lives. Askers share their lock, and don't take each other for one."""
        try:
            probe = (self.folder / "alive").open("rb")
        except FileNotFoundError:
            return False
        with probe:
            try:
                fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.folder / name).read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(content, dict):
            raise ValueError(f"{self.folder / name} does not hold what it should.")  # noqa: TRY004 - the content is wrong, not a caller's type
        return content

    def _write_once(self, name: str, content: Mapping[str, Any]) -> bool:
        """Write a file that is there whole or not at all, and never replaces another; False if one was there."""
        draft = self.folder / f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with _open_private(draft) as file:
                file.write(json.dumps(dict(content), indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, self.folder / name)
            except FileExistsError:
                return False
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True


def _open_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
