"""Explain: the gate's reasoning about a release in one environment, question by question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.gate import Facts, opens_by_itself
from bot.rules.policy import EnvironmentName
from bot.rules.reasons import Answer, answers
from bot.rules.sentence import Refused
from bot.verbs.ask_deploy import the_place
from bot.verbs.look import Look


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the gate was asked about, and every answer with its reasons."""

    facts: Facts
    answers: tuple[Answer, ...]
    opens_at: datetime | None
    """When nothing will block any more if nobody does anything; None if somebody has to."""

    @property
    def open(self) -> bool:
        """Whether nothing blocks."""
        return all(each.yes for each in self.answers)


@dataclass(frozen=True, slots=True)
class Explain:
    """Ask the gate, and why."""

    look: Look

    async def __call__(self, release: str, environment: EnvironmentName) -> Explanation | Refused:
        """Explain it. `release` is a number, or a service's name that means its only open one."""
        number = await self.look.which(release)
        if isinstance(number, Refused):
            return number
        picture = await self.look(number)
        if isinstance(picture, Refused):
            return picture
        place = the_place(picture, environment)
        if isinstance(place, Refused):
            return place
        return Explanation(place.facts, answers(place.facts), opens_by_itself(place.facts))
