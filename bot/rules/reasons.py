"""Reasons: what speaks for a deployment, question by question: the gate's reasoning, not only its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.rules.approval import Verdict, Word
from bot.rules.checklist import Item
from bot.rules.freeze import Freeze, FreezeException
from bot.rules.gate import Blocker, Facts, checks
from bot.rules.people import PersonId
from bot.rules.policy import EnvironmentName, FreezeMeaning, bake_before, hours_for, must_be_ticked_before
from bot.rules.release import r
from bot.rules.rollback import newest_success
from bot.rules.sentence import At, AtRole, InPlaceOf, Link, Sentence, When, leads_to, say
from bot.rules.terms import span


@dataclass(frozen=True, slots=True)
class Answer:
    """One question that the gate asks, with what stands in the way by it, and what speaks for it so far."""

    about: str
    blockers: tuple[Blocker, ...]
    because: tuple[Sentence, ...]

    @property
    def yes(self) -> bool:
        """Whether nothing stands in the way by it."""
        return not self.blockers


def answers(facts: Facts) -> tuple[Answer, ...]:
    """Every question of the gate, in its order, with its answer and the reasons."""
    return tuple(
        Answer(check.about, check.blockers, tuple(_REASONS[check.about](facts)) if check.about in _REASONS else ())
        for check in checks(facts)
    )


def _rejections(facts: Facts) -> Iterator[Sentence]:
    assert facts.proposal is not None
    about_this = [each for each in facts.release.verdicts if each.is_about(facts.proposal) and each.word is Word.NO]
    if not any(each.stands for each in about_this):
        yield say("Nobody rejects this candidate.")
    for verdict in about_this:
        if verdict.withdrawn_at is not None:
            yield say(
                "{who} rejected it as {role} {at}, and that was withdrawn {withdrawn}.",
                who=At(verdict.person),
                role=AtRole(verdict.role),
                at=When(verdict.at),
                withdrawn=When(verdict.withdrawn_at),
            )


def _approvals(facts: Facts) -> Iterator[Sentence]:
    if not facts.approvals:
        yield say("No approval is needed for {environment}.", environment=facts.environment.name)
    for tally in facts.tallies:
        for verdict in tally.given:
            yield _approved(verdict, facts)


def _approved(verdict: Verdict, facts: Facts) -> Sentence:
    """Who said yes: when, in which role, in whose place, until when that counts, and with which words."""
    who, role = At(verdict.person), AtRole(verdict.role)
    place, at = InPlaceOf(verdict.on_behalf_of), When(verdict.at)
    comment = f" “{verdict.reason}”" if verdict.reason else ""
    expires = verdict.expires_at(facts.change.approvals_last)
    if expires is None:
        return say(
            "{who} approved as {role}{place}, {at}.{comment}", who=who, role=role, place=place, at=at, comment=comment
        )
    return say(
        "{who} approved as {role}{place}, {at}; that counts until {expires}.{comment}",
        who=who,
        role=role,
        place=place,
        at=at,
        expires=When(expires),
        comment=comment,
    )


def _checklist(facts: Facts) -> Iterator[Sentence]:
    if not must_be_ticked_before(facts.change, facts.service, facts.environment.name):
        yield say("{environment} doesn't wait for the checklist.", environment=facts.environment.name)
        return
    required = [item for item in facts.release.checklist if item.required]
    if not required:
        yield say("No line of the checklist is required.")
    for item in required:
        if item.ticked_by is None or item.ticked_at is None:
            continue
        yield _ticked(item, item.ticked_by, item.ticked_at)


def _ticked(item: Item, by: PersonId, at: datetime) -> Sentence:
    """Who says that a line is done, with what was said and shown for it."""
    shown: dict[str, str | Link] = {}
    if item.evidence.note:
        shown["note"] = item.evidence.note
    if item.evidence.link:
        shown["link"] = leads_to(item.evidence.link)
    more = "".join(f" {{{name}}}" for name in shown)
    return say("“{item}” was ticked by {who}, {at}." + more, item=item.text, who=At(by), at=When(at), **shown)


def _order(facts: Facts) -> Iterator[Sentence]:
    if not facts.change.keeps_order:
        yield say("A {change} goes to the environments in any order.", change=facts.change.title)
        return
    if not facts.environment.after:
        yield say("No environment comes before {environment}.", environment=facts.environment.name)
    for earlier in facts.environment.after:
        brought = newest_success(facts.release.candidate, earlier, facts.deployments)
        if brought is not None and facts.has_had(earlier):
            yield say(
                "{deployment} brought it to {environment}, {at}.",
                deployment=brought.name,
                environment=earlier,
                at=When(brought.ended_at or brought.order.confirmed_at),
            )


def _bake(facts: Facts) -> Iterator[Sentence]:
    needed = bake_before(facts.change, facts.environment)
    if not needed or not facts.change.keeps_order or not facts.environment.after:
        yield say("It needs no time in another environment.")
        return
    for earlier in facts.environment.after:
        long_enough = [each for each in facts.stays(earlier) if (each[1] or facts.now) - each[0] >= needed]
        if not facts.has_had(earlier):
            yield say("How long it has stood in {environment} counts once it has been there.", environment=earlier)
        elif long_enough:
            yield _stood(earlier, *long_enough[0], needed)


def _stood(environment: EnvironmentName, since: datetime, until: datetime | None, needed: timedelta) -> Sentence:
    """How long it was there, and how long is asked for."""
    if until is None:
        return say(
            "It has stood in {environment} since {since}; {needed} are enough.",
            environment=environment,
            since=When(since),
            needed=span(needed),
        )
    return say(
        "It stood in {environment} from {since} to {until}; {needed} are enough.",
        environment=environment,
        since=When(since),
        until=When(until),
        needed=span(needed),
    )


def _what_stands_there(facts: Facts) -> Iterator[Sentence]:
    standing, environment = facts.standing, facts.environment.name
    if standing is None:
        yield say("Nothing has been brought to {environment} yet.", environment=environment)
        return
    since = When(standing.ended_at or standing.order.confirmed_at)
    if standing.order.candidate.is_same_as(facts.release.candidate):
        yield say(
            "This very candidate stands in {environment} ({deployment}) since {since}.",
            environment=environment,
            deployment=standing.name,
            since=since,
        )
    elif facts.rolled_back and facts.forgiven:
        yield say("It was rolled back in {environment}, and that was lifted.", environment=environment)
    elif facts.brought is None:
        yield say(
            "{version} stands in {environment} ({deployment}) since {since}; this candidate has not been there.",
            version=standing.order.version,
            environment=environment,
            deployment=standing.name,
            since=since,
        )


def _what_was_rolled_back(facts: Facts) -> Iterator[Sentence]:
    """The vetoes that reach this environment and don't keep this candidate out; and those that were lifted."""
    kept_out = {veto.id for veto, _ in facts.kept_out_by}
    here = [each for each in facts.vetoes if each.reaches(facts.environment.name, facts.service)]
    if not here:
        yield say("Nothing that was rolled back is kept out of {environment}.", environment=facts.environment.name)
    for veto in here:
        if veto.id not in kept_out:
            yield say(
                "It carries nothing without its revert of what was rolled back in {environment} with {version} "
                "({veto}).",
                environment=veto.taken.environment,
                version=veto.taken.bad_version,
                veto=veto.name,
            )
    for veto in facts.vetoes:
        if veto.lifted is not None:
            yield say(
                "{who} lifted {veto}, {at}: {reason}",
                who=At(veto.lifted.by),
                veto=veto.name,
                at=When(veto.lifted.at),
                reason=veto.lifted.reason,
            )


