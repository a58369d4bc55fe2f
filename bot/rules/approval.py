"""Approvals: one person's word, in a role, on exactly one candidate, environment and set of rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.rules.candidate import Seal
from bot.rules.people import PersonId, RoleName, Standing
from bot.rules.policy import ApprovalRule, EnvironmentName
from bot.rules.sentence import AllOf, AtRole, Refused, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.rules.candidate import Candidate
    from bot.rules.people import Person, Roles
    from bot.rules.policy import ChangeType


class Word(StrEnum):
    """What somebody can say to a candidate."""

    YES = "approved"
    NO = "rejected"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's word. It is never deleted: withdrawing it adds when that was."""

    person: PersonId
    role: RoleName
    environment: EnvironmentName
    seal: Seal
    word: Word
    at: datetime
    reason: str = ""
    withdrawn_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether its author still means it."""
        return self.withdrawn_at is None

    def withdrawn(self, at: datetime) -> Verdict:
        """The same word, taken back."""
        return replace(self, withdrawn_at=at)


def standing(verdicts: Iterable[Verdict], seal: Seal) -> tuple[Verdict, ...]:
    """The words that count for this seal: given on it and not taken back."""
    return tuple(each for each in verdicts if each.stands and each.seal == seal)


def void(verdicts: Iterable[Verdict], environment: EnvironmentName, seal: Seal) -> tuple[Verdict, ...]:
    """The words on this environment that no longer count, since candidate or rules are others now."""
    return tuple(each for each in verdicts if each.stands and each.environment == environment and each.seal != seal)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far one rule has come. Only people who hold the role now are counted."""

    rule: ApprovalRule
    given: tuple[Verdict, ...]
    lapsed: tuple[Verdict, ...]
    """Given by people who no longer hold the role, or must not approve this candidate."""

    @property
    def missing(self) -> int:
        """How many are still needed."""
        return max(0, self.rule.quorum - len(self.given))


def tallies(
    rules: Iterable[ApprovalRule], verdicts: Iterable[Verdict], seal: Seal, roles: Roles, barred: frozenset[PersonId]
) -> tuple[Tally, ...]:
    """Each rule with the approvals that count for it. One person counts once, for the role spoken in."""
    given = [each for each in standing(verdicts, seal) if each.word is Word.YES]
    counted: set[PersonId] = set()
    result = []
    for rule in rules:
        good, lapsed = [], []
        for verdict in (each for each in given if each.role == rule.role):
            if verdict.person in counted or verdict.person in barred or not roles.hold(verdict.person, rule.role):
                lapsed.append(verdict)
            else:
                good.append(verdict)
                counted.add(verdict.person)
        result.append(Tally(rule, tuple(good), tuple(lapsed)))
    return tuple(result)


def rejections(verdicts: Iterable[Verdict], seal: Seal) -> tuple[Verdict, ...]:
    """The rejections that stand against this seal. Leaving the role does not lift one: nothing loosens by a loss."""
    return tuple(each for each in standing(verdicts, seal) if each.word is Word.NO)


def barred(change: ChangeType, requester: PersonId, candidate: Candidate) -> frozenset[PersonId]:
    """Those whose own change this is, and who therefore must not approve it."""
    own: frozenset[PersonId] = frozenset()
    if not change.requester_may_approve:
        own |= {requester}
    if not change.author_may_approve:
        # Where nobody knows who wrote it, whoever proposed it is taken for its author.
        own |= candidate.author_ids if candidate.authors else {candidate.set_by}
    return own


def may_act(person: Person) -> Refused | None:
    """Only people of this workspace act: no bots, guests, deactivated accounts, and nobody from elsewhere."""
    match person.standing:
        case Standing.MEMBER:
            return None
        case Standing.GUEST:
            return refuse("You are a guest here, and guests can look but not act. A member of the team can do it.")
        case Standing.FOREIGN:
            return refuse("You belong to another workspace; only members of this one can act. Please ask one of them.")
        case Standing.DEACTIVATED:
            return refuse("This account is deactivated, so it can no longer act.")
        case Standing.BOT:
            return refuse("Bots can't act here; a person has to.")


def role_to_speak_in(
    person: PersonId,
    rules: tuple[ApprovalRule, ...],
    counts: tuple[Tally, ...],
    *,
    roles: Roles,
    environment: EnvironmentName,
    barred: frozenset[PersonId] = frozenset(),
    bound: RoleName | None = None,
) -> RoleName | Refused:
    """The role in which this person's word is wanted here.

    Somebody with several roles speaks in one that is still missing, and so that the others can fill the rest.
    `bound` is the role in which this person has spoken on the candidate elsewhere: one person fills one role.
    """
    if not rules:
        return refuse("No approval is needed for {environment}.", environment=environment)
    mine = [rule.role for rule in rules if roles.hold(person, rule.role)]
    if not mine:
        return _outsider(rules, roles, environment)
    if bound is not None:
        if bound in mine:
            return bound
        return refuse(
            "You have spoken on this candidate as {role}, and one person fills one role in a release. "
            "Somebody else has to do it for {environment}.",
            role=AtRole(bound),
            environment=environment,
        )
    wanted = [tally.rule.role for tally in counts if tally.missing and tally.rule.role in mine]
    spoken = {verdict.person for tally in counts for verdict in tally.given} | {person} | barred
    for role in wanted:
        rest = [each.rule.role for each in counts for _ in range(each.missing - (each.rule.role == role))]
        if can_be_filled(rest, {name: roles.members.get(name, frozenset()) - spoken for name in rest}):
            return role
    return (wanted or mine)[0]


def can_be_filled(places: list[RoleName], people: Mapping[RoleName, frozenset[PersonId]]) -> bool:
    """Whether there is somebody for every place, nobody taking two (augmenting paths, H. W. Kuhn 1955)."""
    taken: dict[PersonId, int] = {}

    def seat(place: int, tried: set[PersonId]) -> bool:
        for person in people[places[place]] - tried:
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))


def _outsider(rules: tuple[ApprovalRule, ...], roles: Roles, environment: EnvironmentName) -> Refused:
    unknown = [rule.role for rule in rules if rule.role in roles.unknown]
    if unknown:
        return refuse(
            "I can't look up who is in {role} just now ({why}), so I can't take your word yet. Please try again.",
            role=AtRole(unknown[0]),
            why=roles.unknown[unknown[0]],
        )
    return refuse(
        "Only {roles} can approve this for {environment}.",
        roles=AllOf(tuple(AtRole(rule.role) for rule in rules)),
        environment=environment,
    )
