"""Foreseen: the freezes of a moment in the past, as another catalogue's rules would have had them.

What somebody declared by hand stays as the record tells it. What recurs does so by the catalogue that is asked about;
but where the record has the same freeze at the same time, it keeps its number and what people did to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.people import SLIPWAY
from bot.rules.policy import CalendarSource, Catalogue, FreezeScope, RecurringFreeze
from bot.rules.wanted import occasion, source_of


@dataclass(frozen=True, slots=True)
class Foreseen(Freeze):
    """A freeze that never was: it has no number, so it goes by the name that its rule has in the catalogue."""

    @property
    def name(self) -> str:
        """`weekends`."""
        return source_of(self.origin)


def foreseen(rule: RecurringFreeze, key: str, starts_at: datetime, ends_at: datetime) -> Foreseen:
    """The freeze of one time that the rule applies."""
    window = _scoped(Window(starts_at, ends_at, rule.reason), rule.scope, hard=rule.hard)
    origin = f"{rule.name}/{key}"
    return Foreseen(FreezeId(0), window, SLIPWAY, starts_at, origin=origin, owner=rule.owner)


def freezes_at(
    at: datetime,
    catalogue: Catalogue,
    recorded: Iterable[Freeze],
    recurring: Iterable[Foreseen],
    moved_by_hand: Collection[FreezeId],
) -> tuple[Freeze, ...]:
    """Those that are not over at that moment, the one that starts first first."""
    recorded = tuple(recorded)
    newest = {occasion(each.origin): each for each in recorded if each.origin}
    sources = {each.name: each for each in catalogue.calendars}
    found = (
        *_as_recorded(recorded, sources),
        *(_as_people_left_it(each, newest.get(each.origin), moved_by_hand) for each in recurring),
    )
    return tuple(
        sorted((each for each in found if each.over_at > at), key=lambda each: (each.window.starts_at, each.id))
    )


def _as_recorded(recorded: Iterable[Freeze], sources: Mapping[str, CalendarSource]) -> Iterator[Freeze]:
    """Those declared by hand, and those of calendars that this catalogue has, in the scope that it gives them."""
    for freeze in recorded:
        source = sources.get(source_of(freeze.origin))
        if not freeze.origin:
            yield freeze
        elif source is not None:
            yield replace(freeze, window=_scoped(freeze.window, source.scope, hard=source.hard), owner=source.owner)


def _as_people_left_it(rule: Foreseen, recorded: Freeze | None, moved_by_hand: Collection[FreezeId]) -> Freeze:
    """Whoever ended a freeze early, or moved its end, would have done so all the same."""
    if recorded is None:
        return rule
    ends_at = recorded.window.ends_at if recorded.id in moved_by_hand else rule.window.ends_at
    by_hand = recorded.ended_by not in {None, SLIPWAY}
    return replace(
        recorded,
        window=replace(rule.window, ends_at=ends_at),
        owner=rule.owner,
        ended_at=recorded.ended_at if by_hand else None,
        ended_by=recorded.ended_by if by_hand else None,
    )


def _scoped(window: Window, scope: FreezeScope, *, hard: bool) -> Window:
    return replace(
        window,
        environments=scope.environments,
        services=scope.services,
        change_types=scope.change_types,
        hard=hard,
    )
