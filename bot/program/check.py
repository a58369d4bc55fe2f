"""What `slipway check` does: a catalogue's problems, or the good news."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from bot.catalogue.loading import load
from bot.catalogue.recurrence import is_over
from bot.catalogue.schema import json_schema, printed
from bot.program import terminal
from bot.rules.policy import Catalogue
from bot.trouble import Trouble
from integrations.deployers.kinds import KINDS


def check(file: Path) -> None:
    """Read it, and say what is wrong with it or what is in it."""
    found = read(file)
    parts = (
        _several(len(found.services), "service"),
        _several(len(found.roles), "role"),
        _several(len(found.change_types), "change type"),
        _several(len(found.recurring), "recurring freeze"),
        _several(len(found.calendars), "calendar"),
        _several(len(found.digests), "digest"),
    )
    terminal.good(f"{os.fspath(file)} is right: {', '.join(parts)}.")
    now = datetime.now(UTC)
    for freeze in found.recurring:
        # Right all the same: what time has passed over must never keep Slipway from starting.
        if is_over(freeze, now):
            terminal.say(f"  The freeze “{freeze.name}” doesn't come again ({freeze.rule}); it can be taken out.")


def read(file: Path, *, code: int = 1) -> Catalogue:
    """The catalogue in that file. Each of its problems is a line; then the shell sees the code."""
    found = load(file, deployers=KINDS)
    if isinstance(found, Catalogue):
        return found
    for problem in found:
        terminal.say(str(problem))
    raise Trouble(f"{_several(len(found), 'problem')} to mend.", code=code)


def print_schema() -> None:
    """The JSON Schema, to be kept beside the catalogue."""
    terminal.say(printed(json_schema(KINDS)).rstrip("\n"))


def _several(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
