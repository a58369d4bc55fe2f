"""How a sentence is written in a terminal: names instead of mentions, moments by the clock of this machine."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.text import Text

from bot.rules.people import SLIPWAY, PersonId, Roles
from bot.rules.sentence import AllOf, At, AtRole, Code, InPlaceOf, Link, Part, Sentence, When
from handlers.views.text import clip, joined_names

_LONGEST = 2000
_NAMED = 8
"""So many of a role's people are named; the rest are counted."""

COMMAND = "cyan"


@dataclass(frozen=True, slots=True)
class TerminalPen:
    """Writes sentences for this machine. Whoever has no name here is written by their id."""

    roles: Roles = field(default_factory=Roles)
    names: Mapping[PersonId, str] = field(default_factory=dict)
    here: Callable[[str], str] = str
    """A command as it is typed in this workspace."""

    def write(self, sentence: Sentence) -> Text:
        """The sentence with its parts; what is to be typed stands out."""
        told = dict(sentence.parts)
        out = Text()
        for literal, name, _, _ in string.Formatter().parse(sentence.template):
            out.append(literal)
            if name is not None:
                out.append_text(self.part(told[name]))
        return out

    def part(self, part: Part) -> Text:
        """One part of a sentence."""
        match part:
            case At(id=person):
                return Text(self.person(person))
            case AtRole(name=name):
                return Text(harmless(name))
            case When(at=at):
                return Text(moment(at))
            case Code(text=text):
                return Text(harmless(self.here(text)), COMMAND)
            case Link(url=url):
                return Text(harmless(url))
            case AllOf(parts=parts):
                written = [self.part(each) for each in parts]
                separators = [", "] * (len(written) - 2) + [" and "] * (len(written) > 1) + [""]
                return Text.assemble(*(piece for pair in zip(written, separators, strict=False) for piece in pair))
            case InPlaceOf(person=principal):
                return Text(f" in the place of {self.person(principal)}" if principal else "")
            case _:
                return Text(_spaced(str(part)))

    def person(self, person: PersonId) -> str:
        """Somebody's name, or their id where nobody told it."""
        return "Slipway" if person == SLIPWAY else harmless(self.names.get(person, person))

    def lifted_by(self, who: Sequence[At | AtRole]) -> str:
        """The ones who can lift it: people by name, roles with those who can be asked now."""
        return joined_names([self._one(each) for each in dict.fromkeys(who)], _NAMED)

    def _one(self, who: At | AtRole) -> str:
        if isinstance(who, At):
            return self.person(who.id)
        people = sorted(map(self.person, self.roles.reachable(who.name)))
        return f"{harmless(who.name)} ({joined_names(people, _NAMED)})" if people else harmless(who.name)


def moment(at: datetime) -> str:
    """A moment by the clock of this machine, with its zone."""
    local = at.astimezone()
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {_zone(local)}"


def moment_in_a_column(at: datetime) -> str:
    """The same, always as wide."""
    local = at.astimezone()
    return f"{local:%Y-%m-%d %H:%M} {_zone(local)}"


def _zone(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


def harmless(text: str) -> str:
    """Somebody's own words on one line, without what would steer the terminal or turn the direction of what follows."""
    return clip(" ".join(text.split()), _LONGEST)


def _spaced(text: str) -> str:
    """The same, with the blanks around it, which belong to the sentence that it stands in."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    return " " * before + harmless(text) + " " * (after and bool(text.strip()))
