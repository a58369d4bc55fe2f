"""Approvals: one person's word, in a role, on exactly one candidate, environment and set of rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from bot.rules.candidate import Seal
from bot.rules.people import PersonId, RoleName, Standing
from bot.rules.policy import ApprovalRule, EnvironmentName
from bot.rules.sentence import AllOf, AtRole, Refused, refuse
from bot.rules.terms import Terms

if TYPE_CHECKING:
    from bot.rules.candidate import Candidate
    from bot.rules.people import Person, Roles
    from bot.rules.policy import ChangeType

Place = TypeVar("Place", bound=Hashable)


class Word(StrEnum):
    """What somebody can say to a candidate."""

    YES = "approved"
    NO = "rejected"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody who speaks now speaks about: a candidate, as a version, for an environment, under these rules."""

    environment: EnvironmentName
    seal: Seal
    """All of it in one short word; what was on the screen is compared with it."""
    subject: Seal
    """The same without the rules."""
    terms: Terms
    candidate: str
    """What the candidate exactly is: `Candidate.identity`."""
    version: str


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
    """Why not; with a yes, a comment."""
    withdrawn_at: datetime | None = None
    on_behalf_of: PersonId | None = None
    """In whose place it was said; None: in the person's own name."""
    subject: Seal | None = None
    """What it was said about, without the rules; None in a word from before that was kept."""
    terms: Terms | None = None
    """The rules under which it was said."""
    candidate: str = ""
    """What the candidate exactly was."""
    version: str = ""

    @property
    def stands(self) -> bool:
        """Whether its author still means it."""
        return self.withdrawn_at is None

    @property
    def speakers(self) -> frozenset[PersonId]:
        """Whose word it is: the person's, and that of the one in whose place it was said."""
        return frozenset({self.person} if self.on_behalf_of is None else {self.person, self.on_behalf_of})

    @property
    def holder(self) -> PersonId:
        """Whose role it was said in."""
        return self.on_behalf_of or self.person

    def withdrawn(self, at: datetime) -> Verdict:
        """The same word, taken back."""
        return replace(self, withdrawn_at=at)

    def is_about(self, now: Proposal) -> bool:
        """Whether it was said about what is proposed now.

        A yes was said under rules: once they ask for more, it was said about something else. A no needs none to stand.
        """
        if self.environment != now.environment:
            return False
        if self.subject is None or self.terms is None:
            return self.seal == now.seal
        same = self.subject == now.subject
        return same and (self.word is Word.NO or not now.terms.ask_for_more_than(self.terms))

    def expires_at(self, lasts: timedelta | None) -> datetime | None:
        """When it stops counting by itself; None: never. A no never does."""
        return self.at + lasts if lasts is not None and self.word is Word.YES else None

    def expired(self, lasts: timedelta | None, at: datetime) -> bool:
        """Whether it has stopped counting by itself."""
        end = self.expires_at(lasts)
        return end is not None and at >= end


def standing(verdicts: Iterable[Verdict], now: Proposal) -> tuple[Verdict, ...]:
    """The words about what is proposed now that were not taken back."""
    return tuple(each for each in verdicts if each.stands and each.is_about(now))


def void(verdicts: Iterable[Verdict], now: Proposal) -> tuple[Verdict, ...]:
    """The words on this environment that no longer count, since candidate or rules are others now."""
    return tuple(
        each for each in verdicts if each.stands and each.environment == now.environment and not each.is_about(now)
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How far one rule has come. Only people who hold the role now are counted."""

    rule: ApprovalRule
    given: tuple[Verdict, ...]
    lapsed: tuple[Verdict, ...]
    """Given by people who no longer hold the role, or must not approve this candidate."""
    expired: tuple[Verdict, ...] = ()
    """Given too long ago, and not given again."""

    @property
    def missing(self) -> int:
        """How many are still needed."""
        return max(0, self.rule.quorum - len(self.given))


def tallies(
    rules: Iterable[ApprovalRule],
    verdicts: Iterable[Verdict],
    now: Proposal,
    roles: Roles,
    barred: frozenset[PersonId],
    *,
    at: datetime,
    lasts: timedelta | None = None,
) -> tuple[Tally, ...]:
    """Each rule with the approvals that count for it at that moment.

    Whoever has spoken in one role counts in no other one: not even once that word counts for nothing, since nothing
    may open by a loss. Whoever speaks in somebody's place takes that place as well, and a place is filled once.
    """
    said = [each for each in standing(verdicts, now) if each.word is Word.YES]
    fresh = [each for each in said if not each.expired(lasts, at)]
    old = [each for each in said if each.expired(lasts, at)]
    rules = tuple(rules)
    asked = {rule.role for rule in rules}
    spoke_as: dict[PersonId, RoleName] = {}
    for verdict in (each for each in fresh if each.role in asked):
        for person in verdict.speakers:
            spoke_as.setdefault(person, verdict.role)
    return tuple(
        _tally(
            rule,
            [each for each in fresh if each.role == rule.role],
            [each for each in old if each.role == rule.role],
            roles,
            barred.union(person for person, role in spoke_as.items() if role != rule.role),
        )
        for rule in rules
    )


def _tally(
    rule: ApprovalRule, fresh: list[Verdict], old: list[Verdict], roles: Roles, barred: frozenset[PersonId]
) -> Tally:
    good: dict[PersonId, Verdict] = {}
    lapsed: dict[PersonId, Verdict] = {}
    counted: set[PersonId] = set()
    for verdict in fresh:
        if verdict.holder in good:
            continue  # said once more, before it expired
        if verdict.speakers & (counted | barred) or not roles.belongs(verdict.holder, rule.role):
            lapsed[verdict.holder] = verdict
        else:
            good[verdict.holder] = verdict
            counted |= verdict.speakers
    again = {each.holder for each in fresh}
    expired = {each.holder: each for each in old if each.holder not in again}
    return Tally(rule, tuple(good.values()), tuple(lapsed.values()), tuple(expired.values()))


def rejections(verdicts: Iterable[Verdict], now: Proposal) -> tuple[Verdict, ...]:
    """The rejections that stand against this proposal.

    Neither leaving the role nor other rules lift one: nothing loosens by a loss.
    """
    return tuple(each for each in standing(verdicts, now) if each.word is Word.NO)


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
    spoken = {who for tally in counts for verdict in tally.given for who in verdict.speakers} | {person} | barred
    for role in wanted:
        rest = [each.rule.role for each in counts for _ in range(each.missing - (each.rule.role == role))]
        if can_be_filled(rest, {name: roles.holders(name) - spoken for name in rest}):
            return role
    return (wanted or mine)[0]


def can_be_filled(places: Sequence[Place], people: Mapping[Place, frozenset[PersonId]]) -> bool:
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
        "Only {roles} can approve this for {environment}. To have them asked, press “Why not?” on the card.",
        roles=AllOf(tuple(AtRole(rule.role) for rule in rules)),
        environment=environment,
    )
