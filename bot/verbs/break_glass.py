"""Break the glass: go ahead past the gate in an emergency, with a reason, loudly; others review it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.notices import ChannelLine, DeploymentChanged, DirectLine, ReviewWanted, ThreadLine
from bot.ports import Agreed, Clock, Directory, HeldError, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.deployment import Deployment, Kind, Order
from bot.rules.gate import Facts
from bot.rules.on_record import looked_up
from bot.rules.people import Actor, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue, EnvironmentName, Right, takes_two_people
from bot.rules.release import ReleaseId
from bot.rules.review import Duty, Passed, Review, due, grown, never_passed, withdrawn_by
from bot.rules.sentence import (
    REPEATED,
    AllOf,
    At,
    AtRole,
    Code,
    InPlaceOf,
    Refused,
    Repeated,
    Sentence,
    When,
    in_a_row,
    refuse,
    say,
)
from bot.verbs.ask_deploy import the_place
from bot.verbs.ask_them import MOST_BY_MESSAGE
from bot.verbs.confirm_deploy import FRESH
from bot.verbs.kept_apart import kept_apart
from bot.verbs.look import Picture, Place, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks

COUNTS = timedelta(minutes=10)
"""How long what was shown may be acted upon."""
SUBSTANCE = 10
"""So many characters a reason has at least: it is read by whoever reviews it."""
LONGEST = 300
"""Of more than that, the command that confirms could not be copied; the rest belongs into the review."""
LOOKED = "ask to break glass"
BROKE = "break glass"
_SAID = 12
"""So many of the things that were passed are told in a message; the record has all of them."""


@dataclass(frozen=True, slots=True)
class Glass:
    """What would be broken. `command` does it, for as long as it counts."""

    picture: Picture
    place: Place
    passed: tuple[Passed, ...]
    principal: PersonId | None
    """In whose place, if not in their own name."""
    command: str
    until: datetime
    review: tuple[RoleName, timedelta]
    """Who will review it, and how soon."""


@dataclass(frozen=True, slots=True)
class Broken:
    """It has started, and everybody concerned knows."""

    picture: Picture
    deployment: Deployment
    review: Review
    passed: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Look first at what stands in the way; then do it, with that in mind."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def look(
        self, release_id: ReleaseId, environment: EnvironmentName, reason: str, *, by: Actor
    ) -> Glass | Refused | Repeated:
        """Show what would be broken; nothing starts. That somebody looked is on the record."""
        reason = " ".join(reason.split())
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            glass = await self._glass(page, release_id, environment, reason, roles, by=by)
            if isinstance(glass, Refused):
                return glass
            facts = glass.place.facts
            told = {
                "seal": facts.seal,
                "reason": reason,
                "passed": _as_json(glass.passed),
                "on_behalf_of": glass.principal,
            }
            await page.put_on_record(_on_record(LOOKED, facts, environment, told, by=by))
            await page.commit()
        return glass

    async def __call__(
        self, release_id: ReleaseId, environment: EnvironmentName, reason: str, *, by: Actor
    ) -> Broken | Refused | Repeated:
        """Start it, if nothing stands in the way that this person was not shown a moment ago."""
        reason = " ".join(reason.split())
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            glass = await self._glass(page, release_id, environment, reason, roles, by=by)
            if isinstance(glass, Refused):
                return glass
            not_seen = await _not_seen(page, glass, reason, by.id)
            if not_seen is not None:
                return not_seen
            try:
                deployment, review = await self._begin(page, glass, reason, by)
            except HeldError:
                return refuse(
                    "Another deployment took {environment} a moment ago; {command} shows it.",
                    environment=environment,
                    command=Code(f"/deploy status {glass.place.facts.service.name}"),
                )
            agreed, now = self.agreed(), glass.place.facts.now
            picture = await take(page, glass.picture.release, agreed, roles=roles, now=now)
            await page.commit()
        return Broken(picture, deployment, review, glass.passed)

    async def _glass(
        self, page: Page, release_id: ReleaseId, environment: EnvironmentName, reason: str, roles: Roles, *, by: Actor
    ) -> Glass | Refused:
        """What stands in the way, or why it can't be passed."""
        release = await page.release(release_id)
        if release is None:
            return no_such_release(release_id)
        # Asked only now: the page may have waited for others.
        agreed, now = self.agreed(), self.now()
        picture = await take(page, release, agreed, roles=roles, now=now)
        place = the_place(picture, environment)
        if isinstance(place, Refused):
            return place
        facts = place.facts
        await page.lock_on(facts.service.name, environment)
        refused = lacks(Right.BREAK_GLASS, facts.service, by.id, roles) or _too_thin(reason, facts)
        if refused is not None:
            return refused
        principal = roles.in_whose_place(by.id, facts.service.roles_for(Right.BREAK_GLASS))
        refused = await _owes_a_review(page, [by.id, *filter(None, [principal])], agreed, now) or _not_passable(place)
        if refused is not None:
            return refused
        back = await _way_back(page, facts)
        if back is not None:
            return refuse(
                "{name} is about to bring {version} back to {environment}, and nothing goes before a way back. To "
                "withdraw it: {command}.",
                name=back.name,
                version=back.order.version,
                environment=environment,
                command=Code(f"/deploy cancel {back.name}"),
            )
        passed = (
            *(Passed(each.key, each.why) for each in place.blockers),
            *await _about_people(page, facts, by.id),
        )
        if not passed:
            return refuse(
                "Nothing blocks {environment}, so there is no glass to break. Whoever may deploy starts it: {command}.",
                environment=environment,
                command=Code(f"/deploy {release.name} to {environment}"),
            )
        return Glass(
            picture,
            place,
            passed,
            principal,
            f"/deploy break-glass confirm {release.name} to {environment} {reason}",
            now + COUNTS,
            (agreed.reviews.by or agreed.owners, agreed.reviews.within),
        )

    async def _begin(self, page: Page, glass: Glass, reason: str, by: Actor) -> tuple[Deployment, Review]:
        facts, agreed = glass.place.facts, self.agreed()
        release, standing = facts.release, facts.standing
        assert release.candidate is not None
        assert facts.proposal is not None
        deployment = await page.add_deployment(
            Order(
                release=release.id,
                service=facts.service.name,
                environment=facts.environment.name,
                kind=Kind.DEPLOY,
                version=release.plan.version,
                candidate=release.candidate,
                confirmed_by=by.id,
                confirmed_at=facts.now,
                reason=reason,
                replaces=standing.id if standing else None,
                broke_glass=True,
            )
        )
        review = await page.add_review(
            Duty(
                deployment=deployment.id,
                release=release.id,
                service=facts.service.name,
                environment=facts.environment.name,
                broken_by=by.id,
                broken_for=glass.principal,
                opened_at=facts.now,
                due_at=due(facts.now, agreed.reviews.within, agreed.reminders.timezone),
                owner=agreed.reviews.by or agreed.owners,
                reason=reason,
                passed=tuple(str(each.why) for each in glass.passed),
            )
        )
        asked = _by_message(review.asked(agreed.owners, facts.roles, facts.now))
        told = {
            "environment": facts.environment.name,
            "seal": facts.seal,
            "rules": facts.proposal.terms.digest,
            "reason": reason,
            "on_behalf_of": glass.principal,
            "passed": _as_json(glass.passed),
            "approved_by": [
                {"person": verdict.person, "role": verdict.role} for tally in facts.tallies for verdict in tally.given
            ],
            "review": {"owner": review.duty.owner, "due_at": review.duty.due_at.isoformat(), "asked": asked},
            **looked_up(facts, glass.place.blockers),
        }
        await page.put_on_record(_on_record(BROKE, facts, deployment.name, told, by=by))
        await changed(page, release.id)
        await _tell_everybody(page, glass, deployment, review, asked=asked, agreed=agreed)
        await page.start(Work.FOLLOW_DEPLOYMENT, deployment.id)
        await page.start(Work.WATCH_REVIEW, deployment.id)
        return deployment, review


