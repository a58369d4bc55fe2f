"""Confirm a deployment: with an empty gate, and only then, in one transaction with everything that follows from it.

Where another deployment is on its way there, and nothing else is in the way, it waits its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Agreed, Ask, Clock, Directory, HeldError, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.deployment import Deployment, Kind, Order
from bot.rules.gate import Facts, Reason
from bot.rules.on_record import looked_up
from bot.rules.people import Actor, PersonId, Roles
from bot.rules.policy import EnvironmentName, Right, goes_by_itself, takes_two_people
from bot.rules.release import Release, ReleaseId
from bot.rules.rollback import stands_now
from bot.rules.sentence import REPEATED, At, Code, Part, Refused, Repeated, Sentence, in_a_row, refuse, say
from bot.verbs.ask_deploy import the_place
from bot.verbs.kept_apart import kept_apart
from bot.verbs.look import Picture, Place, no_such_release, take
from bot.verbs.next_in_line import ALL_THAT_MATTERS, those_before, went_wrong_since, withdrawn
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks

FRESH = timedelta(hours=1)
"""How long a preview may be acted upon, once; after that, one looks again."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It has started, or waits its turn: on the record, and followed to its end from here on.

    `before`: what goes there before it, if it waits.
    """

    picture: Picture
    deployment: Deployment
    before: tuple[Deployment, ...] = ()


@dataclass(frozen=True, slots=True)
class Aboard:
    """What brings a train's release to its place. `adopted`: it was on its way, or there, by somebody else's doing."""

    deployment: Deployment
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """The gate is not empty, so nothing was started."""

    picture: Picture
    place: Place


@dataclass(frozen=True, slots=True)
class ConfirmDeploy:
    """Start it."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release_id: ReleaseId, environment: EnvironmentName, *, by: Actor
    ) -> Confirmed | Blocked | Refused | Repeated:
        """The gate is asked here, in the transaction that starts the deployment."""
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            await page.lock_on(release.plan.service, environment)  # whoever locks it comes before this or after it
            # Asked only now: the page may have waited for others, and a freeze may have begun meanwhile.
            agreed, now = self.agreed(), self.now()
            picture = await take(page, release, agreed, roles=roles, now=now)
            place = the_place(picture, environment)
            if isinstance(place, Refused):
                return place
            not_allowed = lacks(Right.DEPLOY, place.facts.service, by.id, roles)
            if not_allowed:
                return not_allowed
            if not place.open and not place.can_wait:
                return Blocked(picture, place)
            not_allowed = kept_apart(place.facts, by.id)
            if not_allowed:
                return not_allowed
            line = await page.waiting(place.facts.service.name, environment)
            already = await self._already(page, release, line)
            if isinstance(already, Refused):
                return already
            not_seen = await self._not_seen(page, place, by.id)
            if not_seen:
                return not_seen
            if already is not None:
                await withdrawn(page, already, "It was confirmed anew.", at=now, by=by)
            waits = not place.open or any(each != already for each in line)
            try:
                deployment = await self._start(page, place, by, waits=waits)
            except HeldError:
                return refuse(
                    "Another deployment took {environment} a moment ago; {command} shows it.",
                    environment=environment,
                    command=Code(f"/deploy status {release.plan.service}"),
                )
            before = await those_before(page, deployment) if waits else ()
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return Confirmed(picture, deployment, before)

    async def _already(self, page: Page, release: Release, line: Sequence[Deployment]) -> Deployment | Refused | None:
        """Whether it waits there already, as it is; or what waited in vain, and gives way to what is confirmed now."""
        mine = next(
            (each for each in line if each.order.kind is Kind.DEPLOY and each.order.release == release.id), None
        )
        if mine is None:
            return None
        order = mine.order
        history = await page.deployments(service=order.service, environment=order.environment, limit=ALL_THAT_MATTERS)
        standing = stands_now(history)
        moved_on = standing is not None and standing.id != order.replaces
        if moved_on or went_wrong_since(mine, history) or not order.candidate.is_same_as(release.candidate):
            locked = await page.deployment(mine.id)
            return locked if locked is not None and locked.waits else None
        return refuse(
            "{release} waits for {environment} already, as {name}: {command} shows the line.",
            release=release.name,
            environment=order.environment,
            name=mine.name,
            command=Code(f"/deploy status {order.service}"),
        )

    async def by_itself(self, release_id: ReleaseId, environment: EnvironmentName, *, by: Actor) -> bool:
        """Start it in Slipway's own name, where the rules say that such a change ships itself; False if it may not.

        Nobody looks at a preview and nobody confirms: the gate alone decides, here as everywhere.
        """
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return False
            release = await page.release(release_id)
            if release is None:
                return False
            await page.lock_on(release.plan.service, environment)
            picture = await take(page, release, self.agreed(), roles=roles, now=self.now())
            place = picture.place(environment)
            if place is None or not ships_itself(picture, place):
                return False
            line = await page.waiting(place.facts.service.name, environment)
            try:
                await self._start(page, place, by, waits=bool(line))
            except HeldError:
                return False
            await page.commit()
        return True

    async def aboard(
        self, page: Page, release: Release, environment: EnvironmentName, train: str, *, by: Actor, roles: Roles
    ) -> Aboard | Sentence:
        """Start what somebody confirmed as part of a train, now that its turn has come; else what is in the way.

        The caller commits. Where the same is there or on its way there already, that is what the train gets.
        """
        picture = await take(page, release, self.agreed(), roles=roles, now=self.now())
        place = the_place(picture, environment)
        if isinstance(place, Refused):
            return place.why
        own = await self._under_way(page, place)
        if own is not None:
            return Aboard(own, adopted=True)
        not_allowed = lacks(Right.DEPLOY, place.facts.service, by.id, roles)
        if not_allowed:
            return not_allowed.why
        blockers = tuple(each for each in place.blockers if each.reason is not Reason.HELD or not place.can_wait)
        if blockers:
            more = say("{command} shows more.", command=Code(f"/release why {release.name} {environment}"))
            return in_a_row((blockers[0].why, more), " ")
        not_allowed = kept_apart(place.facts, by.id)
        if not_allowed:
            return not_allowed.why
        waits = bool(await page.waiting(place.facts.service.name, environment)) or not place.open
        return Aboard(await self._start(page, place, by, waits=waits, train=train))

    async def _under_way(self, page: Page, place: Place) -> Deployment | None:
        """This very candidate, there already or on its way there by somebody else's doing."""
        facts = place.facts
        if place.stands_here:
            return facts.standing
        line = await page.waiting(facts.service.name, place.name)
        there = (facts.holder, *line) if facts.holder is not None else line
        return next(
            (
                each
                for each in there
                if each.order.kind is Kind.DEPLOY
                and each.order.release == facts.release.id
                and each.order.candidate.is_same_as(facts.release.candidate)
            ),
            None,
        )

    async def _not_seen(self, page: Page, place: Place, confirmer: PersonId) -> Refused | None:
        """Whether what is confirmed was looked at before, exactly as it is now, by those who should have."""
        facts = place.facts
        assert facts.seal is not None
        release = facts.release.name
        two = takes_two_people(facts.change, facts.service, facts.environment)
        ask = await page.ask(facts.release.id, place.name, facts.seal, not_by=confirmer if two else None)
        command = Code(f"/deploy {release} to {place.name}")
        if ask is not None and still_good(ask, facts):
            return None
        if two:
            return refuse(
                "{service} asks for two people: somebody else has to ask with {command} first, then you can confirm.",
                service=facts.service.title,
                command=command,
            )
        return refuse(
            "Please look first at what would change: {command}. A preview counts for an hour and for one start, "
            "and only for what it showed.",
            command=command,
        )

    async def _start(self, page: Page, place: Place, by: Actor, *, waits: bool = False, train: str = "") -> Deployment:
        facts = place.facts
        release, standing = facts.release, facts.standing
        assert release.candidate is not None
        assert facts.proposal is not None
        deployment = await page.add_deployment(
            Order(
                release=release.id,
                service=facts.service.name,
                environment=place.name,
                kind=Kind.DEPLOY,
                version=release.plan.version,
                candidate=release.candidate,
                confirmed_by=by.id,
                confirmed_at=facts.now,
                replaces=standing.id if standing else None,
            ),
            waits=waits,
        )
        await page.put_on_record(
            Happened(
                "confirm deploy",
                by.id,
                by.surface,
                facts.now,
                release=release.id,
                candidate=release.candidate.identity,
                subject=deployment.name,
                detail={
                    "environment": place.name,
                    "waits": waits,
                    **({"train": train} if train else {}),
                    "seal": facts.seal,
                    "rules": facts.proposal.terms.digest,
                    "approved_by": [
                        {"person": verdict.person, "role": verdict.role}
                        for tally in place.tallies
                        for verdict in tally.given
                    ],
                    **looked_up(facts, place.blockers),
                },
            )
        )
        await changed(page, release.id)
        await page.tell(ThreadLine(release.id, _told(deployment, by, train)))
        await page.tell(DeploymentChanged(release.id, deployment.id))
        await page.start(Work.FOLLOW_DEPLOYMENT, deployment.id)
        return deployment


