"""Ready-made things, complete and plausible; a test names only what its story is about."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.rules.approval import Verdict, Word
from bot.rules.audit import Happened
from bot.rules.candidate import Candidate, Seal, seal
from bot.rules.checklist import Item, fresh
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind, Order
from bot.rules.freeze import ExceptionId, Freeze, FreezeException, FreezeId, Plea, Window
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.people import PersonId, RoleName, Surface
from bot.rules.policy import (
    ApprovalRule,
    Catalogue,
    ChangeType,
    ChangeTypeName,
    ChannelId,
    DeployerChoice,
    Environment,
    EnvironmentName,
    FreezeMeaning,
    ItemRule,
    Right,
    Role,
    Service,
    ServiceName,
)
from bot.rules.release import Draft, Plan, Release, ReleaseId
from bot.rules.review import Duty, Review
from bot.rules.terms import rules_digest
from tests.people import BEN, CHANGE_MANAGER, HELD, INES, MAYA, ON_CALL, QA, RELEASE_MANAGER

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""A Monday morning; the moment at which ready-made things are made."""

PAYMENTS = ServiceName("payments")
STAGING = EnvironmentName("staging")
PRODUCTION = EnvironmentName("production")
FEATURE = ChangeTypeName("feature")
HOTFIX = ChangeTypeName("hotfix")
CHANNEL = ChannelId("C0PAYMENTS")


def sha(word: str) -> str:
    """A full commit SHA that belongs to this word."""
    return hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest()


def a_candidate(word: str = "first", **fields: Any) -> Candidate:
    """What Ben wrote and Maya proposed; another word, another commit."""
    ready = Candidate(
        commit=sha(word),
        artifact=None,
        ref="main",
        authors=("ben@example.com",),
        author_ids=frozenset({BEN.id}),
        set_by=MAYA.id,
        set_at=NOW,
    )
    return replace(ready, **fields)


CHECKLIST = (
    ItemRule("notes", "Release notes are written", RELEASE_MANAGER),
    ItemRule("regression", "The regression tests have passed", QA),
    ItemRule("dashboards", "Dashboards are open", None, required=False),
)


def a_checklist() -> tuple[Item, ...]:
    """A feature's checklist, nothing ticked."""
    return fresh(CHECKLIST)


def a_plan(**fields: Any) -> Plan:
    """Payments 2.4.0."""
    ready = Plan(
        service=PAYMENTS,
        version="2.4.0",
        change_type=FEATURE,
        title="Instant refunds",
        scope="Refunds reach the customer within a minute.",
        requirements="PAY-311",
    )
    return replace(ready, **fields)


def a_draft(*, candidate: Candidate | None = None, plan: Plan | None = None, **fields: Any) -> Draft:
    """What Maya planned, before it has a number. Without a candidate unless one is given."""
    ready = Draft(
        plan=plan or a_plan(), requested_by=MAYA.id, created_at=NOW, candidate=candidate, checklist=a_checklist()
    )
    return replace(ready, **fields)


def a_release(number: int = 12, **fields: Any) -> Release:
    """R-12, planned by Maya, with a candidate by Ben, nothing said or ticked."""
    ready = Release(
        id=ReleaseId(number),
        plan=a_plan(),
        requested_by=MAYA.id,
        created_at=NOW,
        candidate=a_candidate(),
        checklist=a_checklist(),
    )
    return replace(ready, **fields)


def a_seal(candidate: Candidate | None = None, environment: EnvironmentName = PRODUCTION) -> Seal:
    """What is on the screen when the ready-made release is looked at under the ready-made catalogue."""
    catalogue = a_catalogue()
    rules = rules_digest(catalogue.change_types[FEATURE], catalogue.services[PAYMENTS], environment)
    return seal(candidate or a_candidate(), a_plan().version, environment, rules)


def a_verdict(by: PersonId, role: RoleName, word: Word = Word.YES, **fields: Any) -> Verdict:
    """Somebody's word on the ready-made candidate for production."""
    return replace(Verdict(by, role, PRODUCTION, a_seal(), word, NOW), **fields)


def an_order(release: int = 12, environment: EnvironmentName = PRODUCTION, **fields: Any) -> Order:
    """R-12's candidate to production, confirmed by Maya."""
    ready = Order(
        release=ReleaseId(release),
        service=PAYMENTS,
        environment=environment,
        kind=Kind.DEPLOY,
        version="2.4.0",
        candidate=a_candidate(),
        confirmed_by=MAYA.id,
        confirmed_at=NOW,
    )
    return replace(ready, **fields)


