"""Speak: how a yes and a no are said alike: sealed, in a role, once, by somebody who may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records
from bot.rules.approval import Verdict, Word, barred, role_to_speak_in, standing
from bot.rules.audit import Happened
from bot.rules.candidate import Seal
from bot.rules.gate import Facts
from bot.rules.people import Actor, PersonId, RoleName, Roles
from bot.rules.policy import EnvironmentName, Promotion, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Code, InPlaceOf, Refused, Repeated, Sentence, refuse, say
from bot.verbs.look import Picture, Place, no_such_release, take, with_change
from bot.verbs.redraw import changed


@dataclass(frozen=True, slots=True)
class Said:
    """The word is given, and counts."""

    picture: Picture
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Speak:
    """Give one person's word."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self,
        release_id: ReleaseId,
        environment: EnvironmentName | None,
        seen: Seal | None,
        word: Word,
        reason: str,
        *,
        by: Actor,
        told: Callable[[Said], Sentence],
    ) -> Said | Refused | Repeated:
        """Say it, if it may be said and hasn't been."""
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            found = await self._place(page, release_id, environment, roles)
            if isinstance(found, Refused):
                return found
            seen_now, place = found
            verdict = self._verdict(place, seen, word, reason, by)
            if isinstance(verdict, Refused):
                return verdict
            release = await page.keep(place.facts.release.with_verdict(verdict))
            said = Said(with_change(seen_now, release), verdict)
            assert release.candidate is not None
            await page.put_on_record(
                Happened(
                    "approve" if word is Word.YES else "reject",
                    by.id,
                    by.surface,
                    verdict.at,
                    release=release.id,
                    candidate=release.candidate.identity,
                    subject=verdict.environment,
                    detail={
                        "role": verdict.role,
                        "seal": verdict.seal,
                        "reason": reason,
                        "on_behalf_of": verdict.on_behalf_of,
                    },
                )
            )
            await changed(page, release.id)
            await page.tell(ThreadLine(release.id, told(said)))
            after = said.picture.place(verdict.environment)
            if after is not None and after.open:
                await tell_that_it_is_open(page, after)
            await page.commit()
        return said

    async def _place(
        self, page: Page, release_id: ReleaseId, environment: EnvironmentName | None, roles: Roles
    ) -> tuple[Picture, Place] | Refused:
        """The release, and how it is seen from the environment that is meant."""
        release = await page.release(release_id)
        if release is None:
            return no_such_release(release_id)
        picture = await take(page, release, self.agreed(), roles=roles, now=self.now())
        if picture.problem is not None:
            return Refused(picture.problem)
        if not release.open:
            return refuse("{release} has ended; there is nothing left to approve.", release=release.name)
        if release.candidate is None:
            return refuse(
                "{release} has no candidate yet, so there is nothing to look at. Set one with {command}.",
                release=release.name,
                command=Code(f"/release build {release.name} <commit>"),
            )
        place = picture.asking if environment is None else picture.place(environment)
        if place is not None:
            return picture, place
        if environment is None:
            return refuse("{release} waits for nobody's approval.", release=release.name)
        return refuse("{service} has no environment {name}.", service=release.plan.service, name=Code(environment))

    def _verdict(self, place: Place, seen: Seal | None, word: Word, reason: str, by: Actor) -> Verdict | Refused:
        """This person's word on what is there now, or why it can't be said."""
        facts = place.facts
        release, proposal = facts.release, facts.proposal
        assert release.candidate is not None
        assert proposal is not None
        if seen is not None and seen != proposal.seal:
            return Refused(
                say(
                    "{release} has changed since you looked: its candidate is {commit} now, or its rules are others. "
                    "Nothing was said in your name; please look again.",
                    release=release.name,
                    commit=Code(release.candidate.short),
                ),
                stale=True,
            )
        own = barred(facts.change, release.requested_by, release.candidate)
        role = role_to_speak_in(
            by.id,
            facts.approvals,
            facts.tallies,
            roles=facts.roles,
            environment=place.name,
            barred=own,
            bound=self._bound(facts, by.id),
        )
        if isinstance(role, Refused):
            return role
        principal = facts.roles.principal(by.id, role)
        filled = self._bound(facts, principal) if principal is not None else None
        if principal is not None and filled not in {None, role}:
            return refuse(
                "You would speak in the place of {who}, who has spoken on this candidate as {role}, and one person "
                "fills one role in a release. Somebody else has to do it for {environment}.",
                who=At(principal),
                role=AtRole(filled),
                environment=place.name,
            )
        said = self._said_already(facts, word, by, principal)
        if said is not None:
            return said
        if word is Word.YES and own.intersection({by.id, principal}):
            return (
                refuse(
                    "You would speak in the place of {who}, whose own change this is. "
                    "Somebody else in the role has to approve.",
                    who=At(principal),
                )
                if principal is not None and by.id not in own
                else refuse(
                    "This is your own change, and nobody ships on their own word. "
                    "Somebody else in the role has to approve."
                )
            )
        return Verdict(
            by.id,
            role,
            place.name,
            proposal.seal,
            word,
            facts.now,
            reason,
            on_behalf_of=principal,
            subject=proposal.subject,
            terms=proposal.terms,
            candidate=proposal.candidate,
            version=proposal.version,
        )

    def _said_already(self, facts: Facts, word: Word, by: Actor, principal: PersonId | None) -> Refused | None:
        """Whether that place has been taken: by the same person, or by the one in whose place they would speak."""
        release = facts.release
        assert facts.proposal is not None
        assert release.candidate is not None
        lasts, mine = facts.change.approvals_last, {by.id, principal} - {None}
        said = [each for each in standing(release.verdicts, facts.proposal) if each.speakers & mine]
        # What is about to expire, or has, may be said once more.
        said = [
            each for each in said if each.word is not word or not _to_be_renewed(each, lasts, self._warning(), facts)
        ]
        if not said:
            return None
        if said[-1].person == by.id:
            return refuse(
                "You have {word} {commit} for {environment} already. To take it back: {command}.",
                word=said[-1].word.value,
                commit=Code(release.candidate.short),
                environment=facts.environment.name,
                command=Code(f"/release withdraw {release.name}"),
            )
        return refuse(
            "{who} has {word} {commit} for {environment} already, and one place is filled once.",
            who=At(said[-1].person),
            word=said[-1].word.value,
            commit=Code(release.candidate.short),
            environment=facts.environment.name,
        )

    def _warning(self) -> timedelta:
        return self.agreed().reminders.before_expiry

    def _bound(self, facts: Facts, person: PersonId) -> RoleName | None:
        """The role in which this person has spoken on this candidate, in whatever environment; or others for them."""
        elsewhere = [replace(facts, environment=each).proposal for each in facts.service.environments]
        said = [
            each
            for each in facts.release.verdicts
            if each.stands and person in each.speakers and any(each.is_about(there) for there in elsewhere if there)
        ]
        return said[-1].role if said else None


