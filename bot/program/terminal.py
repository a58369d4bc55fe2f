"""What the program says in a terminal: coloured for people, plain for pipes, never wrapped in the middle of a path."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from bot.trouble import Trouble

_WIDEST = 4000


@cache
def _console(*, aside: bool) -> Console:
    return Console(stderr=aside, highlight=False, soft_wrap=True)


def say(text: str | Text, style: str = "", *, aside: bool = False) -> None:
    """A line, as it stands; `aside` goes to where errors go."""
    _console(aside=aside).print(Text(text, style) if isinstance(text, str) else text)


def below(text: str | Text, indent: int = 4, style: str = "") -> None:
    """A line that belongs to the one above: on a screen it is broken with its indentation, in a pipe never."""
    console = _console(aside=False)
    line = Text(text, style) if isinstance(text, str) else text
    if console.is_terminal:
        console.print(Padding(line, (0, 0, 0, indent)), soft_wrap=False)
    else:
        console.print(Text(" " * indent).append_text(line))


def beside(label: str, text: str | Text, indent: int = 2, width: int = 11) -> None:
    """A label and what it is about; on a screen what doesn't fit goes on below itself."""
    words = Text(text) if isinstance(text, str) else text
    grid = Table.grid()
    grid.add_column(width=indent + width)
    grid.add_column()
    grid.add_row(Text(" " * indent + label, "dim"), words)
    console = _console(aside=False)
    if console.is_terminal:
        console.print(grid, soft_wrap=False)
    else:
        console.print(Text(f"{' ' * indent}{label:<{width}}").append_text(words))


def table(content: Table) -> None:
    """A table: as wide as the screen, or, in a pipe, as wide as it needs to be."""
    console = _console(aside=False)
    if console.is_terminal:
        console.print(content, soft_wrap=False)
        return
    wide = Console(width=_WIDEST, file=io.StringIO(), highlight=False)
    with wide.capture() as captured:
        wide.print(content)
    for line in captured.get().splitlines():
        say(line.rstrip())


def good(text: str | Text) -> None:
    """What went well."""
    _console(aside=False).print(Text.assemble(("✓ ", "green"), text))


def bad(text: str | Text, step: str = "", *, aside: bool = False) -> None:
    """What did not, and what to do."""
    console = _console(aside=aside)
    console.print(Text.assemble(("✗ ", "red"), text))
    if step:
        console.print(Text.assemble("  ", ("→ ", "yellow"), step))


def trouble(found: Trouble) -> None:
    """Why the program ends."""
    bad(found.message, aside=True)
    for line in found.lines:
        say(f"  {line}", aside=True)