def _dependencies(facts: Facts) -> Iterator[Sentence]:
    if not facts.dependencies:
        yield say("It depends on no other release.")
    for release, there in facts.dependencies.items():
        if there:
            yield say(
                "{other}, on which it depends, is in {environment}.",
                other=r(release),
                environment=facts.environment.name,
            )


def _hours(facts: Facts) -> Iterator[Sentence]:
    hours, environment = hours_for(facts.change, facts.environment), facts.environment.name
    if hours is not None:
        if hours.allow(facts.now):
            yield say("{environment} may be deployed to now: {hours}.", environment=environment, hours=str(hours))
    elif facts.environment.hours is not None:
        yield say("A {change} goes to {environment} at any hour.", change=facts.change.title, environment=environment)
    else:
        yield say("{environment} may be deployed to at any hour.", environment=environment)


def _freezes(facts: Facts) -> Iterator[Sentence]:
    """The freezes in force with why they don't block, and those to come."""
    if not facts.in_force:
        yield say("No freeze is in force here.")
    for freeze in facts.in_force:
        exception = facts.passed(freeze)
        if facts.change.freeze is FreezeMeaning.PASSES:
            yield say(
                "{freeze} is in force until {end}, and a {change} passes it.",
                freeze=freeze.name,
                end=When(freeze.over_at),
                change=facts.change.title,
            )
        elif exception is not None:
            yield _passes(freeze, exception)
    scope = (facts.service.name, facts.environment.name, facts.change.name)
    for freeze in facts.freezes:
        if freeze.window.starts_at > facts.now and freeze.over_at > freeze.window.starts_at and freeze.covers(*scope):
            yield say("{freeze} begins {start}.", freeze=freeze.name, start=When(freeze.window.starts_at))


