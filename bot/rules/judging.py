"""Judging a watch: what each look says, what is usual, and what follows from all looks so far.

What can't be judged never counts as good. It is tried again as long as the watch lasts; what is still open then has its
own answer in the catalogue.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.rules.deployment import DeploymentId
from bot.rules.people import PersonId
from bot.rules.watch import Metric, Watch, number

FEWEST = 10
"""So many values it takes to say what is usual."""

_STEPS = "▁▂▃▄▅▆▇█"
_WIDEST = 40


class Judgement(StrEnum):
    """What one look at one thing says."""

    GOOD = "good"
    BAD = "bad"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at one thing found."""

    judgement: Judgement
    value: float | None = None
    sigma: float | None = None
    """How many standard deviations it is from the mean of the hours before, where that is asked for and known."""
    why: str = ""
    """What is bad about it, or why it can't be judged, for people."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything."""

    at: datetime
    found: Mapping[str, Found]
    """By the name of what was looked at."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What was usual in the hours before a deployment began."""

    mean: float
    deviation: float
    count: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch has seen so far, and what people were asked and have said."""

    deployment: DeploymentId
    looks: tuple[Look, ...] = ()
    """Oldest first."""
    usual: Mapping[str, Usual] | None = None
    """By metric; of those that are compared with the hours before, and could be read."""
    asks_since: datetime | None = None
    """Since when it waits for somebody's word."""
    asks_why: str = ""
    kept_by: PersonId | None = None
    """Who said that it stays."""
    kept_why: str = ""

    @property
    def newest(self) -> Look | None:
        """The last look."""
        return self.looks[-1] if self.looks else None

    def values(self, name: str) -> tuple[float | None, ...]:
        """What every look saw of it; None where it could not be read."""
        return tuple(each.found[name].value if name in each.found else None for each in self.looks)

    def with_look(self, look: Look, most: int) -> Watched:
        """With one look more. Of very many, the newest are kept."""
        return replace(self, looks=(*self.looks, look)[-most:])


def usual(values: Iterable[float]) -> Usual | str:
    """What is usual by these values; why that can't be said if they are too few. What is no number is left out."""
    numbers = [each for each in values if math.isfinite(each)]
    if len(numbers) < FEWEST:
        has = "no value" if not numbers else "one value" if len(numbers) == 1 else f"only {len(numbers)} values"
        return f"There is {has} in the hours before, and it takes {FEWEST} to say what is usual."
    mean = math.fsum(numbers) / len(numbers)
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in numbers) / len(numbers))
    # Equal values whose mean can't be written exactly would else vary by what is lost in rounding.
    return Usual(mean, 0.0 if min(numbers) == max(numbers) else deviation, len(numbers))


def sigmas(value: float, of: Usual) -> float | None:
    """How many standard deviations it is from the mean. None where nothing varied, and it is another value now."""
    if of.deviation > 0:
        return (value - of.mean) / of.deviation
    return 0.0 if math.isclose(value, of.mean, rel_tol=1e-9, abs_tol=1e-12) else None


def judged(metric: Metric, value: float, before: Usual | str | None) -> Found:
    """What that value says. `before`: what is usual, or why that can't be said; None where nobody asks."""
    if not math.isfinite(value):
        shown = "NaN (nothing divided by nothing, mostly)" if math.isnan(value) else "infinite"
        return Found(Judgement.UNREADABLE, why=f"It is {shown}.")
    if metric.is_past(value):
        sigma = sigmas(value, before) if isinstance(before, Usual) else None
        return Found(Judgement.BAD, value, sigma, f"{number(value)} is past its limit ({metric.limit}).")
    if metric.z_score is None:
        return Found(Judgement.GOOD, value)
    if not isinstance(before, Usual):
        return Found(Judgement.UNREADABLE, value, why=before or "Nothing is known of the hours before.")
    sigma = sigmas(value, before)
    if sigma is None:
        if metric.above is not None or metric.below is not None:
            return Found(Judgement.GOOD, value)  # by its limit, which is all that can be said
        always = f"It was always {number(before.mean)} in the hours before, so {number(value)} can't be measured by it."
        return Found(Judgement.UNREADABLE, value, why=f"{always} Give it a limit as well.")
    if metric.is_too_far(sigma):
        far = f"{number(value)} is {number(abs(sigma))} sigma {'above' if sigma > 0 else 'below'} the usual"
        return Found(Judgement.BAD, value, sigma, f"{far} {number(before.mean)} (limit: {metric.limit}).")
    return Found(Judgement.GOOD, value, sigma)


