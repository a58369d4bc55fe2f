"""What a program said, made fit for people: whole characters, no escape codes, no floods, no secrets we know of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from integrations.deployers.covering import cover

TAIL = 16 * 1024
LINE = 300

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links of a terminal
    r"|\x1b[P^_X][^\x1b]*(?:\x1b\\)?"  # device strings
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # colours and movements
)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]")


def clean(raw: bytes, secrets: Iterable[str] = (), limit: int = LINE) -> list[str]:
    """The lines that are left for people, secrets covered. Of an overwritten line (a progress bar), its last state."""
    text = _ESCAPES.sub("", raw.decode("utf-8", errors="replace"))
    lines = []
    for line in text.split("\n"):
        shown = line.rstrip("\r").rpartition("\r")[2]
        shown = " ".join(_INVISIBLE.sub("", shown).split())
        if shown:
            # Covered before it is cut, so that no beginning of a secret stays behind.
            lines.append(shorten(cover(shown, secrets), limit))
    return lines


def shorten(line: str, limit: int = LINE) -> str:
    """The line, cut with an ellipsis where it is too long."""
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def tail(path: Path, secrets: Iterable[str] = ()) -> list[str]:
    """The last lines of a file, however long it is; empty if there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - TAIL)
            file.seek(start)
            raw = file.read(TAIL)
    except FileNotFoundError:
        return []
    if start and b"\n" in raw:
        raw = raw.partition(b"\n")[2]  # the first line begins somewhere in its middle
    return clean(raw, secrets)
