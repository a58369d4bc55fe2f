"""History: what lies between two commits at GitHub: all of it, or an error that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

from bot.ports import CodeHostError
from integrations.code_hosts.github_reading import Shown
from integrations.code_hosts.words import shown
from integrations.github.client import PER_PAGE, Repository
from integrations.github.errors import GitHubError, GitHubNotInstalledError, GitHubRefusedError

MOST = 5000
"""More commits than any release should bring. Each hundred of them is a question of its own."""

_NOTHING = frozenset({404, 409, 410, 422})
"""How GitHub says that there is no such thing; 409: the repository is empty."""
_STRANGERS = "No common ancestor"


@dataclass(frozen=True, slots=True)
class Since:
    """What one commit has and another doesn't, oldest first; how many the other has that it doesn't have itself."""

    commits: tuple[Shown, ...]
    lost: int = 0
    url: str | None = None


@contextmanager
def in_our_words() -> Iterator[None]:
    """GitHub's errors as those of a code host."""
    try:
        yield
    except GitHubError as error:
        raise CodeHostError(str(error)) from error


async def maybe(repo: Repository, path: str, **values: str | int) -> Any:
    """What is there, or None."""
    try:
        return await repo.get(path, **values)
    except GitHubNotInstalledError:
        raise
    except GitHubRefusedError as error:
        if error.status in _NOTHING:
            return None
        raise


async def must_be_there(repo: Repository) -> None:
    """CodeHostError if the repository itself can't be seen: then what wasn't found in it means nothing."""
    if await maybe(repo, "") is None:
        raise CodeHostError(
            f"There is no repository at GitHub called {repo.name}, or Slipway may not see it. Correct “repository” in "
            "the catalogue, or give Slipway's App or token access to it."
        )


def no_such(repo: Repository, sha: str) -> CodeHostError:
    """It was there once."""
    return CodeHostError(f"The repository {repo.name} has no commit {shown(sha)} any more.")


def nothing_called(repo: Repository, ref: str) -> CodeHostError:
    """It never was there, as far as anybody knows."""
    return CodeHostError(f"The repository {repo.name} has nothing called {shown(ref)}.")


async def relation(repo: Repository, base: str, head: str) -> str:
    """How `head` stands to `base`: ahead, behind, identical, diverged; `strangers`; empty if one isn't there."""
    try:
        told = await _compared(repo, base, head, page=1, per_page=1)
    except _StrangersError:
        return "strangers"
    return str(told["status"]) if told is not None else ""


async def since(repo: Repository, base: str, head: str) -> Since | None:
    """What `head` has and `base` doesn't; None if one of them isn't there."""
    try:
        told = await _compared(repo, base, head)
    except _StrangersError:
        everything = await _all_of(repo, head)
        return Since(everything, await how_many(repo, base))
    if told is None:
        return None
    total = int(told["total_commits"])
    _not_too_many(total)
    commits = list(told["commits"])
    for page in range(2, -(-total // PER_PAGE) + 1):
        more = await _compared(repo, base, head, page=page)
        commits += more["commits"] if more is not None else []
    if len({each["sha"] for each in commits}) != total:
        raise CodeHostError(f"GitHub counts {total} commits between the two, and doesn't show all of them.")
    return Since(tuple(commits), int(told["behind_by"]), told.get("html_url"))


async def newest(repo: Repository, head: str, limit: int) -> tuple[Shown, ...] | None:
    """The newest commits that `head` has, newest first; None if it isn't there."""
    found: list[Shown] = []
    pages = repo.each("/commits{?sha,per_page}", sha=head, per_page=min(limit, PER_PAGE))
    try:
        async with aclosing(pages):
            async for each in pages:
                found.append(each)
                if len(found) >= limit:
                    break
    except GitHubNotInstalledError:
        raise
    except GitHubRefusedError as error:
        if error.status in _NOTHING:
            return None
        raise
    return tuple(found)


async def how_many(repo: Repository, head: str) -> int:
    """How many commits it has."""
    number = await repo.count("/commits{?sha,per_page}", sha=head)
    if number is None:
        raise CodeHostError(f"GitHub doesn't tell how many commits {repo.name} has.")
    return number


async def _all_of(repo: Repository, head: str) -> tuple[Shown, ...]:
    _not_too_many(await how_many(repo, head))
    return tuple(reversed(await newest(repo, head, MOST) or ()))


def _not_too_many(total: int) -> None:
    if total > MOST:
        raise CodeHostError(f"{total} commits lie between the two; more than {MOST} can't be read.")


class _StrangersError(Exception):
    """The two have no history in common."""


async def _compared(repo: Repository, base: str, head: str, *, page: int = 1, per_page: int = PER_PAGE) -> Shown | None:
    """One page of their comparison; None if one of them isn't there."""
    path = "/compare/{basehead}{?page,per_page}"
    try:
        told: Shown = await repo.get(path, basehead=f"{base}...{head}", page=page, per_page=per_page)
    except GitHubNotInstalledError:
        raise
    except GitHubRefusedError as error:
        if error.status not in _NOTHING:
            raise
        if error.reason.startswith(_STRANGERS):
            raise _StrangersError from None
        return None
    return told
