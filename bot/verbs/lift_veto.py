"""Lift a veto: let what was rolled back come again, for everything or for whatever has the commit that mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, CodeHost, CodeHostError, Directory, Page, Reading, Records
from bot.rules.audit import Happened
from bot.rules.people import Actor, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue, Right, Service, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Code, Refused, Repeated, Sentence, refuse, say
from bot.rules.veto import Ruling, Veto, VetoId
from bot.verbs.look import EVERY_OPEN_ONE, Picture, take_all
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks

_NUMBER = re.compile(r"v-?(\d{1,9})", re.IGNORECASE)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lifted:
    """It is lifted: for whatever has the commit `mend`, or for everything."""

    veto: Veto
    service: Service
    mend: str | None


@dataclass(frozen=True, slots=True)
class LiftVeto:
    """Lift it."""

    records: Records
    directory: Directory
    agreed: Agreed
    code_host: CodeHost
    now: Clock

    async def __call__(self, named: str, mend: str | None, reason: str, *, by: Actor) -> Lifted | Refused | Repeated:
        """`named` is its number, or the service that has only this one. `mend` is a commit that mends it."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.read() as reading:
            found = await the_veto(reading, named, agreed)
            if isinstance(found, Refused):
                return found
            veto, service = found
            own = await whose_own(reading, veto)
        not_allowed = may_not_judge(service, own, by.id, roles, agreed.owners)
        if not_allowed:
            return not_allowed
        commit = await self._mend(service, veto, mend) if mend is not None else None
        if isinstance(commit, Refused):
            return commit
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            now_there = await page.veto(veto.id)
            assert now_there is not None, "vetoes are never deleted"
            if now_there.lifted is not None:
                return lifted_already(now_there)
            now, agreed = self.now(), self.agreed()
            kept_out = await kept_out_by(page, now_there, agreed, roles=roles, now=now)
            ruling = Ruling(by.id, now, reason)
            veto = await page.keep_veto(
                replace(now_there, lifted=ruling)
                if commit is None
                else replace(now_there, answers=tuple(dict.fromkeys((*now_there.answers, commit))))
            )
            await page.put_on_record(
                Happened(
                    "lift veto" if commit is None else "answer veto",
                    by.id,
                    by.surface,
                    now,
                    release=veto.taken.release,
                    subject=veto.name,
                    detail={"service": service.name, "reason": reason} | ({"commit": commit} if commit else {}),
                )
            )
            await tell_all(page, veto, kept_out, _told(veto, commit, reason, by))
            await page.commit()
        return Lifted(veto, service, commit)

    async def _mend(self, service: Service, veto: Veto, ref: str) -> str | Refused:
        """The full commit that mends it. What was there before, or was itself rolled back, mends nothing."""
        taken = veto.taken
        if service.repository is None:
            if not _SHA.fullmatch(ref.lower()):
                return refuse(
                    "{service} names no repository in the catalogue, so I need the full commit (40 digits), not {ref}.",
                    service=service.title,
                    ref=Code(ref),
                )
            return ref.lower()
        try:
            commit = await self.code_host.resolve(service.repository, ref)
            if commit is None:
                return refuse(
                    "{repository} has no commit, branch or tag {ref}. Has it been pushed?",
                    repository=Code(service.repository),
                    ref=Code(ref),
                )
            for known in (taken.bad, taken.good):
                if await self.code_host.contains(service.repository, known, [commit.sha]):
                    return refuse(
                        "{commit} was in {version} already, so it can't be what mends it. Please name the commit "
                        "that came after it.",
                        commit=Code(commit.sha[:7]),
                        version=taken.bad_version if known == taken.bad else taken.good_version,
                    )
        except CodeHostError as error:
            return refuse("I could not ask the code host: {why} Nothing was changed.", why=str(error))
        return commit.sha


async def the_veto(page: Reading, named: str, agreed: Catalogue) -> tuple[Veto, Service] | Refused:
    """The veto of that number, or the only one of that service that nothing answers yet."""
    number = _NUMBER.fullmatch(named)
    if number is not None:
        veto = await page.veto(VetoId(int(number[1])))
        if veto is None:
            return refuse("There is no veto {name}.", name=Code(f"V-{number[1]}"))
    else:
        open_still = [
            each for each in await page.vetoes(ServiceName(named)) if each.lifted is None and not each.answers
        ]
        if not open_still:
            return refuse("Nothing that was rolled back of {service} is kept out any more.", service=named)
        if len(open_still) > 1:
            return refuse(
                "Of {service}, several things that were rolled back are kept out: {names}. Please name one of them.",
                service=named,
                names=AllOf(
                    tuple(f"{each.name} ({each.taken.bad_version} in {each.taken.environment})" for each in open_still)
                ),
            )
        (veto,) = open_still
    service = agreed.services.get(veto.taken.service)
    if service is None:
        return refuse("The catalogue no longer has the service {name}.", name=Code(veto.taken.service))
    return (veto, service) if veto.lifted is None else lifted_already(veto)


