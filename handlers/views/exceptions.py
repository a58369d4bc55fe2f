"""Exceptions: the form in which one is asked for, the private message to a freeze's owners, and the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.rules.exception import Owners
from bot.rules.freeze import Freeze, FreezeException
from bot.rules.policy import ExceptionRules
from bot.rules.terms import span
from bot.verbs.except_freeze import Excepted, InTheWay, Pleaded, Requested
from bot.verbs.look import Place
from handlers.buttons import OnException, OnPlea, OnRelease, encode
from handlers.names import Form, Press
from handlers.views.blocks import Block, Said, View, actions, ask, button, context, form, line, message, section
from handlers.views.freezes import scope, whose
from handlers.views.text import Mrkdwn, Pen, all_of, at, code, one_line, when
from handlers.views.words import named, waits_for

_SHOWN = 20
_LONGEST = 1000


def way_past(places: Sequence[Place]) -> Iterator[Block]:
    """The button that opens the form, where a freeze blocks that nobody has been asked about yet."""
    frozen = [
        (place.facts, freeze)
        for place in places
        if not place.stands_here and place.facts.release.open
        for freeze in place.facts.frozen_by
    ]
    hard = [facts for facts, freeze in frozen if not facts.soft(freeze) and facts.asked_of(freeze) is None]
    soft = [facts for facts, freeze in frozen if facts.soft(freeze)]
    if not hard and not soft:
        return
    release = (hard or soft)[0].release
    label = "Ask for an exception" if hard else "Acknowledge"
    value = encode(OnRelease(release.id, revision=release.revision))
    yield button(label, Press.EXCEPT, value, spoken=f"{label}: what freezes {release.name}")


def except_form(found: InTheWay, pen: Pen) -> View:
    """Say why a release should pass what is in its way; what is sent in is asked of these freezes and no others."""
    facts = found.picture.places[0].facts
    shown = found.freezes[:_SHOWN]
    hard = any(not facts.soft(freeze) for freeze, _ in shown)
    blocks = [
        section(f"*{one_line(named(found.picture), 120)}*"),
        *(section(_asked(freeze, owners, pen, soft=facts.soft(freeze))) for freeze, owners in shown),
        ask(
            "Reason",
            line("reason", longest=_LONGEST, multiline=True, placeholder="Why can't it wait?"),
            "reason",
            hint="Everybody reads it in the release's thread.",
        ),
    ]
    carries = encode(OnPlea(facts.release.id, " ".join(str(freeze.id) for freeze, _ in shown)))
    title, submit = ("Ask for an exception", "Ask") if hard else ("Acknowledge", "Acknowledge")
    return form(Form.EXCEPT, title, blocks, submit=submit, close="Cancel", carries=carries)


def _asked(freeze: Freeze, owners: Owners, pen: Pen, *, soft: bool) -> Mrkdwn:
    """One freeze, and what sending the form in means for it."""
    means = "you acknowledge it" if soft else f"you ask {_owners(owners, pen)} for an exception"
    return Mrkdwn(
        f"❄️ *{freeze.name}*  {scope(freeze)}, from {when(freeze.window.starts_at)} until {when(freeze.over_at)}: "
        f"{one_line(freeze.window.reason, 300)}\n↳ {means}"
    )


def _owners(owners: Owners, pen: Pen) -> Mrkdwn:
    return all_of(pen.part(each) for each in owners.mentions) if owners.mentions else Mrkdwn("any other member")


def pleaded(told: Pleaded, pen: Pen) -> Said:
    """What came of asking."""
    name = one_line(named(told.picture))
    lines = [
        *(f"✅ {each.freeze.name} is acknowledged ({each.exception.name})." for each in told.acknowledged),
        *(f"🙋 I have asked {_owners(each.owners, pen)} {_to_decide(each)}" for each in told.asked),
        *(f"✋ {pen.write(each)}" for each in told.refused),
    ]
    text = f"{name}: {lines[0]}"
    return message(
        text, [section("\n".join([f"*{name}*", *lines])), context(f"*Next*  ·  {waits_for(told.picture, pen)}")]
    )


def _to_decide(asked: Excepted) -> str:
    return f"to let it pass {asked.freeze.name} ({asked.exception.name}). You hear from me once that is decided."


def exception_wanted(told: Requested, rules: ExceptionRules) -> Said:
    """What an owner is asked; how it was decided, once it is, and then without the buttons."""
    blocks = list(request(told))
    if told.wanted:
        # A length and no moment: the message must not look otherwise each time it is drawn.
        lasts = f"for {span(rules.lasts)}, and never longer than the freeze"
        blocks.insert(-1, context(f"Granted, it counts for this release alone, {lasts}."))
    return message(_opening(told), blocks)


def request(told: Requested) -> Iterator[Block]:
    """What is asked of a freeze, with the buttons that decide it while an answer is wanted."""
    exception, freeze = told.exception, told.freeze
    yield section(_opening(told))
    candidate = told.picture.release.candidate
    reason = one_line(freeze.window.reason, 300)
    small = f"*{freeze.name}*  {scope(freeze)} until {when(freeze.over_at)}  ·  {whose(freeze)}: {reason}"
    proposed = f"  ·  {told.picture.release.name} proposes {code(candidate.short)}" if candidate else ""
    yield context(small + proposed)
    show = button(
        "Show", Press.SHOW, encode(OnRelease(exception.plea.release)), spoken=f"Show {told.picture.release.name}"
    )
    block_id = f"exception-{exception.name}"
    if not told.wanted:
        yield actions(show, block_id=block_id)
        return
    value = encode(OnException(exception.id, exception.revision))
    what = f"{exception.name} for {told.picture.release.name}"
    yield actions(
        button("Grant", Press.GRANT, value, style="primary", spoken=f"Grant {what}"),
        button("Refuse", Press.REFUSE, value, style="danger", spoken=f"Refuse {what}"),
        show,
        block_id=block_id,
    )


def _opening(told: Requested) -> Mrkdwn:
    """Who asks for what and why, or what became of it."""
    exception, freeze = told.exception, told.freeze
    name, plea = f"*{one_line(named(told.picture), 120)}*", exception.plea
    reason = one_line(plea.reason, _LONGEST)
    asks = "asks" if told.wanted else "asked"
    asked = f"{at(plea.by)} {asks} that {name} may pass *{freeze.name}* ({exception.name}): {reason}"
    if exception.granted is None:
        if told.wanted:
            return Mrkdwn(f"🙋 {asked}")
        over = f"{freeze.name} is over" if told.picture.release.open else f"{told.picture.release.name} has ended"
        return Mrkdwn(f"▫️ {asked}\nNo answer is needed any more: {over}.")
    return Mrkdwn(f"{decision(exception)}\n{asked}")


def decision(exception: FreezeException) -> Mrkdwn:
    """How it was decided, by whom and when."""
    assert exception.decided_by is not None
    assert exception.decided_at is not None
    who, then = at(exception.decided_by), when(exception.decided_at)
    answer = f": {one_line(exception.answer, _LONGEST)}" if exception.answer else "."
    if not exception.granted:
        return Mrkdwn(f"❌ {who} refused it {then}{answer}")
    until = f"; it counts until {when(exception.ends_at)}" if exception.ends_at else ""
    return Mrkdwn(f"✅ {who} granted it {then}{until}{answer}")


def decided(told: Requested, pen: Pen) -> Said:
    """The private answer to who decided it."""
    exception = told.exception
    done = "✅ Granted" if exception.granted else "❌ Refused"
    until = f" until {when(exception.ends_at)}" if exception.ends_at else ""
    what = f"passes {told.freeze.name}{until}" if exception.granted else f"does not pass {told.freeze.name}"
    text = f"{done}: {one_line(named(told.picture))} {what}. {at(exception.plea.by)} is told."
    return message(text, [section(text), context(f"*Next*  ·  {waits_for(told.picture, pen)}")])


def refuse_form(told: Requested, on: OnException) -> View:
    """Refuse, with the reason that helps whoever asked."""
    blocks = [
        section(_opening(told)),
        ask(
            "Reason",
            line("reason", longest=_LONGEST, multiline=True, placeholder="Why must it wait, and what would help?"),
            "reason",
            hint="Everybody reads it in the release's thread.",
        ),
    ]
    title = f"Refuse {told.exception.name}"
    return form(Form.REFUSE, title, blocks, submit="Refuse", close="Cancel", carries=encode(on))
