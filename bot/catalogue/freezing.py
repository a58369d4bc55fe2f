"""What must fit together about freezes that nobody declares by hand: they come, they end, and they are somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.catalogue import clock, recurrence
from bot.catalogue.finding import EACH, Finding, find, mapping, names
from bot.catalogue.reading import Path
from bot.rules.terms import span


def misfits(data: Any) -> Iterator[Finding]:
    """Everything that doesn't fit together."""
    zone = next((_valid(clock.zone, each) for _, each in find(data, "defaults", "timezone")), None) or "UTC"
    recurring = {str(path[-1]): found for path, found in find(data, "freezes", "recurring", EACH)}
    for name, freeze in recurring.items():
        yield from _comes_and_ends(mapping(freeze), ("freezes", "recurring", name), zone)
    for path, calendar in find(data, "freezes", "calendars", EACH):
        if path[-1] in recurring:
            yield path, f"A recurring freeze is called “{path[-1]}”, too; people must be able to tell them apart."
        if isinstance(calendar, dict):
            yield from _is_somewhere(calendar, path)
    for kind in ("recurring", "calendars"):
        for path, freeze in find(data, "freezes", kind, EACH):
            yield from _concerns_something(data, mapping(freeze), path)
    for path, exceptions in find(data, "freezes", "exceptions"):
        if "per" in mapping(exceptions) and "budget" not in mapping(exceptions):
            yield (
                (*path, "per"),
                "It is the time that a budget is for, and there is none; say “budget”, or take this out.",
            )


def _comes_and_ends(freeze: dict[str, Any], path: Path, default: str) -> Iterator[Finding]:
    starts, ends = _moment(freeze.get("starts")), _moment(freeze.get("ends"))
    if starts and ends and ends <= starts:
        yield (*path, "ends"), f"It ends before it begins ({starts:%Y-%m-%d %H:%M}); one of the two can't be meant."
        return
    rule, zone = _valid(recurrence.rule, freeze.get("rule")), _valid(clock.zone, freeze.get("timezone")) or default
    if starts is None or rule is None:
        return
    wrong = recurrence.misfit(rule, starts, zone)
    if wrong:
        yield (*path, "rule"), wrong
    elif ends:
        yield from _apart(ends - starts, recurrence.closest(rule, starts, zone), path)


def _apart(lasts: timedelta, closest: timedelta | None, path: Path) -> Iterator[Finding]:
    if closest is not None and lasts > closest:
        message = (
            f"It would overlap itself: it lasts {span(lasts)}, and the next one begins after {span(closest)}; "
            "let it end sooner, or come less often."
        )
        yield (*path, "ends"), message


def _is_somewhere(calendar: dict[str, Any], path: Path) -> Iterator[Finding]:
    if "address" in calendar and "file" in calendar:
        yield (*path, "file"), "This calendar has an address, too; only one of the two can be meant."
    elif "address" not in calendar and "file" not in calendar:
        yield path, "Say where this calendar is: give it an “address” (https://…) or a “file”."


def _concerns_something(data: Any, freeze: dict[str, Any], path: Path) -> Iterator[Finding]:
    services, places = names(freeze.get("services")), names(freeze.get("environments"))
    has = {str(way[-1]) for name in services for way, _ in find(data, "services", name, "environments", EACH)}
    if services and places and has and not has & set(places):
        yield (*path, "environments"), "None of its services has any of these environments, so it would freeze nothing."


def _moment(given: Any) -> datetime | None:
    try:
        return clock.moment(given)
    except ValueError:
        return None


def _valid(check: Callable[[str], str], given: Any) -> str | None:
    """The text that the check makes of it; None if it is wrong, which is said elsewhere."""
    try:
        return check(given) if isinstance(given, str) else None
    except ValueError:
        return None
