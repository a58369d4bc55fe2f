"""Runs of a workflow, in our words: how far one is, what its jobs do, and which commit it has deployed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.rules.deployment import Phase, Step, StepState
from bot.rules.sentence import joined
from integrations.deployers.output import shorten
from integrations.github.errors import GitHubAwayError, one_line

COMPLETED = "completed"
DISPATCHED = "workflow_dispatch"
SUCCESS = "success"
MOST_STEPS = 30
LONGEST = 600
LONGEST_NAME = 80
DEPLOYED, WORDS = "deployed", "slipway"
"""The titles of notices that are meant for us: which commit was deployed, and words for people."""
_SHA = re.compile(r"[0-9a-fA-F]{40}")
_LOST = re.compile(r"lost communication with the server", re.IGNORECASE)
"""What GitHub says when a runner vanishes: it may be at work still."""
_NOISE = re.compile(r"Set up job|Complete job|Post .*|Set up runner|Complete runner")
"""The steps that GitHub adds by itself."""

_SUCCEEDED = "The run has succeeded at GitHub."
_WAITS = {
    "queued": "It waits for a runner at GitHub.",
    "requested": "GitHub has taken it.",
    "pending": "It waits at GitHub until another run of its group has ended.",
    "action_required": "It waits for somebody's approval at GitHub.",
}
_ENDINGS = {
    "cancelled": (Phase.CANCELLED, "The run was cancelled at GitHub."),
    "timed_out": (Phase.FAILED, "The run took longer than it may at GitHub."),
    "startup_failure": (
        Phase.FAILED,
        "GitHub could not start the run: the workflow's file, or what it uses, has an error.",
    ),
    "stale": (Phase.LOST, "GitHub gave the run up, because it had not moved for too long."),
    "skipped": (Phase.FAILED, "Every job of the run was skipped, so nothing was deployed."),
    "neutral": (Phase.FAILED, "The run ended without success."),
}
_STATES: Mapping[Any, StepState] = {
    SUCCESS: StepState.DONE,
    "neutral": StepState.DONE,
    "skipped": StepState.SKIPPED,
    None: StepState.RUNNING,
}


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as GitHub shows it."""

    id: int
    title: str
    event: str
    status: str
    conclusion: str | None
    attempt: int
    commit: str
    """The commit that it runs on."""
    link: str | None
    created: datetime

    @property
    def over(self) -> bool:
        """Whether it has ended; another attempt may follow."""
        return self.status == COMPLETED and self.conclusion not in {None, "action_required"}

    def carries(self, key: str) -> bool:
        """Whether it was begun for the deployment of that key."""
        words = re.split(r"[^A-Za-z0-9-]+", self.title)
        return self.event == DISPATCHED and key in words


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a run, with its steps."""

    name: str
    state: StepState
    conclusion: str | None
    link: str | None
    steps: tuple[Step, ...]
    check: int | None
    """The check run that holds what it noted."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a job noted by a workflow command, such as `::notice title=deployed::…`; GitHub notes failures itself."""

    level: str
    title: str
    message: str


