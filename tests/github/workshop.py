"""A repository at the twin with a workflow that deploys, and what a test says of deployments there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.rules.deployment import Deployment, Kind
from bot.rules.policy import DeployerChoice, Environment
from tests.github.actions import workflow_of
from tests.github.ground import Repository
from tests.github.state import Repo, Run, Step, Workflow
from tests.makers import a_candidate, a_deployment, a_service, an_environment, an_order

PAGES = Path(__file__).parents[2] / "docs/integrations"
SERVICE = a_service()
FILE = "deploy.yml"


def excerpts(page: str) -> list[str]:
    """The YAML that a page shows."""
    return re.findall(r"```yaml\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)


WORKFLOW = next(each for each in excerpts("github-actions.md") if each.startswith("name: Deploy"))
"""The workflow that the documentation shows."""
SETTINGS: dict[str, Any] = {
    "repository": "acme/payments",
    "workflow": FILE,
    "inputs": {"commit": "{commit}", "environment": "{environment}"},
}


def a_history(written: Repository) -> str:
    """A branch `main` with one commit; its SHA."""
    sha = written.commit("Refunds can be partial")
    written.branch("main", sha)
    return sha


def a_workflow(repo: Repo, text: str = WORKFLOW) -> Workflow:
    """A workflow that deploys."""
    return workflow_of(repo, FILE, text)


def to(kind: str = "github-actions", **settings: Any) -> Environment:
    """Production, deployed to with these settings more, or other ones."""
    start = SETTINGS if kind == "github-actions" else {"repository": SETTINGS["repository"]}
    return an_environment(deployer=DeployerChoice(kind, {**start, **settings}))


def of(commit: str, number: int = 40, *, kind: Kind = Kind.DEPLOY, **facts: Any) -> Deployment:
    """D-40 of that commit."""
    candidate = replace(a_candidate(), commit=commit)
    return a_deployment(number, order=an_order(candidate=candidate, kind=kind), **facts)


def works_at(run: Run, *names: str) -> None:
    """The run's only job is at the last of these steps."""
    run.begins()
    *before, last = (Step(name, "completed", "success") for name in names)
    last.status, last.conclusion = "in_progress", None
    run.jobs[0].steps = [*before, last]


def fails_at(run: Run, *names: str, error: str = "Process completed with exit code 3.") -> None:
    """Its only job failed at the last of these steps."""
    works_at(run, *names)
    run.ends("failure")
    last = run.jobs[0].steps[-1]
    last.status, last.conclusion = "completed", "failure"
    run.jobs[0].notes.append(("failure", "", error))


def succeeds(run: Run, *, deployed: str = "", words: str = "") -> None:
    """It is over, and says which commit it has deployed."""
    run.ends()
    run.jobs[0].notes += [("notice", "deployed", deployed)] if deployed else []
    run.jobs[0].notes += [("notice", "slipway", words)] if words else []
