"""Actions: workflows that are started from outside, their runs, jobs and notes, cancelling, what holds a run up."""

from __future__ import annotations

import base64
import re
from typing import Any

from ruamel.yaml import YAML

from tests.github.answering import Answer, Call, RefusalError, answers, filled, moment, person
from tests.github.apps import repository
from tests.github.code import html
from tests.github.state import Job, Repo, Run, Step, Workflow

READ, WRITE = "actions=read", "actions=write"
DISPATCH = "actions/create-workflow-dispatch"
FOLDER = ".github/workflows/"
MOST_INPUTS = 25
_EXPRESSION = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}")
_CONTEXT = {"${{ github.ref_name }}": "{ref}", "${{ github.sha }}": "{sha}"}


# ---------------------------------------------------------------- workflows


def workflow_of(repo: Repo, file: str, text: str) -> Workflow:
    """Add a workflow, by the text of its file."""
    whole = YAML(typ="safe", pure=True).load(text)
    triggers = whole["on"] if isinstance(whole["on"], dict) else dict.fromkeys(_listed(whole["on"]))
    declared = (triggers.get("workflow_dispatch") or {}).get("inputs") or {}
    inputs = {name: bool(each.get("required")) and "default" not in each for name, each in declared.items()}
    run_name = _EXPRESSION.sub(r"{\1}", str(whole.get("run-name") or whole.get("name") or file))
    for expression, ours in _CONTEXT.items():
        run_name = run_name.replace(expression, ours)
    jobs = tuple(str((job or {}).get("name") or name) for name, job in whole["jobs"].items())
    environments = [job["environment"] for job in whole["jobs"].values() if "environment" in job]
    return repo.workflow(
        file,
        name=str(whole.get("name") or file),
        inputs=inputs,
        run_name=run_name,
        dispatchable="workflow_dispatch" in triggers,
        jobs=jobs,
        environment=environments[0] if environments else "",
        text=text,
    )


@answers("actions/list-repo-workflows", READ)
def workflows(call: Call) -> Answer:
    return call.page([_shown_workflow(call.repo, each) for each in call.repo.workflows], "workflows")


@answers("actions/get-workflow", READ)
def a_workflow(call: Call) -> Answer:
    return Answer(200, _shown_workflow(call.repo, _workflow(call)))


@answers("repos/get-content", "contents=read")
def content(call: Call) -> Answer:
    """Only the workflows' files are kept; whether there is such a ref is looked up in the real repository."""
    repo = call.repo
    if call.get("ref") and repo.history.named(call["ref"]) is None:
        raise RefusalError(404, f"No commit found for the ref {call['ref']}")
    for each in repo.workflows:
        if f"{FOLDER}{each.file}" == call["path"] and each.text:
            return Answer(200, _file(call, each))
    raise RefusalError(404, "Not Found")


# ---------------------------------------------------------------- starting


@answers(DISPATCH, WRITE)
def dispatched(call: Call) -> Answer:
    """GitHub takes it, if ref, trigger and inputs are right; and tells which run that makes, if it can."""
    repo, workflow = call.repo, _workflow(call)
    details = call.body.get("return_run_details")
    if details is not None and not repo.run_details:
        raise RefusalError(422, 'Invalid request.\n\n"return_run_details" is not a permitted key.')
    ref, inputs = call.body["ref"], call.body.get("inputs", {})
    sha = _head(repo, ref)
    if workflow.state != "active":
        raise RefusalError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    if not workflow.dispatchable:
        raise RefusalError(422, "Workflow does not have 'workflow_dispatch' trigger")
    unexpected = sorted(set(inputs) - set(workflow.inputs))
    if unexpected:
        listed = ", ".join(f'"{each}"' for each in unexpected)
        raise RefusalError(422, f"Unexpected inputs provided: [{listed}]")
    for name, required in workflow.inputs.items():
        if required and not inputs.get(name):
            raise RefusalError(422, f"Required input '{name}' not provided")
    run = _new_run(call, workflow, ref, sha, inputs)
    repo.runs.append(run)
    if not details:
        return Answer(204)
    page = f"{html(repo)}/actions/runs/{run.id}"
    url = f"{call.twin.address}/repos/{repo.name}/actions/runs/{run.id}"
    return Answer(200, {"workflow_run_id": run.id, "run_url": url, "html_url": page})


def _new_run(call: Call, workflow: Workflow, ref: str, sha: str, inputs: dict[str, Any]) -> Run:
    title = workflow.run_name or workflow.name
    for name, value in {"ref": ref, "sha": sha, **dict.fromkeys(workflow.inputs, ""), **inputs}.items():
        title = title.replace(f"{{{name}}}", str(value))
    return Run(
        call.twin.numbers(),
        len(call.repo.runs) + 1,
        workflow,
        title,
        ref,
        sha,
        call.twin.now(),
        call.grant.login,
        inputs=inputs,
        visible=not call.repo.slow_queue,
        jobs=[Job(call.twin.numbers(), each) for each in workflow.jobs],
    )


# ---------------------------------------------------------------- runs


@answers("actions/list-workflow-runs", READ)
def runs_of_a_workflow(call: Call) -> Answer:
    workflow = _workflow(call)
    return _listed_runs(call, [each for each in call.repo.runs if each.workflow is workflow])


@answers("actions/list-workflow-runs-for-repo", READ)
def runs(call: Call) -> Answer:
    return _listed_runs(call, call.repo.runs)


@answers("actions/get-workflow-run", READ)
def a_run(call: Call) -> Answer:
    run = _run(call)
    call.repo.looked_at(run)
    return Answer(200, _shown(call, run))


