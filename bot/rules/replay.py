"""Replay: what a changed catalogue would have blocked and let through, of all that really happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.rules.audit import Happened
from bot.rules.foreseen import Foreseen
from bot.rules.gate import Blocker, Facts, Reason, gate
from bot.rules.hearing import hear
from bot.rules.on_record import NOBODY_KNOWS, as_looked_up, findings_then, unread_then
from bot.rules.past import NOTHING_CHECKED, Checked, Past
from bot.rules.people import PersonId
from bot.rules.policy import Catalogue, ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import ReleaseId, r
from bot.rules.sentence import AllOf, Code, Refused, Sentence, say
from bot.rules.wanted import source_of

Asks = tuple[tuple[PersonId, datetime], ...]
"""Who asked to deploy it, and when, since something was started there last."""

MayStart = Callable[[Facts, PersonId, Asks], Refused | None]
"""Why somebody must not be the one who starts it, although the gate is open."""

Place = tuple[ReleaseId, EnvironmentName, str]
"""A release, an environment, and exactly what was to go there."""

JUDGED = frozenset({"ask to deploy", "confirm deploy"})
"""What is judged: the record's verbs."""


class Answer(StrEnum):
    """What the other rules say."""

    THROUGH = "let through"
    BLOCKED = "blocked"
    UNKNOWN = "can't be asked"


@dataclass(frozen=True, slots=True)
class Case:
    """A deployment that was started, or an attempt that was blocked, as other rules would have judged it."""

    release: ReleaseId
    service: ServiceName
    version: str
    change_type: ChangeTypeName
    environment: EnvironmentName
    candidate: str
    at: datetime
    by: PersonId
    deployment: str | None
    """The deployment that was started; None: it was blocked."""
    blocked_by: tuple[str, ...] = ()
    """What blocked it then, in the record's words."""
    blockers: tuple[Blocker, ...] = ()
    """What would have blocked it."""
    besides: Sentence | None = None
    """Why it would not have been started by whoever did, although the gate was open."""
    unknown: Sentence | None = None
    """Why these rules can't be asked about it."""

    @property
    def answer(self) -> Answer:
        """What the other rules say."""
        if self.unknown is not None:
            return Answer.UNKNOWN
        return Answer.BLOCKED if self.blockers or self.besides else Answer.THROUGH

    @property
    def other(self) -> bool:
        """Whether they say something else than was done."""
        return self.answer is (Answer.BLOCKED if self.deployment else Answer.THROUGH)

    @property
    def reasons(self) -> tuple[Sentence, ...]:
        """Why it is not let through, in sentences."""
        rest = tuple(each for each in (self.besides, self.unknown) if each is not None)
        return tuple(each.why for each in self.blockers) + rest


@dataclass(frozen=True, slots=True)
class Replayed:
    """Every case, by release and then in its order."""

    since: datetime
    until: datetime
    cases: tuple[Case, ...]
    notes: tuple[Sentence, ...] = ()
    """What is not certain about it."""

    @property
    def deployments(self) -> tuple[Case, ...]:
        """What was started."""
        return tuple(each for each in self.cases if each.deployment)

    @property
    def attempts(self) -> tuple[Case, ...]:
        """What was blocked."""
        return tuple(each for each in self.cases if not each.deployment)

    @property
    def others(self) -> tuple[Case, ...]:
        """What would have been other."""
        return tuple(each for each in self.cases if each.other)


