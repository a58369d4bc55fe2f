"""Wanted: the private message that asks somebody for what blocks a release, and the answer to who had them asked.

The message is a living one: once it is done, it says so, and its buttons are gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.notices import Wanted
from bot.rules.gate import Blocker, Reason
from bot.rules.people import SLIPWAY
from bot.verbs.ask_them import Called
from bot.verbs.look import Picture, Place
from handlers.buttons import OnRelease, encode
from handlers.names import Press
from handlers.views.blocks import Block, Said, actions, button, context, message, section
from handlers.views.text import Mrkdwn, Pen, all_of, at, code, day, one_line
from handlers.views.words import named, title

_NAMED = 8


def called(told: tuple[Called, ...], pen: Pen) -> Said:
    """The answer to who had them asked: who has a message, which roles read it in the thread, and for what."""
    by_message = dict.fromkeys(person for each in told for person in each.people)
    in_thread = dict.fromkeys(pen.part(role) for each in told if each.in_thread for role in each.blocker.lifted_by)
    lines = []
    if by_message:
        more = [f"{len(by_message) - _NAMED} more"] if len(by_message) > _NAMED else []
        people = all_of([*(at(each) for each in list(by_message)[:_NAMED]), *more])
        lines.append(f"📣 I have asked {people} in a private message.")
    if in_thread:
        lines.append(f"📣 I have asked {all_of(in_thread)} in the thread.")
    whys = "\n".join(pen.write(each.blocker.why) for each in told[:_NAMED])
    return message(lines[0], [section("\n".join(lines)), context(whys)])


def wanted(notice: Wanted, picture: Picture, pen: Pen) -> Said:
    """What somebody is asked for; what became of it, once it no longer blocks."""
    place = picture.place(notice.environment)
    blocker = next((each for each in place.blockers if each.key == notice.blocker), None) if place else None
    if place is None or blocker is None or not picture.release.open:
        return _done(notice, picture)
    text = f"📣 {_asked(notice, picture, place, blocker)}\n{pen.write(blocker.why)}"
    blocks = [section(text)]
    small = list(_context(picture, place))
    if small:
        blocks.append(context("  ·  ".join(small)))
    if blocker.step is not None and blocker.reason is not Reason.APPROVAL:
        blocks.append(context(pen.write(blocker.step)))
    blocks.append(actions(*_buttons(picture, place, blocker), block_id=f"wanted-{picture.release.name}"))
    return message(text, blocks)


def _asked(notice: Wanted, picture: Picture, place: Place, blocker: Blocker) -> str:
    """Who asks, and for what, as plainly as can be said of such a blocker."""
    who = "I ask you" if notice.by == SLIPWAY else f"{at(notice.by)} asks you"
    release = f"*{one_line(named(picture), 120)}* {one_line(title(picture), 120)}".rstrip()
    match blocker.reason:
        case Reason.APPROVAL:
            return f"{who} to look at {release}, and to approve or reject it for *{one_line(place.name, 60)}*."
        case Reason.CHECKLIST:
            return f"{who} to see to the checklist of {release}."
        case Reason.FREEZE:
            return f"{who} whether {release} may go to *{one_line(place.name, 60)}*."
        case Reason.LOCKED:
            return f"{who} whether *{one_line(place.name, 60)}* can be unlocked for {release}."
        case _:
            return f"{who} to help {release} on its way to *{one_line(place.name, 60)}*."


def _context(picture: Picture, place: Place) -> Iterator[Mrkdwn]:
    """What one must know to say yes or no: what exactly, where to, and until when."""
    release = picture.release
    if release.candidate is not None:
        yield Mrkdwn(f"{code(release.candidate.short)} for *{one_line(place.name, 60)}*")
    if release.plan.target is not None:
        yield Mrkdwn(f"target *{day(release.plan.target)}*")
    others = len(place.blockers) - 1
    if others:
        yield Mrkdwn(f"{others} other {'thing blocks' if others == 1 else 'things block'}")
    else:
        yield Mrkdwn("nothing else blocks")


def _buttons(picture: Picture, place: Place, blocker: Blocker) -> Iterator[Block]:
    release = picture.release
    plain = encode(OnRelease(release.id))
    if blocker.reason is Reason.APPROVAL and place.facts.seal is not None:
        sealed = encode(OnRelease(release.id, place.name, place.facts.seal, release.revision))
        where = f"{release.name} for {place.name}"
        yield button("Approve", Press.APPROVE, sealed, style="primary", spoken=f"Approve {where}")
        yield button("Reject", Press.REJECT, sealed, style="danger", spoken=f"Reject {where}")
    if blocker.reason is Reason.CHECKLIST:
        value = encode(OnRelease(release.id, item=blocker.about))
        yield button("Checklist", Press.CHECKLIST, value, spoken=f"Checklist of {release.name}")
    if blocker.reason is Reason.FREEZE and any(
        each.name == blocker.about and place.facts.soft(each) for each in place.facts.frozen_by
    ):
        value = encode(OnRelease(release.id, revision=release.revision))
        yield button("Acknowledge", Press.EXCEPT, value, spoken=f"Acknowledge what freezes {release.name}")
    yield button("Show", Press.SHOW, plain, spoken=f"Show {release.name}")


def _done(notice: Wanted, picture: Picture) -> Said:
    """It is no longer wanted: because it was done, or because something else is proposed."""
    name = f"*{one_line(named(picture), 120)}*"
    mine = [
        each
        for each in picture.release.verdicts
        if notice.person in each.speakers and each.stands and each.environment == notice.environment
    ]
    if picture.release.cancelled:
        text = f"▫️ {name} was cancelled; nothing more is wanted from you."
    elif mine and notice.blocker.startswith(Reason.APPROVAL):
        text = f"✅ {name} for *{one_line(notice.environment, 60)}*: you have {mine[-1].word} it. Thank you."
    else:
        text = f"✅ {name}: what you were asked for is done."
    show = button("Show", Press.SHOW, encode(OnRelease(picture.release.id)), spoken=f"Show {picture.release.name}")
    return message(text, [section(text), actions(show, block_id=f"wanted-{picture.release.name}")])
