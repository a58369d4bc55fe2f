"""Twins that behave: what a port promises, in memory. The contract tests hold them to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeVar

from bot.ports import Ask, Asked, ConflictError, HeldError, Work
from bot.rules.absence import Absence, AbsenceId, Leave
from bot.rules.audit import GENESIS, Entry, Happened, chained
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind, Order
from bot.rules.freeze import CalendarState, ExceptionId, Freeze, FreezeException, FreezeId, Plea, Window
from bot.rules.judging import Watched
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.machine_token import Grant, MachineToken, MachineTokenId
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from bot.rules.release import Draft, Plan, Release, ReleaseId
from bot.rules.review import Duty, Review
from bot.rules.token import Token, TokenId
from bot.rules.train import Departure, Train, TrainId
from bot.rules.veto import Finding, TakenBack, Veto, VetoId
from integrations.database.rows.absences import must_follow as absence_must_follow
from integrations.database.rows.audit import as_kept
from integrations.database.rows.deployments import SUCCESSES_WANTED
from integrations.database.rows.deployments import must_follow as deployment_must_follow
from integrations.database.rows.exceptions import must_follow as exception_must_follow
from integrations.database.rows.freezes import must_follow as freeze_must_follow
from integrations.database.rows.locks import must_follow as lock_must_follow
from integrations.database.rows.machine_tokens import must_follow as machine_token_must_follow
from integrations.database.rows.protected_runs import must_follow as protected_run_must_follow
from integrations.database.rows.releases import must_follow as release_must_follow
from integrations.database.rows.reviews import must_follow as review_must_follow
from integrations.database.rows.tokens import must_follow as token_must_follow
from integrations.database.rows.trains import must_follow as train_must_follow
from integrations.database.rows.vetoes import must_follow as veto_must_follow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.notices import Notice
    from bot.rules.candidate import Seal
    from bot.rules.check import CheckResult
    from bot.rules.people import PersonId, RoleName
    from bot.rules.policy import EnvironmentName, ServiceName

T = TypeVar(
    "T",
    Release,
    Deployment,
    Freeze,
    FreezeException,
    Absence,
    Lock,
    Review,
    Veto,
    Token,
    MachineToken,
    ProtectedRun,
    Train,
)


class RecordingStarter:
    """Starts no work, and remembers what was to be started and nudged, committed or not."""

    def __init__(self) -> None:
        self.started: list[tuple[Work, int]] = []
        self.nudged: list[tuple[Work, int, str]] = []

    def start(self, connection: Connection, work: Work, key: int) -> None:
        self.started.append((work, key))

    def nudge(self, connection: Connection, work: Work, key: int, word: str) -> None:
        self.nudged.append((work, key, word))


@dataclass
class Contents:
    """Everything that is kept."""

    releases: dict[int, Release] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    watches: dict[int, Watched] = field(default_factory=dict)
    freezes: dict[int, Freeze] = field(default_factory=dict)
    exceptions: dict[int, FreezeException] = field(default_factory=dict)
    calendars: dict[str, CalendarState] = field(default_factory=dict)
    absences: dict[int, Absence] = field(default_factory=dict)
    locks: dict[int, Lock] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    trains: dict[int, Train] = field(default_factory=dict)
    asked: dict[tuple[int, str, str], Asked] = field(default_factory=dict)
    checks: dict[tuple[ServiceName, str, str], CheckResult] = field(default_factory=dict)
    vetoes: dict[int, Veto] = field(default_factory=dict)
    findings: dict[tuple[int, str], Finding] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    tokens: dict[int, Token] = field(default_factory=dict)
    machine_tokens: dict[int, MachineToken] = field(default_factory=dict)
    protected_runs: dict[int, ProtectedRun] = field(default_factory=dict)
    intents: set[str] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    started: list[tuple[Work, int]] = field(default_factory=list)
    nudged: list[tuple[Work, int, str]] = field(default_factory=list)

    def copy(self) -> Contents:
        """The same things in containers of their own; the things themselves are frozen."""
        return Contents(**{each.name: copy(getattr(self, each.name)) for each in fields(self)})


class InMemoryRecords:
    """Records that last as long as the test. Pages are written one after the other."""

    def __init__(self, on_told: Callable[[], None] = lambda: None) -> None:
        self._contents = Contents()
        self._on_told = on_told
        self._one_at_a_time = asyncio.Lock()
        self._writer: object = None

    @property
    def told(self) -> list[Notice]:
        """Every notice that was committed, in its order."""
        return self._contents.told

    @property
    def started(self) -> list[tuple[Work, int]]:
        """All durable work that was committed to start."""
        return self._contents.started

    @property
    def nudged(self) -> list[tuple[Work, int, str]]:
        """Every word that was committed to be sent to durable work."""
        return self._contents.nudged

    @asynccontextmanager
    async def open(self) -> AsyncIterator[InMemoryPage]:
        if self._writer is asyncio.current_task():
            raise RuntimeError("This task has a page open already, and would wait for itself.")
        async with self._one_at_a_time:
            self._writer = asyncio.current_task()
            page = InMemoryPage(self._contents.copy(), self._keep)
            try:
                yield page
            finally:
                self._writer = None
                page.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[InMemoryReading]:
        reading = InMemoryReading(self._contents.copy())
        try:
            yield reading
        finally:
            reading.close()

    def _keep(self, contents: Contents) -> None:
        something_told = len(contents.told) > len(self._contents.told)
        self._contents = contents
        if something_told:
            self._on_told()


class InMemoryReading:
    """One moment."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._over = ""

    def close(self) -> None:
        self._over = self._over or "closed"

    @property
    def _now(self) -> Contents:
        if self._over:
            raise RuntimeError(f"This page is {self._over}; open another one.")
        return self._contents

    async def release(self, release: ReleaseId) -> Release | None:
        return self._now.releases.get(release)

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
        return [
            each
            for each in _newest_first(self._now.releases)
            if (service is None or each.plan.service == service)
            and (not open_only or each.open)
            and not (ended_only and each.open)
            and (before is None or each.id < before)
            and (requested_by is None or each.requested_by == requested_by)
            and (ids is None or each.id in ids)
        ][:limit]

    async def deployment(self, deployment: DeploymentId) -> Deployment | None:
        return self._now.deployments.get(deployment)

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
        found = [
            each
            for each in self._newest()
            if (service is None or each.order.service == service)
            and (environment is None or each.order.environment == environment)
            and (release is None or each.order.release == release)
            and (not holding_only or each.holds)
            and (since is None or each.ended_at is None or each.ended_at >= since)
            and (before is None or each.id < before)
        ]
        taken = {each.id for each in sorted(found, key=lambda each: each.id, reverse=True)[:limit]}
        return [each for each in found if each.id in taken]

    def _newest(self) -> list[Deployment]:
        return sorted(self._now.deployments.values(), key=lambda each: each.newness, reverse=True)

    async def waiting(self, service: ServiceName, environment: EnvironmentName | None = None) -> list[Deployment]:
        there = [each for each in self._now.deployments.values() if each.waits and each.order.service == service]
        there = [each for each in there if environment in {None, each.order.environment}]
        return sorted(there, key=lambda each: each.place)

    async def history_for(self, service: ServiceName, *releases: ReleaseId) -> tuple[Deployment, ...]:
        successes: dict[EnvironmentName, int] = {}
        own = {each.id for each in self._now.deployments.values() if each.order.release in releases}
        wanted = []
        for each in self._newest():
            mine = each.id in own or (each.order.kind is Kind.ROLLBACK and each.order.replaces in own)
            if each.order.service == service and each.attempt is Attempt.SUCCEEDED:
                place = successes[each.order.environment] = successes.get(each.order.environment, 0) + 1
                mine = mine or place <= SUCCESSES_WANTED
            if mine or (each.order.service == service and each.holds):
                wanted.append(each)
        return tuple(wanted)

    async def watched(self, deployment: DeploymentId) -> Watched | None:
        return self._now.watches.get(deployment)

    async def freeze(self, freeze: FreezeId) -> Freeze | None:
        return self._now.freezes.get(freeze)

    async def freezes(self, *, not_over_at: datetime | None = None, limit: int | None = 200) -> list[Freeze]:
        in_order = sorted(self._now.freezes.values(), key=lambda each: (each.window.starts_at, each.id))
        return [each for each in in_order if not_over_at is None or each.over_at > not_over_at][:limit]

    async def ask(
        self, release: ReleaseId, environment: EnvironmentName, seal: Seal, *, not_by: PersonId | None = None
    ) -> Ask | None:
        same = [a for a in self._now.asks if (a.release, a.environment, a.seal) == (release, environment, seal)]
        return next((a for a in reversed(same) if a.by != not_by), None)

    async def freezes_from(self, origins: str, *, not_over_at: datetime) -> list[Freeze]:
        in_order = sorted(self._now.freezes.values(), key=lambda each: (each.window.starts_at, each.id))
        of_no_hand = (each for each in in_order if each.origin and each.origin.startswith(origins))
        return [each for each in of_no_hand if each.window.ends_at > not_over_at]

    async def exception(self, exception: ExceptionId) -> FreezeException | None:
        return self._now.exceptions.get(exception)

    async def exceptions(
        self,
        *,
        releases: Sequence[ReleaseId] | None = None,
        freeze: FreezeId | None = None,
        since: datetime | None = None,
        limit: int = 200,
    ) -> list[FreezeException]:
        newest_first = sorted(self._now.exceptions.values(), key=lambda each: (each.plea.at, each.id), reverse=True)
        return [
            each
            for each in newest_first
            if (releases is None or each.plea.release in releases)
            and (freeze is None or each.plea.freeze == freeze)
            and (since is None or each.plea.at >= since)
        ][:limit]

    async def calendars(self) -> list[CalendarState]:
        return sorted(self._now.calendars.values(), key=lambda each: each.name)

    async def absences(self, *, not_over_at: datetime, person: PersonId | None = None) -> list[Absence]:
        in_order = sorted(self._now.absences.values(), key=lambda each: (each.leave.starts_at, each.id))
        return [each for each in in_order if each.over_at > not_over_at and person in (None, each.leave.person)]

    async def asked(self, release: ReleaseId) -> list[Asked]:
        return [each for _, each in sorted(self._now.asked.items()) if each.release == release]

    async def checks(self, service: ServiceName, commit: str) -> list[CheckResult]:
        said = (each for each in self._now.checks.values() if (each.service, each.commit) == (service, commit))
        return sorted(said, key=lambda each: each.name)

    async def veto(self, veto: VetoId) -> Veto | None:
        return self._now.vetoes.get(veto)

    async def vetoes(self, service: ServiceName) -> list[Veto]:
        return [each for each in _newest_first(self._now.vetoes) if each.taken.service == service]

    async def findings(self, service: ServiceName, commits: Sequence[str]) -> list[Finding]:
        mine = {each.id for each in await self.vetoes(service)}
        return [f for (veto, commit), f in sorted(self._now.findings.items()) if veto in mine and commit in commits]

    async def train(self, train: TrainId) -> Train | None:
        return self._now.trains.get(train)

    async def trains(self, *, environment: EnvironmentName | None = None, limit: int = 50) -> list[Train]:
        going = [each for each in _newest_first(self._now.trains) if not each.over]
        return [each for each in going if environment in {None, each.environment}][:limit]

    async def train_with(self, deployment: DeploymentId) -> Train | None:
        return next(
            (
                each
                for each in _newest_first(self._now.trains)
                if any(deployment in {car.deployment, car.rollback} for car in each.cars)
            ),
            None,
        )

    async def record(
        self, *, release: ReleaseId | None = None, after: int = 0, since: datetime | None = None, limit: int = 1000
    ) -> list[Entry]:
        return [
            each
            for each in self._now.entries
            if each.number > after
            and (release is None or each.happened.release == release)
            and (since is None or each.happened.at >= since)
        ][:limit]

    async def record_head(self) -> tuple[int, str]:
        entries = self._now.entries
        return (entries[-1].number, entries[-1].digest) if entries else (0, GENESIS)

    async def lock(self, lock: LockId) -> Lock | None:
        return self._now.locks.get(lock)

    async def locks(self, *, not_over_at: datetime, release: ReleaseId | None = None) -> list[Lock]:
        in_order = sorted(self._now.locks.values(), key=lambda each: each.id)
        return [each for each in in_order if each.over_at > not_over_at and release in (None, each.hold.release)]

    async def lock_on(self, service: ServiceName, environment: EnvironmentName) -> Lock | None:
        unended = (each for each in self._now.locks.values() if each.ended_at is None)
        return next((each for each in unended if each.is_on(service, environment)), None)

    async def review(self, deployment: DeploymentId) -> Review | None:
        return self._now.reviews.get(deployment)

    async def reviews(
        self,
        *,
        open_only: bool = False,
        broken_by: PersonId | None = None,
        release: ReleaseId | None = None,
        limit: int | None = None,
    ) -> list[Review]:
        in_order = sorted(self._now.reviews.values(), key=lambda each: (each.duty.due_at, each.id))
        return [
            each
            for each in in_order
            if (not open_only or each.open)
            and broken_by in (None, each.duty.broken_by)
            and release in (None, each.duty.release)
        ][:limit]

    async def token(self, token: TokenId) -> Token | None:
        return self._now.tokens.get(token)

    async def tokens(self, *, person: PersonId | None = None, good_at: datetime | None = None) -> list[Token]:
        return [
            each
            for each in _newest_first(self._now.tokens)
            if person in (None, each.person) and (good_at is None or each.good(good_at))
        ]

    async def machine_token(self, token: MachineTokenId) -> MachineToken | None:
        return self._now.machine_tokens.get(token)

    async def machine_token_by(self, digest: str) -> MachineToken | None:
        return next((each for each in self._now.machine_tokens.values() if each.grant.digest == digest), None)

    async def machine_tokens(self) -> list[MachineToken]:
        return _newest_first(self._now.machine_tokens)

    async def protected_run(self, run: ProtectedRunId) -> ProtectedRun | None:
        return self._now.protected_runs.get(run)


