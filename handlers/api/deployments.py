"""Deployments: every attempt to bring something somewhere, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.rules.candidate import Candidate as Proposed
from bot.rules.deployment import Attempt, Kind, StepState
from bot.rules.deployment import Deployment as Attempted
from bot.rules.machine_token import Scope
from bot.rules.people import PersonId
from bot.rules.release import r
from handlers.api.endpoint import Desk, Endpoint
from handlers.api.models import Candidate, Model, Person, example
from handlers.api.parameters import ADeployment, ALimit, AMoment, AnEnvironment, AService, Parameters
from handlers.api.pen import Pen
from handlers.api.problems import Trouble, not_found

EXAMPLE = {
    "deployment": "D-40",
    "release": "R-12",
    "service": "payments",
    "environment": "production",
    "kind": "deploy",
    "version": "2.4.0",
    "candidate": {"commit": "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1", "artifact": None, "ref": "main"},
    "state": "succeeded",
    "detail": "2.4.0 is served.",
    "steps": [{"name": "Migrate", "state": "done", "link": None}, {"name": "Switch", "state": "done", "link": None}],
    "served": "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1",
    "link": None,
    "reason": "",
    "replaces": "D-38",
    "broke_glass": False,
    "confirmed_by": {"id": "U0MAYA", "name": "Maya Lindqvist"},
    "confirmed_at": "2026-11-23T10:00:00Z",
    "waits_since": None,
    "started_at": "2026-11-23T10:00:02Z",
    "ended_at": "2026-11-23T10:01:40Z",
    "cancel_asked_by": None,
}


class Step(Model):
    """One step of what the target does."""

    name: str
    state: StepState
    link: str | None
    """Where it can be watched."""


class Deployment(Model):
    """One attempt, forwards or back."""

    model_config = example(**EXAMPLE)

    deployment: str
    """`D-40`."""
    release: str
    """The release that it is of; with a rollback, that of the version that comes back."""
    service: str
    environment: str
    kind: Kind
    version: str
    candidate: Candidate
    state: Attempt
    """How far it is: `queued` waits its turn; `starting`, `running`, `verifying` and `unknown` hold the environment."""
    detail: str
    """Its last word about itself, for people."""
    steps: list[Step]
    """The target's own steps as they were seen last, in order; empty where it tells of none."""
    served: str | None
    """What was really served when it ended, where that could be read."""
    link: str | None
    """Where it can be watched."""
    reason: str
    replaces: str | None
    """The deployment that stood there before, as far as is known."""
    broke_glass: bool
    """Whether it went past the gate, in an emergency."""
    confirmed_by: Person
    confirmed_at: datetime
    waits_since: datetime | None
    """Since when it waits, or waited, its turn; null if it never had to."""
    started_at: datetime | None
    ended_at: datetime | None
    cancel_asked_by: Person | None


class Deployments(Model):
    """A page of them, the highest number first."""

    model_config = example(deployments=[EXAMPLE], next="D-40")

    deployments: list[Deployment]
    next: str | None
    """The `cursor` of what follows; null on the last page."""


class DeploymentsParameters(Parameters):
    """Which of them."""

    service: AService | None = None
    environment: AnEnvironment | None = None
    since: AMoment | None = None
    """Only those that had not ended before that moment."""
    limit: ALimit = 50
    cursor: ADeployment | None = None
    """What the page before said is `next`: it goes on after that."""


class DeploymentParameters(Parameters):
    """Which one."""

    deployment: ADeployment
    """`D-40`, `d40` and `40` are the same."""


def candidate(of: Proposed) -> Candidate:
    """The exact thing."""
    return Candidate(commit=of.commit, artifact=of.artifact, ref=of.ref)


def shown(deployment: Attempted, pen: Pen) -> Deployment:
    """One of them, as it is answered."""
    order = deployment.order
    return Deployment(
        deployment=deployment.name,
        release=r(order.release),
        service=order.service,
        environment=order.environment,
        kind=order.kind,
        version=order.version,
        candidate=candidate(order.candidate),
        state=deployment.attempt,
        detail=deployment.detail,
        steps=[Step(name=each.name, state=each.state, link=each.link) for each in deployment.steps],
        served=deployment.served,
        link=deployment.link,
        reason=order.reason,
        replaces=f"D-{order.replaces}" if order.replaces is not None else None,
        broke_glass=order.broke_glass,
        confirmed_by=pen.person(order.confirmed_by),
        confirmed_at=order.confirmed_at,
        waits_since=deployment.waits_since,
        started_at=deployment.started_at,
        ended_at=deployment.ended_at,
        cancel_asked_by=pen.perhaps(deployment.cancel_asked_by),
    )


def people_of(deployments: Iterable[Attempted]) -> Iterator[PersonId | None]:
    """Everybody who has to do with these."""
    for each in deployments:
        yield from (each.order.confirmed_by, each.cancel_asked_by)


async def give_page(desk: Desk, asked: DeploymentsParameters) -> Deployments | Trouble:
    """A page of them."""
    async with desk.records.read() as page:
        found = await page.deployments(
            service=asked.service,
            environment=asked.environment,
            since=asked.since,
            before=asked.cursor,
            limit=asked.limit + 1,
        )
    unknown = desk.unless_known(asked.service)
    if not found and unknown is not None:
        return unknown
    newest = sorted(found, key=lambda each: each.id, reverse=True)
    there, more = newest[: asked.limit], len(newest) > asked.limit
    pen = await desk.pen(people_of(there))
    return Deployments(deployments=[shown(each, pen) for each in there], next=there[-1].name if more else None)


async def give_one(desk: Desk, asked: DeploymentParameters) -> Deployment | Trouble:
    """One of them."""
    async with desk.records.read() as page:
        found = await page.deployment(asked.deployment)
    if found is None:
        return not_found(f"There is no deployment D-{asked.deployment}.")
    return shown(found, await desk.pen(people_of([found])))


DEPLOYMENTS = Endpoint(
    "/deployments",
    "listDeployments",
    "Deployments and rollbacks",
    "The newest first, by number.",
    Scope.DEPLOYMENTS,
    DeploymentsParameters,
    Deployments,
    give_page,
)
DEPLOYMENT = Endpoint(
    "/deployments/{deployment}",
    "getDeployment",
    "One deployment",
    "How far it is, or how it ended.",
    Scope.DEPLOYMENTS,
    DeploymentParameters,
    Deployment,
    give_one,
)
