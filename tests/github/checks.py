"""Checks: statuses of commits, and check runs."""

from __future__ import annotations

from tests.github.answering import SHA, Answer, Call, RefusalError, answers, filled, person
from tests.github.apps import repository

_WORST = ("failure", "error", "pending", "success")


@answers("repos/create-commit-status", "statuses=write")
def new_status(call: Call) -> Answer:
    repo = call.repo
    if not SHA.fullmatch(call["sha"]) or repo.history.kind(call["sha"]) != "commit":
        raise RefusalError(422, f"No commit found for SHA: {call['sha']}")
    made = filled(
        "status",
        id=call.twin.numbers(),
        state=call.body["state"],
        context=call.body.get("context", "default"),
        description=call.body.get("description"),
        target_url=call.body.get("target_url"),
        creator=person(call.grant.login),
        created_at=call.now,
        updated_at=call.now,
    )
    repo.statuses.insert(0, (call["sha"], made))
    return Answer(201, made)


@answers("repos/list-commit-statuses-for-ref", "statuses=read")
def statuses(call: Call) -> Answer:
    return call.page([made for sha, made in call.repo.statuses if sha == _commit(call)])


@answers("repos/get-combined-status-for-ref", "statuses=read")
def combined(call: Call) -> Answer:
    """Of each context the newest."""
    sha = _commit(call)
    newest: dict[str, dict] = {}
    for of, made in call.repo.statuses:
        if of == sha:
            newest.setdefault(made["context"], made)
    states = {each["state"] for each in newest.values()} or {"pending"}
    worst = next(each for each in _WORST if each in states)
    shown = [filled("simple-commit-status", **_simple(each)) for each in newest.values()]
    told = filled(
        "combined-commit-status",
        state="failure" if worst == "error" else worst,
        sha=sha,
        total_count=len(shown),
        statuses=shown,
        repository=repository(call.repo, "minimal-repository"),
    )
    return Answer(200, told)


@answers("checks/create", "checks=write")
def new_check(call: Call) -> Answer:
    repo = call.repo
    sha = call.body["head_sha"]
    if repo.history.kind(sha) != "commit":
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    made = filled("check-run", id=call.twin.numbers(), head_sha=sha, name=call.body["name"], status="queued")
    repo.checks.append(made)
    _change(made, call)
    return Answer(201, made)


@answers("checks/update", "checks=write")
def changed_check(call: Call) -> Answer:
    made = _check(call)
    _change(made, call)
    return Answer(200, made)


@answers("checks/get", "checks=read")
def a_check(call: Call) -> Answer:
    return Answer(200, _check(call))


@answers("checks/list-for-ref", "checks=read")
def checks(call: Call) -> Answer:
    sha, name = _commit(call), call.get("check_name")
    found = [each for each in call.repo.checks if each["head_sha"] == sha and name in {"", each["name"]}]
    return call.page(found, "check_runs")


def _change(made: dict, call: Call) -> None:
    told = {name: value for name, value in call.body.items() if name not in {"head_sha", "output", "actions"}}
    if "output" in call.body:
        output = call.body["output"]
        told["output"] = {**made["output"], "title": output.get("title"), "summary": output.get("summary")}
    if "conclusion" in told:
        told |= {"status": "completed", "completed_at": told.get("completed_at", call.now)}
    made.update(told)


def _check(call: Call) -> dict:
    for each in call.repo.checks:
        if each["id"] == int(call["check_run_id"]):
            return each
    raise RefusalError(404, "Not Found")


def _commit(call: Call) -> str:
    sha = call.repo.history.named(call["ref"])
    if sha is None:
        raise RefusalError(404, "Not Found")
    return sha


def _simple(status: dict) -> dict:
    return {name: status[name] for name in ("id", "state", "context", "description", "target_url", "created_at")}
