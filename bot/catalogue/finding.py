"""Looking things up in a catalogue's plain data, which may be wrong in any way.

What must fit together is looked for there, and not in checked parts: what is wrong in one place must not hide what is
wrong in another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from bot.catalogue.implied import DEFAULT_CHANGE_TYPES
from bot.catalogue.reading import Path
from bot.catalogue.words import nearest
from bot.rules.sentence import joined

Finding = tuple[Path, str]
"""Where something is wrong, and the sentence that says what."""

EACH = "*"
"""Stands for every key of a mapping, or every entry of a list."""


def find(data: Any, *way: str) -> Iterator[tuple[Path, Any]]:
    """Everything at the end of that way, with the path to it."""
    if not way:
        yield (), data
        return
    first, rest = way[0], way[1:]
    below: Iterable[tuple[str | int, Any]] = ()
    if isinstance(data, dict):
        below = data.items() if first == EACH else [(first, data[first])] if first in data else ()
    elif isinstance(data, list) and first == EACH:
        below = enumerate(data)
    for key, value in below:
        for path, found in find(value, *rest):
            yield (key, *path), found


def keys(data: Any, part: str) -> list[str]:
    """The names that are defined in that part of the file."""
    return [str(path[-1]) for path, _ in find(data, part, EACH)]


def environments(data: Any) -> set[str]:
    """The environments that any service has."""
    return {str(path[-1]) for path, _ in find(data, "services", EACH, "environments", EACH)}


def mapping(data: Any) -> dict[str, Any]:
    """The mapping that should be there; an empty one if something else is."""
    return data if isinstance(data, dict) else {}


def names(given: Any) -> list[str]:
    """The names in something that is one, or a list of them, or wrong."""
    if isinstance(given, str):
        return [given]
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def change_types(data: Any) -> list[str]:
    """The kinds of change that there are: those of the file, or the ones there are without any."""
    return keys(data, "change_types") if "change_types" in mapping(data) else list(DEFAULT_CHANGE_TYPES)


def unknown(given: Any, at: Path, kind: str, known: Collection[str]) -> Iterator[Finding]:
    """What is wrong with one name, a list of names, or a mapping by names."""
    words: list[tuple[Path, Any]] = [(at, given)]
    if isinstance(given, list | dict):
        words = [((*at, place), word if isinstance(given, list) else place) for place, word in _entries(given)]
    seen: set[str] = set()
    for path, word in words:
        if not isinstance(word, str):
            continue
        if word not in known:
            yield path, missing(word, kind, known)
        elif word in seen:
            yield path, f"“{word}” is named twice; once is enough."
        seen.add(word)


def _entries(given: list[Any] | dict[str, Any]) -> Iterable[tuple[str | int, Any]]:
    return enumerate(given) if isinstance(given, list) else given.items()


def missing(word: str, kind: str, known: Iterable[str]) -> str:
    """That there is none of that name, and which one may be meant."""
    others = sorted(known)
    meant = nearest(word, others)
    if meant:
        return f"There is no {kind} called “{word}”; did you mean “{meant}”?"
    return f"There is no {kind} called “{word}”{f'; there is {joined(others)}' if others else ''}."
