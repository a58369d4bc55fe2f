"""The runner: a small process of its own that starts a deployment's program and outlives Slipway to see it end.

`python -m integrations.deployers.runner FOLDER` with the request as JSON on its standard input. It lets go of
whoever started it, takes the job (only one runner ever can), runs the program in a session of its own with its
output in a file, enforces the time-out and a cancellation, and writes down how it ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

from integrations.deployers.job import (
    CANCELLED,
    EXITED,
    NOT_STARTED,
    RUNNER,
    STOPPED,
    TIMED_OUT,
    Job,
)
from integrations.deployers.processes import born, group_lives, signal_group

LOOK_EVERY = 0.1
MOST_OUTPUT = 4 * 1024 * 1024
KEPT_OUTPUT = 256 * 1024


def main() -> int:
    """Read the request, let go of the parent, run the job."""
    request: dict[str, Any] = json.load(sys.stdin.buffer)
    if os.fork():
        return 0  # whoever started us goes on at once; init, not Slipway, is the runner's parent from here
    sys.stdin.close()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    run(Job(Path(sys.argv[1])), request)
    return 0


class Watch:
    """Why the program must end before it does by itself; empty while it needn't."""

    def __init__(self, job: Job, timeout: float) -> None:
        """Watch this job's clock, its cancellation, and signals to this very process."""
        self._job = job
        self._deadline = time.monotonic() + timeout
        self._told_to_stop = False
        # Handlers of our own instead of ignoring: what is ignored stays ignored in the program, too.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._told_to_stop = self._told_to_stop or number == signal.SIGTERM

    @property
    def why(self) -> str:
        """The reason to end it now."""
        if self._job.cancel_asked:
            return CANCELLED
        if time.monotonic() >= self._deadline:
            return TIMED_OUT
        return STOPPED if self._told_to_stop else ""


def run(job: Job, request: dict[str, Any]) -> None:
    """Take the job and see it to its end; another runner's job is left alone."""
    held = _hold(job)
    if held is None:
        return
    with held:
        told = {key: request[key] for key in ("program", "directory", "timeout")}
        # The variables' values stay out of every file: they may be secrets.
        told |= {"variables": sorted(request["environment"]), "at": time.time()}
        if not job.take({"by": RUNNER, "pid": os.getpid(), "born": born(os.getpid()), **told}):
            return
        watch = Watch(job, request["timeout"])
        try:
            program = _start(job, request)
        except OSError as trouble:
            job.ended({"how": NOT_STARTED, "errno": trouble.errno, "at": time.time()})
            return
        job.began({"pid": program.pid, "born": born(program.pid), "at": time.time()})
        how = _see_it_end(job, program, watch, request)
        _bound(job.output)
        job.ended({"how": how, "status": program.returncode, "at": time.time()})


def _hold(job: Job) -> IO[bytes] | None:
    """Hold the job. Somebody who just looks whether it is held may be in the way for a moment; a claim is for ever."""
    patience = time.monotonic() + 5
    while job.claim() is None and time.monotonic() < patience:
        held = job.hold()
        if held is not None:
            return held
        time.sleep(0.01)
    return None


def _start(job: Job, request: dict[str, Any]) -> subprocess.Popen[bytes]:
    # Straight into a file that is only ever appended to: the program needs nobody to listen, not even us.
    log = os.open(job.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the catalogue's program, as a list, never through a shell
            request["program"],
            cwd=request["directory"],
            env=request["environment"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(log)


def _see_it_end(job: Job, program: subprocess.Popen[bytes], watch: Watch, request: dict[str, Any]) -> str:
    while True:
        try:
            program.wait(LOOK_EVERY)
        except subprocess.TimeoutExpired:
            _bound(job.output)
        else:
            return EXITED
        why = watch.why
        if why:
            # Whoever ends by itself between our look and our signal is not ended by us.
            if program.poll() is not None:
                return EXITED
            _put_down(program, signal.Signals[request["cancel_signal"]], request["grace"])
            return why


def _put_down(program: subprocess.Popen[bytes], number: signal.Signals, grace: float) -> None:
    """End the program and all it started: kindly, then not."""
    signal_group(program.pid, number)
    patience = time.monotonic() + grace
    while time.monotonic() < patience:
        program.poll()
        if program.returncode is not None and not group_lives(program.pid):
            return
        time.sleep(LOOK_EVERY / 5)
    signal_group(program.pid, signal.SIGKILL)
    program.wait()


def _bound(output: Path) -> None:
    """Keep a flood from filling the disk: beyond a limit only the newest part of the output is kept."""
    size = output.stat().st_size
    if size <= MOST_OUTPUT:
        return
    with output.open("r+b") as file:
        file.seek(size - KEPT_OUTPUT)
        newest = file.read(KEPT_OUTPUT)
        file.truncate(0)
    with output.open("ab") as file:
        file.write(b"(earlier output was left out)\n" + (newest.partition(b"\n")[2] or newest))


if __name__ == "__main__":
    sys.exit(main())
