"""What `slipway check` does: a catalogue's problems, or the good news."""

from __future__ import annotations

import os
from pathlib import Path

from bot.catalogue.loading import load
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
        _several(len(found.digests), "digest"),
    )
    terminal.good(f"{os.fspath(file)} is right: {', '.join(parts)}.")


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
