"""Names: what a branch, a tag or the first digits of a commit mean at GitHub at this moment."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ports import CodeHostError
from integrations.code_hosts.github_history import maybe
from integrations.code_hosts.words import can_be_named, is_full, may_begin_a_commit, shown
from integrations.github.client import Repository

_MOST_TAGS = 5
"""So many tags may point to each other."""


async def named(repo: Repository, ref: str) -> str | None:
    """The SHA of a name; None if it names nothing. Every reading is meant; if they differ, it is refused."""
    ref = ref.strip()
    if not can_be_named(ref):
        return None
    digits = ref.lower()
    if is_full(digits):
        return digits
    kinds = {"a branch": f"heads/{ref}", "a tag": f"tags/{ref}"}
    found = {what: sha for what, place in kinds.items() if (sha := await referred(repo, place)) is not None}
    if len(set(found.values())) > 1:
        told = " and ".join(f"{what} ({sha[:10]})" for what, sha in found.items())
        raise CodeHostError(
            f"{shown(ref)} is ambiguous: it is {told}. Please give more of the commit's digits, or all of them."
        )
    if found:
        (sha,) = set(found.values())
        # GitHub can't be asked for a commit's first digits where something is called so. Where they are digits only, a
        # date is meant, such as 20261102.
        if may_begin_a_commit(digits) and not digits.isdigit() and not sha.startswith(digits):
            raise CodeHostError(
                f"{shown(ref)} is ambiguous: it is {' and '.join(found)} ({sha[:10]}), and may be the beginning of "
                "another commit. Please give all of the commit's digits."
            )
        return sha
    return await _beginning_with(repo, digits) if may_begin_a_commit(digits) else None


async def referred(repo: Repository, place: str) -> str | None:
    """The commit behind `heads/…` or `tags/…`; None if there is none."""
    told = await maybe(repo, "/git/ref/{ref}", ref=place)
    if not isinstance(told, Mapping) or told.get("ref") != f"refs/{place}":
        return None
    leads = told["object"]
    for _ in range(_MOST_TAGS):
        if leads["type"] != "tag":
            break
        told = await maybe(repo, "/git/tags/{tag_sha}", tag_sha=leads["sha"])
        if told is None:
            return None
        leads = told["object"]
    return str(leads["sha"]) if leads["type"] == "commit" else None


async def _beginning_with(repo: Repository, digits: str) -> str | None:
    told = await maybe(repo, "/commits/{ref}{?per_page}", ref=digits, per_page=1)
    return str(told["sha"]) if told is not None and told["sha"].startswith(digits) else None


async def bare(repo: Repository, sha: str) -> Mapping[str, object] | None:
    """A commit without what it changes."""
    told: Mapping[str, object] | None = await maybe(repo, "/git/commits/{commit_sha}", commit_sha=sha)
    return told
