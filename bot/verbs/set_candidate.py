"""Set a candidate: propose something else. What was said about the old one no longer counts, and is asked for again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records
from bot.rules.approval import Verdict, Word, standing
from bot.rules.audit import Happened
from bot.rules.candidate import Candidate
from bot.rules.checklist import Item, after_new_candidate
from bot.rules.people import SLIPWAY, Actor, Surface
from bot.rules.policy import Right
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, Sentence, in_a_row, refuse, say
from bot.verbs.candidates import Candidates
from bot.verbs.hear_checks import hear, put_on_record, quoted
from bot.verbs.look import Picture, as_asked_now, no_such_release, take
from bot.verbs.plan_release import requests_for_approval, unknown_authors
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """The release proposes something else now; `voided` are the words that no longer count.

    `reopened` are the checklist's lines that must be done again.
    """

    picture: Picture
    previous: Candidate | None
    voided: tuple[Verdict, ...]
    reopened: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Unasked:
    """Nobody asks for it: the branch that a release follows has moved on. People's decisions stay people's."""

    instead_of: Candidate | None
    """What the release proposed when that was noticed. Whatever somebody has set since then stays."""


@dataclass(frozen=True, slots=True)
class SetCandidate:
    """Set a new candidate."""

    records: Records
    directory: Directory
    agreed: Agreed
    candidates: Candidates
    now: Clock

    async def __call__(
        self,
        release_id: ReleaseId,
        ref: str,
        artifact: str | None = None,
        irreversible: str = "",
        *,
        by: Actor,
        unasked: Unasked | None = None,
    ) -> CandidateSet | Refused | Repeated:
        """Propose what `ref` names at this moment. `irreversible` is what of its migrations can't be undone."""
        agreed, now = self.agreed(), self.now()
        roles = await self.directory.roles()
        async with self.records.read() as reading:
            seen = await reading.release(release_id)
        if seen is None:
            return no_such_release(release_id)
        service = agreed.services.get(seen.plan.service)
        if service is None:
            return refuse("The catalogue no longer has the service {name}.", name=Code(seen.plan.service))
        # Whoever planned it may, and nobody is needed where the catalogue itself says that a branch is followed.
        free = unasked is not None or by.id == seen.requested_by
        not_allowed = None if free else lacks(Right.PLAN, service, by.id, roles)
        if not_allowed:
            return not_allowed
        candidate = await self.candidates(service, ref, artifact, by=by.id, at=now)
        if isinstance(candidate, Refused):
            return candidate
        candidate = replace(candidate, irreversible=" ".join(irreversible.split()))
        strangers = await self.candidates.strangers(candidate)

        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            # First what is known of the commit, then the release: in this order a check that reports meanwhile waits.
            known = await page.checks(service.name, candidate.commit)
            release = await page.release(release_id)
            assert release is not None, "releases are never deleted"
            if not release.open:
                return refuse("{release} has ended, so its candidate stays as it is.", release=release.name)
            if in_the_way := await _in_the_way(page, release, candidate):
                return in_the_way
            before = await take(page, release, agreed, roles=roles, now=now)
            voided = tuple(
                verdict
                for place in before.places
                if place.facts.proposal
                for verdict in standing(release.verdicts, place.facts.proposal)
            )
            if kept := await _kept_for_people(page, release, voided, unasked):
                return kept
            previous, items = release.candidate, as_asked_now(release, agreed).checklist
            hearing = hear(after_new_candidate(items), known, now)
            reopened = tuple(new for old, new in zip(items, hearing.after, strict=True) if old.done and not new.done)
            release = await page.keep(replace(release.with_candidate(candidate), checklist=hearing.after))
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.put_on_record(
                Happened(
                    "set candidate",
                    by.id,
                    by.surface,
                    now,
                    release=release.id,
                    candidate=candidate.identity,
                    detail={
                        "previous": previous.commit if previous else None,
                        "artifact": artifact,
                        "irreversible": candidate.irreversible,
                        "ref": candidate.ref,
                        "authors": list(candidate.authors),
                        "author_ids": sorted(candidate.author_ids),
                        "voided": [
                            {
                                "person": each.person,
                                "role": each.role,
                                "word": each.word,
                                "environment": each.environment,
                            }
                            for each in voided
                        ],
                        "reopened": [each.key for each in reopened],
                    },
                )
            )
            await changed(page, release.id)
            await page.tell(ThreadLine(release.id, _told(by, candidate, previous)))
            if voided:
                people = tuple(At(each) for each in dict.fromkeys(verdict.person for verdict in voided))
                await page.tell(
                    ThreadLine(
                        release.id,
                        say(
                            "What {people} said was about {old} and no longer counts.",
                            people=AllOf(people),
                            old=Code(previous.short if previous else ""),
                        ),
                    )
                )
            if reopened:
                again = say("To be done again for this candidate: {items}.", items=quoted(reopened))
                await page.tell(ThreadLine(release.id, again))
            await put_on_record(page, release, hearing, surface=Surface.ENGINE, at=now)
            for line in (*unknown_authors(picture, strangers), *requests_for_approval(picture)):
                await page.tell(line)
            await page.commit()
        return CandidateSet(picture, previous, voided, reopened)