def _passes(freeze: Freeze, exception: FreezeException) -> Sentence:
    """By whose word it passes that freeze."""
    plea, who = exception.plea, At(exception.decided_by or exception.plea.by)
    at, end = When(exception.decided_at or plea.at), When(exception.ends_at or freeze.over_at)
    if plea.soft:
        return say(
            "{who} acknowledged {freeze} for it, {at}: {reason}", who=who, freeze=freeze.name, at=at, reason=plea.reason
        )
    return say(
        "{exception}, granted by {who}, {at}, lets it pass {freeze} until {end}: {reason}",
        exception=exception.name,
        who=who,
        at=at,
        freeze=freeze.name,
        end=end,
        reason=plea.reason,
    )


def _calendars(facts: Facts) -> Iterator[Sentence]:
    if facts.change.freeze is not FreezeMeaning.BLOCKS:
        yield say("No calendar holds a {change} back.", change=facts.change.title)
    elif not facts.unread:
        yield say("Every calendar that may hold a freeze was read.")
    blocking = {each.about for check in checks(facts) for each in check.blockers}
    for source, why in facts.unread:
        if f"calendar {source.name}" not in blocking:
            yield say("{name} can't be read, which doesn't matter here: {why}", name=source.name, why=why)


def _locks(facts: Facts) -> Iterator[Sentence]:
    """Nobody holds the environment, or it is held for this release."""
    lock = facts.lock
    if lock is None:
        yield say("Nobody has locked {environment}.", environment=facts.environment.name)
    elif lock.lets(facts.release.id):
        yield say(
            "{who} has locked {environment} for it, until {end}: {reason}",
            who=At(lock.hold.by),
            environment=facts.environment.name,
            end=When(lock.over_at),
            reason=lock.hold.reason,
        )


def _on_its_way(facts: Facts) -> Iterator[Sentence]:
    if facts.holder is None:
        yield say("Nothing is on its way to {environment}.", environment=facts.environment.name)


_REASONS: Mapping[str, Callable[[Facts], Iterator[Sentence]]] = MappingProxyType(
    {
        "rejections": _rejections,
        "approvals": _approvals,
        "checklist": _checklist,
        "order of environments": _order,
        "bake time": _bake,
        "what stands there": _what_stands_there,
        "what was rolled back": _what_was_rolled_back,
        "dependencies": _dependencies,
        "allowed hours": _hours,
        "freezes": _freezes,
        "calendars": _calendars,
        "locks": _locks,
        "what is on its way there": _on_its_way,
    }
)
"""What speaks for it, by the gate's own names of its questions. A test holds the two together."""
