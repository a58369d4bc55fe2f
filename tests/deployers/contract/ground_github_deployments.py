"""The `github-deployments` deployer, with somebody at a twin of GitHub who carries out what is announced there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from integrations.deployers.github_deployments import PLEASE_STOP, GitHubDeploymentsDeployer
from tests.github.answering import SHA
from tests.github.deployments import CREATE, says
from tests.github.ground import Repository
from tests.github.history import History
from tests.github.pretending import AtGitHub, a_repository
from tests.github.workshop import to

LOG = "https://ci.example.com/7"


class Believing(History):
    """A history in which every SHA is a commit, the ready-made candidate's too."""

    takes_it_for = ""
    """What it takes each SHA for, if that is not itself."""

    def named(self, name: str) -> str | None:
        return self.takes_it_for or name if SHA.fullmatch(name) else super().named(name)


class DeploymentsGround(AtGitHub):
    """Somebody who takes an announced deployment when it is looked at, and says a script's lines."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.history = Believing(self.repo.history.folder)
        self.repo.history = self.history
        self.begun: set[int] = set()
        self.ended: set[int] = set()
        self.repo.deployment_looked_at = self.goes_on

    def goes_on(self, number: int) -> None:
        """It is taken once, and stops when that is asked; what doesn't wait is done at once."""
        said = [each["description"] for each in self.repo.deployment_statuses[number]]
        if number in self.begun and number not in self.ended and PLEASE_STOP in said:
            self._says(number, "inactive", "It was stopped, as asked")
            self.ended.add(number)
        key = self._place(number)["payload"]["slipway"]
        first = min(each["id"] for each in self.repo.deployments if each["payload"]["slipway"] == key)
        if number in self.begun or number != first:  # of two for the same deployment the first one counts
            return
        self.begun.add(number)
        for line in self.script.says:
            self._says(number, "in_progress", line)
        if not self.script.waits:
            self._ends(number)

    def lets_go(self) -> None:
        self.starts()
        for number in sorted(self.begun - self.ended):
            self._ends(number)

    def _ends(self, number: int) -> None:
        self.ended.add(number)
        lines = self.script.says
        if self.script.code:
            self._says(number, "failure", f"exit code {self.script.code}: {' / '.join(lines[-3:])}")
        else:
            self._says(number, "success", lines[-1])

    def _says(self, number: int, state: str, words: str) -> None:
        place = self.repo.deployments.index(self._place(number))
        says(self.twin, self.repo, state, words, at=place, log_url=LOG, auto_inactive=False)

    def _place(self, number: int) -> dict[str, Any]:
        return next(each for each in self.repo.deployments if each["id"] == number)

    def refuses(self) -> None:
        self.environment = to("github-deployments", required_contexts=["ci/tests"])  # nothing is green there

    def says_it_deploys(self, commit: str) -> None:
        self.history.takes_it_for = commit

    def starts(self) -> int:
        for each in self.repo.deployments:
            self.goes_on(each["id"])
        return len(self.begun)

    def loses_everything(self) -> None:
        """Somebody tidies up what nobody is at work on any more."""
        self.starts()
        for number in sorted(self.begun - self.ended):
            self._says(number, "inactive", "")


@asynccontextmanager
async def an_announcement_board(folder: Path, **settings: Any) -> AsyncIterator[DeploymentsGround]:
    """Somebody who stops when that is asked."""
    written = Repository(folder / "payments")
    async with a_repository(written.folder) as (twin, repo, github, now):
        yield DeploymentsGround(
            twin,
            repo,
            now,
            lambda: GitHubDeploymentsDeployer(github, now, now.rest),
            to("github-deployments", **{"heeds_cancel": True, **settings}),
            CREATE,
        )


@asynccontextmanager
async def one_that_heeds_nothing(folder: Path) -> AsyncIterator[DeploymentsGround]:
    async with an_announcement_board(folder, heeds_cancel=False) as ground:
        yield ground


GROUNDS = {"github-deployments": an_announcement_board, "github-deployments that run on": one_that_heeds_nothing}
