"""Marks at GitHub: commit statuses on the newest commit of each open pull request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass

from bot.ports import Mark, PublisherError
from bot.rules.mark import MarkState
from integrations.code_hosts.chosen import SET_UP
from integrations.code_hosts.github_publisher import in_our_words
from integrations.code_hosts.words import shown
from integrations.github.client import PER_PAGE, GitHub, Repository
from integrations.github.places import at_github

MOST = 200
"""So many pull requests are looked at: those that were changed last."""
_STATES = frozenset(MarkState)


@dataclass(frozen=True, slots=True)
class GitHubMarks:
    """Statuses at GitHub. `github` None: it isn't set up; `host` is the one with its pages."""

    github: GitHub | None
    host: str = "github.com"

    async def open_heads(self, repository: str, branch: str) -> tuple[str, ...]:
        """The newest commits of the open pull requests against that branch."""
        with in_our_words():
            pulls = self._open(repository).each(
                "/pulls{?state,base,sort,direction,per_page}",
                state="open",
                base=branch,
                sort="updated",
                direction="desc",
                per_page=PER_PAGE,
            )
            heads: dict[str, None] = {}
            async with aclosing(pulls):
                async for each in pulls:
                    heads[str(each["head"]["sha"])] = None
                    if len(heads) >= MOST:
                        break
            return tuple(heads)

    async def marked(self, repository: str, commit: str) -> Mapping[str, Mark]:
        """Of each context what was written last, whoever wrote it."""
        with in_our_words():
            found: dict[str, Mark] = {}
            statuses = self._open(repository).each("/commits/{ref}/status{?per_page}", "statuses", ref=commit)
            async with aclosing(statuses):
                async for each in statuses:
                    if each["state"] in _STATES:
                        mark = Mark(
                            each["context"],
                            MarkState(each["state"]),
                            each.get("description") or "",
                            each.get("target_url") or "",
                        )
                        found.setdefault(mark.context, mark)
            return found

    async def mark(self, repository: str, commit: str, mark: Mark) -> None:
        """Write it."""
        body = {
            "state": mark.state.value,
            "context": mark.context,
            "description": mark.sentence,
            "target_url": mark.url,
        }
        with in_our_words():
            await self._open(repository).post("/statuses/{sha}", body, sha=commit)

    def _open(self, repository: str) -> Repository:
        if self.github is None:
            raise PublisherError(f"Slipway has no way to GitHub. {SET_UP}")
        name = at_github(repository, self.host)
        if name is None:
            raise PublisherError(f"{shown(repository)} is no repository at {self.host}.")
        return self.github.repository(name)
