"""Why not: everything in the way, who can lift it, the step, and when it opens by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.rules.gate import Blocker, opens_by_itself
from bot.verbs.look import Picture, Place
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, button, context, header, message, section
from handlers.views.exceptions import way_past
from handlers.views.text import Mrkdwn, Pen, clip, one_line, when, words
from handlers.views.words import blocker, named, things_block, waits_for

_EACH = 25
"""So many blockers of one environment are listed."""


def why_not(picture: Picture, pen: Pen, only: Place | None = None) -> Said:
    """The gate of one environment, or of all where the candidate doesn't stand."""
    places = (only,) if only is not None else tuple(each for each in picture.places if not each.stands_here)
    blocks: list[Block] = [header(f"What blocks {named(picture)}?")]
    if picture.problem is not None:
        blocks.append(section(f"⚠️ {pen.write(picture.problem)}"))
    elif not places:
        blocks.append(section(f"Nothing: {waits_for(picture, pen)}"))
    for place in places[:8]:
        blocks += gate(place, pen, asks=True)
    blocks += _next(picture, places)
    summary = "; ".join(f"{place.name}: {_short(place)}" for place in places[:8])
    return message(f"What blocks {one_line(named(picture))}? {one_line(summary, 500)}", blocks)


def gate(place: Place, pen: Pen, *, how: bool = True, asks: bool = False) -> Iterator[Block]:
    """One environment's gate, sentence by sentence; an open one with `how` to go on.

    With `asks` there is a button beside each blocker that has those asked who can lift it.
    """
    name = one_line(place.name, 60)
    if place.stands_here:
        yield section(f"✅ *{name}* has this candidate.")
        return
    if place.open:
        command = pen.command(f"/deploy {place.facts.release.name} to {place.name}")
        yield section(f"🟢 *{name}* is open: nothing blocks." + (f" To deploy: {command}" if how else ""))
        yield from _doubts(place)
        return
    opens = opening_time(place)
    # What is said once for all of them need not be said of each.
    shown = [replace(each, opens_at=None) if opens else each for each in place.blockers[:_EACH]]
    lines = [f"•  {blocker(each, pen, step=True)}" for each in shown]
    opening = f"🔴 *{name}*  ·  {things_block(place)}"
    if asks:
        yield section(opening)
        yield from (section(line, accessory=_ask(place, each)) for line, each in zip(lines, shown, strict=True))
    else:
        for start in range(0, len(lines), 5):
            chunk = "\n".join(lines[start : start + 5])
            yield section(f"{opening}\n{chunk}" if start == 0 else chunk)
    if len(place.blockers) > _EACH:
        yield context(f"… and {len(place.blockers) - _EACH} more.")
    if opens:
        yield context(opens)
    yield from _doubts(place)


def _doubts(place: Place) -> Iterator[Block]:
    """Calendars that can't be read and don't block: people should know what they don't know."""
    facts = place.facts
    lines = [
        f"⚠️ The calendar *{one_line(source.name, 60)}* can't be read, so a freeze may be missing: {words(why, 300)}"
        for source, why in facts.doubtful
        if not facts.doubt_blocks(source)
    ]
    if lines:
        yield context("\n".join(lines[:5]))


def _ask(place: Place, each: Blocker) -> Block | None:
    """The button that has those asked who can lift it; None if nobody can."""
    if not each.lifted_by:
        return None
    value = encode(OnRelease(place.facts.release.id, place.name, item=each.key))
    return button("Ask them", Press.ASK, value, spoken=clip(f"Ask those who can lift: {each.why}", 75))


def opening_time(place: Place) -> Mrkdwn:
    """When the gate opens by itself; empty if somebody has to do something."""
    opens = opens_by_itself(place.facts)
    return Mrkdwn("" if opens is None or place.open else f"⏳ It opens by itself {when(opens)}.")


def _short(place: Place) -> str:
    return "has it" if place.stands_here else "open" if place.open else things_block(place)


def _next(picture: Picture, places: tuple[Place, ...]) -> Iterator[Block]:
    release = picture.release
    row = []
    if release.open and release.checklist:
        row.append(button("Checklist", Press.CHECKLIST, encode(OnRelease(release.id))))
    ready = next((each for each in places if each.open and not each.stands_here), None)
    if release.open and ready is not None and release.candidate is not None:
        row.append(button("Deploy", Press.DEPLOY, encode(OnRelease(release.id, ready.name, ready.facts.seal))))
    row += way_past(places)
    if row:
        yield actions(*row)
