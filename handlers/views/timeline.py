"""The timeline: the newest lines of the record about a release, at the end of its card when somebody asks to see it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.audit import Entry
from bot.verbs.look import Picture
from handlers.views.blocks import Said, context, message
from handlers.views.card import release_card
from handlers.views.text import Mrkdwn, Pen, at, code, one_line, when

SHOWN = 10


def card_with_timeline(picture: Picture, entries: Sequence[Entry], pen: Pen) -> Said:
    """The card, with what happened last just above its buttons. `entries` are the oldest first."""
    card = release_card(picture, pen)
    if not entries:
        return card
    lines = [_line(each) for each in reversed(entries[-SHOWN:])]
    if len(entries) > SHOWN:
        lines.append(
            Mrkdwn(f"… and {len(entries) - SHOWN} earlier: {pen.command(f'/release audit {picture.release.name}')}")
        )
    blocks = card["blocks"]
    place = next((n for n, each in enumerate(blocks) if each["type"] == "divider"), len(blocks))
    return message(card["text"], [*blocks[:place], context("*Timeline*\n" + "\n".join(lines)), *blocks[place:]])


def _line(entry: Entry) -> Mrkdwn:
    happened = entry.happened
    subject = f" {one_line(happened.subject, 60)}" if happened.subject else ""
    commit = f" {code(happened.candidate[:7])}" if happened.candidate else ""
    reason = happened.detail.get("reason") or happened.detail.get("learned")
    why = f": {one_line(str(reason), 120)}" if reason else ""
    return Mrkdwn(f"{when(happened.at)}  {at(happened.by)}  {one_line(happened.verb, 60)}{subject}{commit}{why}")
