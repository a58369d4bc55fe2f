"""Text that every database can hold. Two things can be typed into JSON that none can: NUL, and half a character."""

from __future__ import annotations

import re
from typing import Any

_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff]")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """The same text, with a mark where something stood that can't be stored."""
    return _IMPOSSIBLE.sub(_INSTEAD, text)


def all_storable(value: Any) -> Any:
    """The same for every text in a JSON value."""
    match value:
        case str():
            return storable(value)
        case list():
            return [all_storable(each) for each in value]
        case dict():
            return {all_storable(key): all_storable(each) for key, each in value.items()}
        case _:
            return value