def _too_thin(reason: str, facts: Facts) -> Refused | None:
    """Whether the reason would tell the others too little, or is too long to be typed."""
    command = Code(f"/deploy break-glass {facts.release.name} to {facts.environment.name} <reason>")
    if len(reason) < SUBSTANCE:
        return refuse(
            "Breaking the glass needs a reason that tells the others what is going on, of {least} characters or more: "
            "{command}.",
            least=SUBSTANCE,
            command=command,
        )
    if len(reason) > LONGEST:
        return refuse(
            "In an emergency, {most} characters must do for a reason, and this one has {has}. The rest belongs into "
            "the review.",
            most=LONGEST,
            has=len(reason),
        )
    return None


async def _owes_a_review(page: Page, people: Iterable[PersonId], agreed: Catalogue, now: datetime) -> Refused | None:
    """Whether one of these broke the glass before, and that has not been reviewed in time."""
    owed = [each for person in people for each in await page.reviews(open_only=True, broken_by=person)]
    late = withdrawn_by(owed, now)
    if late is None:
        return None
    return refuse(
        "{who} broke the glass with {name}, and the review of that was due {due}. Until it is done, it can't be broken "
        "again in that name. {reviewers} can do it: {command}.",
        who=At(late.duty.broken_by),
        name=late.name,
        due=When(late.duty.due_at),
        reviewers=AllOf(tuple(AtRole(each) for each in late.reviewers(agreed.owners))),
        command=Code(f"/deploy review {late.name} <findings>"),
    )


