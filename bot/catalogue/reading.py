"""YAML text to plain data that remembers where everything stood. Finds every problem of form at once.

We walk the node graph ourselves instead of letting the library build objects: only the nodes know the place of each
key and value, and the library's own builder stops at the first duplicate key.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bot.catalogue.problem import Problem, dotted
from bot.catalogue.syntax import stumble

Path = tuple[str | int, ...]

MOST_TEXT = 1_000_000
MOST_PARTS = 100_000
"""Aliases let a short text stand for a very long one; nobody's catalogue has so many parts."""

_BRACKETS = re.compile(r"(?:[\[{](?:\s|\w+:)*){64}")
"""So many opened at once that the parser would be busy for minutes before it gave up."""

_CORE = "tag:yaml.org,2002:"


_TOO_DEEP = "The file is nested too deeply; this can't be a catalogue."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key and its value stand, counted from 1. An entry of a list has no key, so both are the value's."""

    key: tuple[int, int]
    value: tuple[int, int]


@dataclass(slots=True)
class Document:
    """What the text says, where each part of it stands, and what is wrong with its form."""

    data: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, path: Path) -> Any:
        """What stands there; None if nothing does."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """The line and column to look at for this path, or for the nearest part of it that exists."""
        while path not in self.places and path:
            path = path[:-1]
        place = self.places.get(path, Place((1, 1), (1, 1)))
        # A value of several lines begins below its key, and an empty one ends somewhere behind it.
        scalar = not isinstance(self.value(path), dict | list | None)
        return place.value if scalar and not at_key else place.key


def read(text: str) -> Document:
    """The text as plain data with places. Whatever is wrong with its form is in `problems`."""
    document = Document()
    if len(text) > MOST_TEXT:
        document.problems.append(Problem(0, 0, "", "The file is larger than a megabyte; this can't be a catalogue."))
        return document
    if _BRACKETS.search(text):
        document.problems.append(Problem(0, 0, "", _TOO_DEEP))
        return document
    try:
        root = _compose(text)
        if root is None:
            document.problems.append(Problem(1, 1, "", "The file is empty; `version: 1` is how a catalogue begins."))
        else:
            document.data = _Builder(document).build(root, ())
    except RecursionError:
        document.problems.append(Problem(0, 0, "", _TOO_DEEP))
    except ReaderError as error:
        line, column = _line_of(text, error.position)
        character = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "?")
        message = f"There is a character that no text may hold (U+{character:04X}); please take it out."
        document.problems.append(Problem(line, column, "", message))
    except MarkedYAMLError as error:
        document.problems.append(stumble(error))
    except YAMLError as error:
        document.problems.append(Problem(1, 1, "", f"This is not valid YAML: {error}"))
    return document


def _compose(text: str) -> Node | None:
    with warnings.catch_warnings():
        # The same anchor twice is allowed, and the nearest one counts; nothing that a person must hear of.
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
        return root


def _line_of(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


class _TooMuchError(Exception):
    """The text stands for more than a catalogue can be."""


class _Builder:
    """Turns nodes into plain data and notes their places."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: set[int] = set()

    def build(self, root: Node, path: Path) -> Any:
        """The whole of it."""
        try:
            return self._value(root, path, _at(root))
        except _TooMuchError:
            message = "Its aliases (*) make it far too large; please write them out where they are needed."
            self._document.problems.append(Problem(1, 1, "", message))
            return None

    def _value(self, node: Node, path: Path, key: tuple[int, int]) -> Any:
        if len(self._document.places) >= MOST_PARTS:
            raise _TooMuchError
        self._document.places[path] = Place(key, _at(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            self._complain(node, path, "This refers to itself; please write it out.")
            return None
        self._open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        self._known(node, path, "map")
        content: dict[str, Any] = {}
        first: dict[str, int] = {}
        merged: list[tuple[str, Node, Node]] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or key_node.tag == _CORE + "null":
                self._complain(key_node, path, "A key must be a plain word here.")
                continue
            if key_node.tag == _CORE + "merge":
                merged += self._merged(value_node, path)
                continue
            name, at = str(key_node.value), _at(key_node)
            if name in first:
                message = f"“{name}” is here twice (first on line {first[name]}); only one of them can be meant."
                self._complain(key_node, (*path, name), message)
                continue
            first[name] = at[0]
            content[name] = self._value(value_node, (*path, name), at)
        for name, key_node, value_node in merged:
            if name not in content:
                content[name] = self._value(value_node, (*path, name), _at(key_node))
        return content

    def _merged(self, node: Node, path: Path) -> Iterator[tuple[str, Node, Node]]:
        """The keys that `<<` brings in: from one mapping or a list of them."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, MappingNode):
                self._complain(source, path, "Behind “<<” there must be an alias (*) of a mapping.")
                continue
            for key_node, value_node in source.value:
                if isinstance(key_node, ScalarNode) and key_node.tag == _CORE + "merge":
                    if id(value_node) not in self._open:
                        self._open.add(id(value_node))
                        yield from self._merged(value_node, path)
                        self._open.discard(id(value_node))
                elif isinstance(key_node, ScalarNode):
                    yield str(key_node.value), key_node, value_node

    def _sequence(self, node: Node, path: Path) -> list[Any]:
        self._known(node, path, "seq")
        return [self._value(each, (*path, number), _at(each)) for number, each in enumerate(node.value)]

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        text = str(node.value)
        kind = str(node.tag).removeprefix(_CORE)
        if node.style or kind in {"str", "timestamp", "merge", "value"}:
            self._known(node, path, "str", "timestamp", "merge", "value")
            return text
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" | "float":
                return _number(text)
            case _:
                self._known(node, path)
                return text

    def _known(self, node: Node, path: Path, *kinds: str) -> None:
        if str(node.tag).removeprefix(_CORE) not in kinds:
            self._complain(node, path, f"The tag {str(node.tag).removeprefix(_CORE)} means nothing here; take it out.")

    def _complain(self, node: Node, path: Path, message: str) -> None:
        line, column = _at(node)
        self._document.problems.append(Problem(line, column, dotted(path), message))


def _at(node: Node) -> tuple[int, int]:
    mark: StringMark = node.start_mark
    return mark.line + 1, mark.column + 1


def _number(text: str) -> int | float | str:
    plain = text.replace("_", "")
    for convert in (int, lambda digits: int(digits, 0), float):
        try:
            return convert(plain)
        except ValueError:
            continue
    return text  # .inf and .nan: nothing in a catalogue is so large or so unknown