def still_good(ask: Ask, facts: Facts) -> bool:
    """Whether what was looked at is what is there: not long ago, nothing deployed since, by somebody who may."""
    since = max(
        (
            each.ended_at or each.order.confirmed_at
            for each in facts.deployments
            if each.order.environment == facts.environment.name
        ),
        default=None,
    )
    needed = facts.service.roles_for(Right.DEPLOY)
    return (
        facts.now - ask.at <= FRESH
        and (since is None or since < ask.at)
        and (not needed or facts.roles.any_of(ask.by, needed))
    )


def ships_itself(picture: Picture, place: Place) -> bool:
    """Whether this change goes there now without anybody's doing."""
    facts = place.facts
    return (
        goes_by_itself(facts.change, facts.service, facts.environment)
        and place is picture.next_place
        and place.open
        and not _tried(picture, place)
    )


def _tried(picture: Picture, place: Place) -> bool:
    """Whether anybody has started it there since it was proposed: what failed or was stopped is a person's to repeat.

    Other rules change nothing about that, and nor does time: notes of what was done once are forgotten some day.
    """
    candidate = picture.release.candidate
    assert candidate is not None
    return any(
        each.order.environment == place.name and each.order.confirmed_at >= candidate.set_at
        for each in picture.deployments
    )


def _told(deployment: Deployment, by: Actor, train: str) -> Sentence:
    parts: dict[str, Part] = {
        "name": deployment.name,
        "version": deployment.order.version,
        "commit": Code(deployment.order.candidate.short),
        "environment": deployment.order.environment,
    }
    if train:
        template = "{train} brings {version} ({commit}) to {environment} ({name})."
        waiting = "{train} brings {version} ({commit}) to {environment} ({name}); it waits its turn there."
        return say(waiting if deployment.waits else template, train=train, **parts)
    return say(
        "{who} confirmed {name}: {version} ({commit}) to {environment}. It waits its turn."
        if deployment.waits
        else "{who} started {name}: {version} ({commit}) to {environment}.",
        who=At(by.id),
        **parts,
    )