def run_of(told: Mapping[str, Any]) -> Run:
    """A run from GitHub's answer. GitHubAwayError if that is none."""
    try:
        return Run(
            id=int(told["id"]),
            title=str(told.get("display_title") or told.get("name") or ""),
            event=str(told.get("event")),
            status=str(told.get("status")),
            conclusion=told.get("conclusion"),
            attempt=int(told.get("run_attempt") or 1),
            commit=str(told["head_sha"]),
            link=address(told.get("html_url")),
            created=datetime.fromisoformat(told["created_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True) from None


def job_of(told: Mapping[str, Any]) -> Job:
    """A job from GitHub's answer."""
    link = address(told.get("html_url"))
    steps = told.get("steps") or ()
    check = str(told.get("check_run_url")).rpartition("/")[2]
    return Job(
        name=_name(told.get("name")),
        state=_state(told),
        conclusion=told.get("conclusion"),
        link=link,
        steps=tuple(Step(_name(each.get("name")), _state(each), link) for each in steps),
        check=int(check) if check.isascii() and check.isdigit() else None,
    )


def note_of(told: Mapping[str, Any]) -> Note:
    """A note from GitHub's answer."""
    level, title, message = (str(told.get(name) or "") for name in ("annotation_level", "title", "message"))
    return Note(level, title, message.strip())


def steps_of(jobs: Sequence[Job]) -> tuple[Step, ...]:
    """What people watch: the jobs; of a single job its steps."""
    if len(jobs) == 1:
        steps = tuple(each for each in jobs[0].steps if not _NOISE.fullmatch(each.name))
        if steps:
            return steps[:MOST_STEPS]
    return tuple(Step(each.name, each.state, each.link) for each in jobs)[:MOST_STEPS]


def under_way(run: Run, jobs: Sequence[Job]) -> str:
    """What a run that goes on is at, for people."""
    words = _WAITS.get(run.conclusion or run.status) or _at_work(jobs)
    return f"Attempt {run.attempt}: {words}" if run.attempt > 1 else words


def ending(run: Run, jobs: Sequence[Job], notes: Sequence[Note]) -> tuple[Phase, str]:
    """How a run ended, for people."""
    if run.conclusion == SUCCESS:
        own = [said(each.message) for each in notes if each.title == WORDS]
        return Phase.SUCCEEDED, own[-1] if own else _succeeded(run)
    phase, words = _ENDINGS.get(run.conclusion or "", (Phase.FAILED, "The run failed at GitHub."))
    errors = [said(each.message) for each in notes if each.level == "failure"]
    if any(_LOST.search(each) for each in errors):
        phase, words = Phase.LOST, "GitHub lost the runner that was at work, and can't tell how far it came."
    failed = [each for each in jobs if each.state is StepState.FAILED and each.conclusion != "cancelled"]
    if failed and phase is not Phase.CANCELLED:
        words = f"{words} {joined([_why(each) for each in failed[:3]])} failed."
    if errors and phase is not Phase.CANCELLED:
        words = f"{words} Its last words: {' / '.join(errors[:3])}"
    done = [f"“{each.name}”" for each in jobs if each.state is StepState.DONE]
    if done:
        words = f"{words.rstrip('.')}. Done before that: {joined(done[:5])}."
    return phase, shorten(f"Attempt {run.attempt}: {words}" if run.attempt > 1 else words, LONGEST)


def waiting_for(pending: Iterable[Mapping[str, Any]]) -> str:
    """Whose approval a run waits for, by what GitHub says of the environments that hold it up."""
    told = []
    for each in pending:
        name = _name((each.get("environment") or {}).get("name"))
        people = [_reviewer(one) for one in each.get("reviewers") or ()]
        one_of = "one of " if len(people) > 1 else ""
        who = f"{one_of}{joined(people[:6])} can approve it there" if people else "its protection rules decide"
        told.append(f"for “{name}” ({who})")
    return f"It waits at GitHub {joined(told[:3])}." if told else "It waits for an approval at GitHub."


def reported(notes: Iterable[Note], approved: str) -> str | None:
    """The commit that a run says it has deployed; one that was not approved, if it names any such."""
    commits = [each.message.lower() for each in notes if each.title == DEPLOYED and _SHA.fullmatch(each.message)]
    return next((each for each in commits if each != approved), commits[0] if commits else None)


def said(text: str) -> str:
    """What somebody said at GitHub, as one line without anything that looks like a token."""
    line = one_line(text)
    return line if text.rstrip().endswith(".") else line.removesuffix(".")


def address(told: Any) -> str | None:
    """An address that people can be led to."""
    return told if isinstance(told, str) and re.fullmatch(r"https?://[!-~]+", told) else None


def _succeeded(run: Run) -> str:
    return f"The run has succeeded at GitHub, in attempt {run.attempt}." if run.attempt > 1 else _SUCCEEDED


def _at_work(jobs: Sequence[Job]) -> str:
    for job in jobs:
        if job.state is StepState.RUNNING:
            step = next((each.name for each in job.steps if each.state is StepState.RUNNING), None)
            if step is None:
                return job.name
            return step if len(jobs) == 1 else f"{job.name}: {step}"
    return "The run is at work at GitHub."


def _why(job: Job) -> str:
    step = next((each.name for each in job.steps if each.state is StepState.FAILED), None)
    return f"“{job.name}” (at “{step}”)" if step else f"“{job.name}”"


def _state(told: Mapping[str, Any]) -> StepState:
    status = told.get("status")
    if status == COMPLETED:
        return _STATES.get(told.get("conclusion"), StepState.FAILED)
    return StepState.RUNNING if status == "in_progress" else StepState.WAITING


def _reviewer(told: Mapping[str, Any]) -> str:
    reviewer = told.get("reviewer") or {}
    name = _name(reviewer.get("login") or reviewer.get("slug") or reviewer.get("name"))
    return f"the team {name}" if told.get("type") == "Team" else name


def _name(told: Any) -> str:
    return shorten(said(str(told or "?")), LONGEST_NAME)
