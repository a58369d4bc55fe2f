"""A mark: what stands beside an open pull request about an environment that it will go to one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.rules.freeze import CalendarState, Freeze, unread
from bot.rules.policy import CalendarSource, EnvironmentName, Service
from bot.rules.sentence import Sentence, When, say


class MarkState(StrEnum):
    """How it stands."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with an environment, in a sentence."""

    state: MarkState
    why: Sentence


def by_freezes(
    service: Service,
    environment: EnvironmentName,
    freezes: Iterable[Freeze],
    calendars: Mapping[CalendarSource, CalendarState | None],
    at: datetime,
) -> Standing:
    """How it stands for a change that no release proposes yet: of what kind it will be, nobody knows.

    So a freeze of some kinds of change only doesn't count here; the gate asks about it once there is a release.
    """
    found = [each for each in freezes if each.active(at) and _is_for_all(each, service, environment)]
    hard = [each for each in found if each.window.hard]
    if found:
        last = max(hard or found, key=lambda each: each.over_at)
        told = say(
            "{environment} is frozen until {end}: {reason} ({name})."
            if hard
            else "{environment} is frozen softly until {end}: {reason} ({name}).",
            environment=environment,
            end=When(last.over_at),
            reason=last.window.reason.rstrip("."),
            name=last.name,
        )
        return Standing(MarkState.FAILURE if hard else MarkState.PENDING, told)
    for source, state in calendars.items():
        scope = source.scope
        concerned = _holds(scope.services, service.name) and _holds(scope.environments, environment)
        if source.hard and concerned and (state is None or unread(state, at)):
            told = say(
                "Whether {environment} is frozen can't be told: the calendar {name} can't be read.",
                environment=environment,
                name=source.name,
            )
            return Standing(MarkState.PENDING, told)
    return Standing(MarkState.SUCCESS, say("{environment} is not frozen.", environment=environment))


def _is_for_all(freeze: Freeze, service: Service, environment: EnvironmentName) -> bool:
    window = freeze.window
    concerned = _holds(window.services, service.name) and _holds(window.environments, environment)
    return concerned and not window.change_types


def _holds(scope: frozenset[str] | frozenset[EnvironmentName], name: str) -> bool:
    """An empty scope means all."""
    return not scope or name in scope