@answers("actions/list-jobs-for-workflow-run", READ)
def jobs(call: Call) -> Answer:
    run = _run(call)
    call.repo.looked_at(run)
    return call.page([_shown_job(call, run, each) for each in run.jobs], "jobs")


@answers("actions/get-pending-deployments-for-run", READ)
def held_up(call: Call) -> Answer:
    run = _run(call)
    if run.status != "waiting" or not run.workflow.environment:
        return Answer(200, [])
    environment = {"id": 500, "name": run.workflow.environment}
    reviewers = [{"type": "User", "reviewer": person("omar")}]
    told = {"environment": environment, "wait_timer": 0, "wait_timer_started_at": None, "reviewers": reviewers}
    return Answer(200, [{**told, "current_user_can_approve": False}])


@answers("actions/cancel-workflow-run", WRITE)
def cancelled(call: Call) -> Answer:
    run = _run(call)
    if run.status == "completed":
        raise RefusalError(409, "Cannot cancel a workflow run that is completed.")
    if not run.ignores_cancel:
        run.ends("cancelled")
    return Answer(202, {})


@answers("actions/force-cancel-workflow-run", WRITE)
def force_cancelled(call: Call) -> Answer:
    run = _run(call)
    if run.status == "completed":
        raise RefusalError(409, "Cannot cancel a workflow run that is completed.")
    run.ends("cancelled")
    return Answer(202, {})


@answers("checks/list-annotations", "checks=read")
def notes(call: Call) -> Answer:
    for job in (job for run in call.repo.runs for job in run.jobs):
        if job.id == int(call["check_run_id"]):
            return call.page([_note(*each) for each in job.notes])
    raise RefusalError(404, "Not Found")


# ---------------------------------------------------------------- how they are shown


def _listed_runs(call: Call, found: list[Run]) -> Answer:
    shown = [_shown(call, each) for each in sorted(found, key=lambda each: -each.id) if each.visible]
    return call.page(shown, "workflow_runs")


def _workflow(call: Call) -> Workflow:
    for each in call.repo.workflows:
        if call["workflow_id"] in {each.file, str(each.id)}:
            return each
    raise RefusalError(404, "Not Found")


def _run(call: Call) -> Run:
    for each in call.repo.runs:
        if each.id == int(call["run_id"]):
            return each
    raise RefusalError(404, "Not Found")


def _head(repo: Repo, ref: str) -> str:
    """What a branch or a tag points to: neither a SHA nor anything else will do."""
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if any(repo.history.reference(f"refs/{kind}/{name}") for kind in ("heads", "tags")):
        found = repo.history.named(name)
        if found is not None:
            return found
    raise RefusalError(422, f"No ref found for: {ref}")


def _listed(triggers: Any) -> list[str]:
    return [triggers] if isinstance(triggers, str) else list(triggers)


def _shown_workflow(repo: Repo, workflow: Workflow) -> dict[str, Any]:
    page = f"{html(repo)}/blob/{repo.default_branch}/{FOLDER}{workflow.file}"
    path = f"{FOLDER}{workflow.file}"
    return filled("workflow", id=workflow.id, name=workflow.name, path=path, state=workflow.state, html_url=page)


def _file(call: Call, workflow: Workflow) -> dict[str, Any]:
    raw = workflow.text.encode()
    text = base64.encodebytes(raw).decode()  # with line breaks, as GitHub sends it
    made = filled("content-file", name=workflow.file, path=call["path"], size=len(raw), encoding="base64", content=text)
    return {**made, "type": "file"}


def _shown(call: Call, run: Run) -> dict[str, Any]:
    repo = call.repo
    url = f"{call.twin.address}/repos/{repo.name}/actions/runs/{run.id}"
    return filled(
        "workflow-run",
        id=run.id,
        name=run.workflow.name,
        display_title=run.title,
        head_branch=run.branch,
        head_sha=run.sha,
        path=f"{FOLDER}{run.workflow.file}",
        run_number=run.number,
        run_attempt=run.attempt,
        event=run.event,
        status=run.status,
        conclusion=run.conclusion,
        workflow_id=run.workflow.id,
        url=url,
        html_url=f"{html(repo)}/actions/runs/{run.id}",
        created_at=moment(run.created),
        updated_at=call.now,
        actor=person(run.actor),
        triggering_actor=person(run.actor),
        repository=repository(repo, "minimal-repository"),
        head_repository=repository(repo, "minimal-repository"),
    )


def _shown_job(call: Call, run: Run, job: Job) -> dict[str, Any]:
    repo = call.repo
    over = job.status == "completed"
    return filled(
        "job",
        id=job.id,
        run_id=run.id,
        run_attempt=run.attempt,
        head_sha=run.sha,
        head_branch=run.branch,
        workflow_name=run.workflow.name,
        name=job.name,
        status=job.status,
        conclusion=job.conclusion,
        html_url=f"{html(repo)}/actions/runs/{run.id}/job/{job.id}",
        check_run_url=f"{call.twin.address}/repos/{repo.name}/check-runs/{job.id}",
        completed_at=call.now if over else None,
        steps=[_shown_step(number, each) for number, each in enumerate(job.steps, start=1)],
    )


def _shown_step(number: int, step: Step) -> dict[str, Any]:
    return {"name": step.name, "status": step.status, "conclusion": step.conclusion, "number": number}


def _note(level: str, title: str, message: str) -> dict[str, Any]:
    place = {"path": ".github", "start_line": 1, "end_line": 1, "start_column": None, "end_column": None}
    return filled("check-annotation", annotation_level=level, title=title, message=message, **place)
