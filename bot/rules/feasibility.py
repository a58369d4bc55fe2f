"""Can it be met at all? Rules that nobody can satisfy as things are, found before the day on which it matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from bot.rules.approval import barred
from bot.rules.checklist import left_to_do
from bot.rules.need import NOBODY, Impossible, Lack, Need, lack_of
from bot.rules.people import PersonId, RoleName, Roles
from bot.rules.policy import (
    Catalogue,
    ChangeType,
    Right,
    Service,
    checklist_of,
    goes_by_itself,
    must_be_ticked_before,
    takes_two_people,
)
from bot.rules.release import Release, ReleaseId, r
from bot.rules.sentence import AllOf, At, Code, say

if TYPE_CHECKING:
    from bot.rules.gate import Facts
    from bot.rules.policy import CalendarSource, Environment, RecurringFreeze

__all__ = ["Impossible", "circles", "in_a_circle", "unmet", "unmet_for"]


# ---------------------------------------------------------------- what is agreed


def unmet(catalogue: Catalogue, roles: Roles) -> tuple[Impossible, ...]:
    """What nobody can do under this catalogue, with these people at work."""
    return (
        *_unshippable(catalogue, roles),
        *_unusable_rights(catalogue, roles),
        *_untickable(catalogue, roles),
        *_unmovable_freezes(catalogue, roles),
    )


def _unshippable(catalogue: Catalogue, roles: Roles) -> Iterator[Impossible]:
    """Kinds of changes that can't be approved, services whose rules come to the same taken together."""
    for change in catalogue.change_types.values():
        alike: dict[tuple[tuple[Need, ...], ...], list[Service]] = {}
        for service in catalogue.services.values():
            alike.setdefault(tuple(_agreed_needs(change, service)), []).append(service)
        for needs, services in alike.items():
            lack = _first_lack(needs, roles)
            if lack is not None:
                what = say(
                    "No {change} of {services} can get through:", change=change.title, services=_titles(services)
                )
                yield lack.of(what, f"change {change.name}/{'+'.join(each.name for each in services)}")


def _agreed_needs(change: ChangeType, service: Service) -> Iterator[tuple[Need, ...]]:
    """What must be possible with different people each: all approvals; and with them a start, where it is another's."""
    # One person fills one role in a release, and may do so for every environment that asks for it.
    wanted: dict[RoleName, int] = {}
    for environment in service.environments:
        for rule in change.approvals.get(environment.name, ()):
            wanted[rule.role] = max(rule.quorum, wanted.get(rule.role, 0))
    yield tuple(Need((role,), quorum) for role, quorum in sorted(wanted.items()))
    for environment in service.environments:
        if _starts_apart(change, service, environment):
            approvals = (Need((rule.role,), rule.quorum) for rule in change.approvals.get(environment.name, ()))
            yield (*approvals, Need(service.roles_for(Right.DEPLOY)))


def _starts_apart(change: ChangeType, service: Service, environment: Environment) -> bool:
    """Whether it takes somebody of a certain role who has not approved it to start it."""
    reserved = bool(service.roles_for(Right.DEPLOY))
    return reserved and not change.approver_may_confirm and _starts_by_hand(change, service, environment)


def _starts_by_hand(change: ChangeType, service: Service, environment: Environment) -> bool:
    """Whether somebody has to start it: what ships itself does so where it doesn't take two people."""
    return not goes_by_itself(change, service, environment)


_DOING = {
    Right.PLAN: "plan a release of",
    Right.DEPLOY: "deploy",
    Right.ROLL_BACK: "roll back",
    Right.LAUNCH: "launch",
    Right.BREAK_GLASS: "break the glass for",
}


def _unusable_rights(catalogue: Catalogue, roles: Roles) -> Iterator[Impossible]:
    """What is reserved for roles in which there is nobody, or one where it takes two."""
    alike: dict[tuple[Right, Need], list[Service]] = {}
    for service in catalogue.services.values():
        for right in _DOING:
            if service.roles_for(right):
                people = 2 if right is Right.DEPLOY and _ever_takes_two(catalogue, service) else 1
                alike.setdefault((right, Need(service.roles_for(right), people)), []).append(service)
    for (right, need), services in alike.items():
        lack = lack_of([need], roles)
        if lack is not None:
            what = say("Nobody can {doing} {services}:", doing=_DOING[right], services=_titles(services))
            yield lack.of(what, f"{right} {'+'.join(each.name for each in services)}")
    if catalogue.freeze_rights:
        lack = lack_of([Need(catalogue.freeze_rights)], roles)
        if lack is not None:
            yield lack.of(say("Nobody can declare, extend or end a freeze:"), "freeze")
    lack = lack_of([Need((catalogue.owners,))], roles)
    if lack is not None:
        yield lack.of(say("Nobody hears what is wrong with the catalogue:"), "owners")
    yield from _unreviewable(catalogue, roles)


