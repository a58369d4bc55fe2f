"""The `github` code host: repositories at GitHub, read through its REST API.

A name is looked up only when somebody types one; everything else is asked by full SHAs, so that a branch that moves
changes nothing that was decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.ports import Carried, Changes, CodeHostError, Commit, PullRequest, Suspicion
from integrations.code_hosts import github_history as past
from integrations.code_hosts.github_history import MOST, Since, in_our_words, maybe, must_be_there
from integrations.code_hosts.github_reading import a_commit, a_pull_request, in_order, node
from integrations.code_hosts.reverts import carried_by
from integrations.code_hosts.words import can_be_named, is_full, may_begin_a_commit, shown
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubError
from integrations.github.places import at_github
from integrations.github.recent import Recent

AT_ONCE = 4
"""So many questions about pull requests are asked at a time."""
PULLS_KEPT = 2000
_MOST_TAGS = 5
"""So many tags may point to each other."""


class GitHubCodeHost:
    """Reads repositories at GitHub. A commit's moment is the committer's: when it got to where it stands."""

    def __init__(self, github: GitHub, *, host: str = "github.com") -> None:
        """`host` is the one with GitHub's pages, as it stands in a repository's address."""
        self._github = github
        self._host = host
        self._pulls: Recent[PullRequest] = Recent(PULLS_KEPT)
        """The merged pull request of each commit that was asked about: that never changes."""

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        """The commit that this names now; CodeHostError if it names several."""
        with in_our_words():
            repo = self._open(repository)
            sha = await _named(repo, ref)
            told = await _bare(repo, sha) if sha is not None else None
            if told is None:
                await must_be_there(repo)
                return None
            return a_commit(told)

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        """What `new` brings; what it takes away if it is an ancestor of `old`."""
        with in_our_words():
            repo = self._open(repository)
            limit = max(1, min(limit, MOST))
            there = await _must_name(repo, new)
            if old is None:
                return await _everything(repo, there, limit)
            here = await _must_name(repo, old)
            forth = await _since(repo, here, there, past.nothing_called)
            if forth.lost and not forth.commits:
                back = await _since(repo, there, here, past.nothing_called)
                return replace(_changes(back, limit), backwards=True, lost=len(back.commits))
            return replace(_changes(forth, limit), lost=forth.lost)

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        """What that commit has of the suspected ones, by what is said in the messages since the good one."""
        with in_our_words():
            repo = self._open(repository)
            for each in (commit, suspicion.good, suspicion.bad):
                if not is_full(each):
                    raise past.no_such(repo, each)
            told = [await _since(repo, suspicion.good, each, past.no_such) for each in (suspicion.bad, commit)]
        known = {each["sha"]: each for part in told for each in part.commits}
        found = carried_by(
            in_order([node(each) for each in known.values()]), commit, suspicion.bad, frozenset(suspicion.only)
        )
        carried = tuple(a_commit(known[sha]) for sha in found.carried[:limit])
        return Carried(found.suspects, carried, len(found.carried), found.mended)

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of these commits that it has."""
        with in_our_words():
            repo = self._open(repository)
            asked = [each for each in dict.fromkeys(others) if is_full(each)]
            if not is_full(commit) or await _bare(repo, commit) is None:
                await must_be_there(repo)
                raise past.no_such(repo, commit)
            return frozenset(
                [each for each in asked if await past.relation(repo, each, commit) in {"ahead", "identical"}]
            )

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """The same commits, each with its pull request; after the first that GitHub refuses, no more is asked."""
        turn, refused = asyncio.Semaphore(AT_ONCE), asyncio.Event()

        async def read(commit: Commit) -> Commit:
            async with turn:
                if refused.is_set():
                    return commit
                try:
                    return replace(commit, pull=await self._pull(repo, commit.sha))
                except GitHubError:
                    refused.set()
                    return commit

        with suppress(GitHubError, CodeHostError):
            repo = self._open(repository)
            return tuple(await asyncio.gather(*map(read, commits)))
        return tuple(commits)

    async def _pull(self, repo: Repository, sha: str) -> PullRequest | None:
        key = f"{repo.name.lower()} {sha}"
        if key in self._pulls:
            return self._pulls[key]
        told = await maybe(repo, "/commits/{commit_sha}/pulls", commit_sha=sha)
        found = a_pull_request(told if isinstance(told, list) else [])
        if found is None:
            return None
        pull, merged = found
        if merged:  # an open one may get another title, and may come to nothing
            self._pulls[key] = pull
        return pull

    def _open(self, repository: str) -> Repository:
        name = at_github(repository, self._host)
        if name is None:
            raise CodeHostError(f"{shown(repository)} is no repository at {self._host}.")
        return self._github.repository(name)


async def _must_name(repo: Repository, ref: str) -> str:
    """The SHA of what it names. That a full one is there shows when it is used."""
    digits = ref.strip().lower()
    sha = digits if is_full(digits) else await _named(repo, ref)
    if sha is None:
        await must_be_there(repo)
        raise past.nothing_called(repo, ref)
    return sha


async def _named(repo: Repository, ref: str) -> str | None:
    """The SHA of a name; None if it names nothing. Every reading is meant; if they differ, it is refused."""
    ref = ref.strip()
    if not can_be_named(ref):
        return None
    digits = ref.lower()
    if is_full(digits):
        return digits
    kinds = {"a branch": f"heads/{ref}", "a tag": f"tags/{ref}"}
    found = {what: sha for what, place in kinds.items() if (sha := await _referred(repo, place)) is not None}
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


async def _referred(repo: Repository, place: str) -> str | None:
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


async def _bare(repo: Repository, sha: str) -> Mapping[str, object] | None:
    """A commit without what it changes."""
    told: Mapping[str, object] | None = await maybe(repo, "/git/commits/{commit_sha}", commit_sha=sha)
    return told


async def _since(repo: Repository, base: str, head: str, missing: Callable[[Repository, str], CodeHostError]) -> Since:
    """What lies between; the error about the one that isn't there."""
    found = await past.since(repo, base, head)
    if found is not None:
        return found
    await must_be_there(repo)
    for each in (base, head):
        if await _bare(repo, each) is None:
            raise missing(repo, each)
    raise CodeHostError(f"GitHub doesn't tell what lies between {base[:10]} and {head[:10]} in {repo.name}.")


async def _everything(repo: Repository, sha: str, limit: int) -> Changes:
    """All that it has, the newest shown."""
    commits = await past.newest(repo, sha, limit)
    if commits is None:
        await must_be_there(repo)
        raise past.nothing_called(repo, sha)
    total = len(commits) if len(commits) < limit else await past.how_many(repo, sha)
    found = tuple(map(a_commit, commits))
    return Changes(found, total, irreversible=tuple(each for each in found if each.irreversible))


def _changes(told: Since, limit: int) -> Changes:
    """The newest of these commits, and all of them whose migration can't be undone."""
    found = tuple(a_commit(each) for each in reversed(told.commits))
    marked = tuple(each for each in found if each.irreversible)
    return Changes(found[:limit], len(found), url=told.url, irreversible=marked)
