"""Records: where everything that Slipway knows is kept, read at one moment and changed page by page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.notices import Notice
from bot.rules.absence import Absence, Leave
from bot.rules.audit import Entry, Happened
from bot.rules.candidate import Seal
from bot.rules.check import CheckResult
from bot.rules.deployment import Deployment, DeploymentId, Order
from bot.rules.freeze import CalendarState, ExceptionId, Freeze, FreezeException, FreezeId, Plea, Window
from bot.rules.judging import Watched
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.machine_token import Grant, MachineToken, MachineTokenId
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import (
    EnvironmentName,
    ServiceName,
)
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from bot.rules.release import Draft, Release, ReleaseId
from bot.rules.review import Duty, Review
from bot.rules.token import Token, TokenId
from bot.rules.train import Departure, Train, TrainId
from bot.rules.veto import Finding, TakenBack, Veto, VetoId


class ConflictError(Exception):
    """Somebody else changed the same thing in the meantime; whoever asked may look again and retry."""


class RecordsError(Exception):
    """The records could not be asked or kept; the message says why, for the log. Nothing of the page is kept."""


class HeldError(ConflictError):
    """The environment is held by another deployment: the database's own word, whatever was read before."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asked to deploy: the first of two people, where two are wanted."""

    release: ReleaseId
    environment: EnvironmentName
    seal: Seal
    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody had people asked for what blocks: who, and when. Asking again at once would be nagging."""

    release: ReleaseId
    environment: EnvironmentName
    blocker: str
    """What was asked for: the blocker's key."""
    by: PersonId
    at: datetime
    people: tuple[PersonId, ...] = ()
    """Who was asked, each by a private message."""


class Work(StrEnum):
    """The durable work that a verb can start. It outlives the process."""

    FOLLOW_DEPLOYMENT = "follow-deployment"
    WATCH_FREEZE = "watch-freeze"
    WATCH_RELEASE = "watch-release"
    WATCH_LOCK = "watch-lock"
    WATCH_REVIEW = "watch-review"
    RUN_TRAIN = "run-train"
    TAG_VERSION = "tag-version"
    ANSWER_PROTECTION_RULE = "answer-protection-rule"
    MARK_PULL_REQUESTS = "mark-pull-requests"


class Records(Protocol):
    """The database. A page is one transaction."""

    def open(self) -> AbstractAsyncContextManager[Page]:
        """A page to read and write. What it reads for writing is locked; nothing is kept without `commit`."""
        ...

    def read(self) -> AbstractAsyncContextManager[Reading]:
        """A page to read from, at one moment; never waits for writers longer than the database makes it."""
        ...