class InMemoryPage(InMemoryReading):
    """One transaction, on a copy that replaces what was there when it commits."""

    def __init__(self, contents: Contents, keep: Callable[[Contents], None]) -> None:
        super().__init__(contents)
        self._put_back = keep

    async def first_time(self, intent: str) -> bool:
        known = self._now.intents
        new = not intent or intent not in known
        if intent:
            known.add(intent)
        return new

    async def add_release(self, draft: Draft) -> Release:
        self._must_be_planned_once(draft.plan)
        number = ReleaseId(len(self._now.releases) + 1)
        release = Release(
            number, draft.plan, draft.requested_by, draft.created_at, draft.candidate, tuple(draft.checklist)
        )
        self._now.releases[number] = release
        return release

    async def keep(self, release: Release) -> Release:
        before = _before(self._now.releases, release)
        if before is None:
            return release
        release_must_follow(before, release)
        if release.open:
            self._must_be_planned_once(release.plan, but=release.id)
        kept = self._now.releases[release.id] = replace(release, revision=release.revision + 1)
        return kept

    async def add_deployment(self, order: Order, *, waits: bool = False) -> Deployment:
        deployment = Deployment(DeploymentId(len(self._now.deployments) + 1), order)
        if waits:
            deployment = replace(deployment, attempt=Attempt.QUEUED, waits_since=order.confirmed_at)
        else:
            deployment = replace(deployment, turn=self._next_turn())
        self._must_be_free(deployment)
        self._now.deployments[deployment.id] = deployment
        return deployment

    async def keep_deployment(self, deployment: Deployment) -> Deployment:
        before = _before(self._now.deployments, deployment)
        if before is None:
            return deployment
        deployment_must_follow(before, deployment)
        if before.waits and deployment.holds:
            self._must_be_free(deployment)
            deployment = replace(deployment, turn=self._next_turn())
        kept = self._now.deployments[deployment.id] = replace(deployment, revision=deployment.revision + 1)
        return kept

    async def add_freeze(
        self, window: Window, by: PersonId, at: datetime, *, origin: str = "", owner: RoleName | None = None
    ) -> Freeze:
        if origin and any(each.origin == origin for each in self._now.freezes.values()):
            raise ConflictError(f"There is a freeze of {origin} already.")
        freeze = Freeze(FreezeId(len(self._now.freezes) + 1), window, by, at, origin=origin, owner=owner)
        self._now.freezes[freeze.id] = freeze
        return freeze

    async def keep_freeze(self, freeze: Freeze) -> Freeze:
        before = _before(self._now.freezes, freeze)
        if before is None:
            return freeze
        freeze_must_follow(before, freeze)
        kept = self._now.freezes[freeze.id] = replace(freeze, revision=freeze.revision + 1)
        return kept

    async def add_exception(self, plea: Plea) -> FreezeException:
        exception = FreezeException(ExceptionId(len(self._now.exceptions) + 1), plea)
        self._now.exceptions[exception.id] = exception
        return exception

    async def keep_exception(self, exception: FreezeException) -> FreezeException:
        before = _before(self._now.exceptions, exception)
        if before is None:
            return exception
        exception_must_follow(before, exception)
        kept = self._now.exceptions[exception.id] = replace(exception, revision=exception.revision + 1)
        return kept

    async def keep_calendar(self, state: CalendarState) -> None:
        self._now.calendars[state.name] = state

    async def add_absence(self, leave: Leave, by: PersonId, at: datetime) -> Absence:
        absence = Absence(AbsenceId(len(self._now.absences) + 1), leave, by, at)
        self._now.absences[absence.id] = absence
        return absence

    async def keep_absence(self, absence: Absence) -> Absence:
        before = _before(self._now.absences, absence)
        if before is None:
            return absence
        absence_must_follow(before, absence)
        kept = self._now.absences[absence.id] = replace(absence, revision=absence.revision + 1)
        return kept

    async def keep_watched(self, watched: Watched) -> None:
        self._now.watches[watched.deployment] = watched

    async def keep_asked(self, asked: Asked) -> None:
        self._now.asked[asked.release, asked.environment, asked.blocker] = asked

    async def keep_check(self, result: CheckResult) -> bool:
        known = self._now.checks.setdefault((result.service, result.commit, result.name), result)
        if known.at > result.at:
            return False
        self._now.checks[result.service, result.commit, result.name] = result
        return True

    async def add_veto(self, taken: TakenBack) -> Veto | None:
        if any(each.taken.rollback == taken.rollback for each in self._now.vetoes.values()):
            return None
        veto = Veto(VetoId(len(self._now.vetoes) + 1), taken)
        self._now.vetoes[veto.id] = veto
        return veto

    async def keep_veto(self, veto: Veto) -> Veto:
        before = _before(self._now.vetoes, veto)
        if before is None:
            return veto
        veto_must_follow(before, veto)
        kept = self._now.vetoes[veto.id] = replace(veto, revision=veto.revision + 1)
        return kept

    async def keep_finding(self, finding: Finding) -> None:
        self._now.findings[finding.veto, finding.commit] = finding

    async def keep_ask(self, ask: Ask) -> None:
        self._now.asks.append(ask)

    async def add_lock(self, hold: Hold, at: datetime) -> Lock:
        if await self.lock_on(hold.service, hold.environment) is not None:
            raise ConflictError(f"{hold.environment} of {hold.service} is locked already.")
        lock = Lock(LockId(len(self._now.locks) + 1), hold, at, at)
        self._now.locks[lock.id] = lock
        return lock

    async def keep_lock(self, lock: Lock) -> Lock:
        before = _before(self._now.locks, lock)
        if before is None:
            return lock
        lock_must_follow(before, lock)
        kept = self._now.locks[lock.id] = replace(lock, revision=lock.revision + 1)
        return kept

    async def add_review(self, duty: Duty) -> Review:
        review = self._now.reviews[duty.deployment] = Review(duty)
        return review

    async def keep_review(self, review: Review) -> Review:
        before = _before(self._now.reviews, review)
        if before is None:
            return review
        review_must_follow(before, review)
        kept = self._now.reviews[review.id] = replace(review, revision=review.revision + 1)
        return kept

    async def add_token(self, person: PersonId, at: datetime, expires_at: datetime) -> Token:
        token = Token(TokenId(len(self._now.tokens) + 1), person, at, expires_at)
        self._now.tokens[token.id] = token
        return token

    async def keep_token(self, token: Token) -> Token:
        before = _before(self._now.tokens, token)
        if before is None:
            return token
        token_must_follow(before, token)
        kept = self._now.tokens[token.id] = replace(token, revision=token.revision + 1)
        return kept

    async def add_machine_token(self, grant: Grant) -> MachineToken:
        if await self.machine_token_by(grant.digest) is not None:
            raise ConflictError("There is a token of that digest already.")
        token = MachineToken(MachineTokenId(len(self._now.machine_tokens) + 1), grant)
        self._now.machine_tokens[token.id] = token
        return token

    async def keep_machine_token(self, token: MachineToken) -> MachineToken:
        before = _before(self._now.machine_tokens, token)
        if before is None:
            return token
        machine_token_must_follow(before, token)
        kept = self._now.machine_tokens[token.id] = replace(token, revision=token.revision + 1)
        return kept

    async def add_protected_run(self, question: Question) -> ProtectedRun:
        for each in self._now.protected_runs.values():
            asked = each.question
            same = (asked.repository, asked.run, asked.environment) == (
                question.repository,
                question.run,
                question.environment,
            )
            if same and each.answered_at is None:
                return each
        run = ProtectedRun(ProtectedRunId(len(self._now.protected_runs) + 1), question)
        self._now.protected_runs[run.id] = run
        return run

    async def keep_protected_run(self, run: ProtectedRun) -> ProtectedRun:
        before = _before(self._now.protected_runs, run)
        if before is None:
            return run
        protected_run_must_follow(before, run)
        kept = self._now.protected_runs[run.id] = replace(run, revision=run.revision + 1)
        return kept

    async def add_train(self, departure: Departure) -> Train:
        train = Train(TrainId(len(self._now.trains) + 1), departure, departure.cars)
        self._now.trains[train.id] = train
        return train

    async def keep_train(self, train: Train) -> Train:
        before = _before(self._now.trains, train)
        if before is None:
            return train
        train_must_follow(before, train)
        kept = self._now.trains[train.id] = replace(train, revision=train.revision + 1)
        return kept

    async def put_on_record(self, happened: Happened) -> None:
        entries = self._now.entries
        entries.append(chained(as_kept(happened), entries[-1] if entries else None))

    async def tell(self, notice: Notice) -> None:
        self._now.told.append(notice)

    async def start(self, work: Work, key: int) -> None:
        self._now.started.append((work, key))

    async def nudge(self, work: Work, key: int, word: str) -> None:
        self._now.nudged.append((work, key, word))

    async def commit(self) -> None:
        self._put_back(self._now)
        self._over = "committed"

    def _next_turn(self) -> int:
        return max((each.turn or 0 for each in self._all()), default=0) + 1

    def _must_be_free(self, deployment: Deployment) -> None:
        def place(each: Deployment) -> tuple[object, ...]:
            order = each.order
            whose = order.release if each.waits and order.kind is Kind.DEPLOY else order.service
            return each.holds, each.waits and order.kind, whose, order.environment

        others = [each for each in self._all() if each.id != deployment.id and not each.over]
        if any(place(each) == place(deployment) for each in others):
            order = deployment.order
            raise HeldError(f"{order.environment} of {order.service} is held by another deployment.")

    def _must_be_planned_once(self, plan: Plan, but: ReleaseId | None = None) -> None:
        version = (plan.service, plan.version)
        others = (each for each in self._now.releases.values() if each.open and each.id != but)
        if any((each.plan.service, each.plan.version) == version for each in others):
            raise ConflictError(f"{plan.service} {plan.version} was planned by somebody else a moment ago.")

    def _all(self) -> Iterable[Deployment]:
        return self._now.deployments.values()


def _newest_first(things: dict[int, T]) -> list[T]:
    return sorted(things.values(), key=lambda each: each.id, reverse=True)


def _before(things: dict[int, T], after: T) -> T | None:
    """What is kept now, if `after` grew from it; None if nothing has changed."""
    before = things.get(after.id)
    if before is None or before.revision != after.revision:
        raise ConflictError(f"{after.name} was changed by somebody else in the meantime.")
    return None if before == after else before
