"""Reading: the questions that can be asked inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from integrations.database.errors import in_our_words
from integrations.database.rows import (
    absences,
    askings,
    audit,
    calendars,
    checks,
    deployments,
    exceptions,
    freezes,
    intents,
    locks,
    machine_tokens,
    protected_runs,
    releases,
    reviews,
    tokens,
    trains,
    vetoes,
    watches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.ports import Ask, Asked
    from bot.rules.absence import Absence
    from bot.rules.audit import Entry
    from bot.rules.candidate import Seal
    from bot.rules.check import CheckResult
    from bot.rules.deployment import Deployment, DeploymentId
    from bot.rules.freeze import CalendarState, ExceptionId, Freeze, FreezeException, FreezeId
    from bot.rules.judging import Watched
    from bot.rules.lock import Lock, LockId
    from bot.rules.machine_token import MachineToken, MachineTokenId
    from bot.rules.people import PersonId
    from bot.rules.policy import EnvironmentName, ServiceName
    from bot.rules.protected_run import ProtectedRun, ProtectedRunId
    from bot.rules.release import Release, ReleaseId
    from bot.rules.review import Review
    from bot.rules.token import Token, TokenId
    from bot.rules.train import Train, TrainId
    from bot.rules.veto import Finding, Veto, VetoId

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseReading:
    """One moment of the records."""

    _lock = False
    """Whether what is read by its number is locked until the end."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._over = ""

    def close(self) -> None:
        """Nothing more can be asked of it."""
        self._over = self._over or "closed"

    async def _run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this on the transaction's connection."""
        if self._over:
            raise RuntimeError(f"This page is {self._over}; open another one.")
        with in_our_words():
            try:
                return await self._connection.run_sync(work, *args, **kwargs)
            except SQLAlchemyError:
                # Its transaction may be half dead; PostgreSQL would even take the commit, and keep nothing.
                self._over = "broken by an error of the database"
                raise

    async def release(self, release: ReleaseId) -> Release | None:
        return await self._run(releases.one, release, lock=self._lock)

    async def releases(
        self,
        *,
        service: ServiceName | None = None,
        open_only: bool = False,
        ended_only: bool = False,
        requested_by: PersonId | None = None,
        ids: Sequence[ReleaseId] | None = None,
        before: ReleaseId | None = None,
        limit: int = 100,
    ) -> list[Release]:
        return await self._run(
            releases.several,
            service=service,
            open_only=open_only,
            ended_only=ended_only,
            requested_by=requested_by,
            ids=ids,
            before=before,
            limit=limit,
        )

    async def deployment(self, deployment: DeploymentId) -> Deployment | None:
        return await self._run(deployments.one, deployment, lock=self._lock)

    async def deployments(
        self,
        *,
        service: ServiceName | None = None,
        environment: EnvironmentName | None = None,
        release: ReleaseId | None = None,
        holding_only: bool = False,
        since: datetime | None = None,
        before: DeploymentId | None = None,
        limit: int = 50,
    ) -> list[Deployment]:
        return await self._run(
            deployments.several,
            service=service,
            environment=environment,
            release=release,
            holding_only=holding_only,
            since=since,
            before=before,
            limit=limit,
        )

    async def waiting(self, service: ServiceName, environment: EnvironmentName | None = None) -> list[Deployment]:
        return await self._run(deployments.waiting, service, environment)

    async def history_for(self, service: ServiceName, *releases: ReleaseId) -> tuple[Deployment, ...]:
        return await self._run(deployments.history_for, service, releases)

    async def watched(self, deployment: DeploymentId) -> Watched | None:
        return await self._run(watches.one, deployment)

    async def freeze(self, freeze: FreezeId) -> Freeze | None:
        return await self._run(freezes.one, freeze, lock=self._lock)

    async def freezes(self, *, not_over_at: datetime | None = None, limit: int | None = 200) -> list[Freeze]:
        return await self._run(freezes.several, not_over_at=not_over_at, limit=limit)

    async def ask(
        self, release: ReleaseId, environment: EnvironmentName, seal: Seal, *, not_by: PersonId | None = None
    ) -> Ask | None:
        return await self._run(intents.ask, release, environment, seal, not_by=not_by)

    async def freezes_from(self, origins: str, *, not_over_at: datetime) -> list[Freeze]:
        return await self._run(freezes.of, origins, not_over_at=not_over_at)

    async def exception(self, exception: ExceptionId) -> FreezeException | None:
        return await self._run(exceptions.one, exception, lock=self._lock)

    async def exceptions(
        self,
        *,
        releases: Sequence[ReleaseId] | None = None,
        freeze: FreezeId | None = None,
        since: datetime | None = None,
        limit: int = 200,
    ) -> list[FreezeException]:
        return await self._run(exceptions.several, releases=releases, freeze=freeze, since=since, limit=limit)

    async def calendars(self) -> list[CalendarState]:
        return await self._run(calendars.every)

    async def absences(self, *, not_over_at: datetime, person: PersonId | None = None) -> list[Absence]:
        return await self._run(absences.several, not_over_at=not_over_at, person=person)

    async def asked(self, release: ReleaseId) -> list[Asked]:
        return await self._run(askings.of, release)

    async def checks(self, service: ServiceName, commit: str) -> list[CheckResult]:
        return await self._run(checks.of, service, commit, lock=self._lock)

    async def veto(self, veto: VetoId) -> Veto | None:
        return await self._run(vetoes.one, veto, lock=self._lock)

    async def vetoes(self, service: ServiceName) -> list[Veto]:
        return await self._run(vetoes.of, service)

    async def findings(self, service: ServiceName, commits: Sequence[str]) -> list[Finding]:
        return await self._run(vetoes.findings, service, commits)

    async def train(self, train: TrainId) -> Train | None:
        return await self._run(trains.one, train, lock=self._lock)

    async def trains(self, *, environment: EnvironmentName | None = None, limit: int = 50) -> list[Train]:
        return await self._run(trains.going, environment=environment, limit=limit)

    async def train_with(self, deployment: DeploymentId) -> Train | None:
        return await self._run(trains.with_deployment, deployment)

    async def record(
        self, *, release: ReleaseId | None = None, after: int = 0, since: datetime | None = None, limit: int = 1000
    ) -> list[Entry]:
        return await self._run(audit.several, release=release, after=after, since=since, limit=limit)

    async def record_head(self) -> tuple[int, str]:
        return await self._run(audit.head)

    async def lock(self, lock: LockId) -> Lock | None:
        return await self._run(locks.one, lock, lock=self._lock)

    async def locks(self, *, not_over_at: datetime, release: ReleaseId | None = None) -> list[Lock]:
        return await self._run(locks.several, not_over_at=not_over_at, release=release)

    async def lock_on(self, service: ServiceName, environment: EnvironmentName) -> Lock | None:
        return await self._run(locks.on, service, environment, lock=self._lock)

    async def review(self, deployment: DeploymentId) -> Review | None:
        return await self._run(reviews.one, deployment, lock=self._lock)

    async def reviews(
        self,
        *,
        open_only: bool = False,
        broken_by: PersonId | None = None,
        release: ReleaseId | None = None,
        limit: int | None = None,
    ) -> list[Review]:
        return await self._run(reviews.several, open_only=open_only, broken_by=broken_by, release=release, limit=limit)

    async def token(self, token: TokenId) -> Token | None:
        return await self._run(tokens.one, token, lock=self._lock)

    async def tokens(self, *, person: PersonId | None = None, good_at: datetime | None = None) -> list[Token]:
        return await self._run(tokens.several, person=person, good_at=good_at)

    async def machine_token(self, token: MachineTokenId) -> MachineToken | None:
        return await self._run(machine_tokens.one, token, lock=self._lock)

    async def machine_token_by(self, digest: str) -> MachineToken | None:
        return await self._run(machine_tokens.by, digest)

    async def machine_tokens(self) -> list[MachineToken]:
        return await self._run(machine_tokens.every)

    async def protected_run(self, run: ProtectedRunId) -> ProtectedRun | None:
        return await self._run(protected_runs.one, run, lock=self._lock)
