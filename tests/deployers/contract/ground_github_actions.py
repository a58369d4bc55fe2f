"""The `github-actions` deployer, with a workflow at a twin of GitHub whose runs begin when somebody looks at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from integrations.deployers.github_actions import GitHubActionsDeployer
from tests.github.actions import DISPATCH
from tests.github.ground import Repository
from tests.github.pretending import AtGitHub, a_repository
from tests.github.state import Job, Run
from tests.github.workshop import a_history, a_workflow, fails_at, succeeds, to, works_at


class ActionsGround(AtGitHub):
    """A workflow with one job, whose steps are a script's lines."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.begun: set[int] = set()
        self.repo.looked_at = self.goes_on

    def goes_on(self, run: Run) -> None:
        """A runner takes it once; what doesn't wait is done at once."""
        if run.status == "completed" or run.id in self.begun:
            return
        self.begun.add(run.id)
        works_at(run, *self.script.says)
        if self.deploys:
            said = ("notice", "deployed", self.deploys)
            run.jobs.append(Job(run.id + 10**6, "say what is deployed", "completed", "success", notes=[said]))
        if not self.script.waits:
            self._ends(run)

    def lets_go(self) -> None:
        for run in self.repo.runs:
            self.goes_on(run)
            if run.status != "completed":
                self._ends(run)

    def _ends(self, run: Run) -> None:
        if self.script.code:
            error = f"Process completed with exit code {self.script.code}."
            fails_at(run, *self.script.says, error=error)
        else:
            succeeds(run, deployed=self.deploys or run.inputs["commit"], words=self.script.says[-1])

    def refuses(self) -> None:
        self.repo.workflows[0].state = "disabled_manually"

    def starts(self) -> int:
        for run in self.repo.runs:
            self.goes_on(run)
        return len(self.begun)

    def loses_everything(self) -> None:
        self.starts()
        for run in self.repo.runs:
            if run.status != "completed":
                run.ends("cancelled")
                run.conclusion = "stale"


@asynccontextmanager
async def a_workflow_of_ours(folder: Path, ground: type[ActionsGround] = ActionsGround) -> AsyncIterator[ActionsGround]:
    written = Repository(folder / "payments")
    a_history(written)
    async with a_repository(written.folder) as (twin, repo, github, now):
        a_workflow(repo)
        yield ground(
            twin,
            repo,
            now,
            lambda: GitHubActionsDeployer(github, now, now.rest),
            to(deploys="reported"),
            DISPATCH,
        )


class ServerGround(ActionsGround):
    """The same at a server that doesn't tell which run a start has made: it refuses the question."""

    def loses_the_next_answer(self) -> None:
        self.twin.fails(self.starting, 422, message='"return_run_details" is not a permitted key.')
        super().loses_the_next_answer()


@asynccontextmanager
async def a_server_of_ones_own(folder: Path) -> AsyncIterator[ActionsGround]:
    """GitHub Enterprise Server, which doesn't tell which run a start has made."""
    async with a_workflow_of_ours(folder, ServerGround) as ground:
        ground.repo.run_details = False
        yield ground


GROUNDS = {"github-actions": a_workflow_of_ours, "github-actions at a server": a_server_of_ones_own}
