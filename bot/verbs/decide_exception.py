"""Decide an exception: an owner of the freeze grants what was asked for, or refuses it and says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import DirectLine, ThreadLine
from bot.ports import Agreed, Clock, ConflictError, Directory, Page, Reading, Records
from bot.rules.exception import counts_until, must_not_grant, owners_of
from bot.rules.freeze import ExceptionId, Freeze, FreezeException
from bot.rules.gate import Facts
from bot.rules.people import Actor, PersonId, Roles
from bot.rules.policy import Catalogue
from bot.rules.sentence import REPEATED, At, Code, InPlaceOf, Refused, Repeated, Sentence, When, refuse, say
from bot.verbs.except_freeze import (
    Requested,
    draw_requests,
    granted_to,
    named,
    on_record,
    over_budget,
)
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks_role


@dataclass(frozen=True, slots=True)
class DecideException:
    """Grant, or refuse."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def look(self, exception_id: ExceptionId) -> Requested | Refused:
        """See what is to be decided."""
        roles = await self.directory.roles()
        async with self.records.read() as page:
            found = await requested(page, exception_id, self.agreed(), roles=roles, now=self.now())
        if found is None:
            return _no_such_exception(exception_id)
        if found.exception.granted is not None:
            return Refused(decision(found.exception), stale=True)
        return _no_longer_wanted(found.picture, found.freeze) or found

    async def __call__(
        self, exception_id: ExceptionId, seen: int | None, answer: str, *, granted: bool, by: Actor
    ) -> Requested | Refused | Repeated:
        """Decide it. `seen` is the revision that was on the screen; None when it was typed."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        answer = " ".join(answer.split())
        if not granted and not answer:
            return refuse(
                "Refusing needs a reason: {example}.", example=Code(f"/freeze refuse X-{exception_id} <reason>")
            )
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            exception = await page.exception(exception_id)
            freeze = await page.freeze(exception.plea.freeze) if exception else None
            if exception is None or freeze is None:
                return _no_such_exception(exception_id)
            if exception.granted is not None:
                return Refused(decision(exception), stale=True)
            if seen is not None and seen != exception.revision:
                return Refused(say("{name} has changed since you looked.", name=exception.name), stale=True)
            release = await page.release(exception.plea.release)
            if release is None:
                return no_such_release(exception.plea.release)
            picture = await take(page, release, agreed, roles=roles, now=now)
            refused = _no_longer_wanted(picture, freeze)
            if refused is None:
                refused = _may_not(picture.places[0].facts, exception, freeze, agreed, by, granted=granted)
            if refused is None and granted:
                refused = await self._over_budget(page, picture.places[0].facts)
            if refused is not None:
                return refused
            exception = await page.keep_exception(
                replace(
                    exception,
                    granted=granted,
                    decided_by=by.id,
                    decided_at=now,
                    answer=answer,
                    ends_at=counts_until(freeze, agreed.exceptions, now) if granted else None,
                )
            )
            principal = owners_of(freeze, agreed.freeze_rights).principal(by.id, roles)
            verb = "grant an exception" if granted else "refuse an exception"
            happened = on_record(verb, exception, freeze, release, by=by, at=now)
            more = {"asked_for": exception.plea.reason, "reason": answer, "on_behalf_of": principal}
            await page.put_on_record(replace(happened, detail={**happened.detail, **more}))
            await draw_requests(page, exception)
            await changed(page, release.id)
            after = await take(page, release, agreed, roles=roles, now=now)
            told = told_of(exception, freeze, principal)
            await page.tell(ThreadLine(release.id, told))
            await page.tell(DirectLine(exception.plea.by, with_the_next_step(told, picture, after), release.id))
            await page.commit()
        return Requested(after, exception, freeze)

    async def _over_budget(self, page: Page, facts: Facts) -> Refused | None:
        """Whether the budget is used up. Two who grant at the same moment must not both take the last one."""
        agreed = self.agreed()
        if agreed.exceptions.budget is None:
            return None
        refused = await over_budget(page, agreed, facts.service, facts.now)
        if refused is None:
            before = await granted_to(page, facts.service)
            after = before[0].name if before else f"nothing, on {facts.now:%Y-%m-%d}"
            if not await page.first_time(f"exception for {facts.service.name} after {after}"):
                raise ConflictError(f"Another exception was granted to {facts.service.name} a moment ago.")
        return refused


async def requested(
    page: Reading, exception_id: ExceptionId, agreed: Catalogue, *, roles: Roles, now: datetime
) -> Requested | None:
    """What was asked for under that number; None if nothing was."""
    exception = await page.exception(exception_id)
    freeze = await page.freeze(exception.plea.freeze) if exception else None
    release = await page.release(exception.plea.release) if exception else None
    if exception is None or freeze is None or release is None:
        return None
    return Requested(await take(page, release, agreed, roles=roles, now=now), exception, freeze)


def decision(exception: FreezeException) -> Sentence:
    """Who decided it, when, and how."""
    assert exception.decided_by is not None
    assert exception.decided_at is not None
    template = (
        "{who} {did} {exception} {at} already, so there is nothing left to decide."
        if exception.granted
        else "{who} {did} {exception} {at} already: {answer}"
    )
    did = "refused" if not exception.granted else "acknowledged" if exception.plea.soft else "granted"
    parts = {"answer": exception.answer} if not exception.granted else {}
    who, at = At(exception.decided_by), When(exception.decided_at)
    return say(template, who=who, did=did, exception=exception.name, at=at, **parts)


def told_of(exception: FreezeException, freeze: Freeze, principal: PersonId | None) -> Sentence:
    """What the thread hears, and whoever asked."""
    assert exception.decided_by is not None
    who, place = At(exception.decided_by), InPlaceOf(principal)
    release = f"R-{exception.plea.release}"
    if exception.granted:
        assert exception.ends_at is not None
        return say(
            "{who} granted {exception}{place}: {release} passes {freeze} until {end}{why}",
            who=who,
            exception=exception.name,
            place=place,
            release=release,
            freeze=freeze.name,
            end=When(exception.ends_at),
            why=f". {exception.answer}" if exception.answer else ".",
        )
    return say(
        "{who} refused {exception}{place}: {release} does not pass {freeze}. {why}",
        who=who,
        exception=exception.name,
        place=place,
        release=release,
        freeze=freeze.name,
        why=exception.answer,
    )


def with_the_next_step(told: Sentence, before: Picture, after: Picture) -> Sentence:
    """The same, and how to go on where nothing is in the way any more."""
    pairs = zip(before.places, after.places, strict=True)
    opened = next((place for shut, place in pairs if place.open and not shut.open), None)
    if opened is None:
        return told
    command = Code(f"/deploy {after.release.name} to {opened.name}")
    template = f"{told.template} Nothing else blocks {{there}}: {{command}}"
    return say(template, **dict(told.parts), there=opened.name, command=command)


def _no_such_exception(exception: ExceptionId) -> Refused:
    return refuse(
        "There is no exception {name}. {command} shows what is frozen.",
        name=f"X-{exception}",
        command=Code("/freeze list"),
    )


def _no_longer_wanted(picture: Picture, freeze: Freeze) -> Refused | None:
    if picture.problem is not None:
        return Refused(picture.problem)
    if not picture.release.open:
        return refuse("{release} has ended; it needs no exception any more.", release=picture.release.name)
    if freeze.over_at <= picture.seen_at:
        return refuse(
            "{freeze} was over {end}; {release} needs no exception any more.",
            freeze=freeze.name,
            end=When(freeze.over_at),
            release=picture.release.name,
        )
    return None


def _may_not(
    facts: Facts, exception: FreezeException, freeze: Freeze, agreed: Catalogue, by: Actor, *, granted: bool
) -> Refused | None:
    """Why this person may not decide that. A no to one's own plea hurts nobody."""
    owners = owners_of(freeze, agreed.freeze_rights)
    if not owners.include(by.id, facts.roles):
        doing = f"grant or refuse an exception from {freeze.name}"
        unknown = lacks_role(owners.roles, doing, by.id, facts.roles)
        known = not any(role in facts.roles.unknown for role in owners.roles)
        return refuse("Only {owners} can {doing}.", owners=named(owners), doing=doing) if known else unknown
    if not granted:
        return None
    if by.id == exception.plea.by:
        return refuse("You asked for it, and nobody grants what they ask for themselves. Another owner has to do it.")
    own = must_not_grant(exception.plea.by, facts.release, facts.change)
    principal = owners.principal(by.id, facts.roles)
    if by.id in own:
        return refuse("This is your own change, and nobody ships on their own word. Another owner has to grant it.")
    if principal in own:
        assert principal is not None
        return refuse(
            "You would decide in the place of {who}, whose own matter this is. Another owner has to grant it.",
            who=At(principal),
        )
    return None
