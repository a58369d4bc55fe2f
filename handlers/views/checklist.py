"""The checklist as a form: for each line how it is done, until when, who ticked it, and a button.

It redraws itself after each press.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.rules.checklist import LONGEST_LINK, LONGEST_NOTE, NOTHING_TO_SHOW, Evidence, Item, left_to_do
from bot.rules.people import SLIPWAY, PersonId
from bot.rules.sentence import leads_to
from bot.verbs.look import Picture
from handlers.buttons import OnRelease, encode
from handlers.names import CHECKLIST_FORM, Form, Press
from handlers.views.blocks import Block, View, actions, ask, button, context, divider, form, line, section
from handlers.views.text import Mrkdwn, Pen, at, clip, code, link, one_line, when
from handlers.views.words import named

PAGE = 40
"""So many lines on one page: each takes two of the hundred blocks that Slack allows in a form."""


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
        *(block for item in shown for block in _shown(picture, item, pen, viewer)),
        *_pages(picture, page),
    ]
    return form(
        CHECKLIST_FORM, f"Checklist {release.name}", blocks, close="Done", carries=encode(OnRelease(release.id))
    )


def note_form(picture: Picture, item: Item, *, filled: Evidence = NOTHING_TO_SHOW, problem: str = "") -> View:
    """Tick a line and say something with it. `filled` is what was written before, `problem` why it was not taken."""
    carries = encode(OnRelease(picture.release.id, item=item.key))
    blocks = [
        *([section(f"✋ {problem}")] if problem else []),
        section(f"⬜ *{one_line(item.text, 400)}*\n" + "\n".join((one_line(named(picture)), *_how(item)))),
        ask(
            "Note",
            line(
                "note", filled.note, longest=LONGEST_NOTE, multiline=True, placeholder="What was done, and how it went"
            ),
            "note",
            hint="Everybody reads it on the checklist and in the release's thread.",
            optional=True,
        ),
        ask(
            "Link",
            line("link", filled.link or "", longest=LONGEST_LINK, placeholder="https://…"),
            "link",
            hint="The run, the ticket or the page that shows it.",
            optional=True,
        ),
        actions(button("◀ Back to the checklist", Press.PAGE, carries), block_id="back"),
    ]
    title = clip(f"Tick for {picture.release.name}", 24)
    return form(Form.NOTE, title, blocks, submit="Tick", close="Cancel", carries=carries)


def _progress(picture: Picture) -> Mrkdwn:
    items = picture.release.checklist
    if not items:
        return Mrkdwn(f"*{one_line(named(picture))}* has nothing to tick.")
    done, left = sum(item.done for item in items), len(left_to_do(items))
    state = f"{left} required to go" if left else "✅ everything required is done"
    return Mrkdwn(f"*{one_line(named(picture))}*  ·  {done} of {len(items)} done  ·  {state}")


def _shown(picture: Picture, item: Item, pen: Pen, viewer: PersonId) -> Iterator[Block]:
    sign = "✅" if item.done else "⬜"
    state = _ticked(item) if item.done else _waits(picture, item, pen)
    how = () if item.done else _how(item)
    text = "\n".join((f"{sign} *{one_line(item.text, 400)}*", state, *_evidence(item), *how))
    value = encode(OnRelease(picture.release.id, item=item.key))
    if not picture.release.open or not _may_tick(picture, item, viewer):
        yield section(text)
    elif item.done:
        yield section(text, accessory=button("Untick", Press.UNTICK, value, spoken=f"Untick {clip(item.text, 60)}"))
    else:
        yield section(text, accessory=button("Tick", Press.TICK, value, spoken=f"Tick {clip(item.text, 60)}"))
        yield actions(button("Tick with a note", Press.NOTE, value, spoken=f"Tick with a note: {clip(item.text, 55)}"))


def _waits(picture: Picture, item: Item, pen: Pen) -> str:
    """Whom an open line waits for, whether it must be done, and until when."""
    told = []
    if item.owner:
        told.append(pen.role(item.owner))
    elif not item.check:
        told.append(at(picture.release.requested_by))
    if item.check:
        told.append(Mrkdwn(f"waits for the check {code(item.check)}" + (", or a tick by hand" if item.owner else "")))
    return "  ·  ".join((*told, "required" if item.required else "optional", *due(picture, item)))


def due(picture: Picture, item: Item) -> Iterator[Mrkdwn]:
    """When an open line should be done, if that is said; an overdue one stands out."""
    moment = picture.due(item)
    if moment is not None:
        yield Mrkdwn(f"⏰ *overdue* since {when(moment)}" if picture.overdue(item) else f"due {when(moment)}")


def _ticked(item: Item) -> str:
    assert item.ticked_by is not None, "only for a line that is done"
    moment = f" {when(item.ticked_at)}" if item.ticked_at else ""
    if item.check and item.ticked_by == SLIPWAY:
        return f"ticked by the check {code(item.check)}{moment}"
    return f"ticked by {at(item.ticked_by)}{moment}" + (", by hand" if item.check else "")


def _evidence(item: Item) -> Iterator[str]:
    """What was said with the tick. An open line has what was said the last time, since that may help."""
    said = item.evidence
    told = [f"“{one_line(said.note, 300)}”"] if said.note else []
    told += [leads_there(said.link)] if said.link else []
    if told:
        yield ("" if item.done else "last time: ") + "  ·  ".join(told)


def _how(item: Item) -> Iterator[str]:
    """How it is done, by the template."""
    told = [one_line(item.note, 300)] if item.note else []
    told += [leads_there(item.link)] if item.link else []
    if told:
        yield "How: " + "  ·  ".join(told)


def leads_there(url: str) -> Mrkdwn:
    """A link by its address."""
    return link(leads_to(url).text, url)


def _may_tick(picture: Picture, item: Item, viewer: PersonId) -> bool:
    """Whether a button makes sense. Where the role can't be looked up it is shown: pressing it says so."""
    roles = picture.roles
    if item.owner is None:
        return item.check is None
    return item.owner in roles.unknown or roles.hold(viewer, item.owner)


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
