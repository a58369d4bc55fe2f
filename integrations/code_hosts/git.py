"""The `git` code host: a repository on this machine, read through the git program.

Only plumbing that reads is used. What somebody typed never becomes an option, a revision expression or a pattern; the
repository's own settings can't make git run anything or ask anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import Changes, CodeHostError, Commit
from integrations.code_hosts.git_program import Git, GitFailedError

SHORTEST = 7
FULL = (40, 64)
LONGEST_NAME = 250
MOST = 1000

_HEX = re.compile(r"[0-9a-f]+")
_NO_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|@\{|//|^[-/.]|[/.]$|\.lock$|^@$")
_FORMAT = "%H%x00%s%x00%an%x00%ae%x00%ct"
_FIELDS = 5
_LONGEST_SUBJECT = 300


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
            return Changes(await self._commits(folder, [there], limit), total)
        here = await self._must_name(folder, old)
        counted = await self._ask(folder, "rev-list", "--count", "--left-right", f"{here}...{there}")
        lost, gained = (int(count) for count in counted.split())
        if lost and not gained:
            return Changes(await self._commits(folder, [here, f"^{there}"], limit), lost, backwards=True, lost=lost)
        commits = await self._commits(folder, [there, f"^{here}"], limit) if gained else ()
        return Changes(commits, gained, lost=lost)

    def _folder(self, repository: str) -> Path:
        folder = self._base / repository
        if not folder.is_dir():
            raise CodeHostError(f"There is no repository at {folder}.")
        return folder.resolve()

    async def _must_name(self, folder: Path, ref: str) -> str:
        sha = await self._named(folder, ref)
        if sha is None:
            raise CodeHostError(f"The repository {folder.name} has nothing called {_shown(ref)}.")
        return sha

    async def _named(self, folder: Path, ref: str) -> str | None:
        """The commit's SHA. Every reading of the name is meant; if they lead to different commits, it is refused."""
        ref = ref.strip()
        if not ref or len(ref) > LONGEST_NAME or _NO_NAME.search(ref):
            await self._ask(folder, "rev-parse", "--git-dir")  # an unreadable repository must not look like a typo
            return None
        digits = ref.lower()
        is_hex = _HEX.fullmatch(digits) is not None
        if is_hex and len(digits) in FULL:
            return await self._only_commit(folder, digits)
        meanings = await self._refs(folder, ref)
        if is_hex and len(digits) >= SHORTEST:
            meanings += [_Named("a commit", sha) for sha in await self._beginning_with(folder, digits)]
        if len({each.sha for each in meanings}) > 1:
            told = " and ".join(sorted(f"{each.what} ({each.sha[:10]})" for each in meanings)[:4])
            raise CodeHostError(
                f"{_shown(ref)} is ambiguous: it is {told}. Please give more of the commit's digits, or all of them."
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
        return tuple(_commit(*fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS))

    async def _ask(self, folder: Path, *arguments: str, given: str = "") -> str:
        try:
            return await self._git.run(folder, *arguments, given=given)
        except GitFailedError as trouble:
            raise CodeHostError(trouble.sentence) from trouble


def _commit(sha: str, subject: str, name: str, email: str, seconds: str) -> Commit:
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        at = datetime.fromtimestamp(0, UTC)  # a commit may claim any date, also one that no calendar has
    return Commit(sha.strip(), _plain(subject), _plain(name), _plain(email), at)


def _plain(text: str) -> str:
    """One line of printable characters, not too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:_LONGEST_SUBJECT]


def _shown(ref: str) -> str:
    return f"“{_plain(ref)[:80]}”"
