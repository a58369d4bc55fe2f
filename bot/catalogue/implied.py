"""What a catalogue means without saying it; those who check it and those who build from it must take it alike."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_CHANGE_TYPES = ("feature", "bugfix", "hotfix")
"""The kinds of change of a team that has written none."""

LOCAL = ("./", "../", "/", "~")
"""How a path on this machine begins; anything else is a name at a code host."""


def order_of(after: Mapping[str, list[str] | None]) -> dict[str, tuple[str, ...]]:
    """What comes before each environment: what it says, or the one above it in the file."""
    names = list(after)
    return {
        name: tuple(given) if given is not None else tuple(names[max(0, place - 1) : place])
        for place, (name, given) in enumerate(after.items())
    }


def item_key(key: str | None, text: str) -> str:
    """An item's key: its own, or one made of its text."""
    made = "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
    return key or made[:60].rstrip("-") or "item"
