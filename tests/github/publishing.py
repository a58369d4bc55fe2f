"""Publishing: tags and releases that are made."""

from __future__ import annotations

import subprocess

from tests.github.answering import SHA, Answer, Call, RefusalError, answers, filled, person
from tests.github.code import READ, html, missing

WRITE = "contents=write"


@answers("git/create-tag", WRITE)
def new_tag(call: Call) -> Answer:
    """A tag object, which nothing points to yet."""
    history, body = call.repo.history, call.body
    if history.kind(body["object"]) != body["type"]:
        raise missing(call.repo, 422, f"Could not resolve object {body['object']}")
    text = (
        f"object {body['object']}\ntype {body['type']}\ntag {body['tag']}\n"
        f"tagger {call.grant.login} <{call.grant.login}@example.com> 1793610000 +0000\n\n{body['message']}\n"
    )
    sha = history.git("mktag", given=text).strip()
    there = {"type": body["type"], "sha": body["object"], "url": f"{call.twin.address}/x/{body['object']}"}
    return Answer(201, filled("git-tag", sha=sha, tag=body["tag"], message=body["message"], object=there))


@answers("git/create-ref", WRITE)
def new_reference(call: Call) -> Answer:
    history, ref, sha = call.repo.history, call.body["ref"], call.body["sha"]
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise RefusalError(422, "Reference name must start with 'refs/' and have at least three elements.")
    if not SHA.fullmatch(sha) or not history.kind(sha):
        raise missing(call.repo, 422, "Object does not exist")
    if history.reference(ref) is not None:
        raise RefusalError(422, "Reference already exists")
    try:
        history.git("update-ref", ref, sha, "0" * 40)
    except subprocess.CalledProcessError:
        raise RefusalError(422, f"{ref} is not a valid ref name.") from None
    url = f"{call.twin.address}/x/{sha}"
    return Answer(201, filled("git-ref", ref=ref, object={"type": history.kind(sha), "sha": sha, "url": url}))


@answers("repos/get-release-by-tag", READ)
def a_release(call: Call) -> Answer:
    for each in call.repo.releases:
        if each["tag_name"] == call["tag"] and not each["draft"]:
            return Answer(200, each)
    raise RefusalError(404, "Not Found")


@answers("repos/create-release", WRITE)
def new_release(call: Call) -> Answer:
    """A release; where its tag isn't there, that is made, too, at the default branch."""
    repo, body = call.repo, call.body
    tag = body["tag_name"]
    if any(each["tag_name"] == tag for each in repo.releases):
        errors = [{"resource": "Release", "code": "already_exists", "field": "tag_name"}]
        raise RefusalError(422, "Validation Failed", errors=errors)
    if repo.history.reference(f"refs/tags/{tag}") is None:
        repo.history.git("update-ref", f"refs/tags/{tag}", repo.history.named(repo.default_branch) or "")
    made = filled(
        "release",
        id=call.twin.numbers(),
        html_url=f"{html(repo)}/releases/tag/{tag}",
        tag_name=tag,
        name=body.get("name"),
        body=body.get("body"),
        draft=body.get("draft", False),
        prerelease=body.get("prerelease", False),
        author=person(call.grant.login),
        created_at=call.now,
        published_at=call.now,
        target_commitish=repo.default_branch,
        assets=[],
    )
    repo.releases.append(made)
    return Answer(201, made)
