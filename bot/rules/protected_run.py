"""A protected run: a workflow at the code host that stands before an environment, and waits for our word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from bot.rules.deployment import UNDER_WAY, Deployment

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
    """A question, and what was answered. `approved` None with an answer: nobody waited for it any more."""

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


def started(question: Question, deployments: Iterable[Deployment]) -> Deployment | None:
    """Which of these deployments, all of that place, this run carries out; None if it is none of ours.

    It is known by its run, once that is known, and by its commit else.
    """
    found = list(deployments)
    by_run = (each for each in found if each.holds and each.target_ref == str(question.run))
    by_commit = (
        each for each in found if each.attempt in UNDER_WAY and each.order.candidate.commit == question.commit.lower()
    )
    return next(by_run, None) or next(by_commit, None)


def may_be_known_soon(deployments: Iterable[Deployment]) -> bool:
    """Whether one of these may turn out to be what the run carries out: its run is not known yet."""
    return any(
        each.attempt in UNDER_WAY and not (each.target_ref is not None and each.target_ref.isdigit())
        for each in deployments
    )
