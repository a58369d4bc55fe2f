"""Words: what people type as a commit, a branch or a tag, and how what a repository holds is shown to them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

SHORTEST = 7
FULL = (40, 64)
LONGEST_NAME = 250
TRAILER = "Irreversible-Migration"
HEX = re.compile(r"[0-9a-f]+")

_NO_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|@\{|//|^[-/.]|[/.]$|\.lock$|^@$")
_LONGEST_SUBJECT = 300


def can_be_named(ref: str) -> bool:
    """Whether a commit, a branch or a tag can be called so at all; what can't is never an option or an expression."""
    return bool(ref) and len(ref) <= LONGEST_NAME and not _NO_NAME.search(ref)


def is_full(digits: str) -> bool:
    """Whether these are all the digits of a commit."""
    return len(digits) in FULL and HEX.fullmatch(digits) is not None


def may_begin_a_commit(digits: str) -> bool:
    """Whether that may be the beginning of a commit's digits."""
    return len(digits) >= SHORTEST and HEX.fullmatch(digits) is not None


def plain(text: str) -> str:
    """One line of printable characters, not too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:_LONGEST_SUBJECT]


def shown(ref: str) -> str:
    """What was typed, in quotes."""
    return f"“{plain(ref)[:80]}”"


NO_MOMENT = datetime.fromtimestamp(0, UTC)
"""A commit may claim any date, also one that no calendar has."""
