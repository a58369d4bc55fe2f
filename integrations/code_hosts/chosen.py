"""The code host that a repository is at, by how it is written: a path is read with git, `owner/name` at GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.ports import Carried, Changes, CodeHost, CodeHostError, Commit, Suspicion
from integrations.github.places import at_github, is_an_address

SET_UP = (
    "Set SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_APP_KEY, or SLIPWAY_GITHUB_TOKEN; docs/integrations/github.md says "
    "how."
)


@dataclass(frozen=True, slots=True)
class ChosenCodeHost:
    """Asks the host that a repository is at. `github` None: GitHub isn't set up; `host` is the one with its pages."""

    local: CodeHost
    github: CodeHost | None = None
    host: str = "github.com"

    def at(self, repository: str) -> CodeHost:
        """The host of that repository; CodeHostError if nothing here leads there."""
        if at_github(repository, self.host) is not None:
            if self.github is None:
                raise CodeHostError(f"{repository} is at GitHub, and Slipway has no way to ask there. {SET_UP}")
            return self.github
        if is_an_address(repository):
            raise CodeHostError(
                f"{repository} is neither at {self.host} nor a path on this machine. Write owner/name for a repository "
                "at GitHub, or the path of a local one, in the catalogue."
            )
        return self.local

    async def resolve(self, repository: str, ref: str) -> Commit | None:
        """The commit that this names now."""
        return await self.at(repository).resolve(repository, ref)

    async def between(self, repository: str, old: str | None, new: str, limit: int = 50) -> Changes:
        """What lies between the two."""
        return await self.at(repository).between(repository, old, new, limit)

    async def carries(self, repository: str, commit: str, suspicion: Suspicion, limit: int = 10) -> Carried:
        """What that commit has of the suspected ones."""
        return await self.at(repository).carries(repository, commit, suspicion, limit)

    async def contains(self, repository: str, commit: str, others: Sequence[str]) -> frozenset[str]:
        """Those of these commits that it has."""
        return await self.at(repository).contains(repository, commit, others)

    async def with_pulls(self, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """The same commits, each with its pull request."""
        try:
            host = self.at(repository)
        except CodeHostError:
            return tuple(commits)
        return await host.with_pulls(repository, commits)
