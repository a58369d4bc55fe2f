"""Locks: one on a line, and the answers to those who lock and unlock."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.rules.lock import Lock
from bot.rules.people import PersonId
from bot.rules.release import r
from bot.verbs.lock import Locked
from handlers.views.blocks import Said, context, message, section
from handlers.views.text import Mrkdwn, Pen, at, counted, one_line, when
from handlers.views.words import attempt

_A_DAY = timedelta(days=1)
_AN_HOUR = timedelta(hours=1)


def held(lock: Lock, now: datetime) -> Mrkdwn:
    """Who holds it, for how long already, until when, for which release, and why."""
    hold = lock.hold
    only = f", only {r(hold.release)} may go there" if hold.release is not None else ""
    return Mrkdwn(
        f"🔒 locked by {at(hold.by)} for {age(now - lock.locked_at)}, until {when(lock.over_at)}{only}: "
        f"{one_line(hold.reason, 300)}"
    )


def row(lock: Lock, now: datetime) -> Mrkdwn:
    """The same, with what is held."""
    hold = lock.hold
    return Mrkdwn(f"*{one_line(hold.service, 60)}* *{one_line(hold.environment, 60)}*\n{held(lock, now)}")


def age(length: timedelta) -> str:
    """How old something is, in its largest unit: `3 days`, `5 hours`, `1 minute`."""
    for unit, name in ((_A_DAY, "day"), (_AN_HOUR, "hour")):
        if length >= unit:
            return counted(length // unit, name)
    return counted(max(1, length // timedelta(minutes=1)), "minute")


def locked(told: Locked, pen: Pen) -> Said:
    """The private answer to who locked it."""
    lock, hold = told.lock, told.lock.hold
    place = f"*{one_line(hold.environment, 60)}* of *{one_line(hold.service, 60)}*"
    only = f"only {r(hold.release)} may go there" if hold.release is not None else "nothing may go there"
    if told.taken_over and told.before is not None:
        opening = f"🔒 You have taken {place} over from {at(told.before.hold.by)}, who is told"
    elif told.before is not None:
        opening = f"🔒 You go on holding {place}"
    else:
        opening = f"🔒 You have locked {place}"
    text = f"{opening}: {only} until {when(lock.over_at)}. {one_line(hold.reason, 300)}"
    blocks = [section(text)]
    if told.running is not None:
        blocks.append(section(f"⚠️ On its way there already, and not stopped by that:\n{attempt(told.running)}"))
    unlock = pen.command(f"/deploy unlock {hold.service} {hold.environment}")
    note = f"To let go: {unlock}  ·  to prolong it, lock it again  ·  rollbacks are never locked"
    return message(text, [*blocks, context(note)])


def unlocked(lock: Lock, by: PersonId) -> Said:
    """The private answer to who unlocked it."""
    hold = lock.hold
    told = "" if hold.by == by else f" {at(hold.by)} is told."
    text = f"🔓 *{one_line(hold.environment, 60)}* of *{one_line(hold.service, 60)}* is unlocked.{told}"
    return message(text, [section(text)])
