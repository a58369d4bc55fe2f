"""Code: commits, their comparison, branches, pull requests."""

from __future__ import annotations

import re
from typing import Any

from tests.github.answering import SHA, Answer, Call, RefusalError, answers, filled, person
from tests.github.apps import repository
from tests.github.history import Signature, Written
from tests.github.state import Repo

_NOREPLY = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.github\.com")
READ = "contents=read"


@answers("repos/get-commit", READ)
def a_commit(call: Call) -> Answer:
    repo = call.repo
    sha = repo.history.named(call["ref"])
    if sha is None:
        raise missing(repo, 422, f"No commit found for SHA: {call['ref']}")
    return Answer(200, commit(call, repo.history.commit(sha)))


@answers("git/get-commit", READ)
def a_bare_commit(call: Call) -> Answer:
    repo = call.repo
    if not SHA.fullmatch(call["commit_sha"]) or repo.history.kind(call["commit_sha"]) != "commit":
        raise RefusalError(404, "Not Found")
    written = repo.history.commit(call["commit_sha"])
    told = commit(call, written)
    body = filled(
        "git-commit",
        sha=written.sha,
        author=told["commit"]["author"],
        committer=told["commit"]["committer"],
        message=written.message,
        tree=told["commit"]["tree"],
        parents=told["parents"],
        html_url=told["html_url"],
    )
    return Answer(200, body)


@answers("repos/list-commits", READ)
def commits(call: Call) -> Answer:
    repo = call.repo
    sha = repo.history.named(call.get("sha", repo.default_branch))
    if sha is None:
        raise missing(repo, 404, "Not Found")
    page = call.page(repo.history.log(sha))
    return Answer(200, [commit(call, each) for each in page.body], page.headers)


@answers("repos/compare-commits-with-basehead", READ)
def comparison(call: Call) -> Answer:
    repo = call.repo
    history = repo.history
    names = call["basehead"].split("...")
    base, head = (history.named(each) for each in names)
    if base is None or head is None:
        raise RefusalError(404, "Not Found")
    common = history.merge_base(base, head)
    if common is None:
        raise RefusalError(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = history.since(base, head), history.since(head, base)
    statuses = {(True, False): "ahead", (False, True): "behind", (True, True): "diverged", (False, False): "identical"}
    whole = not call.get("page") and not call.get("per_page")  # then the newest 250 are told, and no page follows
    page = Answer(200, ahead[-250:]) if whole else call.page(ahead)
    url = f"{html(repo)}/compare/{call['basehead']}"
    told = filled(
        "commit-comparison",
        html_url=url,
        permalink_url=url,
        base_commit=commit(call, history.commit(base)),
        merge_base_commit=commit(call, history.commit(common)),
        status=statuses[bool(ahead), bool(behind)],
        ahead_by=len(ahead),
        behind_by=len(behind),
        total_commits=len(ahead),
        commits=[commit(call, each) for each in page.body],
        files=[],
    )
    return Answer(200, told, page.headers)


@answers("repos/get-branch", READ)
def a_branch(call: Call) -> Answer:
    repo = call.repo
    sha = repo.history.reference(f"refs/heads/{call['branch']}")
    if sha is None:
        raise RefusalError(404, "Branch not found")
    told = commit(call, repo.history.commit(sha))
    return Answer(200, filled("branch-with-protection", name=call["branch"], commit=told))


@answers("pulls/list", "pull_requests=read")
def pull_requests(call: Call) -> Answer:
    state = call.get("state", "open")
    base = call.get("base")
    found = [each for each in call.repo.pulls if state in {"all", each["state"]} and base in {"", each["base"]["ref"]}]
    found.sort(key=lambda each: each["updated_at"], reverse=call.get("direction", "desc") == "desc")
    return call.page(found)


@answers("pulls/get", "pull_requests=read")
def a_pull_request(call: Call) -> Answer:
    for each in call.repo.pulls:
        if each["number"] == int(call["pull_number"]):
            facts = {name: each[name] for name in ("number", "title", "state", "html_url", "user", "merged_at")}
            whole = {**facts, "head": each["head"], "base": each["base"], "merged": each["merged_at"] is not None}
            return Answer(200, filled("pull-request", **whole, merge_commit_sha=each["merge_commit_sha"]))
    raise RefusalError(404, "Not Found")


@answers("repos/list-pull-requests-associated-with-commit", "pull_requests=read")
def pull_requests_of_a_commit(call: Call) -> Answer:
    repo, sha = call.repo, call["commit_sha"]
    if repo.history.named(sha) is None:
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    behind = (each for each in repo.pulls if sha in {each["merge_commit_sha"], *repo.pulled[each["number"]]})
    return call.page(list(behind))


def merged_pull(repo: Repo, number: int, title: str, sha: str, by: str, *others: str) -> dict[str, Any]:
    """A pull request that became this commit; `others` are those that came with it."""
    repo.pulled[number] = frozenset(others)
    there = {
        "label": f"{repo.owner}:x",
        "ref": "x",
        "sha": sha,
        "user": person(by),
        "repo": repository(repo, "repository"),
    }
    made = filled(
        "pull-request-simple",
        number=number,
        title=title,
        state="closed",
        user=person(by),
        html_url=f"{html(repo)}/pull/{number}",
        merge_commit_sha=sha,
        merged_at="2026-11-02T09:00:00Z",
        updated_at=f"2026-11-02T09:{number % 60:02}:00Z",
        head=there,
        base=there,
    )
    repo.pulls.append(made)
    return made


def open_pull(repo: Repo, number: int, head: str, base: str, by: str = "ben") -> dict[str, Any]:
    """A pull request that is open, with this newest commit, against that branch."""
    made = merged_pull(repo, number, f"Number {number}", head, by)
    made |= {"state": "open", "merged_at": None, "merge_commit_sha": None}
    made["base"] = {**made["base"], "ref": base}
    return made


def missing(repo: Repo, status: int, message: str) -> RefusalError:
    """There is no such thing; where there is nothing at all, GitHub says so instead."""
    return RefusalError(409, "Git Repository is empty.") if repo.history.is_empty() else RefusalError(status, message)


def html(repo: Repo) -> str:
    """The repository's page."""
    return f"https://github.com/{repo.name}"


def commit(call: Call, written: Written) -> dict[str, Any]:
    """A commit, as GitHub shows it."""
    repo = call.repo
    page = f"{html(repo)}/commit"
    parents = [
        {"sha": each, "url": f"{call.twin.address}/x/{each}", "html_url": f"{page}/{each}"} for each in written.parents
    ]
    inside = {
        **filled("commit")["commit"],
        "author": vars(written.author),
        "committer": vars(written.committer),
        "message": written.message,
        "tree": {"sha": written.tree, "url": f"{call.twin.address}/x/{written.tree}"},
    }
    return filled(
        "commit",
        sha=written.sha,
        html_url=f"{page}/{written.sha}",
        commit=inside,
        parents=parents,
        author=_account(call, written.author),
        committer=_account(call, written.committer),
    )


def _account(call: Call, signature: Signature) -> dict[str, Any] | None:
    known = _NOREPLY.fullmatch(signature.email)
    login = known[1] if known else call.twin.logins.get(signature.email)
    return person(login) if login else None
