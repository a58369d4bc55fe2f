"""What Slipway needs from the outside, in its own words. `integrations` satisfies it; a twin of each is in `tests`.

Adapters translate data and errors: no vendor's dict and no vendor's exception passes through a port. What could not
be learned is said with the error named here, or with a value that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from bot.notices import Notice
from bot.rules.absence import Absence, Leave
from bot.rules.audit import Entry, Happened
from bot.rules.candidate import Seal
from bot.rules.check import CheckResult
from bot.rules.deployment import Deployment, DeploymentId, Heard, Order, Phase, Step
from bot.rules.freeze import CalendarState, ExceptionId, Freeze, FreezeException, FreezeId, Plea, Window
from bot.rules.judging import Watched
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.machine_token import Grant, MachineToken, MachineTokenId
from bot.rules.mark import MarkState
from bot.rules.people import Person, PersonId, RoleName, Roles
from bot.rules.policy import (
    CalendarSource,
    Catalogue,
    DeployerChoice,
    Environment,
    EnvironmentName,
    RecurringFreeze,
    Service,
    ServiceName,
)
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from bot.rules.release import Draft, Release, ReleaseId
from bot.rules.review import Duty, Review
from bot.rules.token import Token, TokenId
from bot.rules.train import Departure, Train, TrainId
from bot.rules.veto import Finding, TakenBack, Veto, VetoId
from bot.rules.watch import MetricsSource

Clock = Callable[[], datetime]
"""Now, aware and in UTC."""

Agreed = Callable[[], Catalogue]
"""The catalogue that is in force at this moment."""


# ---------------------------------------------------------------- records


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


# ---------------------------------------------------------------- people


class DirectoryError(Exception):
    """The directory could not be asked; the message says why, for people.

    `away`: nobody answered. `busy`: somebody did, and asks to wait. Neither: it was refused, and would be again.
    """

    def __init__(self, message: str, *, away: bool = False, busy: bool = False) -> None:
        super().__init__(message)
        self.away = away
        self.busy = busy


class Directory(Protocol):
    """Who people are and which roles they hold."""

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh. DirectoryError if that is impossible; an unknown id is a foreign person."""
        ...

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Who holds these roles (None: all of the catalogue's). Never raises: what failed is in `unknown`."""
        ...

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address, to know a commit's author; None if there is none.

        DirectoryError if that can't be learned: an author who isn't recognised could approve what they wrote.
        """
        ...


# ---------------------------------------------------------------- tokens


@dataclass(frozen=True, slots=True)
class SignedToken:
    """What a token says of itself, and its signature proves."""

    id: TokenId
    person: PersonId
    made_at: datetime


class TokenSigner(Protocol):
    """Writes personal tokens, and knows its own."""

    def sign(self, token: Token) -> str:
        """What its owner is told, and nobody else."""
        ...

    def read(self, text: str) -> SignedToken | None:
        """What it says; None if it is forged, cut off, or somebody else's."""
        ...


# ---------------------------------------------------------------- calendars


class CalendarError(Exception):
    """A calendar could not be read, or is none; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that something in a calendar takes place. Moments are in UTC."""

    key: str
    """The same each time it is read, and another one for each time it takes place."""
    starts_at: datetime
    ends_at: datetime
    title: str


class Calendars(Protocol):
    """When freezes come that nobody declares by hand."""

    def recurring(self, freeze: RecurringFreeze, start: datetime, end: datetime) -> list[Occurrence]:
        """The times of a recurring freeze that touch the time from `start` to `end`, the first one first.

        That its rule can be followed was seen to when the catalogue was read.
        """
        ...

    async def events(self, source: CalendarSource, start: datetime, end: datetime) -> list[Occurrence]:
        """The events of a calendar that touch that time, the first one first, read afresh.

        CalendarError if that is impossible, or if anything in it that decides when it freezes can't be read for sure.
        """
        ...


# ---------------------------------------------------------------- code


class CodeHostError(Exception):
    """The code host could not answer; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What was discussed and merged as one change, by its number at the code host."""

    number: int
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `url` leads to it where the host has pages.

    `irreversible` is what its trailer `Irreversible-Migration:` says; empty: it has none. `pull` is the pull request
    through which it came, where that was asked for and the host knows.
    """

    sha: str
    subject: str
    author_name: str
    author_email: str
    at: datetime
    url: str | None = None
    irreversible: str = ""
    pull: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What lies between two commits. `backwards`: the new one is older, and these are what would be lost.

    `lost` counts what the old one has and the new one doesn't: where both it and `total` are more than nothing and
    it isn't backwards, the two have diverged. `irreversible` are those of all these commits, shown or not, that bring
    a migration that can't be undone; where there was nothing to compare with, at least those of the shown ones.
    """

    commits: tuple[Commit, ...]
    total: int
    backwards: bool = False
    url: str | None = None
    lost: int = 0
    irreversible: tuple[Commit, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The commits that `bad` has and `good` doesn't; of them only `only`, if any are named."""

    good: str
    bad: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """What a commit has of those that are suspected."""

    suspects: int
    """How many are suspected. Merges aren't, unless they are named: what they bring is."""
    carried: tuple[Commit, ...]
    """Those that it has without their revert, newest first, as far as a limit."""
    total: int
    """How many those are."""
    mended: int
    """How many it has together with their revert."""


class CodeHost(Protocol):
    """Where the code lives."""

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        """The commit that a SHA, a prefix of one (7 or more), a branch or a tag names now; None if nothing does."""
        ...

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        """The commits in `new` that `old` doesn't have, newest first; everything of `new` if `old` is None."""
        ...

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        """What that commit has of the suspected ones, and which of them are reverted in it. All SHAs are full.

        A revert says so in its message (`This reverts commit <SHA>`) and comes after what it reverts; that of a merge
        reverts what the merge brought, and a revert of a revert brings back. Where histories run side by side, what
        may have come back counts as carried.
        """
        ...

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of these commits (full SHAs) that it has in its history, or is. An unknown one is not among them."""
        ...

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """The same commits, each with the pull request through which it came, where the host has such.

        Never raises: it is something to read, and nothing depends on it. What can't be learned isn't there.
        """
        ...


# ---------------------------------------------------------------- publishing


class PublisherError(Exception):
    """The code host did not take it; the message says why, for people.

    `later`: it could not be asked just now, and nobody has to do anything. Else somebody has to.
    """

    def __init__(self, message: str, *, later: bool = False) -> None:
        super().__init__(message)
        self.later = later


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag that is there: the commit that it names, and the page that it leads to. `commit` None: it names none."""

    commit: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What is published about a version."""

    tag: str
    commit: str
    title: str
    about: str
    """What it gives to customers, in the words of whoever planned it. Nobody's markup."""
    changes: Changes | None
    """What came with it; None where there is nothing to compare with, or it could not be read."""
    since: str = ""
    """The version that they are counted from."""
    preliminary: bool = False
    """Whether its number says that it is not yet the real one (`2.4.0-rc.1`)."""


class Publisher(Protocol):
    """Marks at the code host what is out."""

    async def tag(self, repository: str, name: str, commit: str, message: str) -> Tagged:
        """The tag of that name. It is made where there is none; one that is there is never moved.

        PublisherError if it can't be made. Asked again, it finds what it made, also where the answer got lost.
        """
        ...

    async def published(self, repository: str, tag: str) -> str | None:
        """The page of the release that belongs to that tag, whoever published it; None if there is none."""
        ...

    async def publish(self, repository: str, notes: Notes) -> str:
        """Publish a release, and the page that it is on; where there is one by now, it stays as it is."""
        ...


class ProtectionRules(Protocol):
    """Where workflows at the code host wait for our word."""

    async def answer(self, question: Question, *, approved: bool, comment: str) -> bool:
        """Let it go on, or stop it; `comment` is nobody's markup. False: nobody waits for that any more.

        PublisherError if it can't be said.
        """
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands beside a commit: whose word it is (`slipway/production`), the word, why, and where it leads."""

    context: str
    state: MarkState
    sentence: str
    url: str


class Marks(Protocol):
    """What stands beside the commits of open pull requests. PublisherError where it can't be read or written."""

    async def open_heads(self, repository: str, branch: str) -> tuple[str, ...]:
        """The newest commit of each open pull request against that branch; of very many, those changed last."""
        ...

    async def marked(self, repository: str, commit: str) -> Mapping[str, Mark]:
        """Of each context what was written last, whoever wrote it."""
        ...

    async def mark(self, repository: str, commit: str, mark: Mark) -> None:
        """Write it; what was there of that context counts no more."""
        ...


# ---------------------------------------------------------------- deploying


class DeployerError(Exception):
    """The target refused or could not be asked; the message says why, for people.

    `ended` True: nothing was or will be done (safe to call it failed). False: nobody knows.
    """

    def __init__(self, message: str, *, ended: bool) -> None:
        super().__init__(message)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Started:
    """The target has taken it: its own name for the work, and where people can watch."""

    ref: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the target is. `step` is its last word, for people."""

    phase: Phase
    step: str = ""
    link: str | None = None
    commit: str | None = None
    """What the target says that it deploys, or has deployed: a full SHA. None: it doesn't tell."""
    steps: tuple[Step, ...] = ()
    """Everything that it does, in order, where it tells."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a deployer can do, for the preview and for the table in the documentation."""

    cancels: bool
    """Whether it can stop what has begun."""
    survives_restart: bool
    """Whether work goes on, and can be followed again, after Slipway was restarted."""
    links: bool
    """Whether people are led to where the work can be watched."""
    pushes: bool = False
    """Whether the target tells of its progress by itself; it is asked all the same."""
    steps: bool = False
    """Whether the target's steps are shown."""
    names_commit: bool = False
    """Whether the target says which commit it deploys, so that it can be compared with what was approved."""
    finds_artifacts: bool = False
    """Whether it can tell before a rollback if what is to be deployed is still there."""
    forestalls: bool = False
    """Whether what is cancelled before it began never begins, however late its start arrives."""
    finds_again: bool = True
    """Whether asked to start again, it finds what it started. Otherwise it is asked once, and never again."""


@dataclass(frozen=True, slots=True)
class Available:
    """Whether what is to be deployed is still there. `there` None: nobody can tell, or nothing says how to look."""

    there: bool | None
    why: str = ""
    """What is gone, or why it can't be told, for people."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What somebody sent to the address for words about a deployment, before anybody knows who it was."""

    headers: Mapping[str, str]
    """By their names in lower case; each at most once, so that none can be read in two ways."""
    body: bytes
    at: datetime
    """When it came."""


class NotGenuineError(Exception):
    """A delivery does not prove where it comes from. The message says what is missing, and nothing about a secret."""


class UnreadableError(Exception):
    """A delivery is genuine and can't be understood; `problems` are sentences, all at once."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Deployer(Protocol):
    """Something that brings a candidate to an environment."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Begin. The deployment's id is the idempotency key: asked again, it finds what it started."""
        ...

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """How far it is. DeployerError with `ended=False` when that could not be learned this time."""
        ...

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Ask the target to stop; following shows when it has."""
        ...

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Whether what that order deploys is still there. Never raises, and takes a few seconds at most."""
        ...

    async def check(self, choice: DeployerChoice) -> list[str]:
        """What is wrong with these settings or the way there, in sentences; empty when all is well."""
        ...


@runtime_checkable
class HearsItsTarget(Deployer, Protocol):
    """A deployer whose target tells of its work by itself as well. What it told stands in the deployment (`heard`)."""

    def hear(self, delivery: Delivery, deployment: Deployment, environment: Environment) -> Heard:
        """What the target says of that deployment.

        NotGenuineError unless it proves to be the target; UnreadableError if it says nothing that can be understood.
        """
        ...


@runtime_checkable
class AsItsTargetCan(Deployer, Protocol):
    """A deployer to targets of a team's own: its settings tell what each can do, and `capabilities` is the most."""

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """What it can do with the target of these settings."""
        ...


@runtime_checkable
class Tidies(Deployer, Protocol):
    """A deployer that keeps something about each deployment, here."""

    async def tidy(self, at_work: Sequence[Deployment]) -> int:
        """Clear away what is no longer needed, how much; of those at work everything is kept. Never raises."""
        ...


def capabilities_of(deployer: Deployer, choice: DeployerChoice) -> Capabilities:
    """What that deployer can do where it is chosen so."""
    if isinstance(deployer, AsItsTargetCan):
        return deployer.capabilities_with(choice.settings)
    return deployer.capabilities


Deployers = Mapping[str, Deployer]
"""Each kind of deployer by its name in the catalogue."""


@dataclass(frozen=True, slots=True)
class Served:
    """What an environment really serves: the version's name there, or why it can't be read."""

    version: str | None
    problem: str = ""


class Verifier(Protocol):
    """Looks at what is really served."""

    async def served(self, environment: Environment) -> Served:
        """What is served right now. Never raises: what went wrong is in `problem`."""
        ...

    async def unhealthy(self, address: str) -> str:
        """Why that address doesn't answer with 2xx right now, for people; empty if it does. Never raises."""
        ...


# ---------------------------------------------------------------- metrics


class MetricsError(Exception):
    """A metric could not be read; the message says why, for people.

    `empty`: the question was understood, and there is nothing to it (yet).
    """

    def __init__(self, message: str, *, empty: bool = False) -> None:
        super().__init__(message)
        self.empty = empty


@dataclass(frozen=True, slots=True)
class Sample:
    """One value at one moment; it may be NaN or infinite. `warnings` are the source's own words about the query."""

    value: float
    at: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one metric over time, oldest first."""

    samples: tuple[tuple[datetime, float], ...]
    warnings: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[float, ...]:
        """The values alone."""
        return tuple(value for _, value in self.samples)


class Metrics(Protocol):
    """Where metrics are kept. A query must give exactly one number; MetricsError says so where it doesn't."""

    async def now(self, source: MetricsSource, query: str) -> Sample:
        """What it gives right now."""
        ...

    async def history(
        self, source: MetricsSource, query: str, start: datetime, end: datetime, step: timedelta
    ) -> Series:
        """What it gave between these moments, at each step; what was missing then is left out."""
        ...


# ---------------------------------------------------------------- durable work


@dataclass(frozen=True, slots=True)
class Next:
    """What durable work does next: end, or move again after so long, sooner if it is nudged."""

    done: bool
    after: timedelta = timedelta(0)


DONE = Next(done=True)


def again(after: timedelta) -> Next:
    """Move again after so long, or as soon as somebody nudges."""
    return Next(done=False, after=after)


class Advance(Protocol):
    """One move of durable work. Calling it twice for the same move has the effect of calling it once."""

    async def __call__(self, key: int) -> Next:
        """Look at the facts, do the one thing that is due, say when to look again."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that is done by the clock, once over all replicas."""

    key: str
    cron: str
    timezone: str


class Tick(Protocol):
    """What a schedule does: `due` is the moment it was due, so that a late one can be left out."""

    async def __call__(self, key: str, due: datetime) -> None:
        """Do what that schedule is for."""
        ...