class Reading(Protocol):
    """What can be read. Lists are newest first unless said otherwise."""

    async def release(self, release: ReleaseId) -> Release | None:
        """One release; None if there is no such number. In a writing page it is locked until the end."""
        ...

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
        """Releases, newest first. `before`: only those with a smaller number."""
        ...

    async def deployment(self, deployment: DeploymentId) -> Deployment | None:
        """One deployment; None if there is no such number. In a writing page it is locked until the end."""
        ...

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
        """Deployments, newest first. `since`: those that had not ended before that moment.

        `before`: only those with a smaller number.
        """
        ...

    async def waiting(self, service: ServiceName, environment: EnvironmentName | None = None) -> list[Deployment]:
        """The deployments that wait their turn there (None: in any environment), in the order in which it comes."""
        ...

    async def history_for(self, service: ServiceName, *releases: ReleaseId) -> tuple[Deployment, ...]:
        """What the gate and a rollback need, newest first.

        All of these releases' deployments with the rollbacks that took one of them away, and of the service, per
        environment, all that hold and the newest 20 successes.
        """
        ...

    async def watched(self, deployment: DeploymentId) -> Watched | None:
        """What the watch over a deployment has seen; None if nothing is kept of one."""
        ...

    async def freeze(self, freeze: FreezeId) -> Freeze | None:
        """One freeze; None if there is no such number."""
        ...

    async def freezes(self, *, not_over_at: datetime | None = None, limit: int | None = 200) -> list[Freeze]:
        """Freezes, the one that starts first first; with `not_over_at`, only those not over at that moment.

        `limit` None: every one of them. What decides something must not miss one.
        """
        ...

    async def ask(
        self, release: ReleaseId, environment: EnvironmentName, seal: Seal, *, not_by: PersonId | None = None
    ) -> Ask | None:
        """The newest wish to deploy exactly this; with `not_by`, the newest of somebody else."""
        ...

    async def freezes_from(self, origins: str, *, not_over_at: datetime) -> list[Freeze]:
        """The freezes declared by no hand whose origin begins so, the one that starts first first.

        Ended ones too, as long as they would have lasted.
        """
        ...

    async def exception(self, exception: ExceptionId) -> FreezeException | None:
        """One exception; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def exceptions(
        self,
        *,
        releases: Sequence[ReleaseId] | None = None,
        freeze: FreezeId | None = None,
        since: datetime | None = None,
        limit: int = 200,
    ) -> list[FreezeException]:
        """What was asked of freezes, newest first. `since`: asked for at that moment or later."""
        ...

    async def calendars(self) -> list[CalendarState]:
        """How it stands with each calendar that freezes come from, by name."""
        ...

    async def absences(self, *, not_over_at: datetime, person: PersonId | None = None) -> list[Absence]:
        """Who is away, or will be: those not over at that moment, the one that starts first first."""
        ...

    async def asked(self, release: ReleaseId) -> list[Asked]:
        """What people were asked for about that release: of each blocker the last time, by environment and blocker."""
        ...

    async def checks(self, service: ServiceName, commit: str) -> list[CheckResult]:
        """What automatic checks said of that commit, the newest word of each, by name.

        In a writing page, whoever else asks this of the same commit waits until the end: so whoever acts on what is
        known, and whoever adds to it, come one after the other.
        """
        ...

    async def veto(self, veto: VetoId) -> Veto | None:
        """One veto; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def vetoes(self, service: ServiceName) -> list[Veto]:
        """Everything that was rolled back of that service, newest first; lifted ones too."""
        ...

    async def findings(self, service: ServiceName, commits: Sequence[str]) -> list[Finding]:
        """What was read of these commits about the service's vetoes."""
        ...

    async def train(self, train: TrainId) -> Train | None:
        """One train; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def trains(self, *, environment: EnvironmentName | None = None, limit: int = 50) -> list[Train]:
        """The trains that are not over, newest first; those to that environment, if one is named."""
        ...

    async def train_with(self, deployment: DeploymentId) -> Train | None:
        """The train that this deployment brings on, or takes back; None if it belongs to none."""
        ...

    async def record(
        self, *, release: ReleaseId | None = None, after: int = 0, since: datetime | None = None, limit: int = 1000
    ) -> list[Entry]:
        """The record, oldest first, from the entry after that number."""
        ...

    async def record_head(self) -> tuple[int, str]:
        """The newest entry's number and digest, kept apart from the entries: tells whether the last are missing."""
        ...

    async def lock(self, lock: LockId) -> Lock | None:
        """One lock; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def locks(self, *, not_over_at: datetime, release: ReleaseId | None = None) -> list[Lock]:
        """The locks not over at that moment, the oldest first; with `release`, only those that are for it."""
        ...

    async def lock_on(self, service: ServiceName, environment: EnvironmentName) -> Lock | None:
        """The lock on that place that nobody has ended, even if its time is over.

        In a writing page, whoever else asks this of the same place waits until the end: so whoever starts something
        there and whoever locks it come one after the other. A release that is needed as well is read before.
        """
        ...

    async def review(self, deployment: DeploymentId) -> Review | None:
        """The review of a deployment that broke the glass; None if it owes none. In a writing page it is locked."""
        ...

    async def reviews(
        self,
        *,
        open_only: bool = False,
        broken_by: PersonId | None = None,
        release: ReleaseId | None = None,
        limit: int | None = None,
    ) -> list[Review]:
        """Reviews, the one that is due first first. `limit` None: every one of them."""
        ...

    async def token(self, token: TokenId) -> Token | None:
        """One personal token; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def tokens(self, *, person: PersonId | None = None, good_at: datetime | None = None) -> list[Token]:
        """Personal tokens, newest first; with `good_at`, only those that let their owner speak at that moment."""
        ...

    async def machine_token(self, token: MachineTokenId) -> MachineToken | None:
        """One machine token; None if there is no such number. In a writing page it is locked until the end."""
        ...

    async def machine_token_by(self, digest: str) -> MachineToken | None:
        """The machine token of that digest, also one that is over; None if there is none."""
        ...

    async def machine_tokens(self) -> list[MachineToken]:
        """Every machine token, newest first."""
        ...

    async def protected_run(self, run: ProtectedRunId) -> ProtectedRun | None:
        """One workflow's question; None if there is no such number. In a writing page it is locked until the end."""
        ...


