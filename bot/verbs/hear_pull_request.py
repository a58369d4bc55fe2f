"""Hear a pull request: it has a commit that it did not have before, which is to be marked without waiting."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Agreed, Records
from bot.rules.policy import Service
from bot.verbs.mark_soon import mark_soon
from bot.verbs.services_at import ServicesAt


@dataclass(frozen=True, slots=True)
class PullRequestMoved:
    """An open pull request has a commit that it didn't have before."""

    repository: str
    """As the code host calls it: where it is to be merged."""
    number: int
    commit: str
    """The newest one, which it asks to merge: a full SHA, lower case."""
    branch: str
    """What it is to be merged into."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What came of it: the services whose code is there, and those of them whose pull requests are looked at now."""

    services: tuple[Service, ...]
    wanted: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class HearPullRequest:
    """Hear one. It is a hint: what is open is asked of the code host, so twice, late or never does no harm."""

    records: Records
    services_at: ServicesAt
    agreed: Agreed

    async def __call__(self, moved: PullRequestMoved) -> Marked:
        """Have them looked at now, if any service wants those against that branch marked."""
        services = self.services_at(moved.repository)
        wanted = tuple(each for each in services if each.pull_requests and each.pull_requests.branch == moved.branch)
        if wanted:
            async with self.records.open() as page:
                await mark_soon(page, self.agreed())
                await page.commit()
        return Marked(services, wanted)
