"""A page: one transaction to read and change; all of it becomes true at its commit, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from bot.ports import ConflictError
from integrations.database.errors import in_our_words
from integrations.database.reading import DatabaseReading
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
    outbox,
    protected_runs,
    releases,
    reviews,
    tokens,
    trains,
    vetoes,
    watches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.notices import Notice
    from bot.ports import Ask, Asked, Clock, Work
    from bot.rules.absence import Absence, Leave
    from bot.rules.audit import Happened
    from bot.rules.check import CheckResult
    from bot.rules.deployment import Deployment, DeploymentId, Order
    from bot.rules.freeze import CalendarState, ExceptionId, Freeze, FreezeException, FreezeId, Plea, Window
    from bot.rules.judging import Watched
    from bot.rules.lock import Hold, Lock, LockId
    from bot.rules.machine_token import Grant, MachineToken, MachineTokenId
    from bot.rules.people import PersonId, RoleName
    from bot.rules.policy import EnvironmentName, ServiceName
    from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
    from bot.rules.release import Draft, Release, ReleaseId
    from bot.rules.review import Duty, Review
    from bot.rules.token import Token, TokenId
    from bot.rules.train import Departure, Train, TrainId
    from bot.rules.veto import Finding, TakenBack, Veto, VetoId
    from integrations.database.starter import WorkStarter

T = TypeVar("T")


class DatabasePage(DatabaseReading):
    """One transaction. What is read by its number is locked until it ends.

    A ConflictError of `keep…` and `add…` leaves the page as it was: it can go on and commit what else it did.
    Any error of the database itself (a deadlock, a lost connection) ends the page; another one must be opened.
    """

    _lock = True

    def __init__(
        self,
        connection: AsyncConnection,
        starter: WorkStarter,
        on_told: Callable[[], None],
        now: Clock,
        besides: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        super().__init__(connection)
        self._besides = besides
        self._starter = starter
        self._on_told = on_told
        self._now = now
        self._notices: list[Notice] = []
        self._happenings: list[Happened] = []
        # As stored and locked by this transaction: what a change is compared with, so that only that is written.
        self._releases: dict[int, Release] = {}
        self._deployments: dict[int, Deployment] = {}
        self._freezes: dict[int, Freeze] = {}
        self._exceptions: dict[int, FreezeException] = {}
        self._absences: dict[int, Absence] = {}
        self._locks: dict[int, Lock] = {}
        self._reviews: dict[int, Review] = {}
        self._vetoes: dict[int, Veto] = {}
        self._tokens: dict[int, Token] = {}
        self._machine_tokens: dict[int, MachineToken] = {}
        self._trains: dict[int, Train] = {}
        self._protected_runs: dict[int, ProtectedRun] = {}

    async def release(self, release: ReleaseId) -> Release | None:
        return _noted(self._releases, release, await super().release(release))

    async def deployment(self, deployment: DeploymentId) -> Deployment | None:
        return _noted(self._deployments, deployment, await super().deployment(deployment))

    async def freeze(self, freeze: FreezeId) -> Freeze | None:
        return _noted(self._freezes, freeze, await super().freeze(freeze))

    async def exception(self, exception: ExceptionId) -> FreezeException | None:
        return _noted(self._exceptions, exception, await super().exception(exception))

    async def lock(self, lock: LockId) -> Lock | None:
        return _noted(self._locks, lock, await super().lock(lock))

    async def lock_on(self, service: ServiceName, environment: EnvironmentName) -> Lock | None:
        found = await super().lock_on(service, environment)
        return None if found is None else _noted(self._locks, found.id, found)

    async def review(self, deployment: DeploymentId) -> Review | None:
        return _noted(self._reviews, deployment, await super().review(deployment))

    async def token(self, token: TokenId) -> Token | None:
        return _noted(self._tokens, token, await super().token(token))

    async def machine_token(self, token: MachineTokenId) -> MachineToken | None:
        return _noted(self._machine_tokens, token, await super().machine_token(token))

    async def protected_run(self, run: ProtectedRunId) -> ProtectedRun | None:
        return _noted(self._protected_runs, run, await super().protected_run(run))

    async def train(self, train: TrainId) -> Train | None:
        return _noted(self._trains, train, await super().train(train))

    async def first_time(self, intent: str) -> bool:
        return not intent or await self._run(intents.first_time, intent, self._now())

    async def add_release(self, draft: Draft) -> Release:
        return await self._run(releases.add, draft)

    async def keep(self, release: Release) -> Release:
        stored = self._releases.get(release.id) or _there(await self.release(release.id), release.name)
        if release != stored:
            stored = self._releases[release.id] = await self._run(releases.keep, stored, release)
        return stored

    async def add_deployment(self, order: Order, *, waits: bool = False) -> Deployment:
        return await self._run(deployments.add, order, waits=waits)

    async def keep_deployment(self, deployment: Deployment) -> Deployment:
        stored = self._deployments.get(deployment.id) or _there(await self.deployment(deployment.id), deployment.name)
        if deployment != stored:
            stored = self._deployments[deployment.id] = await self._run(deployments.keep, stored, deployment)
        return stored

    async def add_freeze(
        self, window: Window, by: PersonId, at: datetime, *, origin: str = "", owner: RoleName | None = None
    ) -> Freeze:
        return await self._run(freezes.add, window, by, at, origin=origin, owner=owner)

    async def keep_freeze(self, freeze: Freeze) -> Freeze:
        stored = self._freezes.get(freeze.id) or _there(await self.freeze(freeze.id), freeze.name)
        if freeze != stored:
            stored = self._freezes[freeze.id] = await self._run(freezes.keep, stored, freeze)
        return stored

    async def add_exception(self, plea: Plea) -> FreezeException:
        return await self._run(exceptions.add, plea)

    async def keep_exception(self, exception: FreezeException) -> FreezeException:
        stored = self._exceptions.get(exception.id) or _there(await self.exception(exception.id), exception.name)
        if exception != stored:
            stored = self._exceptions[exception.id] = await self._run(exceptions.keep, stored, exception)
        return stored

    async def keep_calendar(self, state: CalendarState) -> None:
        await self._run(calendars.keep, state)

    async def add_absence(self, leave: Leave, by: PersonId, at: datetime) -> Absence:
        return await self._run(absences.add, leave, by, at)

    async def keep_absence(self, absence: Absence) -> Absence:
        stored = self._absences.get(absence.id) or _there(await self._run(absences.locked, absence.id), absence.name)
        if absence != stored:
            stored = await self._run(absences.keep, stored, absence)
        self._absences[absence.id] = stored
        return stored

    async def keep_watched(self, watched: Watched) -> None:
        await self._run(watches.keep, watched)

    async def keep_asked(self, asked: Asked) -> None:
        await self._run(askings.keep, asked)

    async def keep_check(self, result: CheckResult) -> bool:
        return await self._run(checks.keep, result)

    async def veto(self, veto: VetoId) -> Veto | None:
        return _noted(self._vetoes, veto, await super().veto(veto))

    async def add_veto(self, taken: TakenBack) -> Veto | None:
        return await self._run(vetoes.add, taken)

    async def keep_veto(self, veto: Veto) -> Veto:
        stored = self._vetoes.get(veto.id) or _there(await self.veto(veto.id), veto.name)
        if veto != stored:
            stored = self._vetoes[veto.id] = await self._run(vetoes.keep, stored, veto)
        return stored

    async def keep_finding(self, finding: Finding) -> None:
        await self._run(vetoes.keep_finding, finding)

    async def keep_ask(self, ask: Ask) -> None:
        await self._run(intents.keep_ask, ask)

    async def add_lock(self, hold: Hold, at: datetime) -> Lock:
        return await self._run(locks.add, hold, at)

    async def keep_lock(self, lock: Lock) -> Lock:
        stored = self._locks.get(lock.id) or _there(await self.lock(lock.id), lock.name)
        if lock != stored:
            stored = self._locks[lock.id] = await self._run(locks.keep, stored, lock)
        return stored

    async def add_review(self, duty: Duty) -> Review:
        return await self._run(reviews.add, duty)

    async def keep_review(self, review: Review) -> Review:
        stored = self._reviews.get(review.id) or _there(await self.review(review.id), f"review of {review.name}")
        if review != stored:
            stored = self._reviews[review.id] = await self._run(reviews.keep, stored, review)
        return stored

    async def add_token(self, person: PersonId, at: datetime, expires_at: datetime) -> Token:
        return await self._run(tokens.add, person, at, expires_at)

    async def keep_token(self, token: Token) -> Token:
        stored = self._tokens.get(token.id) or _there(await self.token(token.id), token.name)
        if token != stored:
            stored = self._tokens[token.id] = await self._run(tokens.keep, stored, token)
        return stored

    async def add_machine_token(self, grant: Grant) -> MachineToken:
        return await self._run(machine_tokens.add, grant)

    async def keep_machine_token(self, token: MachineToken) -> MachineToken:
        stored = self._machine_tokens.get(token.id) or _there(await self.machine_token(token.id), token.name)
        if token != stored:
            stored = self._machine_tokens[token.id] = await self._run(machine_tokens.keep, stored, token)
        return stored

    async def add_protected_run(self, question: Question) -> ProtectedRun:
        return await self._run(protected_runs.add, question)

    async def keep_protected_run(self, run: ProtectedRun) -> ProtectedRun:
        stored = self._protected_runs.get(run.id) or _there(await self.protected_run(run.id), run.name)
        if run != stored:
            stored = self._protected_runs[run.id] = await self._run(protected_runs.keep, stored, run)
        return stored

    async def add_train(self, departure: Departure) -> Train:
        return await self._run(trains.add, departure)

    async def keep_train(self, train: Train) -> Train:
        stored = self._trains.get(train.id) or _there(await self.train(train.id), train.name)
        if train != stored:
            stored = self._trains[train.id] = await self._run(trains.keep, stored, train)
        return stored

    async def put_on_record(self, happened: Happened) -> None:
        besides = self._besides()
        told = replace(happened, detail={**happened.detail, **besides}) if besides else happened
        self._happenings.append(audit.as_kept(told))

    async def tell(self, notice: Notice) -> None:
        self._notices.append(notice)

    async def start(self, work: Work, key: int) -> None:
        await self._run(self._starter.start, work, key)

    async def nudge(self, work: Work, key: int, word: str) -> None:
        await self._run(self._starter.nudge, work, key, word)

    async def commit(self) -> None:
        await self._run(self._write_the_rest)
        with in_our_words():
            await self._connection.commit()
        self._over = "committed"
        if self._notices:
            self._on_told()

    def _write_the_rest(self, connection: Connection) -> None:
        """What others wait for, as late as can be: the outbox's living messages, and last of all the record's head."""
        if self._notices:
            outbox.tell(connection, self._notices, self._now())
        if self._happenings:
            audit.append(connection, self._happenings)


def _noted(known: dict[int, T], number: int, found: T | None) -> T | None:
    if found is not None:
        known[number] = found
    return found


def _there(found: T | None, name: str) -> T:
    if found is None:
        raise ConflictError(f"There is no {name}.")
    return found
