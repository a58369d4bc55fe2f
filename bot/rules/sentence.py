"""Sentences that keep what they are about: people, roles and moments stay themselves until somebody reads them.

A mention must be a real mention in Slack and a name in a terminal; a time must be the reader's own. So the rules say
`say("{who} rejected it", who=At(ben))`, and each surface writes the parts in its own way.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.rules.people import PersonId, RoleName

_SHOWN = 60
"""So much of an address is shown."""


@dataclass(frozen=True, slots=True)
class At:
    """A person who is meant; becomes a mention."""

    id: PersonId


@dataclass(frozen=True, slots=True)
class AtRole:
    """Everybody in a role; becomes the mention of its user group, or of its people."""

    name: RoleName


@dataclass(frozen=True, slots=True)
class When:
    """A moment (aware); shown in the reader's own time zone."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed, or a commit: shown in a fixed width."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A word that leads somewhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Several parts, written as `a, b and c`."""

    parts: tuple[At | AtRole | Code | Link | str, ...]


@dataclass(frozen=True, slots=True)
class InPlaceOf:
    """A part that is said only where somebody acts in somebody else's place: ` in the place of @ruth`."""

    person: PersonId | None


Part = str | int | At | AtRole | When | Code | Link | AllOf | InPlaceOf


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template in `str.format`'s form (names only) and the parts that stand in it."""

    template: str
    parts: tuple[tuple[str, Part], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a template whose names are not exactly its parts: a hole must be found where it is made."""
        named = {name for _, name, _, _ in string.Formatter().parse(self.template) if name is not None}
        given = {name for name, _ in self.parts}
        if named != given:
            raise ValueError(f"The sentence {self.template!r} names {sorted(named)}, but was given {sorted(given)}.")

    def __str__(self) -> str:
        """Plain words for logs and tests; surfaces write better ones."""
        return self.template.format(**{name: plain(part) for name, part in self.parts})


def say(template: str, **parts: Part) -> Sentence:
    """A sentence with its parts."""
    return Sentence(template, tuple(parts.items()))


def leads_to(url: str) -> Link:
    """A link that shows where it leads: the address without its scheme, cut where it gets long."""
    shown = url.partition("://")[2].rstrip("/") or url
    return Link(shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…", url)


def in_a_row(sentences: Iterable[Sentence], between: str) -> Sentence:
    """Several sentences as one. Their parts are told apart by number, since any two may have one of the same name."""
    templates: list[str] = []
    parts: list[tuple[str, Part]] = []
    for number, each in enumerate(sentences):
        names = {name: f"{name}_{number}" for name, _ in each.parts}
        templates.append(each.template.format(**{old: f"{{{new}}}" for old, new in names.items()}))
        parts += [(names[name], part) for name, part in each.parts]
    return Sentence(between.join(templates), tuple(parts))


def joined(words: list[str] | tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def plain(part: Part) -> str:
    """A part in plain words."""
    match part:
        case At(id=name) | AtRole(name=name):
            return f"@{name}"
        case When(at=at):
            return at.strftime("%Y-%m-%d %H:%M UTC")
        case Code(text=text) | Link(text=text):
            return text
        case AllOf(parts=parts):
            return joined([plain(each) for each in parts])
        case InPlaceOf(person=person):
            return f" in the place of @{person}" if person else ""
        case _:
            return str(part)


def people_in(sentences: Iterable[Sentence]) -> Iterator[PersonId]:
    """Everybody whom these sentences mean."""
    for sentence in sentences:
        for _, part in sentence.parts:
            match part:
                case At(id=person):
                    yield person
                case InPlaceOf(person=principal) if principal is not None:
                    yield principal
                case AllOf(parts=parts):
                    yield from (each.id for each in parts if isinstance(each, At))
                case _:
                    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why, and what would help. A refusal changes nothing.

    `stale` tells a surface that what was on the screen is out of date and must be redrawn.
    """

    why: Sentence
    stale: bool = False


def refuse(template: str, **parts: Part) -> Refused:
    """A refusal with its sentence."""
    return Refused(say(template, **parts))


class Repeated:
    """The same intent has been acted upon already (a repeated delivery): nothing to do, nothing to say."""

    __slots__ = ()


REPEATED = Repeated()
