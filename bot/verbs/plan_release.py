"""Plan a release: say what is to be given to customers, and when. It gets its number, its checklist and its card."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.notices import CardChanged, ThreadLine
from bot.ports import Agreed, Calendars, Clock, Directory, Records, Work
from bot.rules.audit import Happened
from bot.rules.checklist import fresh
from bot.rules.feasibility import Impossible
from bot.rules.people import Actor, Surface
from bot.rules.policy import Catalogue, Right, ServiceName, checklist_of
from bot.rules.release import Draft, Plan
from bot.rules.sentence import REPEATED, AllOf, At, AtRole, Code, Refused, Repeated, refuse, say
from bot.verbs.ahead import FrozenThen, frozen_then
from bot.verbs.candidates import Candidates
from bot.verbs.find_impossible import in_the_way_of, tell_release
from bot.verbs.hear_checks import hear, put_on_record
from bot.verbs.look import Picture, take
from bot.verbs.rights import lacks

VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
"""Any version that fits in a tag, a label and a line of text."""


@dataclass(frozen=True, slots=True)
class Planned:
    """It has a number. `frozen_by`: the freeze into which its target date falls, if it does."""

    picture: Picture
    frozen_by: FrozenThen | None
    impossible: tuple[Impossible, ...] = ()
    """Why it can't get through as things are, if it can't."""


@dataclass(frozen=True, slots=True)
class PlanRelease:
    """Plan a release."""

    records: Records
    directory: Directory
    agreed: Agreed
    candidates: Candidates
    now: Clock
    calendars: Calendars

    async def __call__(
        self, plan: Plan, ref: str | None, artifact: str | None = None, *, by: Actor
    ) -> Planned | Refused | Repeated:
        """Plan it, with what `ref` names now as its candidate, if that is known yet."""
        agreed, now = self.agreed(), self.now()
        plan = tidy(plan)
        wrong = problem_with(plan, agreed)
        if wrong:
            return wrong
        service, change = agreed.services[plan.service], agreed.change_types[plan.change_type]
        roles = await self.directory.roles()
        not_allowed = lacks(Right.PLAN, service, by.id, roles)
        if not_allowed:
            return not_allowed
        candidate = await self.candidates(service, ref, artifact, by=by.id, at=now) if ref else None
        if isinstance(candidate, Refused):
            return candidate
        strangers = await self.candidates.strangers(candidate) if candidate else ()

        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            same = [
                each
                for each in await page.releases(service=plan.service, open_only=True)
                if each.plan.version == plan.version
            ]
            if same:
                return refuse(
                    "{service} {version} is planned already: {name}. Give it a new candidate with {command}.",
                    service=service.title,
                    version=plan.version,
                    name=same[0].name,
                    command=Code(f"/release build {same[0].name} <commit>"),
                )
            others = await page.releases(ids=plan.depends_on) if plan.depends_on else []
            unknown = [each for each in plan.depends_on if each not in {other.id for other in others}]
            if unknown:
                return refuse("It can't depend on R-{number}: there is no such release.", number=unknown[0])
            said = await page.checks(service.name, candidate.commit) if candidate else []
            hearing = hear(fresh(checklist_of(change, service)), said, now)
            release = await page.add_release(Draft(plan, by.id, now, candidate, hearing.after))
            await page.put_on_record(
                Happened(
                    "plan",
                    by.id,
                    by.surface,
                    now,
                    release=release.id,
                    candidate=candidate.identity if candidate else None,
                    detail={
                        "service": plan.service,
                        "version": plan.version,
                        "change_type": plan.change_type,
                        "title": plan.title,
                        "scope": plan.scope,
                        "requirements": plan.requirements,
                        "target": plan.target.isoformat() if plan.target else None,
                        "depends_on": list(plan.depends_on),
                        "catalogue": agreed.fingerprint,
                        "ref": candidate.ref if candidate else None,
                        "authors": list(candidate.authors) if candidate else [],
                        "author_ids": sorted(candidate.author_ids) if candidate else [],
                    },
                )
            )
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.tell(CardChanged(release.id))
            await page.start(Work.WATCH_RELEASE, release.id)
            await page.tell(ThreadLine(release.id, say("{who} planned this release.", who=At(by.id))))
            await put_on_record(page, release, hearing, surface=Surface.ENGINE, at=now)
            for line in (*unknown_authors(picture, strangers), *requests_for_approval(picture)):
                await page.tell(line)
            impossible = in_the_way_of(picture, others)
            await tell_release(page, release.id, impossible, now)
            frozen_by = await frozen_then(page, plan, agreed, self.calendars, now)
            await page.commit()
        return Planned(picture, frozen_by, impossible)


def tidy(plan: Plan) -> Plan:
    """The plan without stray blanks."""
    return replace(
        plan,
        version=plan.version.strip(),
        title=" ".join(plan.title.split()),
        scope=plan.scope.strip(),
        requirements=plan.requirements.strip(),
        depends_on=tuple(dict.fromkeys(plan.depends_on)),
    )


def problem_with(plan: Plan, agreed: Catalogue) -> Refused | None:
    """What is wrong with the plan itself; None if nothing is."""
    if plan.service not in agreed.services:
        return no_such_service(plan.service, agreed)
    if plan.change_type not in agreed.change_types:
        return refuse(
            "The catalogue has no change type {name}. It has {types}.",
            name=Code(plan.change_type),
            types=AllOf(tuple(Code(each) for each in agreed.change_types)),
        )
    if not VERSION.fullmatch(plan.version):
        return refuse(
            "{version} can't be a version: use letters, digits and . _ + - (at most 64), for example {example}.",
            version=Code(plan.version[:80] or "(nothing)"),
            example=Code("2.4.0"),
        )
    longest = 150
    if not plan.title or len(plan.title) > longest:
        return refuse("A title of 1 to {longest} characters is needed.", longest=longest)
    return None


def no_such_service(name: ServiceName, agreed: Catalogue) -> Refused:
    """There is none of that name."""
    return refuse(
        "The catalogue has no service {name}. It has {services}.",
        name=Code(name),
        services=AllOf(tuple(Code(each) for each in agreed.services)),
    )


def unknown_authors(picture: Picture, strangers: tuple[str, ...]) -> list[ThreadLine]:
    """The line that says whose hand in the candidate can't be told, where somebody has to approve it."""
    if not strangers or not any(place.facts.approvals for place in picture.places):
        return []
    addresses = AllOf(tuple(Code(each) for each in strangers[:5]))
    return [
        ThreadLine(
            picture.release.id,
            say(
                "Nobody in this workspace has the {address} {authors}, so I can't keep who wrote that from approving "
                "it. Whoever approves vouches for not having written it.",
                address="address" if len(strangers) == 1 else "addresses",
                authors=addresses,
            ),
        )
    ]


def requests_for_approval(picture: Picture) -> list[ThreadLine]:
    """The lines that ask the roles whose word is wanted now."""
    place = picture.asking
    if place is None or picture.release.candidate is None:
        return []
    missing = tuple(AtRole(tally.rule.role) for tally in place.tallies if tally.missing)
    if not missing:
        return []
    return [
        ThreadLine(
            picture.release.id,
            say(
                "{roles}: {commit} asks for your approval for {environment}. "
                "Please look at it and press Approve or Reject on the card.",
                roles=AllOf(missing),
                commit=Code(picture.release.candidate.short),
                environment=place.name,
            ),
        )
    ]
