"""Broken glass: what would be broken and how to do it, what was, and the review that it leaves to others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.rules.review import Review
from bot.rules.terms import span
from bot.verbs.break_glass import Broken, Glass
from handlers.buttons import OnDeployment, OnRelease, encode
from handlers.names import Form, Press
from handlers.views.blocks import Block, Said, View, actions, ask, button, context, form, header, line, message, section
from handlers.views.text import Mrkdwn, Pen, at, code, counted, one_line, when, words
from handlers.views.words import named, what

_PASSED = 20
_LONGEST = 1000


def glass(told: Glass, pen: Pen) -> Said:
    """What would be broken, who hears of it, and the command that does it. Nothing has started."""
    name = one_line(told.place.name, 60)
    candidate = told.picture.release.candidate
    commit = f" {code(candidate.short)}" if candidate else ""
    owner, within = told.review
    instead = f", in the place of {at(told.principal)}" if told.principal else ""
    title = f"Break the glass for {named(told.picture)}?"
    lines = [f"•  {pen.write(each.why)}" for each in told.passed[:_PASSED]]
    if len(told.passed) > _PASSED:
        lines.append(f"… and {len(told.passed) - _PASSED} more")
    blocks = [
        header(title),
        section(f"{one_line(named(told.picture))}{commit} would go to *{name}* past all of this{instead}:"),
        section("\n".join(lines)),
        section(
            "Everybody concerned hears of it at once, with your name and reason, and it stays on the record. "
            f"{pen.role(owner)} reviews it within {span(within)}."
        ),
        section(f"If it must be, type\n{pen.command(told.command)}"),
        context(f"That counts until {when(told.until)}, for one start, and only for what is shown here."),
    ]
    things = counted(len(told.passed), "thing")
    return message(f"🚨 {one_line(title)} It would go past {things}. Nothing has started.", blocks)


def broke(told: Broken, pen: Pen) -> Said:
    """The private answer to who broke the glass."""
    deployment, duty = told.deployment, told.review.duty
    name = one_line(deployment.order.environment, 60)
    text = f"🚨 You broke the glass: {deployment.name} brings {what(deployment)} to *{name}*. Its thread follows it."
    small = f"{pen.role(duty.owner)} reviews it by {when(duty.due_at)}."
    stop = f"To stop it: {pen.command(f'/deploy cancel {deployment.name}')}"
    return message(f"{text} {stop}", [section(text), context(small), context(stop)])


def owed(review: Review, pen: Pen, seen_at: datetime | None = None) -> Mrkdwn:
    """A review that is still to be done, on one line."""
    duty = review.duty
    late = "⏰ *overdue* since" if seen_at is not None and review.overdue(seen_at) else "due"
    return Mrkdwn(
        f"🚨 *{review.name}* broke the glass of {one_line(duty.environment, 60)} in {one_line(duty.service, 60)} · "
        f"{at(duty.broken_by)} · its review is {late} {when(duty.due_at)}: "
        f"{pen.command(f'/deploy review {review.name} <findings>')}"
    )


def review_wanted(review: Review, pen: Pen) -> Said:
    """What a reviewer is asked; what was learned, once somebody has said so, and then without the button."""
    return message(_opening(review), list(review_request(review, pen)))


def review_request(review: Review, pen: Pen, seen_at: datetime | None = None) -> Iterator[Block]:
    """What is to be reviewed, with the button that opens the form while it is wanted."""
    duty = review.duty
    yield section(_opening(review))
    yield context(_passed(review))
    late = "⏰ *overdue* since" if seen_at is not None and review.overdue(seen_at) else "due"
    if review.open:
        command = pen.command(f"/deploy review {review.name} <findings>")
        yield context(f"For {pen.role(duty.owner)}  ·  {late} {when(duty.due_at)}  ·  or type {command}")
    show = button("Show", Press.SHOW, encode(OnRelease(duty.release)), spoken=f"Show R-{duty.release}")
    block_id = f"review-{review.name}"
    if not review.open:
        yield actions(show, block_id=block_id)
        return
    value = encode(OnDeployment(review.id, review.revision))
    review_it = button("Review", Press.REVIEW, value, style="primary", spoken=f"Review {review.name}")
    yield actions(review_it, show, block_id=block_id)


def _opening(review: Review) -> Mrkdwn:
    """Who broke what, and why; or what was learned from it."""
    duty = review.duty
    instead = f" in the place of {at(duty.broken_for)}" if duty.broken_for else ""
    broke_it = (
        f"{at(duty.broken_by)}{instead} broke the glass {when(duty.opened_at)}: R-{duty.release} went to "
        f"*{one_line(duty.environment, 60)}* of {one_line(duty.service, 60)} as *{review.name}*. "
        f"Reason: {one_line(duty.reason, 300)}"
    )
    if review.closed_by is None or review.closed_at is None:
        return Mrkdwn(f"🚨 {broke_it}\nWhat is to be learned from it?")
    place = f" in the place of {at(review.closed_for)}" if review.closed_for else ""
    who = f"{at(review.closed_by)}{place}"
    return Mrkdwn(f"✅ {who} reviewed it {when(review.closed_at)}: {words(review.learned, _LONGEST)}\n{broke_it}")


def _passed(review: Review) -> Mrkdwn:
    """What stood in the way. The words are the record's: they call nobody."""
    lines = [f"•  {one_line(each, 200)}" for each in review.duty.passed[:8]]
    if len(review.duty.passed) > len(lines):
        lines.append(f"… and {len(review.duty.passed) - len(lines)} more")
    return Mrkdwn("It went past:\n" + "\n".join(lines))


def review_form(review: Review) -> View:
    """Say what was learned."""
    blocks = [
        section(_opening(review)),
        context(_passed(review)),
        ask(
            "What was learned?",
            line(
                "learned", longest=_LONGEST, multiline=True, placeholder="What went wrong, and what is done about it?"
            ),
            "learned",
            hint="Everybody reads it in the release's thread.",
        ),
    ]
    carries = encode(OnDeployment(review.id, review.revision))
    return form(Form.REVIEW, f"Review {review.name}", blocks, submit="Done", close="Cancel", carries=carries)


def reviewed(review: Review) -> Said:
    """The private answer to who reviewed it."""
    text = f"✅ Reviewed: {review.name}. It is in its release's thread, and {at(review.duty.broken_by)} is told."
    return message(text, [section(text)])