def _to_be_renewed(verdict: Verdict, lasts: timedelta | None, warning: timedelta, facts: Facts) -> bool:
    """Whether a word is about to stop counting, or has: then it can be given anew."""
    end = verdict.expires_at(lasts)
    return end is not None and facts.now >= end - warning


def in_place_of(verdict: Verdict) -> InPlaceOf:
    """In whose place it was said, for a sentence about it; nothing if it was in the person's own name."""
    return InPlaceOf(verdict.on_behalf_of)


async def tell_that_it_is_open(page: Page, place: Place) -> None:
    """Offer it in the thread, since nothing blocks any more: once for what is proposed now."""
    facts = place.facts
    if facts.environment.promote is Promotion.NO:
        return
    if await page.first_time(f"{facts.release.name} open {place.name} {facts.seal}"):
        command = Code(f"/deploy {facts.release.name} to {place.name}")
        roles = tuple(AtRole(role) for role in facts.service.roles_for(Right.DEPLOY))
        told = (
            say(
                "Nothing blocks {environment} any more. {roles}, to deploy: {command}.",
                environment=place.name,
                roles=AllOf(roles),
                command=command,
            )
            if roles
            else say(
                "Nothing blocks {environment} any more. To deploy: {command}.", environment=place.name, command=command
            )
        )
        await page.tell(ThreadLine(facts.release.id, told, offers=place.name))
