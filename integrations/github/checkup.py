"""What of GitHub can be tried without anybody noticing: for `slipway doctor`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from bot.doctor import AilingError, HostAccount, Saying
from integrations.github.client import GitHub, Repository
from integrations.github.errors import GitHubError, GitHubRefusedError, permission
from integrations.github.places import at_github

NEEDS: Mapping[str, str] = MappingProxyType({"contents": "read", "pull_requests": "read"})
"""The permissions without which commits, or the pull requests behind them, can't be read. Each is tried below."""
SAYS: Mapping[Saying, tuple[str, str]] = MappingProxyType(
    {
        Saying.VERSIONS: ("contents", "write"),
        Saying.MARKS: ("statuses", "write"),
        Saying.ANSWERS: ("deployments", "write"),
    }
)
"""The permission that each saying takes besides."""
_LEVELS = ("read", "write", "admin")
_TRIED = MappingProxyType({"contents": "/commits{?per_page}", "pull_requests": "/pulls{?per_page}"})
"""What is read where GitHub doesn't tell what was granted: to be let in is proof."""


class GitHubDoctor:
    """Asks GitHub who we are, and looks at repositories."""

    def __init__(self, github: GitHub, host: str) -> None:
        """`host` is the one with GitHub's pages."""
        self._github = github
        self._host = host

    async def account(self) -> HostAccount:
        """Who we are there."""
        with _in_a_sentence():
            me = await self._github.identity()
        return HostAccount(me.name, is_app=me.is_app, ends=me.expires)

    def has(self, repository: str) -> bool:
        """Whether that repository is at this GitHub."""
        return at_github(repository, self._host) is not None

    async def lacks(self, repository: str, says: Collection[Saying] = ()) -> tuple[str, ...]:
        """The permissions that we lack there, by their names on GitHub's pages."""
        needs = dict(NEEDS) | dict(SAYS[each] for each in Saying if each in says)
        with _in_a_sentence():
            repo = self._github.repository(at_github(repository, self._host) or repository)
            await repo.get("")
            granted = await repo.permissions()
            if granted is None:
                lacking = [name for name in NEEDS if not await _let_in(repo, name)]
            else:
                lacking = [name for name, level in needs.items() if not _covers(granted.get(name), level)]
                return tuple(f"“{permission(each, needs[each])}”" for each in lacking)
        return tuple(f"“{permission(each, NEEDS[each])}”" for each in lacking)


async def _let_in(repo: Repository, name: str) -> bool:
    try:
        await repo.get(_TRIED[name], per_page=1)
    except GitHubRefusedError as error:
        if error.status == 409:  # the repository is empty
            return True
        if error.needs or error.status == 404:
            return False
        raise
    return True


def _covers(granted: str | None, level: str) -> bool:
    return granted in _LEVELS and _LEVELS.index(granted) >= _LEVELS.index(level)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except GitHubError as error:
        raise AilingError(str(error)) from error
