"""References: what branches and tags point to."""

from __future__ import annotations

from tests.github.answering import Answer, Call, RefusalError, answers, filled
from tests.github.code import READ, missing


@answers("git/get-ref", READ)
def a_reference(call: Call) -> Answer:
    name = f"refs/{call['ref']}"
    history = call.repo.history
    sha = history.reference(name)
    if sha is None:
        raise missing(call.repo, 404, "Not Found")
    url = f"{call.twin.address}/x/{sha}"
    return Answer(200, filled("git-ref", ref=name, object={"type": history.kind(sha), "sha": sha, "url": url}))


@answers("git/get-tag", READ)
def a_tag(call: Call) -> Answer:
    """An annotated tag, by its own SHA."""
    history, sha = call.repo.history, call["tag_sha"]
    if history.kind(sha) != "tag":
        raise RefusalError(404, "Not Found")
    told = dict(line.split(" ", 1) for line in history.git("cat-file", "tag", sha).split("\n\n")[0].splitlines())
    there = {"type": told["type"], "sha": told["object"], "url": f"{call.twin.address}/x/{told['object']}"}
    return Answer(200, filled("git-tag", sha=sha, tag=told["tag"], object=there))
