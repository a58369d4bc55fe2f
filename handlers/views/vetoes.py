"""Vetoes: the private answers to who named the culprits of what was rolled back, or lifted a veto."""

from __future__ import annotations

from bot.verbs.lift_veto import Lifted
from bot.verbs.name_culprits import CulpritsNamed
from handlers.views.blocks import Said, context, message, section
from handlers.views.text import Pen, code, one_line

_SHOWN = 10


def culprits_named(told: CulpritsNamed, pen: Pen) -> Said:
    """Only these are suspected now."""
    veto, shown = told.veto, told.veto.culprits[:_SHOWN]
    rest = len(veto.culprits) - len(shown)
    named = ", ".join(code(each[:7]) for each in shown) + (f" and {rest} more" if rest > 0 else "")
    text = (
        f"🔎 {veto.name}: only {named} of {one_line(veto.taken.bad_version, 60)} "
        f"{'is' if len(veto.culprits) == 1 else 'are'} suspected now. What else was rolled back may come again."
    )
    lift = pen.command(f"/rollback lift {veto.name} with <commit> <reason>")
    return message(text, [section(text), context(f"Once something mends it: {lift}")])


def lifted(told: Lifted, pen: Pen) -> Said:
    """It may come again."""
    veto, version = told.veto, one_line(told.veto.taken.bad_version, 60)
    if told.mend is None:
        text = f"🔓 {veto.name} is lifted: what was rolled back with {version} may come again."
    else:
        text = (
            f"🔓 {veto.name} is lifted for whatever has {code(told.mend[:7])}. Without it, what was rolled back with "
            f"{version} stays out."
        )
    look = pen.command(f"/release list {told.service.name}")
    return message(text, [section(text), context(f"What it means for open releases: {look}")])
