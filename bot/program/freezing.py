"""Freezes from a terminal: declared, seen, ended and moved."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from bot.program import terminal
from bot.program.desk import Desk, utc_now
from bot.program.pen import harmless, moment
from bot.rules.freeze import Freeze, Window
from bot.rules.people import Actor
from bot.rules.sentence import Code, Refused, Repeated, say
from handlers.parsing import commands as c


async def declare(desk: Desk, command: c.DeclareFreeze, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Declare one."""
    window = Window(
        command.since or utc_now(),
        command.until,
        command.reason,
        command.environments,
        command.services,
        command.change_types,
        command.hard,
    )
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.start_freeze(window, by=by)
    if not isinstance(outcome, Freeze):
        return await _not_done(desk, outcome)
    now = utc_now()
    times = f"until {moment(outcome.over_at)}"
    if not outcome.active(now):
        times = f"from {moment(outcome.window.starts_at)} {times}"
    terminal.good(f"{outcome.name} is declared: {scope(outcome)} {_is(outcome)} {times}.")
    later = say("  To end it: {command}", command=Code(f"/freeze end {outcome.name}"))
    terminal.say(await desk.write(later))
    return _told(desk, alone=alone)


async def end(desk: Desk, command: c.Thaw, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """End one now."""
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.end_freeze(command.freeze, by=by)
    if not isinstance(outcome, Freeze):
        return await _not_done(desk, outcome)
    terminal.good(f"{outcome.name} is ended.")
    return _told(desk, alone=alone)


async def extend(desk: Desk, command: c.Prolong, by: Actor, *, wait: bool) -> int:  # noqa: ARG001 - a route's shape
    """Move one's end."""
    alone = await desk.nobody_at_work()
    outcome = await desk.verbs.extend_freeze(command.freeze, command.until, by=by)
    if not isinstance(outcome, Freeze):
        return await _not_done(desk, outcome)
    terminal.good(f"{outcome.name} ends {moment(outcome.over_at)} now.")
    return _told(desk, alone=alone)


async def show(desk: Desk, _: c.ListFreezes) -> int:
    """What is in force and ahead."""
    now = utc_now()
    async with desk.records.read() as page:
        freezes = await page.freezes(not_over_at=now)
    if not freezes:
        terminal.say("Nothing is frozen, and nothing will be.")
        return 0
    await desk.know(each.declared_by for each in freezes)
    for each in freezes:
        terminal.say(row(each, now, whose=each.source or desk.pen.person(each.declared_by)))
    return 0


def row(freeze: Freeze, now: datetime, whose: str) -> Text:
    """A freeze on one line."""
    active = freeze.active(now)
    times = f"until {moment(freeze.over_at)}"
    if not active:
        times = f"from {moment(freeze.window.starts_at)} {times}"
    kind = "hard" if freeze.window.hard else "soft"
    reason = harmless(freeze.window.reason)
    told = f"  {scope(freeze)}, {kind}, {times}, {harmless(whose)}: {reason}"
    return Text.assemble((freeze.name, "bold cyan" if active else "bold"), told)


def scope(freeze: Freeze) -> str:
    """What is frozen, in words."""
    window = freeze.window
    places = ", ".join(sorted(window.environments)) or "every environment"
    services = f" of {', '.join(sorted(window.services))}" if window.services else ""
    kinds = f" for {', '.join(sorted(window.change_types))}" if window.change_types else ""
    return harmless(f"{places}{services}{kinds}")


def _is(freeze: Freeze) -> str:
    return "is frozen" if freeze.window.hard else "asks for care"


async def _not_done(desk: Desk, outcome: Refused | Repeated) -> int:
    return await desk.refuse(outcome.why) if isinstance(outcome, Refused) else 0


def _told(desk: Desk, *, alone: bool) -> int:
    desk.own_up()
    if alone:
        terminal.say("  It counts from now on. No Slipway is at work: the channels concerned are told once one is.")
    return 0
