"""What is agreed on watching a deployment: how long, by which address and metrics, and what follows if one is bad."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HEALTH = "health"
"""What the health address is called among the things that are looked at."""

PLACEHOLDERS = ("service", "environment", "version", "commit")

MOST_LOOKS = 500
"""So many looks a watch has at most: each is kept."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Otherwise(StrEnum):
    """What follows where a deployment doesn't hold."""

    ASK = "ask"
    """Whoever confirmed it is asked; until somebody answers, it is held."""
    ROLL_BACK = "roll-back"
    """It is rolled back at once."""
    TELL = "tell"
    """It is said, and it stays."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that is looked at, and when it is bad."""

    name: str
    query: str
    """In PromQL, with placeholders in double quotes."""
    above: float | None = None
    """Bad above this."""
    below: float | None = None
    """Bad below this."""
    z_score: float | None = None
    """Bad so many standard deviations away from the mean of the hours before."""
    against: timedelta = timedelta(hours=24)
    """How long the hours before are."""
    lasting: int = 2
    """So many looks in a row it must be bad."""

    @property
    def limit(self) -> str:
        """When it is bad, for people."""
        told = []
        if self.above is not None:
            told.append(f"above {number(self.above)}")
        if self.below is not None:
            told.append(f"below {number(self.below)}")
        if self.z_score is not None:
            way = " up" if self._only_up else " down" if self._only_down else ""
            told.append(f"{number(self.z_score)} sigma{way}")
        return " or ".join(told)

    @property
    def _only_up(self) -> bool:
        return self.above is not None and self.below is None

    @property
    def _only_down(self) -> bool:
        return self.below is not None and self.above is None

    def is_past(self, value: float) -> bool:
        """Whether a value is past a limit."""
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)

    def is_too_far(self, sigma: float) -> bool:
        """Whether so many standard deviations are too many. Beside a limit, only its own direction counts."""
        if self.z_score is None or (self._only_up and sigma < 0) or (self._only_down and sigma > 0):
            return False
        return abs(sigma) >= self.z_score


@dataclass(frozen=True, slots=True)
class Watch:
    """How long a deployment is watched, and how."""

    lasts: timedelta
    every: timedelta = timedelta(seconds=30)
    health: str | None = None
    """An address that must answer with 2xx."""
    health_lasting: int = 2
    """So many looks in a row it must not, to be bad."""
    metrics: tuple[Metric, ...] = ()
    otherwise: Otherwise = Otherwise.ASK
    """What follows where something is bad."""
    unreadable: Otherwise = Otherwise.ASK
    """What follows where something could not be looked at."""

    @property
    def looks(self) -> int:
        """How many looks there are, the first at its beginning and the last at its end."""
        return self.lasts // self.every + 1

    @property
    def lasting(self) -> Mapping[str, int]:
        """Everything that is looked at, by name, with how many bad looks in a row make it bad."""
        health = {HEALTH: self.health_lasting} if self.health is not None else {}
        return {**health, **{each.name: each.lasting for each in self.metrics}}

    def metric(self, name: str) -> Metric | None:
        """The metric of that name."""
        return next((each for each in self.metrics if each.name == name), None)


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """Where metrics are read."""

    url: str
    timeout: timedelta = timedelta(seconds=10)
    bearer: str | None = None
    """The name of the variable that holds the token."""


def filled_in(query: str, values: Mapping[str, str]) -> str:
    """The query with its placeholders filled in: each stands in double quotes, and can't leave them."""
    return _PLACEHOLDER.sub(lambda each: _quoted(values[each[1]]) if each[1] in values else each[0], query)


def _quoted(value: str) -> str:
    """As it stands within double quotes of PromQL, whose escapes are those of Go."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped)


def wrong_in(query: str) -> Iterator[str]:
    """What is wrong with a query's placeholders, in sentences."""
    quote, place = "", 0
    while place < len(query):
        char = query[place]
        named = _PLACEHOLDER.match(query, place)
        if named is not None and named[1] in PLACEHOLDERS and quote != '"':
            yield f'Put {named[0]} into double quotes, as in x="{named[0]}"; elsewhere it can\'t be filled in safely.'
        elif named is not None and named[1] not in PLACEHOLDERS and quote == '"':
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            yield f"Nothing can be filled in for {named[0]}; there is {known}."
        if quote:
            place += char == "\\" and quote != "`"
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif char == "#":
            place = query.find("\n", place)
            if place < 0:
                return
        place += 1


def needs(query: str) -> frozenset[str]:
    """The placeholders that stand in it."""
    return frozenset(_PLACEHOLDER.findall(query)) & frozenset(PLACEHOLDERS)


def number(value: float) -> str:
    """A number as people read it: four digits that count."""
    return f"{value:.4g}"
