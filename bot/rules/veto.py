"""Vetoes: what was rolled back stays out, wherever else it turns up, until its revert is in or somebody lifts it.

Every commit between what came back and what was taken back is suspected, until somebody names the culprits among them.
A candidate that carries a suspect is blocked where it happened and everywhere except in the environments before that,
where a mend has to be tried. What a candidate carries is a fact of its history, and never changes: it is read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType

from bot.rules.candidate import Candidate
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import PersonId
from bot.rules.policy import EnvironmentName, Service, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.rollback import newest_success

VetoId = NewType("VetoId", int)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a rollback took back: everything about a veto that is known before it has a number."""

    service: ServiceName
    environment: EnvironmentName
    bad: str
    """The commit that stood there."""
    good: str
    """The commit that came back."""
    bad_version: str
    good_version: str
    rollback: DeploymentId
    release: ReleaseId
    """The release that was taken back."""
    by: PersonId
    reason: str
    at: datetime
    known: tuple[str, ...] = ()
    """The commits that were deployed there after the good one, up to the bad one: certain without any repository."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Who decided something about a veto, when, and why."""

    by: PersonId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Veto:
    """What was taken back stays out. It ends for what has one of its `answers`, and for all once it is lifted."""

    id: VetoId
    taken: TakenBack
    culprits: tuple[str, ...] = ()
    """The only commits that are suspected, once somebody has named them; none named: all of the range."""
    named: Ruling | None = None
    answers: tuple[str, ...] = ()
    """Commits in which it is mended: whatever has one of them in its history was written with this in mind."""
    lifted: Ruling | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`V-3`."""
        return f"V-{self.id}"

    def reaches(self, environment: EnvironmentName, service: Service) -> bool:
        """Whether it counts there: everywhere but in the environments before the one where it happened."""
        return self.lifted is None and environment not in before(self.taken.environment, service)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A suspected commit that a candidate carries."""

    commit: str
    subject: str
    author: str

    @property
    def short(self) -> str:
        """The first seven digits, for people."""
        return self.commit[:7]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was read about one candidate and one veto. With a `problem`, it could not be read yet."""

    veto: VetoId
    commit: str
    at: datetime
    culprits: tuple[str, ...] = ()
    """The veto's culprits that were asked about."""
    answers: tuple[str, ...] = ()
    """The veto's answers that were asked about."""
    suspects: int = 0
    """How many commits were suspected."""
    carried: tuple[Suspect, ...] = ()
    """The first of those that the candidate carries without their revert."""
    total: int = 0
    """How many those are."""
    mended: int = 0
    """How many suspects it has together with their revert."""
    problem: str = ""

    @property
    def answers_it(self) -> bool:
        """Whether this candidate has every suspect together with its revert: what is built on it is mended too."""
        return not self.problem and self.suspects > 0 and self.mended == self.suspects


class Standing(Enum):
    """How a candidate stands to a veto."""

    CLEAN = "clean"
    CARRIES = "carries"
    UNKNOWN = "unknown"


def standing(veto: Veto, commit: str, finding: Finding | None, *, readable: bool) -> Standing:
    """How that candidate stands to that veto, as far as it was read. Without a repository, only commits are known."""
    if not readable:
        suspects = veto.culprits or veto.taken.known
        return Standing.CARRIES if commit in suspects and commit not in veto.answers else Standing.CLEAN
    if commit == veto.taken.bad:
        return Standing.CARRIES  # which nobody has to read
    if finding is None or finding.problem:
        return Standing.UNKNOWN
    if finding.total == 0 and not finding.culprits:
        return Standing.CLEAN  # of all that were suspected: naming some of them can't change that
    if finding.culprits != veto.culprits:
        return Standing.UNKNOWN
    return Standing.CARRIES if finding.total else Standing.CLEAN


def to_be_read(veto: Veto, commit: str, finding: Finding | None) -> bool:
    """Whether something about this candidate and this veto is still to be read from the repository."""
    if veto.lifted is not None:
        return False
    how = standing(veto, commit, finding, readable=True)
    asked = finding.answers if finding is not None else ()
    return how is Standing.UNKNOWN or (how is Standing.CARRIES and asked != veto.answers)


def before(environment: EnvironmentName, service: Service) -> frozenset[EnvironmentName]:
    """The environments that come before that one, however far."""
    found: set[EnvironmentName] = set()
    waiting = [environment]
    while waiting:
        place = service.environment(waiting.pop())
        new = set(place.after) - found if place is not None else set()
        found |= new
        waiting += new
    return frozenset(found)


def taken_back(moved: Deployment, bad: Deployment, history: Iterable[Deployment]) -> TakenBack | None:
    """What that rollback took back; None if nothing of it can be suspected.

    That is so if the very same commit came back, if what was stopped on its way had not begun, or if it went forward
    again to what had come after it. `history` is the environment's deployments, newest first.
    """
    history = tuple(history)
    order, good = moved.order, moved.order.candidate.commit
    if moved.attempt is not Attempt.SUCCEEDED or order.kind is not Kind.ROLLBACK:
        return None
    if good == bad.order.candidate.commit or not bad.touched or _went_forward(moved, bad, history):
        return None
    known = [bad.order.candidate.commit]
    for each in history:
        if each.newness >= bad.newness or not each.touched:
            continue
        if each.order.candidate.commit == good:
            break
        known.append(each.order.candidate.commit)
    else:
        known = known[:1]  # when the good one came is too long ago to be seen
    return TakenBack(
        service=order.service,
        environment=order.environment,
        bad=bad.order.candidate.commit,
        good=good,
        bad_version=bad.order.version,
        good_version=order.version,
        rollback=moved.id,
        release=bad.order.release,
        by=order.confirmed_by,
        reason=order.reason,
        at=moved.ended_at or order.confirmed_at,
        known=tuple(dict.fromkeys(known)),
    )


def _went_forward(moved: Deployment, bad: Deployment, history: Sequence[Deployment]) -> bool:
    """Whether what came back was itself deployed there after what it replaces was: nothing came with that one."""
    order = moved.order
    came = newest_success(order.candidate, order.environment, history)
    went = bad if bad.order.kind is Kind.DEPLOY else newest_success(bad.order.candidate, order.environment, history)
    if came is None or went is None or went not in history:
        return False
    return history.index(came) < history.index(went)


def vetoed(
    candidate: Candidate,
    vetoes: Iterable[Veto],
    environment: EnvironmentName,
    findings: Mapping[VetoId, Finding] | None = None,
) -> Veto | None:
    """The veto that keeps this candidate from coming back there: it was taken back from there, or was read to carry it.

    Asked of versions to go back to, where nothing may have to be read first. What was taken back elsewhere says
    nothing about a version that was good here.
    """
    for veto in vetoes:
        if veto.lifted is not None or veto.taken.environment != environment or candidate.commit in veto.answers:
            continue
        finding = (findings or {}).get(veto.id)
        how = standing(veto, candidate.commit, finding, readable=True)
        if how is Standing.UNKNOWN:
            how = Standing.CARRIES if candidate.commit in _surely(veto) else Standing.CLEAN
        if how is Standing.CARRIES:
            return veto
    return None


def _surely(veto: Veto) -> tuple[str, ...]:
    """The deployed commits that are taken to carry it until that is read: those from the first culprit on.

    While a culprit is named that was not itself deployed, nobody knows which of them have it: it is all of them.
    """
    known = veto.taken.known
    if not veto.culprits or not set(veto.culprits) <= set(known):
        return known
    return known[: max(known.index(each) for each in veto.culprits) + 1]