def _unreviewable(catalogue: Catalogue, roles: Roles) -> Iterator[Impossible]:
    """Somebody may break the glass, and nobody else could review that: after that they might never do so again."""
    breakers = {role for service in catalogue.services.values() for role in service.roles_for(Right.BREAK_GLASS)}
    reviewers = tuple(dict.fromkeys((catalogue.reviews.by or catalogue.owners, catalogue.owners)))
    if lack_of([Need(reviewers)], roles) is not None:
        return  # which is said already
    for person in sorted(frozenset[PersonId]().union(*(roles.holders(role) for role in breakers))):
        lack = lack_of([Need(reviewers, 1, frozenset({person}))], roles)
        if lack is not None:
            yield lack.of(say("Nobody can review it if {who} breaks the glass:", who=At(person)), f"review {person}")


def _ever_takes_two(catalogue: Catalogue, service: Service) -> bool:
    return any(
        takes_two_people(change, service, environment)
        for change in catalogue.change_types.values()
        for environment in service.environments
    )


def _untickable(catalogue: Catalogue, roles: Roles) -> Iterator[Impossible]:
    """Required lines of checklists that nobody can tick, those of one role taken together."""
    lines: dict[RoleName, dict[str, str]] = {}
    for change in catalogue.change_types.values():
        for service in catalogue.services.values():
            if any(must_be_ticked_before(change, service, each.name) for each in service.environments):
                for item in checklist_of(change, service):
                    if item.required and item.owner and not item.check:
                        lines.setdefault(item.owner, {})[item.key] = item.text
    for owner, texts in lines.items():
        yield from _nobody_ticks(owner, tuple(texts.values()), roles)


def _nobody_ticks(owner: RoleName, texts: Sequence[str], roles: Roles) -> Iterator[Impossible]:
    lack = lack_of([Need((owner,))], roles)
    if lack is not None:
        named = AllOf(tuple(f"“{text}”" for text in texts))
        yield lack.of(say("Nobody can tick {lines} on the checklist:", lines=named), f"checklist {owner}")


def _unmovable_freezes(catalogue: Catalogue, roles: Roles) -> Iterator[Impossible]:
    """Hard freezes from whose owners nobody can have an exception."""
    names: dict[RoleName, list[str]] = {}
    freezes: tuple[RecurringFreeze | CalendarSource, ...] = (*catalogue.recurring, *catalogue.calendars)
    for freeze in freezes:
        if freeze.hard and freeze.owner:
            names.setdefault(freeze.owner, []).append(freeze.name)
    for owner, named in names.items():
        lack = lack_of([Need((owner,))], roles)
        if lack is not None:
            which = AllOf(tuple(map(Code, named)))
            yield lack.of(say("Nobody can let anything pass the freezes of {names}:", names=which), f"except {owner}")


# ---------------------------------------------------------------- what is planned


def unmet_for(places: Sequence[Facts], others: Iterable[Release] = ()) -> tuple[Impossible, ...]:
    """Why this release can't get to where it has not been yet. `others`: those that it depends on."""
    ahead = [each for each in places if not _stands(each)]
    if not ahead or not ahead[0].release.open:
        return ()
    return (
        *_unapprovable(ahead),
        *(found for facts in ahead for found in _unstartable(facts)),
        *_untickable_here(ahead),
        *_waiting_in_vain(ahead, others),
    )


def _stands(facts: Facts) -> bool:
    """Whether it is what stands there already."""
    return facts.standing is not None and facts.standing.order.candidate.is_same_as(facts.release.candidate)


def _own(facts: Facts) -> frozenset[PersonId]:
    """Those who must not approve it; as long as nobody knows what it is, only whoever planned it is known."""
    release = facts.release
    if release.candidate is not None:
        return barred(facts.change, release.requested_by, release.candidate)
    return NOBODY if facts.change.requester_may_approve else frozenset({release.requested_by})


def _missing(facts: Facts) -> dict[RoleName, int]:
    """How many approvals of which role are still missing here."""
    if facts.proposal is None:
        return {rule.role: rule.quorum for rule in facts.approvals}
    return {tally.rule.role: tally.missing for tally in facts.tallies}


def _approvers(facts: Facts) -> dict[PersonId, RoleName]:
    """Those whose word counts here, each with the role that they fill."""
    return {who: each.rule.role for each in facts.tallies for verdict in each.given for who in verdict.speakers}


def _unapprovable(ahead: Sequence[Facts]) -> Iterator[Impossible]:
    """The approvals that are missing can't be given; or not beside a start that is to be another's."""
    name, roles = ahead[0].release.name, ahead[0].roles
    lack = lack_of(_approvals_of(ahead), roles)
    apart = _first_lack(map(_approvals_and_start, ahead), roles)
    if lack is not None:
        yield lack.of(say("{release} can't be approved:", release=name), f"approve {name}")
    elif apart is not None:
        what = say("{release} can't be approved and started by different people:", release=name)
        yield apart.of(what, f"approve {name}")


