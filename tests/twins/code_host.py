"""A twin of a code host: commits with their parents, branches and tags, all in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.ports import Carried, Changes, CodeHostError, Commit, PullRequest, Suspicion
from integrations.code_hosts.reverts import Node, carried_by

_EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
_HEX = re.compile(r"[0-9a-f]{7,40}")
_TRAILER = re.compile(r"^Irreversible-Migration: *(.+)$", re.MULTILINE)


@dataclass(slots=True)
class _Repository:
    commits: dict[str, Commit] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, PullRequest] = field(default_factory=dict)

    def before(self, sha: str) -> set[str]:
        """This commit and all that it has."""
        seen: set[str] = set()
        waiting = [sha]
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting.extend(self.parents[each])
        return seen


class FakeCodeHost:
    """Repositories that a test writes with `commit`, `branch` and `tag`."""

    def __init__(self) -> None:
        self._repositories: dict[str, _Repository] = {}
        self.away = ""
        """Why it can't be asked just now; empty while it can."""

    def add_repository(self, repository: str) -> None:
        self._repositories.setdefault(repository, _Repository())

    def commit(
        self,
        repository: str,
        subject: str,
        *,
        author: str = "Ben Castillo",
        email: str = "ben@example.com",
        parents: Iterable[str] = (),
        sha: str | None = None,
        at: datetime | None = None,
        body: str = "",
    ) -> str:
        """Add a commit, each an hour after the one before unless a moment is given; returns its SHA."""
        self.add_repository(repository)
        kept = self._repositories[repository]
        moment = at or _EPOCH + timedelta(hours=len(kept.commits))
        parents = tuple(parents)
        told = "\n".join((subject, author, moment.isoformat(), *parents))
        name = sha or hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()
        irreversible = "; ".join(_TRAILER.findall(body))
        kept.commits[name] = Commit(name, subject, author, email, moment, irreversible=irreversible)
        kept.parents[name] = parents
        kept.messages[name] = f"{subject}\n\n{body}" if body else subject
        return name

    def branch(self, repository: str, name: str, sha: str) -> None:
        self._repositories[repository].branches[name] = sha

    def tag(self, repository: str, name: str, sha: str) -> None:
        self._repositories[repository].tags[name] = sha

    def pull(self, repository: str, number: int, title: str, *commits: str) -> None:
        """The pull request through which these commits came."""
        url = f"https://github.com/{repository.strip('/')}/pull/{number}"
        self._repositories[repository].pulls |= dict.fromkeys(commits, PullRequest(number, title, url))

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        kept = self._open(repository)
        sha = self._named(kept, ref)
        return kept.commits[sha] if sha else None

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        kept = self._open(repository)
        there = self._must_name(kept, repository, new)
        if old is None:
            return self._told(kept, kept.before(there), limit)
        here = self._must_name(kept, repository, old)
        gained = kept.before(there) - kept.before(here)
        lost = kept.before(here) - kept.before(there)
        if lost and not gained:
            return self._told(kept, lost, limit, backwards=True, lost=len(lost))
        return self._told(kept, gained, limit, lost=len(lost))

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        kept = self._open(repository)
        for sha in (commit, suspicion.good, suspicion.bad):
            if sha not in kept.commits:
                raise CodeHostError(f"The repository {repository} has no commit “{sha}” any more.")
        since = (kept.before(commit) | kept.before(suspicion.bad)) - kept.before(suspicion.good)
        nodes = [
            Node(sha, kept.parents[sha], kept.messages[sha], each.subject)
            for sha, each in kept.commits.items()
            if sha in since
        ]
        found = carried_by(nodes, commit, suspicion.bad, frozenset(suspicion.only))
        shown = tuple(kept.commits[sha] for sha in found.carried[:limit])
        return Carried(found.suspects, shown, len(found.carried), found.mended)

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        kept = self._open(repository)
        if commit not in kept.commits:
            raise CodeHostError(f"The repository {repository} has no commit “{commit}” any more.")
        return frozenset(kept.before(commit) & frozenset(others))

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        kept = self._repositories.get(repository)
        if kept is None or self.away:
            return tuple(commits)
        return tuple(replace(each, pull=kept.pulls.get(each.sha)) for each in commits)

    def _open(self, repository: str) -> _Repository:
        if self.away:
            raise CodeHostError(self.away)
        if repository not in self._repositories:
            raise CodeHostError(f"There is no repository at {repository}.")
        return self._repositories[repository]

    def _must_name(self, kept: _Repository, repository: str, ref: str) -> str:
        sha = self._named(kept, ref)
        if sha is None:
            raise CodeHostError(f"The repository {repository} has nothing called “{ref}”.")
        return sha

    @staticmethod
    def _named(kept: _Repository, ref: str) -> str | None:
        ref = ref.strip()
        found = {names[ref] for names in (kept.branches, kept.tags) if ref in names}
        if _HEX.fullmatch(ref.lower()):
            found |= {sha for sha in kept.commits if sha.startswith(ref.lower())}
        if len(found) > 1:
            raise CodeHostError(f"“{ref}” is ambiguous. Please give more of the commit's digits, or all of them.")
        return found.pop() if found else None

    @staticmethod
    def _told(kept: _Repository, shas: set[str], limit: int, *, backwards: bool = False, lost: int = 0) -> Changes:
        newest_first = sorted((kept.commits[sha] for sha in shas), key=lambda each: each.at, reverse=True)
        marked = tuple(each for each in newest_first if each.irreversible)
        return Changes(tuple(newest_first[:limit]), len(shas), backwards=backwards, lost=lost, irreversible=marked)
