"""Ask for an exception: that a release may pass the freezes in its way. A soft one is acknowledged at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import ExceptionWanted, ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Reading, Records
from bot.rules.audit import Happened
from bot.rules.exception import Owners, may_grant, must_not_grant, next_grant, owners_of
from bot.rules.freeze import Freeze, FreezeException, FreezeId, Plea
from bot.rules.gate import Facts
from bot.rules.hours import whole_day
from bot.rules.people import Actor, PersonId
from bot.rules.policy import Catalogue, ExceptionRules, FreezeMeaning, Right, Service
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Code, Refused, Repeated, Sentence, When, refuse, say
from bot.rules.terms import span
from bot.verbs.ahead import freezes_between
from bot.verbs.ask_them import MOST_BY_MESSAGE
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks_role

_MANY = 5000
"""More exceptions than are asked for in any time that a budget is for."""


@dataclass(frozen=True, slots=True)
class Excepted:
    """What was asked of one freeze, and who decides on it."""

    exception: FreezeException
    freeze: Freeze
    owners: Owners


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked of a freeze, as whoever decides on it sees it."""

    picture: Picture
    exception: FreezeException
    freeze: Freeze

    @property
    def wanted(self) -> bool:
        """Whether an answer still matters."""
        return (
            self.exception.granted is None and self.picture.release.open and self.freeze.over_at > self.picture.seen_at
        )

    def waits_for(self, person: PersonId, agreed: Catalogue) -> bool:
        """Whether this person can be the one who grants it."""
        facts = self.picture.places[0].facts
        owners = owners_of(self.freeze, agreed.freeze_rights)
        own = must_not_grant(self.exception.plea.by, facts.release, facts.change)
        speakers = {person, owners.principal(person, facts.roles)}
        return self.wanted and owners.include(person, facts.roles) and not speakers & own


@dataclass(frozen=True, slots=True)
class InTheWay:
    """The freezes that can be asked to let a release pass, before anybody asks; each with who decides."""

    picture: Picture
    freezes: tuple[tuple[Freeze, Owners], ...]


