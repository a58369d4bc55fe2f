"""The servers of the measurements: each a process of its own on this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port. `began`: when it was started."""

    process: subprocess.Popen[bytes]
    port: int
    began: float

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def entry(self) -> str:
        """Where Slack sends its requests."""
        return f"{self.url}/slack/events"

    @property
    def memory(self) -> float:
        """How much memory it has now (its resident set), in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kilobytes) / 1024

    async def answers(self) -> None:
        """Wait until somebody answers on the port."""
        while time.monotonic() - self.began < PATIENCE:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args!r} ended with {self.process.returncode}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.005)
            else:
                writer.close()
                return
        raise RuntimeError(f"{self.process.args!r} did not answer.")


@contextmanager
def server(
    program: tuple[str, ...], port: int, environment: Mapping[str, str], log: Path | None = None
) -> Iterator[Server]:
    """Start it; leaving stops it. What it says goes to the file `log`, else to where this program's words go."""
    # The caller's own settings are nobody's business here.
    known = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "SLIPWAY_"))}
    with (log or Path(os.devnull)).open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *program],
            cwd=ROOT,
            env={**known, **environment},
            stdout=file if log else None,
            stderr=file if log else None,
        )
        began = time.monotonic()
        try:
            yield Server(process, port, began)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
