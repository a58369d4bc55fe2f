"""Deployments, and what is said of them. Whoever deploys is the test: it speaks by `says`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.github.answering import Answer, Call, RefusalError, answers, filled, moment, person
from tests.github.state import Repo

if TYPE_CHECKING:
    from tests.github.twin import GitHubTwin

READ, WRITE = "deployments=read", "deployments=write"
CREATE = "repos/create-deployment"
SAY = "repos/create-deployment-status"
LONGEST = 140


@answers(CREATE, WRITE)
def new_deployment(call: Call) -> Answer:
    repo, body = call.repo, call.body
    sha = repo.history.named(body["ref"])
    if sha is None:
        raise RefusalError(422, f"No ref found for: {body['ref']}")
    if body.get("auto_merge", True):
        raise RefusalError(409, "Conflict merging main into the ref")
    _all_green(repo, sha, body.get("required_contexts"))
    environment = body.get("environment", "production")
    number = call.twin.numbers()
    url = f"{call.twin.address}/repos/{repo.name}/deployments/{number}"
    made = filled(
        "deployment",
        id=number,
        sha=sha,
        ref=body["ref"],
        task=body.get("task", "deploy"),
        payload=body.get("payload", ""),
        environment=environment,
        original_environment=environment,
        description=body.get("description"),
        creator=person(call.grant.login),
        created_at=call.now,
        updated_at=call.now,
        statuses_url=f"{url}/statuses",
        url=url,
        production_environment=body.get("production_environment", environment == "production"),
    )
    repo.deployments.append(made)
    repo.deployment_statuses[number] = []
    return Answer(201, made)


@answers("repos/list-deployments", READ)
def deployments(call: Call) -> Answer:
    """Newest first; each filter counts only if it is given."""
    wanted = {name: call.get(name) for name in ("sha", "ref", "task", "environment") if call.get(name)}
    found = [each for each in call.repo.deployments if all(each[name] == value for name, value in wanted.items())]
    return call.page(found[::-1])


@answers("repos/get-deployment", READ)
def a_deployment(call: Call) -> Answer:
    return Answer(200, _deployment(call))


@answers("repos/list-deployment-statuses", READ)
def statuses(call: Call) -> Answer:
    number = _deployment(call)["id"]
    call.repo.deployment_looked_at(number)
    return call.page(call.repo.deployment_statuses[number][::-1])


@answers(SAY, WRITE)
def new_status(call: Call) -> Answer:
    return Answer(201, _said(call.twin, call.repo, _deployment(call), call.grant.login, **call.body))


def says(twin: GitHubTwin, repo: Repo, state: str, words: str = "", *, at: int = -1, **more: Any) -> None:
    """What deploys says how far it is; of the newest deployment, unless `at` is another place in the list."""
    _said(twin, repo, repo.deployments[at], "deployer", state=state, description=words, **more)


def _said(twin: GitHubTwin, repo: Repo, deployment: dict[str, Any], login: str, **body: Any) -> dict[str, Any]:
    """Keep it. A success makes those before it, at the same place, inactive."""
    if len(body.get("description", "")) > LONGEST:
        raise RefusalError(422, "Validation Failed", errors=[{"field": "description", "code": "invalid"}])
    auto_inactive = body.pop("auto_inactive", True)
    log = body.pop("log_url", "")
    now = moment(twin.now())
    made = filled(
        "deployment-status",
        id=twin.numbers(),
        state=body["state"],
        creator=person(login),
        description=body.get("description", ""),
        environment=body.get("environment", deployment["environment"]),
        environment_url=body.get("environment_url", ""),
        log_url=log,
        target_url=log or body.get("target_url", ""),
        created_at=now,
        updated_at=now,
    )
    repo.deployment_statuses[deployment["id"]].append(made)
    if body["state"] == "success" and auto_inactive:
        for each in repo.deployments:
            there = repo.deployment_statuses[each["id"]]
            same = each["environment"] == deployment["environment"] and each["id"] < deployment["id"]
            if same and there and there[-1]["state"] == "success":
                _said(twin, repo, each, "github", state="inactive", auto_inactive=False)
    return made


def _all_green(repo: Repo, sha: str, contexts: list[str] | None) -> None:
    newest: dict[str, str] = {}
    for of, made in repo.statuses:
        if of == sha:
            newest.setdefault(made["context"], made["state"])
    wanted = newest if contexts is None else contexts
    if any(newest.get(each) != "success" for each in wanted):
        raise RefusalError(409, f"Conflict: Commit status checks failed for {sha}.")


def _deployment(call: Call) -> dict[str, Any]:
    for each in call.repo.deployments:
        if each["id"] == int(call["deployment_id"]):
            return each
    raise RefusalError(404, "Not Found")