async def _way_back(page: Page, facts: Facts) -> Deployment | None:
    """The way back that waits its turn there."""
    line = await page.waiting(facts.service.name, facts.environment.name)
    return next((each for each in line if each.order.kind is Kind.ROLLBACK), None)


def _not_passable(place: Place) -> Refused | None:
    """What not even breaking the glass passes."""
    found = never_passed(place.blockers)
    if not found:
        return None
    said = [sentence for each in found for sentence in (each.why, each.step) if sentence is not None]
    return Refused(in_a_row([*said, say("Breaking the glass doesn't change that.")], " "))


async def _about_people(page: Page, facts: Facts, person: PersonId) -> tuple[Passed, ...]:
    """What the gate doesn't ask, since it is about who starts it: a second person, and people to be kept apart."""
    found = []
    two = takes_two_people(facts.change, facts.service, facts.environment)
    if two and not await _asked_by_another(page, facts, person):
        found.append(
            Passed(
                "two people:",
                say(
                    "A {change} takes two people in {environment}, and nobody else has asked for it.",
                    change=facts.change.title,
                    environment=facts.environment.name,
                ),
            )
        )
    apart = kept_apart(facts, person)
    if apart is not None:
        found.append(Passed("kept apart:", apart.why))
    return tuple(found)


async def _asked_by_another(page: Page, facts: Facts, person: PersonId) -> bool:
    """Whether somebody else who may has asked for exactly this, so that two people can start it in the ordinary way."""
    assert facts.seal is not None
    ask = await page.ask(facts.release.id, facts.environment.name, facts.seal, not_by=person)
    needed = facts.service.roles_for(Right.DEPLOY)
    return (
        ask is not None
        and facts.now - ask.at <= FRESH
        and not _deployed_since(facts, ask.at)
        and (not needed or facts.roles.any_of(ask.by, needed))
    )


def _deployed_since(facts: Facts, moment: datetime) -> bool:
    """Whether anything has come to this environment, or has ended there, since that moment."""
    return any(
        (each.ended_at or each.order.confirmed_at) >= moment
        for each in facts.deployments
        if each.order.environment == facts.environment.name
    )