# ---------------------------------------------------------------- what follows


class Outcome(StrEnum):
    """Where all looks so far lead."""

    GOES_ON = "goes on"
    GOOD = "good"
    BAD = "bad"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and from what."""

    outcome: Outcome
    names: tuple[str, ...] = ()
    """What is bad, or can't be judged."""


def verdict(watch: Watch, looks: Sequence[Look]) -> Verdict:
    """What all looks together say.

    Bad: something was bad in so many looks in a row. Good, once there were enough looks: the newest ones of everything
    are good, as many of them as it would take to be bad. What is bad just then has some more looks to show which it is,
    and is bad if it never settles; what can be read again only just then has them, too. Anything else could not be
    judged.
    """
    rows = {name: [_of(name, each) for each in looks] for name in watch.lasting}
    bad = tuple(name for name, row in rows.items() if _in_a_row(row) >= watch.lasting[name])
    if bad:
        return Verdict(Outcome.BAD, bad)
    if len(looks) < watch.looks:
        return Verdict(Outcome.GOES_ON)
    newest = {name: row[-watch.lasting[name] :] for name, row in rows.items()}
    unsettled = tuple(name for name, row in newest.items() if Judgement.BAD in row)
    readable_again = tuple(
        name for name, row in newest.items() if Judgement.UNREADABLE in row and row[-1] is Judgement.GOOD
    )
    if (unsettled or readable_again) and len(looks) < 2 * watch.looks:
        return Verdict(Outcome.GOES_ON, (*unsettled, *readable_again))
    if unsettled:
        return Verdict(Outcome.BAD, unsettled)
    unreadable = tuple(name for name, row in newest.items() if Judgement.UNREADABLE in row)
    return Verdict(Outcome.UNREADABLE, unreadable) if unreadable else Verdict(Outcome.GOOD)


def _of(name: str, look: Look) -> Judgement:
    return look.found[name].judgement if name in look.found else Judgement.UNREADABLE


def _in_a_row(row: Sequence[Judgement]) -> int:
    """How many of the newest are bad, one after the other."""
    return next((place for place, each in enumerate(reversed(row)) if each is not Judgement.BAD), len(row))


def said_of(names: Iterable[str], looks: Sequence[Look]) -> str:
    """What was amiss with these when it was seen last, for people, each with its name before it."""
    return " ".join(f"{name}: {_amiss(name, looks)}".strip() for name in names)


def _amiss(name: str, looks: Sequence[Look]) -> str:
    seen = [each.found[name] for each in looks if name in each.found]
    if not seen:
        return "It was not looked at."
    last = next((each for each in reversed(seen) if each.judgement is not Judgement.GOOD), seen[-1])
    return last.why if last is seen[-1] else f"It is bad now and then: {last.why}"


def sparkline(values: Sequence[float | None]) -> str:
    """The values as a small picture of blocks, the lowest to the highest; a blank where there was none."""
    shown = values[-_WIDEST:]
    numbers = [each for each in shown if each is not None]
    if not numbers:
        return ""
    # Halved, since the way from the lowest number to the highest may be longer than any number.
    low, high = min(numbers) / 2, max(numbers) / 2
    scale = (len(_STEPS) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if each is None else _STEPS[round((each / 2 - low) * scale)] for each in shown)