async def _in_the_way(page: Page, release: Release, candidate: Candidate) -> Refused | None:
    """Why that can't be proposed now, whoever asks; None if it can."""
    before = release.candidate
    if candidate.is_same_as(before) and before and candidate.irreversible == before.irreversible:
        return refuse(
            "{commit} is the candidate of {release} already; nothing was changed.",
            commit=Code(candidate.short),
            release=release.name,
        )
    holding = await page.deployments(release=release.id, holding_only=True)
    if holding:
        return refuse(
            "{deployment} of this release is on its way to {environment}: wait for it, or cancel it.",
            deployment=holding[0].name,
            environment=holding[0].order.environment,
        )
    return None


async def _kept_for_people(
    page: Page, release: Release, voided: tuple[Verdict, ...], unasked: Unasked | None
) -> Refused | None:
    """Why only a person may set another one now; None if it may be set."""
    if unasked is None:
        return None
    if release.candidate != unasked.instead_of:
        return refuse("Somebody has set another candidate of {release} meanwhile.", release=release.name)
    yes = tuple(dict.fromkeys(At(each.person) for each in voided if each.word is Word.YES))
    if yes:
        return refuse("{people} approved what it proposes.", people=AllOf(yes))
    waiting = [each for each in await page.waiting(release.plan.service) if each.order.release == release.id]
    if waiting:
        return refuse(
            "{deployment} of this release waits its turn to {environment}.",
            deployment=waiting[0].name,
            environment=waiting[0].order.environment,
        )
    return None


def _told(by: Actor, candidate: Candidate, previous: Candidate | None) -> Sentence:
    if candidate.irreversible:
        return in_a_row([_set(by, candidate, previous), _can_t_be_undone(candidate)], " ")
    return _set(by, candidate, previous)


def _can_t_be_undone(candidate: Candidate) -> Sentence:
    return say("⛔ Its migration can't be undone: {what}", what=candidate.irreversible)


def _set(by: Actor, candidate: Candidate, previous: Candidate | None) -> Sentence:
    if by.id == SLIPWAY:
        return say(
            "{branch} has moved on: its newest commit {new} is the candidate now.",
            branch=Code(candidate.ref or candidate.short),
            new=Code(candidate.short),
        )
    if previous is None:
        return say("{who} set the candidate: {new}.", who=At(by.id), new=Code(candidate.short))
    return say(
        "{who} set a new candidate: {new} instead of {old}.",
        who=At(by.id),
        new=Code(candidate.short),
        old=Code(previous.short),
    )
