"""The past: facts as they stood, rebuilt from the record entry by entry, to be asked under any rules.

The record alone is heard, in its order, which is the order in which things became true. What the rules decide by
themselves (which lines a checklist has, what opens them again) is taken from the catalogue that is asked about; what
people said, ticked, declared and deployed is taken from the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.rules.approval import Verdict
from bot.rules.candidate import Candidate
from bot.rules.check import CheckResult
from bot.rules.checklist import Item, fresh
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.foreseen import Foreseen, freezes_at
from bot.rules.freeze import ExceptionId, Freeze, FreezeException, FreezeId
from bot.rules.gate import Facts
from bot.rules.lock import Lock, LockId
from bot.rules.on_record import spoken_in
from bot.rules.people import SLIPWAY, PersonId
from bot.rules.policy import Catalogue, EnvironmentName, ServiceName, checklist_of
from bot.rules.release import Ending, Plan, Release, ReleaseId
from bot.rules.rollback import newest_success, taken_away
from bot.rules.sentence import Code, Sentence, say
from bot.rules.terms import Terms, terms_of
from bot.rules.veto import Veto, VetoId

SUCCESSES_READ = 20
"""So many of an environment's successes a gate is told of."""


@dataclass(slots=True)
class Life:
    """What has become of a release so far."""

    id: ReleaseId
    plan: Plan
    requested_by: PersonId
    created_at: datetime
    candidate: Candidate | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    ticked: dict[str, tuple[PersonId, datetime]] = field(default_factory=dict)
    launched: Ending | None = None
    cancelled: Ending | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known besides: automatic checks are kept, whether a line of that time waited for them or not."""

    lines: Mapping[ReleaseId, frozenset[str]] = field(default_factory=dict)
    """The keys of the lines that each release really had; the record tells all about those."""
    results: Mapping[tuple[ServiceName, str], tuple[CheckResult, ...]] = field(default_factory=dict)
    """For each service and commit, the newest word of each check."""


NOTHING_CHECKED = Checked()


@dataclass(slots=True)
class Deployments:
    """What was brought where so far, of which a gate is told what it is told in earnest."""

    all: dict[DeploymentId, Deployment] = field(default_factory=dict)
    of_release: dict[ReleaseId, list[DeploymentId]] = field(default_factory=dict)
    """Its own, and the rollbacks that took one of them away."""
    successes: dict[ServiceName, dict[EnvironmentName, list[DeploymentId]]] = field(default_factory=dict)
    """In the order in which they went."""
    turns: int = 0
    holding: set[DeploymentId] = field(default_factory=set)

    def keep(self, deployment: Deployment) -> None:
        """A new one, or one that is further on its way."""
        order, known = deployment.order, deployment.id in self.all
        if not deployment.waits and deployment.turn is None and not deployment.over:
            self.turns += 1
            deployment = replace(deployment, turn=self.turns)
        self.all[deployment.id] = deployment
        taken = self.all.get(order.replaces) if order.kind is Kind.ROLLBACK and order.replaces else None
        for release in () if known else {order.release, taken.order.release if taken else order.release}:
            self.of_release.setdefault(release, []).append(deployment.id)
        if deployment.attempt is Attempt.SUCCEEDED:
            self.successes.setdefault(order.service, {}).setdefault(order.environment, []).append(deployment.id)
        (self.holding.add if deployment.holds else self.holding.discard)(deployment.id)

    def standing(self, service: ServiceName, environment: EnvironmentName) -> DeploymentId | None:
        """What stands there."""
        brought = self.successes.get(service, {}).get(environment)
        return brought[-1] if brought else None

    def history_for(self, service: ServiceName, release: ReleaseId) -> tuple[Deployment, ...]:
        """All about that release, and of the service what holds, and the newest successes of each environment."""
        wanted = {each for each in self.holding if self.all[each].order.service == service}
        wanted.update(self.of_release.get(release, ()))
        for brought in self.successes.get(service, {}).values():
            wanted.update(brought[-SUCCESSES_READ:])
        return tuple(sorted((self.all[each] for each in wanted), key=lambda each: each.newness, reverse=True))


@dataclass(slots=True)
class Past:
    """The past up to the entry that was heard last, as it would have been under that catalogue."""

    catalogue: Catalogue
    recurring: tuple[Foreseen, ...] = ()
    """Each time that one of its recurring freezes applied."""
    checked: Checked = NOTHING_CHECKED
    lives: dict[ReleaseId, Life] = field(default_factory=dict)
    deployments: Deployments = field(default_factory=Deployments)
    freezes: dict[FreezeId, Freeze] = field(default_factory=dict)
    moved_by_hand: set[FreezeId] = field(default_factory=set)
    """The freezes whose end somebody has moved."""
    exceptions: dict[ExceptionId, FreezeException] = field(default_factory=dict)
    locks: dict[LockId, Lock] = field(default_factory=dict)
    vetoes: dict[VetoId, Veto] = field(default_factory=dict)

    def terms(self, plan: Plan, environment: EnvironmentName) -> Terms | None:
        """What this catalogue asks for there; None if it doesn't know of that."""
        service = self.catalogue.services.get(plan.service)
        change = self.catalogue.change_types.get(plan.change_type)
        if service is None or change is None or service.environment(environment) is None:
            return None
        return terms_of(change, service, environment)

    def facts(self, release: ReleaseId, environment: EnvironmentName, at: datetime) -> Facts | Sentence:
        """Everything that the gate's answer depended on at that moment, or why these rules can't be asked."""
        life = self.lives.get(release)
        if life is None:
            return say("The record doesn't tell how this release was planned.")
        service = self.catalogue.services.get(life.plan.service)
        change = self.catalogue.change_types.get(life.plan.change_type)
        if service is None:
            return say("This catalogue has no service {name}.", name=Code(life.plan.service))
        if change is None:
            return say("This catalogue has no change type {name}.", name=Code(life.plan.change_type))
        place = service.environment(environment)
        if place is None:
            return say("In this catalogue, {service} has no {name}.", service=service.name, name=Code(environment))
        terms = terms_of(change, service, environment)
        return Facts(
            release=Release(
                life.id,
                life.plan,
                life.requested_by,
                life.created_at,
                life.candidate,
                tuple(self._item(item, life, at) for item in fresh(checklist_of(change, service))),
                tuple(each if each.terms else replace(each, terms=terms) for each in life.verdicts),
                life.launched,
                life.cancelled,
            ),
            service=service,
            environment=place,
            change=change,
            roles=spoken_in(life.verdicts),
            now=at,
            deployments=self.deployments.history_for(service.name, release),
            freezes=freezes_at(at, self.catalogue, self.freezes.values(), self.recurring, self.moved_by_hand),
            dependencies=self._dependencies(life, environment),
            exceptions=tuple(each for each in self.exceptions.values() if each.plea.release == release),
            locks=tuple(self.locks.values()),
            vetoes=tuple(each for each in reversed(self.vetoes.values()) if each.taken.service == service.name),
        )

    def _item(self, item: Item, life: Life, at: datetime) -> Item:
        """A line with its tick. One that the release didn't have can only have been ticked by its check."""
        tick = life.ticked.get(item.key)
        if tick is not None:
            return item.ticked(*tick)
        if item.check is None or life.candidate is None or item.key in self.checked.lines.get(life.id, ()):
            return item
        results = self.checked.results.get((life.plan.service, life.candidate.commit), ())
        passed = [each for each in results if each.name == item.check and each.passed and each.at <= at]
        return item.ticked(SLIPWAY, passed[0].at) if passed else item

    def _dependencies(self, life: Life, environment: EnvironmentName) -> Mapping[ReleaseId, bool]:
        """Which of the releases that this one depends on were there."""
        found: dict[ReleaseId, bool] = {}
        for number in life.plan.depends_on:
            other = self.lives.get(number)
            if other is None:
                continue
            history = self.deployments.history_for(other.plan.service, other.id)
            brought = newest_success(other.candidate, environment, history)
            back = brought is not None and taken_away(brought, history)
            found[number] = not back and (brought is not None or other.launched is not None)
        return found
