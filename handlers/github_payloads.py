"""What GitHub's payloads say, as far as it matters here. What is missing is noted, all at once; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from bot.rules.checklist import is_web_address
from bot.verbs.hear_pull_request import PullRequestMoved
from bot.verbs.hear_push import Push
from bot.verbs.look_sooner import Hint
from bot.verbs.report_run import Run

_T = TypeVar("_T")

Reading: TypeAlias = _T | None
"""What was read; None if something is missing."""

PASSED = MappingProxyType({"success": True, "failure": False, "timed_out": False, "startup_failure": False})
"""The conclusions that say something of the commit. All others leave what is known as it is: `cancelled`, `skipped`,
`neutral`, `stale` and `action_required` mean that nothing was found out."""
LONGEST_NAME = 100
TOLERANCE = timedelta(minutes=5)
"""How far GitHub's clock may be ahead of ours."""
MOVES = frozenset({"opened", "synchronize", "reopened"})
"""What gives a pull request a commit that is to be judged."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_NO_COMMIT = re.compile(r"0+")
_BRANCH = "refs/heads/"
_LONGEST_NUMBER = 10**18
_LONGEST_BRANCH = 250
_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Silent:
    """It is genuine and whole, and there is nothing to do; why, for whoever looks at the delivery."""

    why: str


@dataclass(slots=True)
class Payload:
    """One payload. `problems` are sentences on what it lacks."""

    body: Mapping[str, Any]
    now: datetime
    problems: list[str] = field(default_factory=list)

    def events(self) -> frozenset[str]:
        """What a webhook sends, by a `ping`. A webhook of an App doesn't tell here: then all that it could."""
        hook = self.body.get("hook")
        events = hook.get("events") if isinstance(hook, Mapping) else None
        return frozenset(map(str, events)) if isinstance(events, list) else frozenset({"*"})

    def run_hint(self) -> Reading[Hint]:
        """Which run of GitHub Actions has moved on."""
        number = self._number("workflow_run", "id")
        words = [self._maybe("workflow_run", each) for each in ("display_title", "name")]
        return None if self.problems else Hint(number, " ".join(each for each in words if isinstance(each, str)))

    def deployment_hint(self) -> Reading[Hint]:
        """Which deployment at GitHub has moved on."""
        number = self._number("deployment", "id")
        payload = self._maybe("deployment", "payload")
        key = payload.get("slipway") if isinstance(payload, Mapping) else payload
        return None if self.problems else Hint(number, key if isinstance(key, str) else "")

    def workflow_run(self) -> Reading[Run | Silent]:
        """A run that has ended; one that goes on, or that tested something else than its commit, says nothing."""
        if self._text("action") != "completed":
            return self._unless_problems(Silent("It has not ended yet."))
        event = self._text("workflow_run", "event")
        if event.startswith("pull_request"):
            return self._unless_problems(
                Silent("It was run for a pull request, and so on a merge that nobody releases.")
            )
        # Without `name:` a workflow is called like its file.
        told = (("workflow", "name"), ("workflow_run", "name"), ("workflow_run", "path"))
        name = next(filter(None, (self._maybe(*each) for each in told)), None)
        return self._ended("workflow_run", name, self._maybe("workflow_run", "html_url"))

    def check_suite(self) -> Reading[Run | Silent]:
        """The checks of one App at one commit. Those of GitHub Actions are told by their runs, and by name."""
        if self._text("action") != "completed":
            return self._unless_problems(Silent("It has not ended yet."))
        app = self._maybe("check_suite", "app")
        app = app if isinstance(app, Mapping) else {}
        if app.get("slug") == "github-actions":
            return self._unless_problems(Silent("Slipway hears of GitHub Actions by workflow_run."))
        name = app.get("slug") or app.get("name")
        repository, commit = self._maybe("repository", "html_url"), self._maybe("check_suite", "head_sha")
        return self._ended("check_suite", name, f"{repository}/commit/{commit}/checks")

    def push(self) -> Reading[Push | Silent]:
        """A branch that has moved to another commit."""
        ref, after = self._text("ref"), self._text("after")
        repository, at = self._repository(), self._moment("repository", "pushed_at")
        if self.problems:
            return None
        if not ref.startswith(_BRANCH):
            return Silent("It is no branch. Nothing was changed.")
        branch = ref.removeprefix(_BRANCH)
        if self.body.get("deleted") is True or _NO_COMMIT.fullmatch(after):
            return Silent("The branch is gone. Nothing was changed.")
        if len(branch) > _LONGEST_BRANCH or not branch.isprintable():
            return Silent("No release follows a branch of such a name. Nothing was changed.")
        return Push(repository, branch, at)

    def pull_request(self) -> Reading[PullRequestMoved | Silent]:
        """An open pull request with another commit."""
        if self._text("action") not in MOVES:
            return self._unless_problems(Silent("It has the same commits as before."))
        number, commit = self._number("number"), self._commit("pull_request", "head", "sha")
        branch, repository = self._text("pull_request", "base", "ref"), self._repository()
        return None if self.problems else PullRequestMoved(repository, int(number), commit, branch)

    # ------------------------------------------------------------ parts

    def _ended(self, what: str, name: object, link: object) -> Reading[Run | Silent]:
        conclusion = self._text(what, "conclusion")
        repository, commit, at = self._repository(), self._commit(what, "head_sha"), self._moment(what, "updated_at")
        if self.problems:
            return None
        if conclusion not in PASSED:
            shown = conclusion if conclusion.isprintable() else ascii(conclusion)
            return Silent(f"It ended as {shown[:40]}, which says nothing of the commit. What is known of it stays.")
        if not isinstance(name, str) or not _can_be_a_check(name):
            return Silent(f"Its name can't be a check's: that has 1 to {LONGEST_NAME} characters on one line.")
        shown_at = link if isinstance(link, str) and is_web_address(link) else None
        return Run(repository, commit, name, PASSED[conclusion], at, shown_at)

    def _unless_problems(self, silent: Silent) -> Silent | None:
        return None if self.problems else silent

    def _maybe(self, *path: str) -> object:
        """What is there; None if nothing is."""
        found: object = self.body
        for each in path:
            found = found.get(each) if isinstance(found, Mapping) else None
        return found

    def _text(self, *path: str) -> str:
        found = self._maybe(*path)
        if isinstance(found, str) and found:
            return found
        self._lacks(path, "or no text")
        return ""

    def _number(self, *path: str) -> str:
        """A number of GitHub's, as text."""
        found = self._maybe(*path)
        if isinstance(found, int) and not isinstance(found, bool) and 0 < found < _LONGEST_NUMBER:
            return str(found)
        self._lacks(path, "or no number")
        return "0"

    def _commit(self, *path: str) -> str:
        found = self._maybe(*path)
        sha = found.lower() if isinstance(found, str) else ""
        if not _SHA.fullmatch(sha):
            self._lacks(path, "or no full SHA")
        return sha

    def _repository(self) -> str:
        found = self._maybe("repository", "full_name")
        if isinstance(found, str) and _FULL_NAME.fullmatch(found):
            return found
        self._lacks(("repository", "full_name"), "or not of the form owner/name")
        return ""

    def _moment(self, *path: str) -> datetime:
        """A moment, in seconds since 1970 or written out. One to come would outdate all that is said until then."""
        found, moment = self._maybe(*path), None
        if isinstance(found, int) and not isinstance(found, bool) and 0 < found < _LATEST:
            moment = datetime.fromtimestamp(found, UTC)
        elif isinstance(found, str):
            moment = _written(found)
        if moment is None:
            self._lacks(path, "or no time")
        elif moment > self.now + TOLERANCE:
            self.problems.append(f"“{'.'.join(path)}” is still to come. Is the clock of Slipway's host right?")
        return moment or self.now

    def _lacks(self, path: tuple[str, ...], otherwise: str) -> None:
        problem = f"“{'.'.join(path)}” is missing, {otherwise}."
        if problem not in self.problems:
            self.problems.append(problem)


def _written(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _can_be_a_check(name: str) -> bool:
    return name.isprintable() and name == name.strip() and 0 < len(name) <= LONGEST_NAME
