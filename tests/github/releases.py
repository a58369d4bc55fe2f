"""Releases and tags: what is made at GitHub for a version."""

from __future__ import annotations

import re

from tests.github.answering import Answer, Call, RefusalError, answers, filled, person
from tests.github.code import READ, html

WRITE = "contents=write"
_REF = re.compile(r"refs/[^/]+/.+")


@answers("git/create-tag", WRITE)
def new_tag(call: Call) -> Answer:
    """An annotated tag: an object that nothing points to yet."""
    history, body = call.repo.history, call.body
    if history.kind(body["object"]) != body["type"]:
        raise RefusalError(422, "Could not verify object. The object does not exist.")
    given = "\n".join(
        (
            f"object {body['object']}",
            f"type {body['type']}",
            f"tag {body['tag']}",
            f"tagger {call.grant.login} <bot@example.com> {int(call.twin.now().timestamp())} +0000",
            "",
            body["message"],
            "",
        )
    )
    sha = history.git("mktag", given=given).strip()
    there = {"type": body["type"], "sha": body["object"], "url": f"{call.twin.address}/x/{body['object']}"}
    return Answer(201, filled("git-tag", sha=sha, tag=body["tag"], message=body["message"], object=there))


@answers("git/create-ref", WRITE)
def new_reference(call: Call) -> Answer:
    history, name, sha = call.repo.history, call.body["ref"], call.body["sha"]
    if not _REF.fullmatch(name):
        raise RefusalError(422, "Reference name must start with 'refs' and have at least two slashes.")
    if history.reference(name) is not None:
        raise RefusalError(422, "Reference already exists")
    if not history.kind(sha):
        raise RefusalError(422, "Object does not exist")
    history.git("update-ref", name, sha)
    there = {"type": history.kind(sha), "sha": sha, "url": f"{call.twin.address}/x/{sha}"}
    return Answer(201, filled("git-ref", ref=name, object=there))


@answers("repos/get-release-by-tag", READ)
def release_of_a_tag(call: Call) -> Answer:
    """Drafts belong to no tag yet."""
    for each in call.repo.releases:
        if each["tag_name"] == call["tag"] and not each["draft"]:
            return Answer(200, each)
    raise RefusalError(404, "Not Found")


@answers("repos/create-release", WRITE)
def new_release(call: Call) -> Answer:
    """Where there is no such tag, GitHub makes one."""
    repo, body = call.repo, call.body
    tag, draft = body["tag_name"], body.get("draft", False)
    if any(each["tag_name"] == tag and not each["draft"] for each in repo.releases):
        problem = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
        raise RefusalError(422, "Validation Failed", errors=[problem])
    if repo.history.reference(f"refs/tags/{tag}") is None:
        sha = repo.history.named(body.get("target_commitish", repo.default_branch))
        if sha is None:
            raise RefusalError(422, "Validation Failed")
        repo.history.git("update-ref", f"refs/tags/{tag}", sha)
    made = filled(
        "release",
        id=call.twin.numbers(),
        tag_name=tag,
        target_commitish=body.get("target_commitish", repo.default_branch),
        name=body.get("name"),
        body=body.get("body"),
        draft=draft,
        prerelease=body.get("prerelease", False),
        html_url=f"{html(repo)}/releases/tag/{tag}",
        author=person(call.grant.login),
        created_at=call.now,
        published_at=call.now,
        assets=[],
    )
    repo.releases.append(made)
    return Answer(201, made)
