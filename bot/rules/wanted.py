"""Wanted: the freezes that rules and calendars ask for, and what has to change so that they are there.

A freeze that comes this way is one like any other: people may end it, or move its end, and it stays as they left it.
What has begun keeps its beginning, and what is over stays what it was; if the same thing is wanted once more, it
becomes another freeze, with a number of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.people import SLIPWAY, RoleName

_AGAIN = "~"
"""Stands between an origin and how many times it has come again; in no name and no key."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A freeze that should be there."""

    origin: str
    window: Window
    owner: RoleName | None = None


@dataclass(frozen=True, slots=True)
class Declare:
    """There is none yet, or only one that is over: `freeze`."""

    wanted: Wanted
    freeze: Freeze | None = None


@dataclass(frozen=True, slots=True)
class Alter:
    """It is there, and is to be as `wanted` says."""

    freeze: Freeze
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class CallOff:
    """Nothing asks for it any more."""

    freeze: Freeze


Step = Declare | Alter | CallOff


@dataclass(frozen=True, slots=True)
class Known:
    """The calendars of the catalogue by their names, and those that can't be read now: what they held stays."""

    names: Collection[str] = ()
    unread: Collection[str] = ()


def steps(
    wanted: Iterable[Wanted],
    freezes: Sequence[Freeze],
    calendars: Known,
    now: datetime,
    *,
    by_hand: Collection[FreezeId] = (),
) -> Iterator[Step]:
    """What has to be done. `freezes` are those of these origins, the older ones of one origin before the newer.

    `by_hand` are the ones whose end somebody has moved.
    """
    newest = {occasion(each.origin): each for each in freezes}
    asked_for = set()
    for each in wanted:
        freeze = newest.get(each.origin)
        step = _step(each, freeze, now, by_hand)
        if step is not None:
            yield step
        if freeze is not None and not isinstance(step, Declare):
            asked_for.add(freeze.id)
    for freeze in freezes:
        untouched = freeze.ended_at is None and freeze.id not in by_hand and freeze.window.ends_at > now
        if freeze.id not in asked_for and untouched and _is_over_with(freeze, calendars, now):
            yield CallOff(freeze)


def occasion(origin: str) -> str:
    """What an origin is about, whether it came once or again."""
    return origin.partition(_AGAIN)[0]


def source_of(origin: str) -> str:
    """The recurring freeze or the calendar that it comes from, by its name in the catalogue."""
    return origin.partition("/")[0]


def in_question(planned: Iterable[Step]) -> Mapping[FreezeId, Freeze]:
    """The freezes whose change depends on whether somebody has moved their end: those that were changed at all."""
    found = [each.freeze for each in planned if each.freeze is not None]
    return {each.id: each for each in found if each.revision and each.ended_at is None}


def _step(wanted: Wanted, freeze: Freeze | None, now: datetime, by_hand: Collection[FreezeId]) -> Step | None:
    if freeze is None:
        return Declare(_from_now(wanted, now))
    if freeze.id in by_hand or freeze.ended_by not in {None, SLIPWAY}:
        # They spoke of that time; a calendar may mean quite another one by now.
        same_time = wanted.window.starts_at < freeze.window.ends_at
        return None if same_time else _declare_again(wanted, freeze, now)
    over = freeze.ended_at is not None or freeze.window.ends_at <= now
    begun = freeze.window.starts_at <= now
    if over or (begun and wanted.window.starts_at > now):
        return _declare_again(wanted, freeze, now)
    starts_at = freeze.window.starts_at if begun else max(wanted.window.starts_at, now)
    wanted = replace(wanted, window=replace(wanted.window, starts_at=starts_at))
    return None if (wanted.window, wanted.owner) == (freeze.window, freeze.owner) else Alter(freeze, wanted)


def _is_over_with(freeze: Freeze, calendars: Known, now: datetime) -> bool:
    """Whether a freeze that nothing asks for is to go: one that holds goes on if its calendar just forgets it."""
    name = source_of(freeze.origin)
    if name in calendars.unread:
        return False
    return name not in calendars.names or freeze.window.starts_at > now


def _declare_again(wanted: Wanted, freeze: Freeze, now: datetime) -> Declare:
    times = int(freeze.origin.partition(_AGAIN)[2] or 1) + 1
    return Declare(_from_now(replace(wanted, origin=f"{wanted.origin}{_AGAIN}{times}"), now), freeze)


def _from_now(wanted: Wanted, now: datetime) -> Wanted:
    """Nothing is frozen backwards."""
    return replace(wanted, window=replace(wanted.window, starts_at=max(wanted.window.starts_at, now)))
