"""Releases: what is planned, how far each has come, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from bot.rules.approval import Verdict, Word, rejections
from bot.rules.checklist import Item
from bot.rules.gate import opens_by_itself
from bot.rules.machine_token import Scope
from bot.rules.people import PersonId
from bot.rules.release import Ending, r
from bot.rules.sentence import Refused
from bot.rules.stage import Stage
from bot.verbs.look import Picture, Place
from handlers.api import deployments
from handlers.api.endpoint import Desk, Endpoint
from handlers.api.models import Blocker, Candidate, Model, Person, example
from handlers.api.parameters import ALimit, ARelease, AService, Parameters, YesOrNo
from handlers.api.pen import Pen, people_of
from handlers.api.problems import Trouble

_SUMMARY = {
    "release": "R-12",
    "service": "payments",
    "version": "2.4.0",
    "title": "Instant refunds",
    "change_type": "feature",
    "stage": "testing",
    "open": True,
    "requested_by": {"id": "U0MAYA", "name": "Maya Lindqvist"},
    "created_at": "2026-11-20T09:00:00Z",
    "target": "2026-11-24",
    "depends_on": [],
    "candidate": {
        "commit": "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1",
        "artifact": None,
        "ref": "main",
        "set_by": {"id": "U0MAYA", "name": "Maya Lindqvist"},
        "set_at": "2026-11-20T09:00:00Z",
    },
    "launched": None,
    "cancelled": None,
    "problem": None,
}


class ProposedCandidate(Candidate):
    """The exact thing that is proposed, by whom and when."""

    set_by: Person
    set_at: datetime


class End(Model):
    """Who launched or cancelled it, when, and why."""

    by: Person
    at: datetime
    reason: str


class ReleaseSummary(Model):
    """A release."""

    model_config = example(**_SUMMARY)

    release: str
    """`R-12`."""
    service: str
    version: str
    title: str
    change_type: str
    stage: Stage
    """Where it stands on its road, derived from the facts."""
    open: bool
    """Whether anything can still happen to it: neither launched nor cancelled."""
    requested_by: Person
    created_at: datetime
    target: date | None
    depends_on: list[str]
    candidate: ProposedCandidate | None
    launched: End | None
    cancelled: End | None
    problem: str | None
    """Why nothing can be said of its gates: its service or change type has left the catalogue."""


class Line(Model):
    """A line of the checklist."""

    key: str
    text: str
    owner: str | None
    """The role whose it is; null: whoever planned the release."""
    required: bool
    done: bool
    ticked_by: Person | None
    ticked_at: datetime | None
    due_at: datetime | None
    check: str | None
    """The automatic check that ticks it."""
    note: str
    """What was said when it was ticked."""
    link: str | None
    """What was shown when it was ticked."""


class Spoken(Model):
    """What somebody said to a candidate."""

    person: Person
    in_place_of: Person | None
    role: str
    environment: str
    word: Word
    at: datetime
    reason: str
    candidate: str
    """The commit, and the artifact after an `@`; empty in a word from before that was kept."""
    withdrawn_at: datetime | None
    counts: bool
    """Whether it counts now: it was said to what is proposed now, and stands."""


class GateOfPlace(Model):
    """The gate of one environment."""

    environment: str
    open: bool
    stands_there: bool
    """Whether exactly its candidate is what stands there."""
    opens_at: datetime | None
    """When nothing will block any more if nobody does anything; null if somebody has to, or if nothing blocks."""
    blockers: list[Blocker]


class Release(ReleaseSummary):
    """A release, with everything that has been said and done about it."""

    model_config = example(
        **_SUMMARY,
        scope="Refunds reach the customer within a minute.",
        requirements="PAY-311",
        checklist=[],
        words=[],
        gates=[
            {"environment": "staging", "open": True, "stands_there": False, "opens_at": None, "blockers": []},
        ],
        deployments=[],
    )

    scope: str
    requirements: str
    checklist: list[Line]
    words: list[Spoken]
    """In the order in which they were said."""
    gates: list[GateOfPlace]
    """One for each environment of its service, in order."""
    deployments: list[deployments.Deployment]
    """The newest first."""


class Releases(Model):
    """A page of them, the highest number first."""

    model_config = example(releases=[_SUMMARY], next="R-12")

    releases: list[ReleaseSummary]
    next: str | None
    """The `cursor` of what follows; null on the last page."""


class ReleasesParameters(Parameters):
    """Which of them."""

    service: AService | None = None
    open: YesOrNo | None = None
    """`true`: only those to which anything can still happen; `false`: only the others."""
    limit: ALimit = 50
    cursor: ARelease | None = None
    """What the page before said is `next`: it goes on after that."""


class ReleaseParameters(Parameters):
    """Which one."""

    release: ARelease
    """`R-12`, `r12` and `12` are the same."""


async def give_page(desk: Desk, asked: ReleasesParameters) -> Releases | Trouble:
    """A page of them."""
    found = await desk.look.several(
        service=asked.service,
        open_only=asked.open is True,
        ended_only=asked.open is False,
        before=asked.cursor,
        limit=asked.limit + 1,
    )
    unknown = desk.unless_known(asked.service)
    if not found and unknown is not None:
        return unknown
    there, more = found[::-1][: asked.limit], len(found) > asked.limit
    pen = await desk.pen(who for each in there for who in _everybody(each))
    return Releases(
        releases=[ReleaseSummary(**_summary(each, pen)) for each in there],
        next=there[-1].release.name if more else None,
    )


async def give_one(desk: Desk, asked: ReleaseParameters) -> Release | Trouble:
    """One of them."""
    picture = await desk.look(asked.release)
    if isinstance(picture, Refused):
        return desk.refused(picture)
    release, own = picture.release, picture.deployments
    people: list[PersonId | None] = [*_everybody(picture), *deployments.people_of(own)]
    for each in picture.places:
        people += people_of(each.blockers, picture.roles)
    for verdict in release.verdicts:
        people += (verdict.person, verdict.on_behalf_of)
    people += [item.ticked_by for item in release.checklist]
    pen = await desk.pen(people, picture.roles)
    return Release(
        **_summary(picture, pen),
        scope=release.plan.scope,
        requirements=release.plan.requirements,
        checklist=[_line(item, picture, pen) for item in release.checklist],
        words=[_word(each, picture, pen) for each in release.verdicts],
        gates=[_gate(each, pen) for each in picture.places],
        deployments=[deployments.shown(each, pen) for each in own],
    )


def _everybody(picture: Picture) -> Iterator[PersonId | None]:
    release = picture.release
    yield release.requested_by
    yield release.candidate.set_by if release.candidate is not None else None
    yield from (end.by for end in (release.launched, release.cancelled) if end is not None)


def _summary(picture: Picture, pen: Pen) -> dict[str, Any]:
    release = picture.release
    plan, proposed = release.plan, release.candidate
    return {
        "release": release.name,
        "service": plan.service,
        "version": plan.version,
        "title": plan.title,
        "change_type": plan.change_type,
        "stage": picture.stage,
        "open": release.open,
        "requested_by": pen.person(release.requested_by),
        "created_at": release.created_at,
        "target": plan.target,
        "depends_on": [r(each) for each in plan.depends_on],
        "candidate": ProposedCandidate(
            commit=proposed.commit,
            artifact=proposed.artifact,
            ref=proposed.ref,
            set_by=pen.person(proposed.set_by),
            set_at=proposed.set_at,
        )
        if proposed is not None
        else None,
        "launched": _end(release.launched, pen),
        "cancelled": _end(release.cancelled, pen),
        "problem": pen.write(picture.problem) if picture.problem is not None else None,
    }


def _end(end: Ending | None, pen: Pen) -> End | None:
    return End(by=pen.person(end.by), at=end.at, reason=end.reason) if end is not None else None


def _line(item: Item, picture: Picture, pen: Pen) -> Line:
    return Line(
        key=item.key,
        text=item.text,
        owner=item.owner,
        required=item.required,
        done=item.done,
        ticked_by=pen.perhaps(item.ticked_by),
        ticked_at=item.ticked_at,
        due_at=picture.due(item),
        check=item.check,
        note=item.evidence.note,
        link=item.evidence.link or None,
    )


def _word(verdict: Verdict, picture: Picture, pen: Pen) -> Spoken:
    return Spoken(
        person=pen.person(verdict.person),
        in_place_of=pen.perhaps(verdict.on_behalf_of),
        role=verdict.role,
        environment=verdict.environment,
        word=verdict.word,
        at=verdict.at,
        reason=verdict.reason,
        candidate=verdict.candidate,
        withdrawn_at=verdict.withdrawn_at,
        counts=any(verdict in _counting(place) for place in picture.places),
    )


def _counting(place: Place) -> Iterable[Verdict]:
    """The words that count there now."""
    facts = place.facts
    noes = rejections(facts.release.verdicts, facts.proposal) if facts.proposal is not None else ()
    return (*noes, *(verdict for tally in place.tallies for verdict in tally.given))


def _gate(place: Place, pen: Pen) -> GateOfPlace:
    return GateOfPlace(
        environment=place.name,
        open=place.open,
        stands_there=place.stands_here,
        opens_at=None if place.open else opens_by_itself(place.facts),
        blockers=[pen.blocker(each) for each in place.blockers],
    )


RELEASES = Endpoint(
    "/releases",
    "listReleases",
    "Releases",
    "The newest first, by number.",
    Scope.RELEASES,
    ReleasesParameters,
    Releases,
    give_page,
)
RELEASE = Endpoint(
    "/releases/{release}",
    "getRelease",
    "One release",
    "Its plan, candidate, checklist, words, gates and deployments.",
    Scope.RELEASES,
    ReleaseParameters,
    Release,
    give_one,
)
