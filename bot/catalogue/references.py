"""What must fit together in a catalogue: every name leads somewhere, every order is possible, every rule can be met.

It looks at the plain data, not at checked parts: what is wrong in one place must not hide what is wrong in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bot.catalogue.reading import Path
from bot.catalogue.words import nearest
from bot.rules.sentence import joined

Finding = tuple[Path, str]

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


def misfits(data: Any) -> Iterator[Finding]:
    """Everything that doesn't fit together."""
    yield from _roles(data)
    for path, environments in find(data, "services", EACH, "environments"):
        if isinstance(environments, dict):
            yield from _order(environments, path)
    known = {str(path[-1]) for path, _ in find(data, "services", EACH, "environments", EACH)}
    for path, _ in find(data, "change_types", EACH, "approvals", EACH):
        if path[-1] not in known:
            yield path, _missing(str(path[-1]), "environment", known)
    for path, given in find(data, "change_types", EACH, "checklist_before"):
        yield from _unknown(given, path, "environment", known)
    for path, given in find(data, "digests", EACH, "services"):
        yield from _unknown(given, path, "service", _keys(data, "services"))
    yield from _quorums(data)
    yield from _same_items(data)
    yield from _same_digests(data)


def _roles(data: Any) -> Iterator[Finding]:
    known = _keys(data, "roles")
    for way in (
        ("owners", "role"),
        ("defaults", "rights", EACH),
        ("freezes", "rights"),
        ("services", EACH, "rights", EACH),
        ("change_types", EACH, "approvals", EACH),
        ("change_types", EACH, "checklist", EACH, "owner"),
    ):
        for path, given in find(data, *way):
            yield from _unknown(given, path, "role", known)


def _keys(data: Any, section: str) -> set[str]:
    return {str(path[-1]) for path, _ in find(data, section, EACH)}


def _unknown(given: Any, at: Path, kind: str, known: Iterable[str]) -> Iterator[Finding]:
    """What is wrong with one name, a list of names, or a mapping by names."""
    words: list[tuple[Path, Any]] = [(at, given)]
    if isinstance(given, list | dict):
        words = [((*at, place), word if isinstance(given, list) else place) for place, word in _entries(given)]
    seen: set[str] = set()
    for path, word in words:
        if not isinstance(word, str):
            continue
        if word not in known:
            yield path, _missing(word, kind, known)
        elif word in seen:
            yield path, f"“{word}” is named twice; once is enough."
        seen.add(word)


def _entries(given: list[Any] | dict[str, Any]) -> Iterable[tuple[str | int, Any]]:
    return enumerate(given) if isinstance(given, list) else given.items()


def _missing(word: str, kind: str, known: Iterable[str]) -> str:
    names = sorted(known)
    meant = nearest(word, names)
    if meant:
        return f"There is no {kind} called “{word}”; did you mean “{meant}”?"
    return f"There is no {kind} called “{word}”{f'; there is {joined(names)}' if names else ''}."


def _order(environments: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    own = {name: each.get("after") if isinstance(each, dict) else None for name, each in environments.items()}
    listed = {name: _names(given) for name, given in own.items()}
    before = order_of(listed)
    sound = True
    for name, given in own.items():
        for found in _unknown(given, (*at, name, "after"), "environment of this service", environments):
            sound = False
            yield found
        if name in before[name]:
            sound = False
            yield (*at, name, "after"), f"“{name}” can't come after itself."
    if sound:
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            # The library names each before the one that waits for it.
            circle: list[str] = error.args[1]
            told = " after ".join(f"“{name}”" for name in reversed(circle))
            guilty = next(name for name in environments if name in circle and listed[name])
            yield (*at, guilty, "after"), f"The order goes in a circle: {told}."


def _names(given: Any) -> list[str] | None:
    if isinstance(given, str):
        return [given]
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else None


def order_of(after: Mapping[str, list[str] | None]) -> dict[str, tuple[str, ...]]:
    """What comes before each environment: what it says, or the one above it in the file."""
    names = list(after)
    return {
        name: tuple(given) if given is not None else tuple(names[max(0, place - 1) : place])
        for place, (name, given) in enumerate(after.items())
    }


def _quorums(data: Any) -> Iterator[Finding]:
    for path, quorum in find(data, "change_types", EACH, "approvals", EACH, EACH):
        role = path[-1]
        for _, holders in find(data, "roles", str(role)):
            people = holders.get("people") if isinstance(holders, dict) and not holders.get("group") else None
            if isinstance(quorum, int) and isinstance(people, list) and quorum > len(people) > 0:
                has = f"only {len(people)} {'person' if len(people) == 1 else 'people'}"
                yield path, f"{quorum} people of “{role}” must approve, but it has {has}; this could never be met."


def _same_items(data: Any) -> Iterator[Finding]:
    for path, checklist in find(data, "change_types", EACH, "checklist"):
        seen: dict[str, int] = {}
        for number, item in enumerate(checklist if isinstance(checklist, list) else ()):
            text, key = (item.get("text"), item.get("key")) if isinstance(item, dict) else (item, None)
            if not isinstance(text, str):
                continue
            own = item_key(key if isinstance(key, str) else None, text)
            if own in seen:
                yield (*path, number), f"It has the same key as number {seen[own] + 1}; give it a “key” of its own."
            seen.setdefault(own, number)


def _same_digests(data: Any) -> Iterator[Finding]:
    seen: dict[str, str | int] = {}
    for path, digest in find(data, "digests", EACH):
        number = path[-1]
        told = repr(sorted(digest.items(), key=str)) if isinstance(digest, dict) and digest else ""
        if told and told in seen and isinstance(number, int):
            yield path, f"This is the same digest as number {int(seen[told]) + 1}; once is enough."
        seen.setdefault(told, number)


def item_key(key: str | None, text: str) -> str:
    """An item's key: its own, or one made of its text."""
    made = "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
    return key or made[:60].rstrip("-") or "item"