def _approvals_of(ahead: Sequence[Facts]) -> list[Need]:
    """Those that are missing over all environments: one person fills one role in a release."""
    bound = {who: role for facts in ahead for who, role in _approvers(facts).items()}
    roles, own = ahead[0].roles, _own(ahead[0])
    wanted: dict[RoleName, int] = {}
    for facts in ahead:
        here = _approvers(facts)
        for role, missing in _missing(facts).items():
            # Whoever fills the role elsewhere can do so here as well.
            again = [who for who, bound_to in bound.items() if bound_to == role and who not in here]
            left = missing - len(roles.reachable(role).intersection(again) - own)
            wanted[role] = max(left, wanted.get(role, 0))
    return [Need((role,), count, own, frozenset(bound)) for role, count in wanted.items() if count > 0]


def _approvals_and_start(facts: Facts) -> list[Need]:
    """Those that are missing here, and somebody else who starts it, where that must be another."""
    if not _starts_apart(facts.change, facts.service, facts.environment):
        return []
    own, here = _own(facts), frozenset(_approvers(facts))
    missing = [Need((role,), count, own, here) for role, count in _missing(facts).items() if count]
    return [*missing, _start(facts)] if missing else []


def _start(facts: Facts) -> Need:
    """Somebody who may start it here."""
    change, release = facts.change, facts.release
    own = NOBODY if change.requester_may_confirm else frozenset({release.requested_by})
    if release.candidate is not None and not change.author_may_confirm:
        own |= release.candidate.author_ids or {release.candidate.set_by}
    spoken = NOBODY if change.approver_may_confirm else frozenset(_approvers(facts))
    return Need(facts.service.roles_for(Right.DEPLOY), 1, own, spoken)


def _unstartable(facts: Facts) -> Iterator[Impossible]:
    """Nobody may start it here; or there is no second one, where it takes two."""
    change, service, environment = facts.change, facts.service, facts.environment
    deployers = service.roles_for(Right.DEPLOY)
    if not deployers or not _starts_by_hand(change, service, environment):
        return
    second = [Need(deployers)] if takes_two_people(change, service, environment) else []
    lack = lack_of([_start(facts), *second], facts.roles)
    if lack is not None:
        name = facts.release.name
        what = say("{release} can't be started in {environment}:", release=name, environment=environment.name)
        yield lack.of(what, f"start {name}/{environment.name}")


def _untickable_here(ahead: Sequence[Facts]) -> Iterator[Impossible]:
    facts = ahead[0]
    lines: dict[RoleName, list[str]] = {}
    if any(must_be_ticked_before(each.change, each.service, each.environment.name) for each in ahead):
        for item in left_to_do(facts.release.checklist):
            if item.owner and not item.check:
                lines.setdefault(item.owner, []).append(item.text)
    for owner, texts in lines.items():
        yield from _nobody_ticks(owner, texts, facts.roles)


def _waiting_in_vain(ahead: Sequence[Facts], others: Iterable[Release]) -> Iterator[Impossible]:
    """It waits for releases that were given up."""
    release = ahead[0].release
    for other in others:
        if other.cancelled and any(facts.dependencies.get(other.id) is False for facts in ahead):
            yield Impossible(
                say("{release} waits for {other}, which was cancelled.", release=release.name, other=other.name),
                say("Take it out of the plan with {command}.", command=Code(f"/release edit {release.name}")),
                f"wait {release.name}/{other.name}",
            )


def circles(releases: Iterable[Release]) -> tuple[tuple[ReleaseId, ...], ...]:
    """Open releases that wait for each other in a circle, each of which waits for the next; no release in two."""
    waits = {each.id: set(each.plan.depends_on) for each in releases if each.open}
    found = []
    while True:
        known = {release: sorted(others & waits.keys()) for release, others in sorted(waits.items())}
        try:
            TopologicalSorter(known).prepare()
        except CycleError as error:
            circle = tuple(error.args[1][:0:-1])  # it names each before the one that waits for it, the first one twice
            found.append(circle)
            for release in circle:
                del waits[release]
        else:
            return tuple(found)


def in_a_circle(release: ReleaseId, circle: Sequence[ReleaseId]) -> Impossible:
    """What that means to one of them."""
    first = circle.index(release)
    others = (*circle[first + 1 :], *circle[:first])
    names = " → ".join(r(each) for each in (release, *others, release))
    return Impossible(
        say("{release} waits for itself: {names}.", release=r(release), names=names),
        say(
            "Take {other} out of its plan with {command}, or break the circle elsewhere.",
            other=r((*others, release)[0]),
            command=Code(f"/release edit {r(release)}"),
        ),
        f"circle {r(release)}",
    )


def _first_lack(either: Iterable[Sequence[Need]], roles: Roles) -> Lack | None:
    """The first of these for which there isn't somebody."""
    return next((lack for lack in (lack_of(needs, roles) for needs in either) if lack is not None), None)


def _titles(services: Iterable[Service]) -> AllOf:
    return AllOf(tuple(each.title for each in services))