@dataclass(slots=True)
class Replay:
    """Hears the record from its beginning, and asks the other rules about what happened since that moment."""

    catalogue: Catalogue
    since: datetime
    may_start: MayStart
    recurring: tuple[Foreseen, ...] = ()
    checked: Checked = NOTHING_CHECKED
    past: Past = field(init=False)
    started: list[Case] = field(default_factory=list)
    blocked: dict[Place, Case] = field(default_factory=dict)
    """The last attempt at each, if it was blocked and nothing was started after it."""
    asks: dict[Place, Asks] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    """The deployments that broke the glass: what passes every rule on purpose says nothing about rules."""
    without_authors: set[ReleaseId] = field(default_factory=set)
    """Releases of whose candidates the record doesn't tell who wrote them, where that matters."""

    def __post_init__(self) -> None:
        """Nothing has happened yet."""
        self.past = Past(self.catalogue, self.recurring, self.checked)

    def hear(self, happened: Happened) -> None:
        """One more entry. It is judged by what was true just before it."""
        match happened.verb:
            case "ask to deploy" if happened.release is not None:
                self._asked(happened, happened.release)
            case "confirm deploy" if happened.release is not None:
                self._confirmed(happened, happened.release)
            case "break glass" if happened.release is not None:
                self._broke_glass(happened, happened.release)
            case _:
                pass
        hear(self.past, happened)

    def so_far(self, until: datetime) -> Replayed:
        """What there is to tell."""
        cases = sorted((*self.started, *self.blocked.values()), key=lambda each: (each.release, each.at))
        return Replayed(self.since, until, tuple(cases), tuple(self._notes()))

    def _notes(self) -> Iterator[Sentence]:
        known = {source_of(each.origin) for each in self.past.freezes.values()}
        for calendar in self.catalogue.calendars:
            if calendar.name not in known:
                yield say(
                    "The record knows no freeze from the calendar {name}, so nothing that it holds was counted.",
                    name=Code(calendar.name),
                )

        if self.broken:
            yield say(
                "{names} broke the glass, and so went past whatever rules there are: not counted.",
                names=AllOf(_some(tuple(self.broken))),
            )
        if self.without_authors:
            yield say(
                "The record doesn't tell who wrote the candidates of {releases}, planned before it did; their "
                "authors' own approvals count here.",
                releases=AllOf(_some(tuple(map(r, sorted(self.without_authors))))),
            )

    def _asked(self, happened: Happened, release: ReleaseId) -> None:
        place = (release, EnvironmentName(happened.subject), happened.candidate or "")
        self.asks[place] = (*self.asks.get(place, ()), (happened.by, happened.at))
        self.blocked.pop(place, None)
        blocked_by = tuple(happened.detail.get("blockers") or ())
        if blocked_by and happened.at >= self.since:
            self.blocked[place] = replace(self._judged(happened, place, ()), blocked_by=blocked_by)

    def _confirmed(self, happened: Happened, release: ReleaseId) -> None:
        place = (release, EnvironmentName(happened.detail["environment"]), happened.candidate or "")
        self.blocked.pop(place, None)
        asks = self.asks.pop(place, ())
        if happened.detail.get("train"):
            # It was confirmed with its train, soon after it was looked at, and went when its turn came.
            asks = tuple((who, happened.at) for who, _ in asks)
        if happened.at >= self.since:
            self.started.append(self._judged(happened, place, asks, happened.subject))

    def _broke_glass(self, happened: Happened, release: ReleaseId) -> None:
        place = (release, EnvironmentName(happened.detail["environment"]), happened.candidate or "")
        self.blocked.pop(place, None)
        self.asks.pop(place, None)
        if happened.at >= self.since:
            self.broken.append(happened.subject)

    def _judged(self, happened: Happened, place: Place, asks: Asks, deployment: str | None = None) -> Case:
        release, environment, candidate = place
        life = self.past.lives.get(release)
        case = Case(
            release=release,
            service=life.plan.service if life else ServiceName(""),
            version=life.plan.version if life else "",
            change_type=life.plan.change_type if life else ChangeTypeName(""),
            environment=environment,
            candidate=candidate,
            at=happened.at,
            by=happened.by,
            deployment=deployment,
        )
        facts = self.past.facts(release, environment, happened.at)
        if isinstance(facts, Sentence):
            return replace(case, unknown=facts)
        candidate_then = facts.release.candidate
        if candidate_then and candidate_then.authors == NOBODY_KNOWS and not facts.change.author_may_approve:
            self.without_authors.add(release)
        facts = replace(
            facts,
            roles=as_looked_up(facts.roles, happened.detail),
            unread=unread_then(self.catalogue.calendars, happened.detail),
            findings=findings_then(
                facts.vetoes, happened.detail, candidate_then.commit if candidate_then else "", happened.at
            ),
        )
        blockers = gate(facts)
        if happened.detail.get("waits"):
            # It was confirmed to wait until nothing else is on its way there.
            blockers = tuple(each for each in blockers if each.reason is not Reason.HELD)
        refused = self.may_start(facts, happened.by, asks) if deployment and not blockers else None
        return replace(case, blockers=blockers, besides=refused.why if refused else None)


def _some(names: tuple[str, ...], most: int = 5) -> tuple[str, ...]:
    """The first of them, and how many more."""
    rest = len(names) - most
    return (*names[:most], f"{rest} more") if rest > 0 else names
