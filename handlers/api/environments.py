"""Environments: what runs where, since when; who holds what, and what is on its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.rules.deployment import Deployment as Attempted
from bot.rules.lock import Lock as Locking
from bot.rules.machine_token import Scope
from bot.rules.people import PersonId
from bot.rules.policy import Environment, Service, ServiceName
from bot.rules.release import r
from bot.rules.rollback import stands_now
from bot.verbs.standing_back import standing_back
from handlers.api import deployments
from handlers.api.endpoint import Desk, Endpoint
from handlers.api.models import Candidate, Model, Person, example
from handlers.api.parameters import AService, Parameters
from handlers.api.pen import Pen
from handlers.api.problems import Trouble


class Newer(Model):
    """What was taken back."""

    deployment: str
    release: str
    version: str
    commit: str


class Standing(Model):
    """What stands in an environment: the newest success there."""

    deployment: str
    release: str
    version: str
    candidate: Candidate
    since: datetime
    served: str | None
    """What was really served when it came, where that could be read."""
    older_than: Newer | None
    """What was rolled back, and has not been mended since; null unless it stands on an older version than it had."""


class Lock(Model):
    """Somebody holds it."""

    lock: str
    """`L-3`."""
    held_by: Person
    since: datetime
    until: datetime
    reason: str
    release: str | None
    """The only release that may go there; null: none may."""


class Place(Model):
    """One environment of one service."""

    service: str
    environment: str
    final: bool
    """Whether nothing comes after it: where customers are."""
    address: str | None
    runs: Standing | None
    """Null where nothing has been brought yet."""
    lock: Lock | None
    on_its_way: deployments.Deployment | None
    """The deployment that holds it now."""
    waiting: list[deployments.Deployment]
    """Those that wait their turn, in the order in which it comes."""


class Environments(Model):
    """Every environment, in the catalogue's order."""

    model_config = example(
        environments=[
            {
                "service": "payments",
                "environment": "production",
                "final": True,
                "address": "https://pay.example.com",
                "runs": {
                    "deployment": "D-40",
                    "release": "R-12",
                    "version": "2.4.0",
                    "candidate": {
                        "commit": "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1",
                        "artifact": None,
                        "ref": "main",
                    },
                    "since": "2026-11-23T10:01:40Z",
                    "served": "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1",
                    "older_than": None,
                },
                "lock": None,
                "on_its_way": None,
                "waiting": [],
            }
        ]
    )

    environments: list[Place]


class EnvironmentsParameters(Parameters):
    """Which of them."""

    service: AService | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One of them, as it was read."""

    service: Service
    environment: Environment
    runs: Attempted | None
    newer: Attempted | None
    lock: Locking | None
    holder: Attempted | None
    waiting: tuple[Attempted, ...]


async def give(desk: Desk, asked: EnvironmentsParameters) -> Environments | Trouble:
    """All of them, or those of one service."""
    unknown = desk.unless_known(asked.service)
    if unknown is not None:
        return unknown
    seen = await _look(desk, desk.agreed().services, asked.service)
    people: list[PersonId | None] = [each.lock.hold.by for each in seen if each.lock is not None]
    for each in seen:
        people += deployments.people_of([*([each.holder] if each.holder else []), *each.waiting])
    pen = await desk.pen(people)
    return Environments(environments=[_shown(each, pen) for each in seen])


async def _look(desk: Desk, services: Mapping[ServiceName, Service], only: ServiceName | None) -> list[_Seen]:
    wanted = [each for name, each in services.items() if only in {None, name}]
    now, seen = desk.now(), []
    async with desk.records.read() as page:
        locks = [each for each in await page.locks(not_over_at=now) if each.in_force(now)]
        behind = {(each.service.name, each.environment): each.newer for each in await standing_back(page, wanted)}
        for service in wanted:
            history = await page.history_for(service.name)
            waiting = await page.waiting(service.name)
            for environment in service.environments:
                here = _here(history, environment)
                seen.append(
                    _Seen(
                        service,
                        environment,
                        stands_now(here),
                        behind.get((service.name, environment.name)),
                        next((each for each in locks if each.is_on(service.name, environment.name)), None),
                        next((each for each in here if each.holds), None),
                        tuple(_here(waiting, environment)),
                    )
                )
    return seen


def _here(found: Iterable[Attempted], environment: Environment) -> list[Attempted]:
    return [each for each in found if each.order.environment == environment.name]


def _shown(seen: _Seen, pen: Pen) -> Place:
    return Place(
        service=seen.service.name,
        environment=seen.environment.name,
        final=seen.environment in seen.service.final,
        address=seen.environment.address,
        runs=_standing(seen.runs, seen.newer) if seen.runs is not None else None,
        lock=_lock(seen.lock, pen) if seen.lock is not None else None,
        on_its_way=deployments.shown(seen.holder, pen) if seen.holder is not None else None,
        waiting=[deployments.shown(each, pen) for each in seen.waiting],
    )


def _standing(runs: Attempted, newer: Attempted | None) -> Standing:
    order = runs.order
    return Standing(
        deployment=runs.name,
        release=r(order.release),
        version=order.version,
        candidate=deployments.candidate(order.candidate),
        since=runs.ended_at or order.confirmed_at,
        served=runs.served,
        older_than=Newer(
            deployment=newer.name,
            release=r(newer.order.release),
            version=newer.order.version,
            commit=newer.order.candidate.commit,
        )
        if newer is not None
        else None,
    )


def _lock(lock: Locking, pen: Pen) -> Lock:
    hold = lock.hold
    return Lock(
        lock=lock.name,
        held_by=pen.person(hold.by),
        since=lock.locked_at,
        until=lock.over_at,
        reason=hold.reason,
        release=r(hold.release) if hold.release is not None else None,
    )


ENVIRONMENTS = Endpoint(
    "/environments",
    "listEnvironments",
    "What runs where",
    "Each environment of each service: what stands there, who holds it, and what is on its way.",
    Scope.ENVIRONMENTS,
    EnvironmentsParameters,
    Environments,
    give,
)
