"""Freezes: the list, the notices in channels, and the answers to those who declare and end them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.rules.freeze import Freeze
from handlers.views.blocks import Said, context, divider, header, message, section
from handlers.views.text import Mrkdwn, Pen, all_of, at, counted, one_line, when

_SHOWN = 15
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


def row(freeze: Freeze, now: datetime) -> Mrkdwn:
    """A freeze in two lines."""
    window = freeze.window
    if freeze.active(now):
        times = f"in force until {when(freeze.over_at)}"
    else:
        times = f"from {when(window.starts_at)} until {when(freeze.over_at)}"
    sign = "❄️" if freeze.active(now) else "🗓️"
    reason = one_line(window.reason, 300)
    return Mrkdwn(f"{sign} *{freeze.name}*  {scope(freeze)}\n{times}  ·  {at(freeze.declared_by)}: {reason}")


def freeze_list(freezes: Sequence[Freeze], now: datetime, pen: Pen) -> Said:
    """The freezes in force and ahead, the first to start first."""
    example = pen.command("/freeze start production until mon 07:00 <reason>")
    if not freezes:
        return message(
            "Nothing is frozen, and nothing will be.",
            [section("☀️ Nothing is frozen, and nothing will be."), context(f"To declare one: {example}")],
        )
    blocks = [header(f"Freezes ({len(freezes)})"), *(section(row(each, now)) for each in freezes[:_SHOWN])]
    if len(freezes) > _SHOWN:
        blocks.append(context(f"… and {counted(len(freezes) - _SHOWN, 'more freeze')}"))
    ending = pen.command(f"/freeze end {freezes[0].name}")
    longer = pen.command(f"/freeze extend {freezes[0].name} until tue 12:00")
    blocks += [divider(), context(f"To end one: {ending}  ·  to move its end: {longer}")]
    told = "; ".join(f"{each.name} until {when(each.over_at)}" for each in freezes[:_SHOWN])
    return message(f"Freezes: {told}", blocks)


def freeze_notice(freeze: Freeze, moment: Moment, pen: Pen) -> Said:
    """What a channel is told."""
    start, end = when(freeze.window.starts_at), when(freeze.over_at)
    name, what = freeze.name, scope(freeze)
    never_began = freeze.over_at <= freeze.window.starts_at
    match moment:
        case "declared":
            text = f"🗓️ *{name}*: {what} will be frozen from {start} until {end}."
        case "coming":
            text = f"⏳ *{name}* is coming: {what} will be frozen from {start} until {end}."
        case "started":
            text = f"❄️ *{name}* has begun: {what} is frozen until {end}."
        case "extended":
            text = f"🗓️ *{name}* has another end: {what} is frozen until {end}."
        case _:
            over = "was called off" if never_began else "is over"
            after = "will not be frozen" if never_began else "is no longer frozen"
            text = f"☀️ *{name}* {over}{_by(freeze)}: {what} {after}."
    small = f"{at(freeze.declared_by)}: {one_line(freeze.window.reason, 500)}"
    if moment in {"coming", "started"}:
        small += f"  ·  rollbacks are never frozen: {pen.command('/rollback help')}"
    return message(f"{text} {one_line(freeze.window.reason)}", [section(text), context(small)])


def _by(freeze: Freeze) -> str:
    return f", ended by {at(freeze.ended_by)}" if freeze.ended_by else ""


def declared(freeze: Freeze, now: datetime, pen: Pen) -> Said:
    """The private answer to who declared it."""
    window = freeze.window
    times = f"until {when(freeze.over_at)}"
    if not freeze.active(now):
        times = f"from {when(window.starts_at)} {times}"
    text = f"❄️ *{freeze.name}* is declared: {scope(freeze)} is frozen {times}. {one_line(window.reason, 300)}"
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