def lifted_already(veto: Veto) -> Refused:
    """Somebody was faster."""
    assert veto.lifted is not None
    return refuse(
        "{veto} was lifted already, by {who}: {reason}",
        veto=veto.name,
        who=At(veto.lifted.by),
        reason=veto.lifted.reason,
    )


async def kept_out_by(page: Page, veto: Veto, agreed: Catalogue, *, roles: Roles, now: datetime) -> list[Picture]:
    """The open releases that this veto keeps out of some environment, or may."""
    releases = await page.releases(service=veto.taken.service, open_only=True, limit=EVERY_OPEN_ONE)
    pictures = await take_all(page, releases, agreed, roles=roles, now=now)
    return [
        each for each in pictures if any(veto.id == by.id for place in each.places for by, _ in place.facts.kept_out_by)
    ]


async def tell_all(page: Page, veto: Veto, kept_out: list[Picture], sentence: Sentence) -> None:
    """Tell the release that was taken back, and those that are kept out by it; they are looked at anew."""
    numbers: dict[ReleaseId, None] = dict.fromkeys((veto.taken.release, *(each.release.id for each in kept_out)))
    for release in numbers:
        await page.tell(ThreadLine(release, sentence))
        await changed(page, release)


async def whose_own(page: Reading, veto: Veto) -> frozenset[PersonId]:
    """Whose own change it is: theirs who asked for or wrote what was rolled back."""
    release = await page.release(veto.taken.release)
    rollback = await page.deployment(veto.taken.rollback)
    replaced = rollback.order.replaces if rollback is not None else None
    bad = await page.deployment(replaced) if replaced is not None else None
    asked = frozenset({release.requested_by}) if release is not None else frozenset()
    return asked | (bad.order.candidate.author_ids if bad is not None else frozenset())


def may_not_judge(
    service: Service, own: frozenset[PersonId], person: PersonId, roles: Roles, owners: RoleName
) -> Refused | None:
    """Why this person may not say what comes of a veto; None if they may.

    Whoever may roll back does, but not about their own change; the catalogue's owners do if that leaves nobody.
    """
    needed = service.roles_for(Right.ROLL_BACK)

    def concerned(one: PersonId) -> bool:
        return bool(own & {one, roles.in_whose_place(one, needed)})

    known = bool(needed) and not any(role in roles.unknown for role in needed)
    nobody_left = known and all(concerned(one) for role in needed for one in roles.holders(role))
    if nobody_left and roles.hold(person, owners) and not own & {person, roles.principal(person, owners)}:
        return None
    not_allowed = lacks(Right.ROLL_BACK, service, person, roles)
    if not_allowed or not concerned(person):
        return not_allowed
    who = AllOf(tuple(AtRole(role) for role in needed)) if needed else "the team"
    if nobody_left:
        return refuse(
            "This is about your own change: you asked for it, wrote it, or would act in the place of somebody who did. "
            "That is so for everybody in {roles}, so somebody else in {owners} has to do this.",
            roles=who,
            owners=AtRole(owners),
        )
    return refuse(
        "This is about your own change: you asked for it, wrote it, or would act in the place of somebody who did. "
        "Somebody else in {roles} has to do this.",
        roles=who,
    )


def _told(veto: Veto, commit: str | None, reason: str, by: Actor) -> Sentence:
    if commit is None:
        return say(
            "{who} lifted {veto}: what was rolled back with {version} may come again. Reason: {reason}",
            who=At(by.id),
            veto=veto.name,
            version=veto.taken.bad_version,
            reason=reason,
        )
    return say(
        "{who} says that {commit} mends what was rolled back with {version} ({veto}): whatever has it may come again. "
        "Reason: {reason}",
        who=At(by.id),
        commit=Code(commit[:7]),
        version=veto.taken.bad_version,
        veto=veto.name,
        reason=reason,
    )
