"""Freezes: the list, the notices in channels, and the answers to those who declare and end them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.rules.freeze import Freeze, FreezeException
from bot.rules.release import r
from handlers.views.blocks import Said, context, divider, header, message, section
from handlers.views.text import INDENT, Mrkdwn, Pen, all_of, at, counted, one_line, when

_SHOWN = 15
_EXCEPTIONS = 5
"""So many exceptions from one freeze are shown; the rest are counted."""
Moment = Literal["declared", "coming", "started", "extended", "ended"]


def scope(freeze: Freeze) -> Mrkdwn:
    """What is frozen, in words."""
    window = freeze.window
    places = _names(sorted(window.environments)) or "every environment"
    services = f" of {_names(sorted(window.services))}" if window.services else ""
    kinds = f" for {_names(sorted(window.change_types))}" if window.change_types else ""
    return Mrkdwn(f"{places}{services}{kinds}")


def _names(names: Sequence[str]) -> str:
    shown = [f"*{one_line(each, 60)}*" for each in names[:8]]
    return all_of([*shown, f"{len(names) - 8} more"] if len(names) > len(shown) else shown)


def row(freeze: Freeze, now: datetime, exceptions: Sequence[FreezeException] = ()) -> Mrkdwn:
    """A freeze in two lines, and one for each release that was let pass or asks to be."""
    window = freeze.window
    if freeze.active(now):
        times = f"in force until {when(freeze.over_at)}"
    else:
        times = f"from {when(window.starts_at)} until {when(freeze.over_at)}"
    sign = "❄️" if freeze.active(now) else "🗓️"
    kind = "hard" if window.hard else "soft"
    reason = one_line(window.reason, 300)
    opening = f"{sign} *{freeze.name}*  {scope(freeze)}  ·  {kind}\n{times}  ·  {whose(freeze)}: {reason}"
    shown = [_exception(each) for each in exceptions if each.counts(now) or each.granted is None]
    more = [f"… and {counted(len(shown) - _EXCEPTIONS, 'more exception')}"] if len(shown) > _EXCEPTIONS else []
    return Mrkdwn("\n".join([opening, *(f"{INDENT}↳ {each}" for each in [*shown[:_EXCEPTIONS], *more])]))


def _exception(exception: FreezeException) -> str:
    release = r(exception.plea.release)
    if exception.granted is None or exception.decided_by is None:
        return f"{at(exception.plea.by)} asks for an exception for {release} ({exception.name})"
    until = f" until {when(exception.ends_at)}" if exception.ends_at else ""
    word = "acknowledged" if exception.plea.soft else "granted"
    return f"{release} passes{until}, {word} by {at(exception.decided_by)} ({exception.name})"


def whose(freeze: Freeze) -> Mrkdwn:
    """Who declared it; or the recurring freeze or the calendar that it comes from."""
    return Mrkdwn(f"*{one_line(freeze.source, 60)}*") if freeze.source else at(freeze.declared_by)


def freeze_list(freezes: Sequence[Freeze], now: datetime, pen: Pen, exceptions: Sequence[FreezeException] = ()) -> Said:
    """The freezes in force and ahead, the first to start first."""
    example = pen.command("/freeze start production until mon 07:00 <reason>")
    if not freezes:
        return message(
            "Nothing is frozen, and nothing will be.",
            [section("☀️ Nothing is frozen, and nothing will be."), context(f"To declare one: {example}")],
        )
    blocks = [header(f"Freezes ({len(freezes)})")]
    for freeze in freezes[:_SHOWN]:
        own = [each for each in exceptions if each.plea.freeze == freeze.id]
        blocks.append(section(row(freeze, now, own)))
    if len(freezes) > _SHOWN:
        blocks.append(context(f"… and {counted(len(freezes) - _SHOWN, 'more freeze')}"))
    ending = pen.command(f"/freeze end {freezes[0].name}")
    longer = pen.command(f"/freeze extend {freezes[0].name} until tue 12:00")
    ask = pen.command("/freeze except R-12 <reason>")
    blocks += [divider(), context(f"To end one: {ending}  ·  to move its end: {longer}  ·  to pass one: {ask}")]
    told = "; ".join(f"{each.name} until {when(each.over_at)}" for each in freezes[:_SHOWN])
    return message(f"Freezes: {told}", blocks)


def freeze_notice(freeze: Freeze, moment: Moment, pen: Pen) -> Said:
    """What a channel is told."""
    start, end = when(freeze.window.starts_at), when(freeze.over_at)
    name, what = freeze.name, scope(freeze)
    will_be, is_now = ("will be frozen", "is frozen") if freeze.window.hard else ("will ask for care", "asks for care")
    never_began = freeze.over_at <= freeze.window.starts_at
    match moment:
        case "declared":
            text = f"🗓️ *{name}*: {what} {will_be} from {start} until {end}."
        case "coming":
            text = f"⏳ *{name}* is coming: {what} {will_be} from {start} until {end}."
        case "started":
            text = f"❄️ *{name}* has begun: {what} {is_now} until {end}."
        case "extended":
            text = f"🗓️ *{name}* has another end: {what} {is_now} until {end}."
        case _:
            over = "was called off" if never_began else "is over"
            text = f"☀️ *{name}* {over}{_by(freeze)}: {what} {_no_longer(freeze, never_began=never_began)}."
    small = f"{whose(freeze)}: {one_line(freeze.window.reason, 500)}"
    if moment in {"coming", "started"}:
        past = pen.command("/freeze except R-12 <reason>")
        small += f"  ·  to {'pass' if freeze.window.hard else 'acknowledge'} it: {past}"
        small += f"  ·  rollbacks are never frozen: {pen.command('/rollback help')}"
    return message(f"{text} {one_line(freeze.window.reason)}", [section(text), context(small)])


def _no_longer(freeze: Freeze, *, never_began: bool) -> str:
    if freeze.window.hard:
        return "will not be frozen" if never_began else "is no longer frozen"
    return "will not ask for care" if never_began else "no longer asks for care"


def _by(freeze: Freeze) -> str:
    return f", ended by {at(freeze.ended_by)}" if freeze.ended_by else ""


def declared(freeze: Freeze, now: datetime, pen: Pen) -> Said:
    """The private answer to who declared it."""
    window = freeze.window
    times = f"until {when(freeze.over_at)}"
    if not freeze.active(now):
        times = f"from {when(window.starts_at)} {times}"
    what = "is frozen" if window.hard else "asks for care"
    text = f"❄️ *{freeze.name}* is declared: {scope(freeze)} {what} {times}. {one_line(window.reason, 300)}"
    later = context(f"To end it: {pen.command(f'/freeze end {freeze.name}')}")
    return message(text, [section(text), later])


def ended(freeze: Freeze) -> Said:
    """The private answer to who ended it."""
    text = f"☀️ *{freeze.name}* is ended; the channels concerned are told."
    return message(text, [section(text)])


def prolonged(freeze: Freeze) -> Said:
    """The private answer to who moved its end."""
    text = f"🗓️ *{freeze.name}* ends {when(freeze.over_at)} now; the channels concerned are told."
    return message(text, [section(text)])
