"""Protection rules: a run that stands before an environment, and what the rule of an App says to it."""

from __future__ import annotations

from tests.github.answering import Answer, Call, RefusalError, answers


@answers("actions/review-custom-gates-for-run", "deployments=write")
def answer_to_a_run(call: Call) -> Answer:
    """Only while it waits, before that environment, and only where the environment has the rule."""
    repo, body = call.repo, call.body
    run = next((each for each in repo.runs if each.id == int(call["run_id"])), None)
    if run is None:
        raise RefusalError(404, "Not Found")
    known = {each.name.lower(): each for each in repo.environments.values()}
    environment = known.get(body["environment_name"].lower())
    if environment is None or not environment.rules or run.status != "waiting":
        raise RefusalError(422, "No pending deployment protection rule was found for this run.")
    run.answers.append({"state": body.get("state", ""), "comment": body.get("comment", "")})
    if body.get("state") == "approved":
        run.begins()
    elif body.get("state") == "rejected":
        run.ends("failure")
    return Answer(204)