@dataclass(frozen=True, slots=True)
class Pleaded:
    """What came of asking, freeze by freeze; `refused` is what could not be asked for, each with why."""

    picture: Picture
    acknowledged: tuple[Excepted, ...]
    asked: tuple[Excepted, ...]
    refused: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class ExceptFreeze:
    """Ask every freeze in a release's way to let it pass."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def look(self, release_id: ReleaseId) -> InTheWay | Refused:
        """See what would be asked."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.read() as page:
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            picture = await take(page, release, agreed, roles=roles, now=self.now())
            refused = _needs_none(picture)
            if refused is not None:
                return refused
            frozen = await in_the_way(page, picture, agreed)
        if not frozen:
            return _nothing_in_the_way(release)
        owned = [(each, owners_of(each, agreed.freeze_rights)) for each in frozen]
        waiting = [_waiting(picture.places[0].facts, each, owners) for each, owners in owned]
        left = tuple(each for each, waits in zip(owned, waiting, strict=True) if waits is None)
        return InTheWay(picture, left) if left else next(filter(None, waiting))

    async def __call__(
        self, release_id: ReleaseId, reason: str, seen: Collection[FreezeId] | None = None, *, by: Actor
    ) -> Pleaded | Refused | Repeated:
        """Ask. `seen` are the freezes that were on the screen; None when it was typed: then all are meant."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        reason = " ".join(reason.split())
        if not reason:
            return refuse(
                "An exception needs a reason: {example}.", example=Code(f"/freeze except R-{release_id} <reason>")
            )
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            picture = await take(page, release, agreed, roles=roles, now=now)
            refused = _needs_none(picture)
            if refused is not None:
                return refused
            frozen = [each for each in await in_the_way(page, picture, agreed) if seen is None or each.id in seen]
            if not frozen:
                return _nothing_in_the_way(release)
            done, refusals = await self._ask(page, picture, frozen, reason, by)
            if not done:
                return refusals[0]
            await changed(page, release.id)
            after = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        soft, hard = (tuple(each for each in done if each.exception.plea.soft is kind) for kind in (True, False))
        return Pleaded(after, soft, hard, tuple(each.why for each in refusals))

    async def _ask(
        self, page: Page, picture: Picture, frozen: list[Freeze], reason: str, by: Actor
    ) -> tuple[list[Excepted], list[Refused]]:
        """Ask each of them; what was asked, and what could not be."""
        facts, agreed = picture.places[0].facts, self.agreed()
        done: list[Excepted] = []
        refusals: list[Refused] = []
        for freeze in frozen:
            plea = Plea(freeze.id, facts.release.id, by.id, facts.now, reason, facts.soft(freeze))
            asked = await (acknowledge if plea.soft else plead)(page, plea, freeze, facts, agreed=agreed, by=by)
            if isinstance(asked, Refused):
                refusals.append(asked)
            else:
                done.append(asked)
        return done, refusals


async def in_the_way(page: Reading, picture: Picture, agreed: Catalogue) -> list[Freeze]:
    """The freezes that hold this release up in any environment, now or on its target day, the first one first."""
    facts, target = picture.places[0].facts, picture.release.plan.target
    found = {each.id: each for place in picture.places for each in place.facts.frozen_by}
    if target is not None:
        start, end = whole_day(target, agreed.reminders.timezone)
        if end > facts.now:
            ahead = await freezes_between(page, facts.service, facts.change, max(start, facts.now), end)
            found |= {each.id: each for each in ahead if not facts.passed(each)}
    return sorted(found.values(), key=lambda each: (each.window.starts_at, each.id))


async def acknowledge(
    page: Page, plea: Plea, freeze: Freeze, facts: Facts, *, agreed: Catalogue, by: Actor
) -> Excepted | Refused:
    """Whoever may deploy takes note of a soft freeze: that is all that it asks for."""
    not_allowed = lacks_role(facts.service.roles_for(Right.DEPLOY), f"acknowledge {freeze.name}", by.id, facts.roles)
    if not_allowed:
        return not_allowed
    exception = await page.add_exception(plea)
    exception = await page.keep_exception(
        replace(exception, granted=True, decided_by=by.id, decided_at=plea.at, ends_at=freeze.over_at)
    )
    await page.put_on_record(on_record("acknowledge a freeze", exception, freeze, facts.release, by=by, at=plea.at))
    told = say(
        "{who} acknowledged {freeze} for this release ({exception}): {reason}",
        who=At(by.id),
        freeze=freeze.name,
        exception=exception.name,
        reason=plea.reason,
    )
    await page.tell(ThreadLine(plea.release, told))
    return Excepted(exception, freeze, owners_of(freeze, agreed.freeze_rights))


async def plead(
    page: Page, plea: Plea, freeze: Freeze, facts: Facts, *, agreed: Catalogue, by: Actor
) -> Excepted | Refused:
    """Ask the owners of a hard freeze."""
    owners = owners_of(freeze, agreed.freeze_rights)
    waits = _waiting(facts, freeze, owners)
    if waits is not None:
        return waits
    used_up = await over_budget(page, agreed, facts.service, plea.at)
    if used_up is not None:
        return used_up
    able = may_grant(owners, facts.roles, must_not_grant(plea.by, facts.release, facts.change))
    if not able and owners.roles and not any(role in facts.roles.unknown for role in owners.roles):
        return refuse(
            "Only {owners} can grant an exception from {freeze}, and nobody grants what they ask for themselves or "
            "what is their own change. To have the freeze ended: {end}.",
            owners=named(owners),
            freeze=freeze.name,
            end=Code(f"/freeze end {freeze.name}"),
        )
    exception = await page.add_exception(plea)
    by_name = sorted(able - facts.roles.away) if len(able) <= MOST_BY_MESSAGE else []
    happened = on_record("ask for an exception", exception, freeze, facts.release, by=by, at=plea.at)
    await page.put_on_record(replace(happened, detail={**happened.detail, "asked": by_name}))
    for person in by_name:
        await page.tell(ExceptionWanted(person, exception.id))
    told = say(
        "{who} asks that this release may pass {freeze} ({exception}): {reason}\n{owners} can grant or refuse it, "
        "also with {grant} and {refuse}.",
        who=At(by.id),
        freeze=freeze.name,
        exception=exception.name,
        reason=plea.reason,
        owners=named(owners),
        grant=Code(f"/freeze grant {exception.name}"),
        refuse=Code(f"/freeze refuse {exception.name} <reason>"),
    )
    await page.tell(ThreadLine(plea.release, told))
    return Excepted(exception, freeze, owners)


async def over_budget(page: Page, agreed: Catalogue, service: Service, at: datetime) -> Refused | None:
    """Why nothing more can be granted to this service now; None if something can."""
    if agreed.exceptions.budget is None:
        return None
    possible = next_grant(await granted_to(page, service), agreed.exceptions, at)
    if possible is not None and possible <= at:
        return None
    spent = say_budget(agreed.exceptions, service)
    if possible is None:
        return refuse(
            "{spent} Only {owners} can change that, in the catalogue.", spent=spent, owners=AtRole(agreed.owners)
        )
    return refuse(
        "{spent} The next one is possible {possible}; {owners} can change the budget in the catalogue.",
        spent=spent,
        possible=When(possible),
        owners=AtRole(agreed.owners),
    )


def say_budget(rules: ExceptionRules, service: Service) -> str:
    """What the budget is, once it is used up."""
    if not rules.budget:
        return f"{service.title} is granted no exceptions from freezes."
    many = "The one exception" if rules.budget == 1 else f"All {rules.budget} exceptions"
    verb = "is" if rules.budget == 1 else "are"
    return f"{many} from freezes that {service.title} may be granted in {span(rules.per)} {verb} used up."


async def granted_to(page: Reading, service: Service) -> list[FreezeException]:
    """What the owners of freezes granted to releases of this service, the newest first."""
    granted = [each for each in await page.exceptions(limit=_MANY) if each.granted and not each.plea.soft]
    numbers = sorted({each.plea.release for each in granted})
    found = await page.releases(service=service.name, ids=numbers, limit=len(numbers)) if numbers else []
    own = {each.id for each in found}
    return sorted(
        (each for each in granted if each.plea.release in own),
        key=lambda each: (each.decided_at, each.id),
        reverse=True,
    )


async def draw_requests(page: Page, exception: FreezeException) -> None:
    """The messages in which its owners were asked show how it stands now."""
    for entry in await page.record(release=exception.plea.release, since=exception.plea.at):
        happened = entry.happened
        if happened.subject == exception.name and happened.verb == "ask for an exception":
            for person in happened.detail.get("asked", ()):
                await page.tell(ExceptionWanted(PersonId(person), exception.id))


async def draw_open_requests(page: Page, release: ReleaseId) -> None:
    """The same for all that wait: whether they are wanted still depends on the release and on time."""
    for exception in await page.exceptions(releases=[release]):
        if exception.granted is None:
            await draw_requests(page, exception)


def named(owners: Owners) -> AllOf:
    """The owners as they are called in a sentence."""
    return AllOf(owners.mentions or ("any other member of the team",))


def on_record(
    verb: str, exception: FreezeException, freeze: Freeze, release: Release, *, by: Actor, at: datetime
) -> Happened:
    """What the record keeps of an exception."""
    return Happened(
        verb,
        by.id,
        by.surface,
        at,
        release=release.id,
        candidate=release.candidate.identity if release.candidate else None,
        subject=exception.name,
        detail={
            "freeze": freeze.name,
            "reason": exception.plea.reason,
            "ends_at": exception.ends_at.isoformat() if exception.ends_at else None,
        },
    )


def _nothing_in_the_way(release: Release) -> Refused:
    return refuse("No freeze is in the way of {release}, so it needs no exception.", release=release.name)


def _waiting(facts: Facts, freeze: Freeze, owners: Owners) -> Refused | None:
    """Whether an answer is awaited already, and from whom."""
    waits = None if facts.soft(freeze) else facts.asked_of(freeze)
    if waits is None:
        return None
    return refuse(
        "{who} asked for an exception from {freeze} {at} already: {exception} waits for {owners}.",
        who=At(waits.plea.by),
        freeze=freeze.name,
        at=When(waits.plea.at),
        exception=waits.name,
        owners=named(owners),
    )


def _needs_none(picture: Picture) -> Refused | None:
    """Why there is nothing to ask for, whatever is frozen; None if there may be."""
    release, change = picture.release, picture.change
    if picture.problem is not None or change is None:
        return Refused(picture.problem) if picture.problem else refuse("This release has no change type.")
    if not release.open:
        return refuse("{release} has ended; it needs no exception.", release=release.name)
    if change.freeze is FreezeMeaning.PASSES:
        return refuse(
            "{release} needs no exception: freezes make room for a change of the type {change}.",
            release=release.name,
            change=change.title,
        )
    return None
