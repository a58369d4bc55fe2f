"""Processes of this host: which one a number meant, although numbers are given again to others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

PROC = Path("/proc")


def born(pid: int) -> str | None:
    """When that process began, as a word to compare; None if there is none, or it is dead and only not buried."""
    if (PROC / "self" / "stat").exists():
        return _born_by_proc(pid)
    return _born_by_ps(pid)


def _born_by_proc(pid: int) -> str | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The name in brackets may hold anything, brackets too: what counts stands after the last one.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else f"{boot} {rest[18]}"


def _born_by_ps(pid: int) -> str | None:
    found = subprocess.run(  # noqa: S603 - our own arguments, a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C"},
        text=True,
        timeout=5,
    )
    state, _, began = found.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def still_there(pid: int, when_born: str | None) -> bool:
    """Whether that very process lives: the same number *and* the same beginning."""
    return when_born is not None and born(pid) == when_born


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a whole process group; one that is gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_lives(group: int) -> bool:
    """Whether any process of that group is left, the dead that nobody has buried not counted."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not (PROC / "self" / "stat").exists():
        return True
    return any(_is_alive_in(group, each) for each in PROC.iterdir() if each.name.isdigit())


def _is_alive_in(group: int, process: Path) -> bool:
    try:
        state, _, itself, *_ = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return int(itself) == group and state not in {"Z", "X"}
