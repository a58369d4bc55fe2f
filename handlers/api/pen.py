"""Pen: how sentences, people and roles are written for programs: plain words, names where they are known, UTC."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.rules.gate import Blocker as Blocking
from bot.rules.people import SLIPWAY, PersonId, RoleName, Roles
from bot.rules.policy import Role
from bot.rules.sentence import AllOf, At, AtRole, Code, InPlaceOf, Link, Part, Sentence, joined, people_in, plain
from handlers.api.models import Blocker, Lifter, Person
from handlers.views.text import clip

_LONGEST = 3000


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for programs. Whoever's name is not known is written by their id."""

    agreed: Mapping[RoleName, Role] = field(default_factory=dict)
    names: Mapping[PersonId, str] = field(default_factory=dict)
    here: Callable[[str], str] = str
    """A command as it is typed in this workspace."""
    roles: Roles = field(default_factory=Roles)

    def write(self, sentence: Sentence) -> str:
        """The sentence with its parts."""
        told = dict(sentence.parts)
        out = ""
        for literal, name, _, _ in string.Formatter().parse(sentence.template):
            out += literal + (self._part(told[name]) if name is not None else "")
        return clip(out, _LONGEST)

    def _part(self, part: Part) -> str:
        match part:
            case At(id=person):
                return self._name(person)
            case AtRole(name=role):
                return role
            case Code(text=text):
                return self.here(text)
            case Link(url=url):
                return url
            case AllOf(parts=parts):
                return joined([self._part(each) for each in parts])
            case InPlaceOf(person=principal):
                return f" in the place of {self._name(principal)}" if principal else ""
            case _:
                return plain(part)

    def _name(self, person: PersonId) -> str:
        return "Slipway" if person == SLIPWAY else self.names.get(person, person)

    def person(self, person: PersonId) -> Person:
        """Somebody."""
        return Person(id=person, name="Slipway" if person == SLIPWAY else self.names.get(person))

    def perhaps(self, person: PersonId | None) -> Person | None:
        """Somebody, if there is anybody."""
        return self.person(person) if person is not None else None

    def lifter(self, who: At | AtRole) -> Lifter:
        """Who can lift something."""
        if isinstance(who, At):
            person = self.person(who.id)
            return Lifter(kind="person", id=person.id, name=person.name, people=[person])
        role = self.agreed.get(who.name)
        people = [self.person(each) for each in sorted(self.roles.reachable(who.name))]
        return Lifter(kind="role", id=who.name, name=role.title if role else None, people=people)

    def blocker(self, blocker: Blocking) -> Blocker:
        """One thing in the way."""
        return Blocker(
            kind=blocker.reason,
            key=blocker.key,
            sentence=self.write(blocker.why),
            lifted_by=[self.lifter(each) for each in dict.fromkeys(blocker.lifted_by)],
            step=self.write(blocker.step) if blocker.step is not None else None,
            opens_at=blocker.opens_at,
        )


def people_of(blockers: Iterable[Blocking], roles: Roles) -> Iterator[PersonId]:
    """Everybody whom these blockers mean."""
    for each in blockers:
        yield from people_in([each.why, *([each.step] if each.step is not None else [])])
        for who in each.lifted_by:
            if isinstance(who, At):
                yield who.id
            else:
                yield from roles.reachable(who.name)
