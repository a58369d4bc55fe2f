"""Ask the gate for a machine: may this commit, or this release, go to that environment now, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.rules.gate import Blocker, Reason, opens_by_itself
from bot.rules.people import Roles
from bot.rules.policy import Catalogue, EnvironmentName, Right, Service, ServiceName
from bot.rules.release import Release, ReleaseId
from bot.rules.sentence import AllOf, At, AtRole, Code, Refused, Sentence, refuse, say
from bot.verbs.ask_deploy import no_such_environment, the_place
from bot.verbs.look import EVERY_OPEN_ONE, Look, Picture, Place, take_all

_LOOKED_BACK = 200
"""So many releases are looked at to say what became of the one that proposed a commit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer. `release` is the one it is about; None where nothing proposes that commit."""

    service: ServiceName
    environment: EnvironmentName
    release: Release | None
    blockers: tuple[Blocker, ...]
    stands_there: bool
    """Whether exactly that is what stands there already."""
    opens_at: datetime | None
    """When nothing will block any more if nobody does anything; None if somebody has to, or if nothing blocks."""
    roles: Roles
    at: datetime

    @property
    def open(self) -> bool:
        """Whether it may go there now."""
        return not self.blockers


@dataclass(frozen=True, slots=True)
class Unaskable:
    """The question names something that is not there: which part of it that is, and what there is."""

    about: Literal["service", "environment", "commit", "release"]
    why: Sentence


@dataclass(frozen=True, slots=True)
class AskGate:
    """Ask; by the same rules as everybody else does."""

    look: Look

    async def of_release(
        self,
        release: ReleaseId,
        environment: EnvironmentName,
        *,
        service: ServiceName | None = None,
        commit: str | None = None,
    ) -> Asked | Unaskable:
        """That release; with `commit`, only if it is what it proposes."""
        picture = await self.look(release)
        if isinstance(picture, Refused):
            return Unaskable("release", picture.why)
        plan = picture.release.plan
        if service is not None and service != plan.service:
            return Unaskable(
                "service",
                say(
                    "{release} is a release of {its}, and not of {service}.",
                    release=picture.release.name,
                    its=Code(plan.service),
                    service=Code(service),
                ),
            )
        place = the_place(picture, environment)
        if isinstance(place, Refused):
            return Unaskable("release" if picture.problem is not None else "environment", place.why)
        candidate = picture.release.candidate
        if commit is not None and candidate is not None and candidate.commit != commit:
            return _answer(picture, place, _proposes_another(picture.release, commit))
        return _answer(picture, place)

    async def of_commit(self, service: ServiceName, environment: EnvironmentName, commit: str) -> Asked | Unaskable:
        """Whatever open release proposes exactly that commit: of several, one whose gate is open, else the newest."""
        agreed = self.look.agreed()
        known = agreed.services.get(service)
        if known is None:
            return Unaskable("service", no_such_service(service, agreed).why)
        if known.environment(environment) is None:
            return Unaskable("environment", no_such_environment(known, environment).why)
        roles = await self.look.directory.roles()
        async with self.look.records.read() as page:
            open_ones = await page.releases(service=service, open_only=True, limit=EVERY_OPEN_ONE)
            proposed = [each for each in open_ones if _proposes(each, commit)]
            now = self.look.now()
            if not proposed:
                ended = await page.releases(service=service, ended_only=True, limit=_LOOKED_BACK)
                before = next((each for each in ended if _proposes(each, commit)), None)
                blocker = _proposed_by_none(known, commit, open_ones, before)
                return Asked(service, environment, None, (blocker,), False, None, roles, now)
            pictures = await take_all(page, proposed, agreed, roles=roles, now=now)
        asked = [_answer(picture, place) for picture in pictures if (place := picture.place(environment))]
        if not asked:
            # The rules that it was planned under are gone from the catalogue.
            refused = the_place(pictures[0], environment)
            assert isinstance(refused, Refused), "there is neither a place nor a word why"
            return Unaskable("commit", refused.why)
        return next((each for each in asked if each.open), asked[0])


def _answer(picture: Picture, place: Place, *more: Blocker) -> Asked:
    blockers = (*more, *place.blockers)
    return Asked(
        place.facts.service.name,
        place.name,
        picture.release,
        blockers,
        place.stands_here and not more,
        opens_by_itself(place.facts) if blockers and not more else None,
        picture.roles,
        picture.seen_at,
    )


def _proposes(release: Release, commit: str) -> bool:
    return release.candidate is not None and release.candidate.commit == commit


def _proposes_another(release: Release, commit: str) -> Blocker:
    assert release.candidate is not None
    return Blocker(
        Reason.CANDIDATE,
        say(
            "{release} proposes {candidate}, and not {commit}.",
            release=release.name,
            candidate=Code(release.candidate.short),
            commit=Code(commit[:7]),
        ),
        (At(release.requested_by),),
        say(
            "Build what it proposes, or propose this: {command}.",
            command=Code(f"/release build {release.name} {commit}"),
        ),
        about=commit,
    )


def _proposed_by_none(service: Service, commit: str, open_ones: Sequence[Release], before: Release | None) -> Blocker:
    """A clear no: what nobody has planned goes nowhere."""
    plan = Code(f"/release new {service.name} <version> {commit}")
    step = say("Plan one with {plan}.", plan=plan)
    if open_ones:
        propose = Code(f"/release build {open_ones[0].name} {commit}")
        step = say("Plan one with {plan}, or have an open one propose it: {propose}.", plan=plan, propose=propose)
    planners = tuple(AtRole(role) for role in service.roles_for(Right.PLAN))
    return Blocker(Reason.CANDIDATE, _why_none(service, commit, before), planners, step, about=commit)


def _why_none(service: Service, commit: str, before: Release | None) -> Sentence:
    if before is None:
        return say("No open release of {service} proposes {commit}.", service=service.title, commit=Code(commit[:7]))
    ended = "launched" if before.cancelled is None else "cancelled"
    return say(
        "No open release of {service} proposes {commit}: {release}, which did, was {ended}.",
        service=service.title,
        commit=Code(commit[:7]),
        release=before.name,
        ended=ended,
    )


def no_such_service(name: ServiceName, agreed: Catalogue) -> Refused:
    """The catalogue has none of that name."""
    return refuse(
        "The catalogue has no service {name}. It has {names}.",
        name=Code(name),
        names=AllOf(tuple(Code(each) for each in agreed.services)),
    )