class Page(Reading, Protocol):
    """One transaction: read, change, say what to tell, commit."""

    async def first_time(self, intent: str) -> bool:
        """Note this intent; False if it was noted before (a repeated delivery). An empty intent is always new."""
        ...

    async def add_release(self, draft: Draft) -> Release:
        """Give it a number."""
        ...

    async def keep(self, release: Release) -> Release:
        """Keep all of it. ConflictError if it has another revision by now."""
        ...

    async def add_deployment(self, order: Order, *, waits: bool = False) -> Deployment:
        """Give it a number. HeldError if the environment is held.

        With `waits` it begins by waiting its turn: HeldError only if the same release, or another way back, does so
        there already.
        """
        ...

    async def keep_deployment(self, deployment: Deployment) -> Deployment:
        """Keep it. ConflictError if it has another revision by now; HeldError if its turn has come and it is held."""
        ...

    async def keep_watched(self, watched: Watched) -> None:
        """Keep all of it, in place of what was kept of that watch. Whoever does so has locked its deployment."""
        ...

    async def add_freeze(
        self, window: Window, by: PersonId, at: datetime, *, origin: str = "", owner: RoleName | None = None
    ) -> Freeze:
        """Give it a number. ConflictError if there is one of that origin already (unless it is empty)."""
        ...

    async def keep_freeze(self, freeze: Freeze) -> Freeze:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_exception(self, plea: Plea) -> FreezeException:
        """Give it a number."""
        ...

    async def keep_exception(self, exception: FreezeException) -> FreezeException:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def keep_calendar(self, state: CalendarState) -> None:
        """Note how it stands with that calendar."""
        ...

    async def add_absence(self, leave: Leave, by: PersonId, at: datetime) -> Absence:
        """Give it a number."""
        ...

    async def keep_absence(self, absence: Absence) -> Absence:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def keep_asked(self, asked: Asked) -> None:
        """Note that people were asked; what was noted of the same before is forgotten."""
        ...

    async def keep_check(self, result: CheckResult) -> bool:
        """Note what a check said; False if something it said later is known already, and nothing has changed."""
        ...

    async def add_veto(self, taken: TakenBack) -> Veto | None:
        """Give it a number; None if that rollback has its veto already."""
        ...

    async def keep_veto(self, veto: Veto) -> Veto:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def keep_finding(self, finding: Finding) -> None:
        """Note what was read; what was noted before of the same candidate and veto is forgotten."""
        ...

    async def keep_ask(self, ask: Ask) -> None:
        """Remember who asked to deploy."""
        ...

    async def add_lock(self, hold: Hold, at: datetime) -> Lock:
        """Give it a number. ConflictError if that place has a lock that nobody has ended."""
        ...

    async def keep_lock(self, lock: Lock) -> Lock:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_review(self, duty: Duty) -> Review:
        """Open it. There is at most one for a deployment."""
        ...

    async def keep_review(self, review: Review) -> Review:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_token(self, person: PersonId, at: datetime, expires_at: datetime) -> Token:
        """Give it a number."""
        ...

    async def keep_token(self, token: Token) -> Token:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_machine_token(self, grant: Grant) -> MachineToken:
        """Give it a number. ConflictError if there is one of that digest already."""
        ...

    async def keep_machine_token(self, token: MachineToken) -> MachineToken:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_protected_run(self, question: Question) -> ProtectedRun:
        """Give it a number. While the same run's question about that environment waits for its answer, it is that."""
        ...

    async def keep_protected_run(self, run: ProtectedRun) -> ProtectedRun:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def add_train(self, departure: Departure) -> Train:
        """Give it a number."""
        ...

    async def keep_train(self, train: Train) -> Train:
        """Keep it. ConflictError if it has another revision by now."""
        ...

    async def put_on_record(self, happened: Happened) -> None:
        """Append to the record. It gets its number and its place in the chain when the page commits."""
        ...

    async def tell(self, notice: Notice) -> None:
        """Say what people are to be told, once this is true. It waits in the outbox until Slack has it."""
        ...

    async def start(self, work: Work, key: int) -> None:
        """Start durable work for the thing of that number (`key`); commit starts it, anything else leaves nothing."""
        ...

    async def nudge(self, work: Work, key: int, word: str) -> None:
        """Send that durable work a word (`cancel`, `changed`), once this is true."""
        ...

    async def commit(self) -> None:
        """Make all of it true at once."""
        ...
