"""What the twin remembers: repositories, and who may do what in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tests.github.history import History

EVERYTHING = {
    "actions": "write",
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "environments": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
LEVELS = ("read", "write", "admin")


@dataclass
class Grant:
    """A token, and what it opens. Without `permissions` it is a classic one, with scopes instead."""

    token: str
    login: str = "release-bot"
    kind: str = "classic"
    permissions: Mapping[str, str] | None = None
    repositories: frozenset[str] | None = None
    scopes: str = "repo"
    expires: datetime | None = None
    installation: int | None = None
    limit: int = 5000
    remaining: int = 5000
    again: datetime | None = None
    """When all of the limit is there once more."""
    told_expiry: str = ""
    """What the header about its end says, where GitHub sends one."""

    def allows(self, needs: str) -> bool:
        """Whether one of `contents=read; …` is granted."""
        if self.permissions is None or not needs:
            return True
        return any(self._has(*each.strip().split("=")) for each in needs.split(";"))

    def _has(self, name: str, level: str) -> bool:
        granted = (self.permissions or {}).get(name)
        return granted is not None and LEVELS.index(granted) >= LEVELS.index(level)

    def sees(self, repository: str) -> bool:
        """Whether that repository is shown to it."""
        return self.repositories is None or repository.lower() in {each.lower() for each in self.repositories}


@dataclass
class Installation:
    """The App, where it is installed."""

    id: int
    account: str
    repositories: frozenset[str]
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(EVERYTHING))
    suspended: bool = False


@dataclass
class App:
    """The App that is asked for."""

    id: int
    slug: str
    public_key: str
    client_id: str = "Iv23liSLIPWAY"


@dataclass
class Step:
    name: str
    status: str = "queued"
    conclusion: str | None = None


@dataclass
class Job:
    id: int
    name: str
    status: str = "queued"
    conclusion: str | None = None
    steps: list[Step] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """Level, title and message of what its steps noted."""


@dataclass
class Workflow:
    """A workflow's file. `inputs` are what it declares: each name, and whether it must be given."""

    id: int
    file: str
    name: str
    inputs: Mapping[str, bool] = field(default_factory=dict)
    run_name: str = ""
    """What its runs are called; `{ref}`, `{sha}` and each input in braces stand for themselves."""
    dispatchable: bool = True
    jobs: tuple[str, ...] = ("deploy",)
    environment: str = ""
    """Where its job deploys to. With a protection rule there, it waits for the rule."""
    state: str = "active"
    text: str = ""
    """Its file, where a test gave it one."""


@dataclass
class Run:
    """A run of a workflow, with its jobs; a test moves it on."""

    id: int
    number: int
    workflow: Workflow
    title: str
    branch: str
    sha: str
    created: datetime
    actor: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    event: str = "workflow_dispatch"
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    visible: bool = True
    """Not yet, while the queue is slow: then lists don't have it, though it was taken."""
    jobs: list[Job] = field(default_factory=list)
    answers: list[Mapping[str, str]] = field(default_factory=list)
    """What protection rules were told."""
    ignores_cancel: bool = False

    def begins(self) -> None:
        """A runner has taken it."""
        self.status = "in_progress"
        for job in self.jobs:
            job.status = "in_progress"

    def waits(self) -> None:
        """It stands before an environment that is protected."""
        self.status = "waiting"

    def ends(self, conclusion: str = "success") -> None:
        """It is over."""
        self.status, self.conclusion = "completed", conclusion
        for job in self.jobs:
            job.status, job.conclusion = "completed", conclusion

    def again(self) -> None:
        """Another attempt of the same run."""
        self.attempt += 1
        self.status, self.conclusion = "queued", None
        self.jobs = [Job(job.id + 1000 * self.attempt, job.name) for job in self.jobs]


@dataclass
class Environment:
    """An environment, with the Apps that are its protection rules."""

    id: int
    name: str
    rules: tuple[str, ...] = ()


@dataclass
class Repo:
    """A repository: its code is really there, in a folder; everything else is remembered here."""

    id: int
    name: str
    history: History
    private: bool = True
    default_branch: str = "main"
    workflows: list[Workflow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    environments: dict[str, Environment] = field(default_factory=dict)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    deployment_statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    pulled: dict[int, frozenset[str]] = field(default_factory=dict)
    """The commits of each pull request, by its number."""
    slow_queue: bool = False
    """Runs are taken, and shown only once the test says so."""
    run_details: bool = True
    """Whether a dispatch can tell which run it made; GitHub Enterprise Server couldn't for long."""
    moved_to: str = ""
    looked_at: Callable[[Run], None] = lambda _: None
    """What a test lets happen when somebody looks how far a run is."""
    deployment_looked_at: Callable[[int], None] = lambda _: None
    """The same, where somebody reads what was said of a deployment."""

    @property
    def owner(self) -> str:
        return self.name.split("/")[0]

    def workflow(self, file: str, **how: Any) -> Workflow:
        """Add a workflow."""
        made = Workflow(1000 + len(self.workflows), file, how.pop("name", file), **how)
        self.workflows.append(made)
        return made

    def environment(self, name: str, *rules: str) -> Environment:
        """Add an environment, with its protection rules."""
        made = self.environments[name] = Environment(500 + len(self.environments), name, rules)
        return made

    def show_runs(self) -> None:
        """What waited in a slow queue is shown now."""
        self.slow_queue = False
        for run in self.runs:
            run.visible = True


@dataclass
class Numbers:
    """Numbers for whatever is new."""

    _next: Iterator[int] = field(default_factory=lambda: count(7001))

    def __call__(self) -> int:
        return next(self._next)


def repo_at(number: int, name: str, folder: Path, **how: Any) -> Repo:
    """A repository whose code is in that folder."""
    return Repo(number, name, History(folder), **how)


HOUR = timedelta(hours=1)
