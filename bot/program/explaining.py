"""How an explanation is shown: for people question by question, for machines as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from bot.program import terminal
from bot.program.pen import TerminalPen, harmless, moment
from bot.rules.gate import Blocker, Facts
from bot.rules.people import PersonId
from bot.rules.reasons import Answer
from bot.rules.sentence import At, Code, Sentence, people_in, say
from bot.verbs.explain import Explanation

_MARGIN = 4


def show(told: Explanation, pen: TerminalPen) -> None:
    """All of it: what is proposed, each question with its answer, and what that comes to."""
    facts = told.facts
    terminal.say(_title(told))
    for label, text in _proposed(facts, pen):
        terminal.beside(label, text)
    terminal.say("")
    for answer in told.answers:
        _question(answer, pen)
    terminal.say("")
    terminal.say(pen.write(conclusion(told)))


def _title(told: Explanation) -> Text:
    facts = told.facts
    blocking = sum(len(each.blockers) for each in told.answers)
    state = (
        Text("open", "bold green")
        if told.open
        else Text(f"closed, {blocking} {'thing blocks' if blocking == 1 else 'things block'}", "bold red")
    )
    plan = facts.release.plan
    named = f"{facts.release.name} {facts.service.title} {plan.version} to {facts.environment.name}: "
    return Text.assemble((harmless(named), "bold"), " ", state)


def _proposed(facts: Facts, pen: TerminalPen) -> Iterator[tuple[str, str]]:
    """What an approval given now would be sealed to."""
    candidate, proposal = facts.release.candidate, facts.proposal
    if candidate is not None and proposal is not None:
        ref = f" ({harmless(candidate.ref)})" if candidate.ref else ""
        artifact = f", artifact {candidate.artifact[:19]}…" if candidate.artifact else ""
        by = f", set by {pen.person(candidate.set_by)}, {moment(candidate.set_at)}"
        yield "candidate", f"{candidate.short}{ref}{artifact}{by}"
        yield "rules", harmless(f"{facts.change.name}: {proposal.terms.in_words()}")
    yield "asked", moment(facts.now)


def _question(answer: Answer, pen: TerminalPen) -> None:
    (terminal.good if answer.yes else terminal.bad)(answer.about)
    for blocker in answer.blockers:
        terminal.below(pen.write(blocker.why), _MARGIN, "red")
        if blocker.lifted_by:
            terminal.below(f"who can lift it: {pen.lifted_by(blocker.lifted_by)}", _MARGIN + 2)
        if blocker.step is not None:
            terminal.below(Text.assemble(("→ ", "yellow"), pen.write(blocker.step)), _MARGIN + 2)
        if blocker.opens_at is not None:
            terminal.below(f"over by itself {moment(blocker.opens_at)}", _MARGIN + 2)
    for sentence in answer.because:
        sign = Text("" if answer.yes else "✓ ", "green")  # what is there already stands below what is not
        terminal.below(sign.append_text(pen.write(sentence)), _MARGIN)


def conclusion(told: Explanation) -> Sentence:
    """What one does now."""
    facts = told.facts
    there = facts.standing
    if told.open and there is not None and there.order.candidate.is_same_as(facts.release.candidate):
        return say("It stands there already. Nothing would block bringing it there once more.")
    if told.open:
        command = Code(f"/deploy {facts.release.name} to {facts.environment.name}")
        return say("Nothing blocks. To deploy, type {command} in Slack.", command=command)
    if not facts.release.open:
        return say("It stays closed: {release} has ended.", release=facts.release.name)
    if told.opens_at is None:
        return say("It doesn't open by itself: somebody has to do something.")
    return say("It opens by itself {at}, if nobody does anything until then.", at=moment(told.opens_at))


def everybody_in(told: Explanation) -> set[PersonId]:
    """All who are named in it, so that their names can be looked up."""
    facts = told.facts
    found = set(people_in(_sentences(told)))
    for blocker in (each for answer in told.answers for each in answer.blockers):
        for who in blocker.lifted_by:
            found |= {who.id} if isinstance(who, At) else facts.roles.reachable(who.name)
    return found | ({facts.release.candidate.set_by} if facts.release.candidate else set())


def _sentences(told: Explanation) -> Iterator[Sentence]:
    for answer in told.answers:
        yield from answer.because
        for blocker in answer.blockers:
            yield blocker.why
            if blocker.step is not None:
                yield blocker.step


def as_json(told: Explanation) -> str:
    """For machines: people and roles by their ids, moments in UTC."""
    facts = told.facts
    candidate = facts.release.candidate
    content = {
        "release": facts.release.name,
        "service": facts.service.name,
        "version": facts.release.plan.version,
        "change_type": facts.change.name,
        "environment": facts.environment.name,
        "candidate": candidate.identity if candidate else None,
        "rules": facts.proposal.terms.in_words() if facts.proposal else None,
        "asked_at": facts.now.isoformat(),
        "open": told.open,
        "opens_by_itself_at": told.opens_at.isoformat() if told.opens_at and not told.open else None,
        "unknown_roles": dict(facts.roles.unknown),
        "questions": [
            {
                "about": each.about,
                "open": each.yes,
                "because": [str(sentence) for sentence in each.because],
                "blockers": [blocker_as_json(blocker) for blocker in each.blockers],
            }
            for each in told.answers
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def blocker_as_json(blocker: Blocker) -> dict[str, Any]:
    """One thing in the way."""
    return {
        "key": blocker.key,
        "why": str(blocker.why),
        "lifted_by": [
            {"person": each.id} if isinstance(each, At) else {"role": each.name} for each in blocker.lifted_by
        ],
        "step": str(blocker.step) if blocker.step else None,
        "opens_at": blocker.opens_at.isoformat() if blocker.opens_at else None,
    }
