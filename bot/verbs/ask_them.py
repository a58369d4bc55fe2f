"""Ask them: have the people who can lift what blocks a release asked for it, by name and with a way to do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.notices import ThreadLine, Wanted
from bot.ports import Agreed, Asked, Clock, Directory, Page, Records
from bot.rules.approval import barred
from bot.rules.audit import Happened
from bot.rules.gate import Blocker, Reason
from bot.rules.people import Actor, PersonId
from bot.rules.policy import Catalogue, EnvironmentName
from bot.rules.release import ReleaseId, r
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Refused, Repeated, When, refuse, say
from bot.verbs.look import Place, no_such_release, take

MOST_BY_MESSAGE = 8
"""A role of more people is called in the thread: private messages to all of them would be noise."""


@dataclass(frozen=True, slots=True)
class Called:
    """They were asked: these people by a private message, or these roles in the thread."""

    blocker: Blocker
    people: tuple[PersonId, ...]
    in_thread: bool = False


@dataclass(frozen=True, slots=True)
class AskThem:
    """Ask, if it still blocks and they haven't been asked a moment ago."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, release_id: ReleaseId, environment: EnvironmentName, blocker: str | None = None, *, by: Actor
    ) -> tuple[Called, ...] | Refused | Repeated:
        """Ask for what that key names (`Blocker.key`); without one, for all that blocks there and has somebody to ask.

        Of several, those that can't be asked for are left out; if none can, the first tells why.
        """
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            picture = await take(page, release, agreed, roles=roles, now=self.now())
            place = picture.place(environment)
            found = [each for each in place.blockers if blocker in (None, each.key)] if place else []
            if place is None or not found:
                return Refused(
                    say(
                        "That no longer blocks {release} in {environment}.",
                        release=r(release_id),
                        environment=environment,
                    ),
                    stale=True,
                )
            # Those whom somebody can lift come first: their refusals say more than "nobody can lift it".
            found.sort(key=lambda each: not each.lifted_by)
            outcomes = [await call(page, place, each, agreed, by=by, at=self.now()) for each in found]
            called = tuple(each for each in outcomes if isinstance(each, Called))
            if not called:
                return next(each for each in outcomes if isinstance(each, Refused))
            await page.commit()
        return called


async def call(
    page: Page, place: Place, blocker: Blocker, agreed: Catalogue, *, by: Actor, at: datetime
) -> Called | Refused:
    """Ask those who can lift it, on this page, unless they were asked a moment ago."""
    release = place.facts.release
    asked_before = {(each.environment, each.blocker): each for each in await page.asked(release.id)}
    before, pause = asked_before.get((place.name, blocker.key)), agreed.reminders.ask_again_after
    if before is not None and at < before.at + pause:
        return refuse(
            "{who} had them asked {then} already. They can be asked again from {later} on.",
            who=At(before.by),
            then=When(before.at),
            later=When(before.at + pause),
        )
    able = those_who_can(place, blocker)
    people = able - {by.id}
    if not people:
        why = "you are the one who can lift it." if able else _nobody(place, blocker)
        return refuse("There is nobody whom I could ask for that: {why}", why=why)
    in_thread = len(people) > MOST_BY_MESSAGE
    asked = () if in_thread else tuple(sorted(people))
    await page.keep_asked(Asked(release.id, place.name, blocker.key, by.id, at, asked))
    await page.put_on_record(
        Happened(
            "ask them",
            by.id,
            by.surface,
            at,
            release=release.id,
            candidate=release.candidate.identity if release.candidate else None,
            subject=place.name,
            detail={"blocker": blocker.key, "why": str(blocker.why), "people": sorted(people)},
        )
    )
    for person in asked:
        await page.tell(Wanted(person, release.id, place.name, blocker.key, by.id))
    if in_thread:
        whom = AllOf(tuple(each for each in blocker.lifted_by if isinstance(each, AtRole)))
        told = say("{who} asks {whom}: {why}", who=At(by.id), whom=whom, why=str(blocker.why))
        await page.tell(ThreadLine(release.id, told))
    return Called(blocker, asked, in_thread)


def those_who_can(place: Place, blocker: Blocker) -> frozenset[PersonId]:
    """The people to ask: those who are here, may lift it, and have not done their part yet."""
    facts = place.facts
    people: set[PersonId] = set()
    if blocker.reason is Reason.LOCKED:
        holders = {each.id for each in blocker.lifted_by if isinstance(each, At)} - facts.roles.away
        # Others are asked to take it over only if its holder isn't there.
        roles = [each.name for each in blocker.lifted_by if isinstance(each, AtRole)]
        return frozenset(holders) or frozenset().union(*map(facts.roles.reachable, roles))
    for each in blocker.lifted_by:
        people |= facts.roles.reachable(each.name) if isinstance(each, AtRole) else {each.id}
    if blocker.reason is Reason.APPROVAL and facts.release.candidate is not None:
        people -= barred(facts.change, facts.release.requested_by, facts.release.candidate)
        people -= {who for tally in place.tallies for verdict in tally.given for who in verdict.speakers}
    return frozenset(people)


def _nobody(place: Place, blocker: Blocker) -> str:
    """Why nobody is left to ask."""
    roles = [each.name for each in blocker.lifted_by if isinstance(each, AtRole)]
    if not blocker.lifted_by:
        return "nobody can lift it, it ends by itself or by another release."
    if all(not place.facts.roles.holders(role) for role in roles):
        return "nobody is in the role."
    return "everybody in the role is away, has done it, or must not do it for this release."
