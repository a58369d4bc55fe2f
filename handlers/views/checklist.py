"""The checklist as a form: a button for each line, who ticked it and when. It redraws itself after each press."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.checklist import Item, left_to_do
from bot.rules.people import PersonId
from bot.verbs.look import Picture
from handlers.buttons import OnRelease, encode
from handlers.names import CHECKLIST_FORM, Press
from handlers.views.blocks import Block, View, actions, button, context, divider, form, section
from handlers.views.text import Mrkdwn, Pen, at, clip, one_line, when
from handlers.views.words import named

PAGE = 40
"""So many lines on one page; Slack allows a hundred blocks in a form."""


def checklist_form(picture: Picture, pen: Pen, viewer: PersonId, showing: str | None = None) -> View:
    """The page of the checklist that has this line (the first, if none is named), with the viewer's own buttons."""
    release = picture.release
    items = release.checklist
    keys = [each.key for each in items]
    page = keys.index(showing) // PAGE if showing in keys else 0
    shown = items[page * PAGE : (page + 1) * PAGE]
    blocks: list[Block] = [
        section(_progress(picture)),
        divider(),
        *(_line(picture, item, pen, viewer) for item in shown),
        *_pages(picture, page),
    ]
    return form(
        CHECKLIST_FORM, f"Checklist {release.name}", blocks, close="Done", carries=encode(OnRelease(release.id))
    )


def _progress(picture: Picture) -> Mrkdwn:
    items = picture.release.checklist
    if not items:
        return Mrkdwn(f"*{one_line(named(picture))}* has nothing to tick.")
    done, left = sum(item.done for item in items), len(left_to_do(items))
    state = f"{left} required to go" if left else "✅ everything required is done"
    return Mrkdwn(f"*{one_line(named(picture))}*  ·  {done} of {len(items)} done  ·  {state}")


def _line(picture: Picture, item: Item, pen: Pen, viewer: PersonId) -> Block:
    owner = pen.role(item.owner) if item.owner else at(picture.release.requested_by)
    small = [str(owner), "required" if item.required else "optional"]
    if item.ticked_by is not None:
        moment = f" {when(item.ticked_at)}" if item.ticked_at else ""
        small = [f"ticked by {at(item.ticked_by)}{moment}"]
    sign = "✅" if item.done else "⬜"
    text = f"{sign} *{one_line(item.text, 400)}*\n{'  ·  '.join(small)}"
    value = encode(OnRelease(picture.release.id, item=item.key))
    if not picture.release.open or not _may_tick(picture, item, viewer):
        return section(text)
    if item.done:
        press = button("Untick", Press.UNTICK, value, spoken=f"Untick {clip(item.text, 60)}")
    else:
        press = button("Tick", Press.TICK, value, spoken=f"Tick {clip(item.text, 60)}")
    return section(text, accessory=press)


def _may_tick(picture: Picture, item: Item, viewer: PersonId) -> bool:
    """Whether a button makes sense. Where the role can't be looked up it is shown: pressing it says so."""
    roles = picture.roles
    return item.owner is None or item.owner in roles.unknown or roles.hold(viewer, item.owner)


def _pages(picture: Picture, page: int) -> Iterator[Block]:
    items = picture.release.checklist
    pages = -(-len(items) // PAGE)
    if pages <= 1:
        return
    row = []
    for label, other in (("◀ Back", page - 1), ("More ▶", page + 1)):
        if 0 <= other < pages:
            value = encode(OnRelease(picture.release.id, item=items[other * PAGE].key))
            row.append(button(label, Press.PAGE, value))
    yield context(f"Page {page + 1} of {pages}")
    # The row's name changes with the page, or Slack would keep the pressed button's state.
    yield actions(*row, block_id=f"pages-{page}")