def a_deployment(number: int = 40, attempt: Attempt = Attempt.STARTING, **fields: Any) -> Deployment:
    """D-40; `order` and the rest can be given."""
    ready = Deployment(id=DeploymentId(number), order=an_order(), attempt=attempt)
    return replace(ready, **fields)


def a_window(**fields: Any) -> Window:
    """Two days in which production is frozen, from now on."""
    ready = Window(
        starts_at=NOW,
        ends_at=NOW + timedelta(days=2),
        reason="The annual sale",
        environments=frozenset({PRODUCTION}),
    )
    return replace(ready, **fields)


def a_freeze(number: int = 3, **fields: Any) -> Freeze:
    """F-3, declared by Maya."""
    ready = Freeze(id=FreezeId(number), window=a_window(), declared_by=MAYA.id, declared_at=NOW)
    return replace(ready, **fields)


def a_plea(**fields: Any) -> Plea:
    """Maya asks that R-12 may pass F-3."""
    ready = Plea(FreezeId(3), ReleaseId(12), MAYA.id, NOW, "Refunds must work before the sale")
    return replace(ready, **fields)


def an_exception(number: int = 4, **fields: Any) -> FreezeException:
    """X-4: what Maya asked of F-3; nobody has decided yet."""
    return replace(FreezeException(ExceptionId(number), a_plea()), **fields)


def a_hold(**fields: Any) -> Hold:
    """Production of payments, by Maya, for two hours."""
    ready = Hold(PAYMENTS, PRODUCTION, MAYA.id, NOW + timedelta(hours=2), "The database moves")
    return replace(ready, **fields)


def a_lock(number: int = 3, **fields: Any) -> Lock:
    """L-3, from now on."""
    return replace(Lock(LockId(number), a_hold(), NOW, NOW), **fields)


def a_duty(number: int = 40, **fields: Any) -> Duty:
    """Ines broke the glass with D-40; the release managers review it within three days."""
    ready = Duty(
        deployment=DeploymentId(number),
        release=ReleaseId(12),
        service=PAYMENTS,
        environment=PRODUCTION,
        broken_by=INES.id,
        broken_for=None,
        opened_at=NOW,
        due_at=NOW + timedelta(days=3),
        owner=RELEASE_MANAGER,
        reason="Checkout is down, and this mends it",
        passed=("The approval of @qa is missing.",),
    )
    return replace(ready, **fields)


def a_review(number: int = 40, **fields: Any) -> Review:
    """The review of D-40; nobody has done it yet."""
    return replace(Review(a_duty(number)), **fields)


def a_happening(verb: str = "plan", **fields: Any) -> Happened:
    """Something for the record."""
    return replace(Happened(verb=verb, by=MAYA.id, surface=Surface.COMMAND, at=NOW), **fields)


def an_environment(name: EnvironmentName = PRODUCTION, **fields: Any) -> Environment:
    """An environment to which a program on this host deploys."""
    return replace(Environment(name, DeployerChoice("command", {"run": ["true"]})), **fields)


def a_service(name: ServiceName = PAYMENTS, **fields: Any) -> Service:
    """Payments: staging, then production. Maya deploys and launches; on-call may roll back."""
    ready = Service(
        name=name,
        title=name.title(),
        channel=CHANNEL,
        environments=(an_environment(STAGING), an_environment(PRODUCTION, after=(STAGING,))),
        rights={Right.ROLL_BACK: (RELEASE_MANAGER, ON_CALL), Right.FREEZE: (RELEASE_MANAGER,)},
    )
    return replace(ready, **fields)


def a_change_type(name: ChangeTypeName = FEATURE, **fields: Any) -> ChangeType:
    """A feature: one yes from QA and one from the change manager before production."""
    ready = ChangeType(
        name=name,
        title=name.title(),
        approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(CHANGE_MANAGER))},
        checklist=CHECKLIST,
    )
    return replace(ready, **fields)


def a_catalogue(**fields: Any) -> Catalogue:
    """One service, two change types, everybody in their roles."""
    hotfix = a_change_type(
        HOTFIX,
        approvals={PRODUCTION: (ApprovalRule(QA),)},
        checklist=(),
        freeze=FreezeMeaning.PASSES,
        keeps_order=False,
    )
    ready = Catalogue(
        services={PAYMENTS: a_service()},
        roles={
            name: Role(name, name.replace("-", " ").capitalize(), people=tuple(people)) for name, people in HELD.items()
        },
        change_types={FEATURE: a_change_type(), HOTFIX: hotfix},
        owners=RELEASE_MANAGER,
        owners_channel=ChannelId("C0OWNERS"),
        freeze_rights=(RELEASE_MANAGER,),
    )
    return replace(ready, **fields)
