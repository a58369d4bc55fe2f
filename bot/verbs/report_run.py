"""Report a run: what the code host's own CI says of a commit is a check of every service that lives there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.ports import Agreed, Records
from bot.rules.check import CheckResult
from bot.rules.policy import Service, ServiceName
from bot.rules.sentence import Refused
from bot.verbs.look import EVERY_OPEN_ONE
from bot.verbs.report_check import ReportCheck, Reported, awaited
from bot.verbs.services_at import ServicesAt


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended, and says something of its commit."""

    repository: str
    """As the code host calls it."""
    commit: str
    """The full SHA, lower case."""
    name: str
    passed: bool
    at: datetime
    """When it ended, by the code host's clock: of a run and its repetition, the later end counts."""
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Unawaited:
    """No line of that service waits for a check of that name; they wait for others."""

    service: ServiceName
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReportRun:
    """Report it. Nothing is kept for services that wait for no such check: a repository runs much that nobody ticks."""

    records: Records
    agreed: Agreed
    services_at: ServicesAt
    report: ReportCheck

    async def __call__(self, run: Run) -> tuple[Reported | Unawaited, ...]:
        """What came of it, for each service; none if no service lives there. Saying it twice is saying it once."""
        outcomes: list[Reported | Unawaited] = []
        for service in self.services_at(run.repository):
            result = CheckResult(service.name, run.commit, run.name, run.passed, run.at, run.link)
            others = await self._awaited(service, result)
            outcome = await self.report(result) if run.name in others else Unawaited(service.name, others)
            if not isinstance(outcome, Refused):  # the catalogue has lost that service just now
                outcomes.append(outcome)
        return tuple(outcomes)

    async def _awaited(self, service: Service, result: CheckResult) -> frozenset[str]:
        agreed = self.agreed()
        if service.name not in agreed.services:
            return frozenset()
        async with self.records.read() as reading:
            releases = await reading.releases(service=service.name, open_only=True, limit=EVERY_OPEN_ONE)
        return awaited(agreed, result, releases)
