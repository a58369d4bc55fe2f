"""Need: so many different people for something, and why there aren't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.rules.approval import can_be_filled
from bot.rules.people import PersonId, RoleName, Roles
from bot.rules.sentence import AllOf, At, Code, Part, Sentence, in_a_row, joined, say

NOBODY: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True)
class Impossible:
    """Something that nobody can do as things are: what and why, and what would help."""

    why: Sentence
    step: Sentence
    key: str
    """What can't be done, by name: the same as long as it can't, whatever the cause."""
    unread: bool = False
    """Whether it is only that nobody knows, since a role can't be looked up."""

    @property
    def kind(self) -> str:
        """What it is and what causes it, whoever it is about: once this is another one, there is something to tell."""
        return f"{self.key}: {self.why.template}"


@dataclass(frozen=True, slots=True)
class Need:
    """So many different people who hold any of these roles."""

    roles: tuple[RoleName, ...]
    count: int = 1
    own: frozenset[PersonId] = frozenset()
    """Those who must not, since it is their own change."""
    spoken: frozenset[PersonId] = frozenset()
    """Those who must not, since they have spoken on it already."""

    def people(self, roles: Roles) -> frozenset[PersonId]:
        """Those who could do it now."""
        return _union(map(roles.reachable, self.roles)) - self.own - self.spoken

    def holders(self, roles: Roles) -> frozenset[PersonId]:
        """Those who could if they were there, and if they might."""
        return _union(map(roles.holders, self.roles))


@dataclass(frozen=True, slots=True)
class Lack:
    """Why there aren't the people for it, as the second half of a sentence, and what would help."""

    why: Sentence
    step: Sentence
    unread: bool = False

    def of(self, what: Sentence, key: str) -> Impossible:
        """That this can't be done, therefore."""
        return Impossible(in_a_row([what, self.why], " "), self.step, key, self.unread)


def lack_of(needs: Sequence[Need], roles: Roles) -> Lack | None:
    """Why there isn't somebody different for each place of these needs; None if there is."""
    people = {need: need.people(roles) for need in needs}
    if can_be_filled([need for need in needs for _ in range(need.count)], people):
        return None
    short = _fewest(needs, people)
    names = tuple(dict.fromkeys(role for need in short for role in need.roles))
    named = AllOf(tuple(map(Code, names)))
    unknown = next((role for role in names if role in roles.unknown), None)
    if unknown is not None:
        return Lack(
            say("I can't look up who is in {role} ({problem})", role=Code(unknown), problem=roles.unknown[unknown]),
            say("Look whether its user group is still there, and whether I may read it."),
            unread=True,
        )
    holders = _union(need.holders(roles) for need in short)
    if not holders:
        return Lack(
            say("there is nobody in {roles}.", roles=named),
            say("Put somebody into {roles}, or ask for another role in the catalogue.", roles=named),
        )
    left = _union(people[need] for need in short)
    away = holders & roles.away
    barred = holders - left - away
    own = barred & _union(need.own for need in short)
    became = {"left": left, "away": away, "own": own, "spoken": barred - own}
    if away:
        stand_in = Code("/release away @who until <time> with @stand-in")
        return Lack(_told(short, became), say("Have somebody stand in with {command}.", command=stand_in))
    return Lack(
        _told(short, became), say("Put more people into {roles}, or ask for less in the catalogue.", roles=named)
    )


def _fewest(needs: Sequence[Need], people: Mapping[Need, frozenset[PersonId]]) -> tuple[Need, ...]:
    """The smallest part of these needs that has more places than people: there is one (P. Hall 1935)."""
    parts = (part for size in range(1, len(needs) + 1) for part in combinations(needs, size))
    return next(part for part in parts if sum(n.count for n in part) > len(_union(people[n] for n in part)))


_BECAME = {
    "left": ("there is only {left}", "there are only {left}"),
    "away": ("{away} is away", "{away} are away"),
    "own": ("{own} may not, since it is their own change",) * 2,
    "spoken": ("{spoken} may not, having spoken on it already",) * 2,
}
"""What has become of those who could: of one, and of several."""


def _told(short: Sequence[Need], became: Mapping[str, frozenset[PersonId]]) -> Sentence:
    """How many of whom it takes, and what has become of them."""
    counts: dict[str, int] = {}
    for need in short:
        named = " or ".join(need.roles)
        counts[named] = counts.get(named, 0) + need.count
    takes = AllOf(tuple(f"{count} of {named}" for named, count in counts.items()))
    parts: dict[str, Part] = {name: AllOf(tuple(map(At, sorted(people)))) for name, people in became.items() if people}
    but = joined([_BECAME[name][len(became[name]) > 1] for name in parts])
    if len(counts) == 1:
        return say(f"it takes {{takes}}, but {but}.", takes=takes, **parts)
    count = sum(counts.values())
    return say(f"it takes {{count}} different people ({{takes}}), but {but}.", count=count, takes=takes, **parts)


def _union(several: Iterable[frozenset[PersonId]]) -> frozenset[PersonId]:
    return NOBODY.union(*several)
