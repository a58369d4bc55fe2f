"""A deployment: one attempt to bring a candidate to an environment, followed to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from bot.rules.candidate import Candidate
from bot.rules.people import PersonId
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId

DeploymentId = NewType("DeploymentId", int)


class Kind(StrEnum):
    """Forwards, or back to something that was good."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"


class Attempt(StrEnum):
    """How far a deployment is."""

    QUEUED = "queued"
    """Confirmed, and on the record; it waits until nothing else is on its way there. It holds nothing."""
    STARTING = "starting"
    """Confirmed and on the record; the target may not know of it yet."""
    RUNNING = "running"
    """The target is at work."""
    VERIFYING = "verifying"
    """The target says that it is done; what is served is being looked at."""
    WATCHING = "watching"
    """It is there; its health and its metrics are looked at for a while before it counts as good."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """Its outcome could not be learned. The environment stays held until somebody settles it."""


LIFECYCLE = MappingProxyType(
    {
        Attempt.QUEUED: frozenset({Attempt.STARTING, Attempt.CANCELLED}),
        Attempt.STARTING: frozenset({Attempt.RUNNING, Attempt.FAILED, Attempt.CANCELLED, Attempt.UNKNOWN}),
        Attempt.RUNNING: frozenset({Attempt.VERIFYING, Attempt.FAILED, Attempt.CANCELLED, Attempt.UNKNOWN}),
        Attempt.VERIFYING: frozenset({Attempt.SUCCEEDED, Attempt.WATCHING, Attempt.FAILED, Attempt.UNKNOWN}),
        Attempt.WATCHING: frozenset({Attempt.SUCCEEDED, Attempt.FAILED}),
        Attempt.UNKNOWN: frozenset({Attempt.SUCCEEDED, Attempt.WATCHING, Attempt.FAILED}),
        Attempt.SUCCEEDED: frozenset(),
        Attempt.FAILED: frozenset(),
        Attempt.CANCELLED: frozenset(),
    }
)
"""Each state with those that may follow it. The README's diagram is tested against this table."""

BEGINNINGS = frozenset({Attempt.QUEUED, Attempt.STARTING})
"""How a deployment begins: it waits its turn, or it starts."""

HOLDING = frozenset(state for state, following in LIFECYCLE.items() if following) - {Attempt.QUEUED}
"""The states that hold the environment: nothing else may start there. Waiting for one's turn is none of them."""

UNDER_WAY = HOLDING - {Attempt.UNKNOWN}
"""The states of what is on its way to a known end."""


class Phase(StrEnum):
    """What the target says of its work."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The target doesn't know of it, or can't tell how it ended."""


class StepState(StrEnum):
    """How far one step of a target's work is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what the target does, such as a job of a pipeline, for people to watch."""

    name: str
    state: StepState
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The target's newest word about its work, which it sent by itself and proved to be its own."""

    phase: Phase
    at: datetime
    """When the target said it, by its own clock."""
    words: str = ""
    """For people."""
    link: str | None = None
    commit: str | None = None
    """What it says that it deploys, or has deployed: a full SHA."""
    ref: str | None = None
    """How the target calls the work: known before its answer to the start is, if that got lost."""
    steps: tuple[Step, ...] = ()

    @property
    def final(self) -> bool:
        """Whether nothing but the same can follow."""
        return self.phase is not Phase.RUNNING

    def supersedes(self, known: Heard | None) -> bool:
        """Whether it is news: words overtake each other on their way, and an end is not taken back by progress."""
        return known is None or (self.final, self.at) > (known.final, known.at)


class WrongTurnError(Exception):
    """A deployment was to go where its lifecycle doesn't lead."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be deployed: everything that is known before it has a number."""

    release: ReleaseId
    service: ServiceName
    environment: EnvironmentName
    kind: Kind
    version: str
    candidate: Candidate
    confirmed_by: PersonId
    confirmed_at: datetime
    reason: str = ""
    replaces: DeploymentId | None = None
    """The deployment that stood there when this one's turn came, as far as the record knows."""
    broke_glass: bool = False
    """Whether it went past the gate, in an emergency."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt. `detail` is its last word about itself, for people; `link` is where it can be watched."""

    id: DeploymentId
    order: Order
    attempt: Attempt = Attempt.STARTING
    target_ref: str | None = None
    """How the target calls it, once it has started."""
    link: str | None = None
    detail: str = ""
    served: str | None = None
    """The commit or version that was really served when it ended, where that could be read."""
    since: datetime | None = None
    """When it came to its present state; None until it first moves on from `starting`."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_asked_by: PersonId | None = None
    cancel_asked_at: datetime | None = None
    silent_since: datetime | None = None
    """Since when nothing was to be heard of it, counted over restarts; None while the target answers."""
    waits_since: datetime | None = None
    """Its place among those that wait their turn: who waits longer goes first. None if it never had to wait."""
    turn: int | None = None
    """In which order deployments took their environments, which is not that of their numbers: whoever was passed over
    went later. None while it waits, and if it never went."""
    heard: Heard | None = None
    """What the target has sent by itself, where its deployer knows such words."""
    steps: tuple[Step, ...] = ()
    """The target's steps as they were seen last, in order; none where it tells of none."""
    watched_since: datetime | None = None
    """When its watch began; None if it was never watched."""
    revision: int = 0

    @property
    def name(self) -> str:
        """`D-40`."""
        return f"D-{self.id}"

    @property
    def there_since(self) -> datetime:
        """When what it brought came to stand there, if it did: watched or not."""
        return self.watched_since or self.ended_at or self.order.confirmed_at

    @property
    def touched(self) -> bool:
        """Whether it has ended, well or not, and may have changed what runs."""
        return self.attempt is Attempt.SUCCEEDED or (self.started_at is not None and self.attempt not in UNDER_WAY)

    @property
    def did_not_hold(self) -> bool:
        """Whether it was there, and failed while it was watched."""
        return self.attempt is Attempt.FAILED and self.watched_since is not None

    @property
    def waits(self) -> bool:
        """Whether it waits its turn."""
        return self.attempt is Attempt.QUEUED

    @property
    def begun(self) -> bool:
        """Whether it ever came to its turn: what was withdrawn before is no news to anybody else."""
        return self.waits_since is None or self.started_at is not None or self.attempt is not Attempt.CANCELLED

    @property
    def over(self) -> bool:
        """Whether nothing can follow any more."""
        return not LIFECYCLE[self.attempt]

    @property
    def newness(self) -> tuple[bool, int, int]:
        """What "newest first" goes by: what still waits is newest, then whoever went last.

        Turns are no greater than numbers, so what never went stands about where it was confirmed.
        """
        return self.waits, self.id if self.turn is None else self.turn, self.id

    @property
    def place(self) -> tuple[bool, datetime, int]:
        """What those that wait are ordered by: the way back goes first, then whoever has waited longest."""
        return self.order.kind is not Kind.ROLLBACK, self.waits_since or self.order.confirmed_at, self.id

    @property
    def holds(self) -> bool:
        """Whether it holds its environment."""
        return self.attempt in HOLDING

    def must_lead_to(self, attempt: Attempt) -> None:
        """Raise WrongTurnError unless the lifecycle leads from here to that state."""
        if attempt not in LIFECYCLE[self.attempt]:
            raise WrongTurnError(f"{self.name} is {self.attempt} and can't become {attempt}.")
