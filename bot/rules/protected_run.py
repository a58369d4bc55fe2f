"""A protected run: a workflow at the code host that stands before an environment, and waits for our word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from bot.rules.deployment import UNDER_WAY, Attempt, Deployment

ProtectedRunId = NewType("ProtectedRunId", int)


@dataclass(frozen=True, slots=True)
class Question:
    """May this run go on? `environment` is what the code host calls it."""

    repository: str
    """`owner/name`."""
    run: int
    environment: str
    commit: str
    """What the run runs on."""
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ProtectedRun:
    """A question, and what was answered.

    `approved` is what was decided last, and is kept before it is said: whether it was heard may never be known.
    """

    id: ProtectedRunId
    question: Question
    answered_at: datetime | None = None
    approved: bool | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """For logs and the record."""
        return f"run {self.question.run}"


def is_at(question: Question, environment: str) -> bool:
    """Whether it is about that environment: the code host knows no upper and lower case in these names."""
    return question.environment.lower() == environment.lower()


def started(question: Question, deployment: Deployment, *, named: bool) -> bool:
    """Whether this run carries out that deployment, which is of that place.

    It is known by the run's number; else by its commit, as long as it is under way. `named`: its target always tells
    the number, so no other run is it, whatever that runs on.
    """
    if deployment.holds and deployment.target_ref == str(question.run):
        return True
    return not named and _at_work(deployment) and deployment.order.candidate.commit == question.commit.lower()


def may_be_known_soon(deployment: Deployment) -> bool:
    """Whether it may turn out to be what the run carries out: the run that it has started is not known yet."""
    return _at_work(deployment) and not (deployment.target_ref or "").isdigit()


def _at_work(deployment: Deployment) -> bool:
    """Whether its target may still have to do something: what is watched is there already."""
    return deployment.attempt in UNDER_WAY and deployment.attempt is not Attempt.WATCHING