async def _not_seen(page: Page, glass: Glass, reason: str, person: PersonId) -> Refused | None:
    """Whether all that would be passed was shown to this person a moment ago."""
    facts = glass.place.facts
    name, environment = facts.release.name, facts.environment.name
    command = Code(f"/deploy break-glass {name} to {environment} {reason}")
    entries = await page.record(release=facts.release.id, since=facts.now - COUNTS)
    looks = [
        each.happened
        for each in entries
        if (each.happened.verb, each.happened.by, each.happened.subject) == (LOOKED, person, environment)
    ]
    if not looks or _deployed_since(facts, looks[-1].at):
        return refuse(
            "Please look first at what would be broken: {command}. That counts for ten minutes and for one start.",
            command=command,
        )
    shown = looks[-1].detail
    if shown["seal"] != facts.seal:
        return refuse(
            "{release} has changed since you looked: its candidate or its rules are others now. Nothing was started. "
            "Please look again: {command}.",
            release=name,
            command=command,
        )
    more = grown((each["key"] for each in shown["passed"]), glass.passed)
    if more:
        first = say("More is in the way of {environment} than you were shown:", environment=environment)
        last = say("Nothing was started. Please look again: {command}.", command=command)
        return Refused(in_a_row([first, *(each.why for each in more), last], " "))
    return None


async def _tell_everybody(
    page: Page, glass: Glass, deployment: Deployment, review: Review, *, asked: list[PersonId], agreed: Catalogue
) -> None:
    """Loudly: in the thread and the channel, to the owners, and to everybody whose approval was asked for."""
    facts, duty = glass.place.facts, review.duty
    release = facts.release.id
    told = broken(deployment, review, glass.passed)
    called = []
    people: set[PersonId] = set()
    for role in dict.fromkeys((agreed.owners, *(rule.role for rule in facts.approvals))):
        holders = facts.roles.reachable(role) - duty.parties
        if len(holders) > MOST_BY_MESSAGE:
            called.append(AtRole(role))
        else:
            people |= holders
    by_name = [say("{roles}, please look at it.", roles=AllOf(tuple(called)))] if called else []
    await page.tell(ThreadLine(release, in_a_row([told, *by_name], "\n"), loud=True))
    await page.tell(DeploymentChanged(release, deployment.id))
    if agreed.owners_channel != facts.service.channel:
        await page.tell(ChannelLine(agreed.owners_channel, told))
    for person in asked:
        await page.tell(ReviewWanted(person, deployment.id))
    for person in sorted(people.difference(asked)):
        await page.tell(DirectLine(person, told, release))


def broken(deployment: Deployment, review: Review, passed: tuple[Passed, ...]) -> Sentence:
    """What everybody hears."""
    order, duty = deployment.order, review.duty
    opening = say(
        "{who}{place} broke the glass: {release} ({version}, {commit}) goes to {environment} of {service} as {name}. "
        "Reason: {reason}",
        who=At(order.confirmed_by),
        place=InPlaceOf(duty.broken_for),
        release=f"R-{order.release}",
        version=order.version,
        commit=Code(order.candidate.short),
        environment=order.environment,
        service=order.service,
        name=deployment.name,
        reason=order.reason,
    )
    lines = [Sentence(f"•  {each.why.template}", each.why.parts) for each in passed[:_SAID]]
    if len(passed) > _SAID:
        lines.append(say("•  … and {more} more", more=len(passed) - _SAID))
    ending = say(
        "{owner} reviews it by {due}: {command}",
        owner=AtRole(duty.owner),
        due=When(duty.due_at),
        command=Code(f"/deploy review {deployment.name} <findings>"),
    )
    return in_a_row([opening, say("It went past:"), *lines, ending], "\n")


def _by_message(people: Iterable[PersonId]) -> list[PersonId]:
    """Those who are asked by a private message: all, or none if they are so many that the thread has to do."""
    known = sorted(people)
    return known if len(known) <= MOST_BY_MESSAGE else []


def _as_json(passed: Iterable[Passed]) -> list[dict[str, str]]:
    return [{"key": each.key, "why": str(each.why)} for each in passed]


def _on_record(verb: str, facts: Facts, subject: str, detail: Mapping[str, object], *, by: Actor) -> Happened:
    candidate = facts.release.candidate
    return Happened(
        verb,
        by.id,
        by.surface,
        facts.now,
        release=facts.release.id,
        candidate=candidate.identity if candidate else None,
        subject=subject,
        detail=detail,
    )
