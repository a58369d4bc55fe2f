"""One thing that is wrong with a catalogue: where, and a sentence saying what to do."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_NAME = "slipway.yaml"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Where it is (counted from 1; line 0: the file as a whole), what it is about, and what to do."""

    line: int
    column: int
    path: str
    """The way to it inside the file, such as `services.payments.channel`; empty for the whole file."""
    message: str
    file: str = DEFAULT_NAME

    def __str__(self) -> str:
        """As compilers say it, so that terminals and editors lead to the place."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as people write it: `change_types.feature.checklist[2].owner`."""
    words = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.removeprefix(".")
