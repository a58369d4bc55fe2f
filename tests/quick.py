"""A folder for databases that needs no disk, where there is one: a commit then takes no twenty milliseconds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")
ROOM = 2**30
"""Containers often have much less of it than this; then the disk it is."""


def quick_root() -> Path:
    """Where temporary databases are made."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= ROOM:
        return IN_MEMORY
    return Path(tempfile.gettempdir())
