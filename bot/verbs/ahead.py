"""Ahead: the freezes into which a release's target date falls, so that people hear of it while they plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.ports import Calendars, Reading
from bot.rules.freeze import Freeze
from bot.rules.hours import whole_day
from bot.rules.policy import Catalogue, ChangeType, FreezeMeaning, FreezeScope, Service
from bot.rules.release import Plan


@dataclass(frozen=True, slots=True)
class FrozenThen:
    """A freeze into which the target date falls. One that recurs has no number so long before."""

    name: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    soft: bool
    numbered: bool = True


async def frozen_then(
    page: Reading, plan: Plan, agreed: Catalogue, calendars: Calendars, now: datetime
) -> FrozenThen | None:
    """The freeze that touches the target day there (`reminders.timezone`), in any environment; None: none does.

    Of several it is the first hard one, or else the first. What this kind of change passes anyhow is no warning.
    """
    service, change = agreed.services[plan.service], agreed.change_types[plan.change_type]
    if plan.target is None or change.freeze is FreezeMeaning.PASSES:
        return None
    start, end = whole_day(plan.target, agreed.reminders.timezone)
    start = max(start, now)
    if end <= start:
        return None
    found = [_numbered(each, change) for each in await freezes_between(page, service, change, start, end)]
    for recurring in agreed.recurring:
        if not _concerns(recurring.scope, service, change):
            continue
        # Those that have a number by now count as they stand: somebody may have ended one, or moved its end.
        known = {each.origin for each in await page.freezes_from(f"{recurring.name}/", not_over_at=start)}
        found += [
            FrozenThen(
                recurring.name,
                recurring.reason,
                each.starts_at,
                each.ends_at,
                _soft(recurring.hard, change),
                numbered=False,
            )
            for each in calendars.recurring(recurring, start, end)
            if f"{recurring.name}/{each.key}" not in known
        ]
    return min(found, key=lambda each: (each.soft, each.starts_at), default=None)


async def freezes_between(
    page: Reading, service: Service, change: ChangeType, start: datetime, end: datetime
) -> list[Freeze]:
    """The freezes with a number that touch that time, for this change in any environment of the service."""
    names = [each.name for each in service.environments]
    return [
        each
        for each in await page.freezes(not_over_at=start, limit=None)
        if each.window.starts_at < end and any(each.covers(service.name, name, change.name) for name in names)
    ]


def _numbered(freeze: Freeze, change: ChangeType) -> FrozenThen:
    window = freeze.window
    soft = _soft(window.hard, change)
    return FrozenThen(freeze.name, window.reason, window.starts_at, freeze.over_at, soft)


def _soft(hard: bool, change: ChangeType) -> bool:
    return not hard or change.freeze is FreezeMeaning.ACKNOWLEDGE


def _concerns(scope: FreezeScope, service: Service, change: ChangeType) -> bool:
    names = frozenset(each.name for each in service.environments)
    return (
        (not scope.environments or bool(scope.environments & names))
        and (not scope.services or service.name in scope.services)
        and (not scope.change_types or change.name in scope.change_types)
    )
