"""The `git` code host: a repository on this machine, read through the git program.

Only plumbing that reads is used. What somebody typed never becomes an option, a revision expression or a pattern; the
repository's own settings can't make git run anything or ask anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import Carried, Changes, CodeHostError, Commit, Suspicion
from integrations.code_hosts.git_program import Git, GitFailedError
from integrations.code_hosts.reverts import MENTIONS, MENTIONS_NUMBER, Node, carried_by
from integrations.code_hosts.words import (
    NO_MOMENT,
    TRAILER,
    can_be_named,
    is_full,
    may_begin_a_commit,
    plain,
    shown,
)

MOST = 1000

_FORMAT = f"%H%x00%s%x00%an%x00%ae%x00%ct%x00%(trailers:key={TRAILER},valueonly,separator=%x3B%x20)"
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class _Named:
    """What one reading of a name leads to."""

    what: str
    sha: str


class GitCodeHost:
    """Reads local git repositories. A commit's moment is the committer's: when it got to where it stands."""

    def __init__(
        self, *, base: Path | None = None, timeout: timedelta = timedelta(seconds=15), at_once: int = 4
    ) -> None:
        """`base` is what a repository's relative path begins at; at most `at_once` programs run at a time."""
        self._base = (base or Path.cwd()).absolute()
        self._git = Git(timeout=timeout.total_seconds(), at_once=at_once)

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        """The commit that this names; CodeHostError if it names several."""
        folder = self._folder(repository)
        sha = await self._named(folder, ref)
        if sha is None:
            return None
        found = await self._commits(folder, ["--no-walk=unsorted", sha], limit=1)
        return found[0]

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        """What `new` brings; what it takes away if it is an ancestor of `old`."""
        folder = self._folder(repository)
        limit = max(1, min(limit, MOST))
        there = await self._must_name(folder, new)
        if old is None:
            total = int(await self._ask(folder, "rev-list", "--count", there))
            return await self._changes(folder, [there], total, limit)
        here = await self._must_name(folder, old)
        counted = await self._ask(folder, "rev-list", "--count", "--left-right", f"{here}...{there}")
        lost, gained = (int(count) for count in counted.split())
        if lost and not gained:
            back = await self._changes(folder, [here, f"^{there}"], lost, limit)
            return replace(back, backwards=True, lost=lost)
        return replace(await self._changes(folder, [there, f"^{here}"], gained, limit), lost=lost)

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        """What that commit has of the suspected ones: two readings of the history since the good one, however long."""
        folder = self._folder(repository)
        here, good, bad = [await self._full(folder, each) for each in (commit, suspicion.good, suspicion.bad)]
        range_ = (here, bad, f"^{good}")
        told = await self._ask(folder, "rev-list", "--topo-order", "--reverse", "--parents", *range_, "--")
        parents = {sha: tuple(before) for sha, *before in map(str.split, told.splitlines())}
        patterns = ["--basic-regexp", *(f"--grep={each}" for each in MENTIONS)]
        told = await self._ask(
            folder, "log", "-z", "--no-show-signature", "--encoding=UTF-8", *patterns, "--format=%H%n%B", *range_, "--"
        )
        messages = dict(each.lstrip("\n").split("\n", 1) for each in told.split("\0") if each.strip())
        subjects = await self._subjects(folder, range_) if any(map(MENTIONS_NUMBER.search, messages.values())) else {}
        nodes = [Node(sha, before, messages.get(sha, ""), subjects.get(sha, "")) for sha, before in parents.items()]
        found = carried_by(nodes, here, bad, frozenset(suspicion.only))
        shown = await self._named_commits(folder, found.carried[:limit])
        return Carried(found.suspects, shown, len(found.carried), found.mended)

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of these commits that it has."""
        folder = self._folder(repository)
        here = await self._full(folder, commit)
        asked = [each for each in dict.fromkeys(others) if is_full(each)]
        if not asked:
            return frozenset()
        kinds = await self._ask(folder, "cat-file", "--batch-check=%(objectname) %(objecttype)", given="\n".join(asked))
        there = [sha for sha, kind in (line.split()[:2] for line in kinds.splitlines()) if kind == "commit"]
        told = await self._ask(folder, "rev-list", "--stdin", given="\n".join((*there, f"^{here}")))
        return frozenset(there) - frozenset(told.split())

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:  # noqa: ARG002 - the same for all
        """Git knows of no pull requests."""
        return tuple(commits)

    async def _full(self, folder: Path, sha: str) -> str:
        """That commit, which must be there; nothing but a full SHA is meant."""
        found = await self._only_commit(folder, sha) if is_full(sha) else None
        if found is None:
            raise CodeHostError(f"The repository {folder.name} has no commit {shown(sha)} any more.")
        return found

    async def _subjects(self, folder: Path, range_: Sequence[str]) -> dict[str, str]:
        told = await self._ask(
            folder, "log", "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%H %s", *range_, "--"
        )
        return dict(each.split(" ", 1) for each in told.split("\0") if " " in each)

    async def _named_commits(self, folder: Path, shas: Sequence[str]) -> tuple[Commit, ...]:
        return await self._commits(folder, ["--no-walk=unsorted", *shas], len(shas)) if shas else ()

    async def _changes(self, folder: Path, range_: list[str], total: int, limit: int) -> Changes:
        """So many of these commits, and those of all of them whose migration can't be undone."""
        commits = await self._commits(folder, range_, limit) if total else ()
        if total <= len(commits):
            marked = commits
        else:
            pattern = ("--basic-regexp", "--regexp-ignore-case", f"--grep=^{TRAILER}:")
            marked = await self._commits(folder, [*pattern, *range_], MOST)
        return Changes(commits, total, irreversible=tuple(each for each in marked if each.irreversible))

    def _folder(self, repository: str) -> Path:
        folder = self._base / repository
        if not folder.is_dir():
            raise CodeHostError(f"There is no repository at {folder}.")
        return folder.resolve()

    async def _must_name(self, folder: Path, ref: str) -> str:
        sha = await self._named(folder, ref)
        if sha is None:
            raise CodeHostError(f"The repository {folder.name} has nothing called {shown(ref)}.")
        return sha

    async def _named(self, folder: Path, ref: str) -> str | None:
        """The commit's SHA. Every reading of the name is meant; if they lead to different commits, it is refused."""
        ref = ref.strip()
        if not can_be_named(ref):
            await self._ask(folder, "rev-parse", "--git-dir")  # an unreadable repository must not look like a typo
            return None
        digits = ref.lower()
        if is_full(digits):
            return await self._only_commit(folder, digits)
        meanings = await self._refs(folder, ref)
        if may_begin_a_commit(digits):
            meanings += [_Named("a commit", sha) for sha in await self._beginning_with(folder, digits)]
        if len({each.sha for each in meanings}) > 1:
            told = " and ".join(sorted(f"{each.what} ({each.sha[:10]})" for each in meanings)[:4])
            raise CodeHostError(
                f"{shown(ref)} is ambiguous: it is {told}. Please give more of the commit's digits, or all of them."
            )
        return meanings[0].sha if meanings else None

    async def _refs(self, folder: Path, ref: str) -> list[_Named]:
        """The branch and the tag of that name; where there is neither, what was last fetched of such a branch."""
        places = {f"refs/heads/{ref}": "a branch", f"refs/tags/{ref}": "a tag", f"refs/remotes/origin/{ref}": ""}
        told = await self._ask(folder, "for-each-ref", "--format=%(refname)", "--", *places)
        # The program matches folders of names too (`release` would find `release/2.4`); only the very name is meant.
        names = [name for name in told.splitlines() if name in places]
        own = [name for name in names if places[name]] or names
        found = []
        for name in own:
            sha = await self._only_commit(folder, name)
            if sha is not None:
                found.append(_Named(places[name] or "a fetched branch", sha))
        return found

    async def _only_commit(self, folder: Path, name: str) -> str | None:
        """The commit behind a full SHA or a full reference; None if there is none (or it is a file or a tree)."""
        try:
            told = await self._git.run(
                folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
            )
        except GitFailedError as trouble:
            if trouble.is_plain_no:
                return None
            raise CodeHostError(trouble.sentence) from trouble
        return told.strip()

    async def _beginning_with(self, folder: Path, digits: str) -> list[str]:
        told = await self._ask(folder, "rev-parse", f"--disambiguate={digits}")
        objects = told.split()
        if not objects:
            return []
        kinds = await self._ask(
            folder, "cat-file", "--batch-check=%(objectname) %(objecttype)", given="\n".join(objects)
        )
        return [sha for sha, kind in (line.split()[:2] for line in kinds.splitlines()) if kind == "commit"]

    async def _commits(self, folder: Path, range_: list[str], limit: int) -> tuple[Commit, ...]:
        told = await self._ask(
            folder,
            "log",
            *("-z", "--date-order", "--no-show-signature", "--no-color", "--no-mailmap", "--encoding=UTF-8"),
            *(f"--format={_FORMAT}", f"--max-count={limit}", *range_, "--"),
        )
        fields = told.split("\0")
        return tuple(_commit(fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS))

    async def _ask(self, folder: Path, *arguments: str, given: str = "") -> str:
        try:
            return await self._git.run(folder, *arguments, given=given)
        except GitFailedError as trouble:
            raise CodeHostError(trouble.sentence) from trouble


def _commit(fields: Sequence[str]) -> Commit:
    sha, subject, name, email, seconds, irreversible = fields
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        at = NO_MOMENT
    return Commit(
        sha.strip(), plain(subject), plain(name), plain(email), at, irreversible=plain(irreversible).strip("; ")
    )
