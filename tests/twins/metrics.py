"""A twin of Prometheus: what a query gives is what a test says it gives."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from bot.ports import MetricsError, Sample, Series
from bot.rules.watch import MetricsSource

AGES_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class FakeMetrics:
    """Keeps, for each query, the values that it has had, and since when."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[datetime, float]]] = {}
        self._warnings: dict[str, tuple[str, ...]] = {}
        self._several: set[str] = set()
        self._trouble: str | None = None
        self.asked: list[str] = []
        """Every query, in order."""

    def gives(self, query: str, value: float, since: datetime = AGES_AGO) -> None:
        """From that moment on it gives this."""
        self._kept[query] = sorted([*self._kept.get(query, []), (since, value)])

    def gives_several(self, query: str) -> None:
        """From now on it gives more than one number."""
        self._several.add(query)

    def warns(self, query: str, *warnings: str) -> None:
        """From now on it warns of that query."""
        self._warnings[query] = warnings

    def forgets(self, query: str) -> None:
        """Nothing is kept of that query any more."""
        self._kept.pop(query, None)

    def is_down(self, trouble: str) -> None:
        """From now on nothing can be read."""
        self._trouble = trouble

    def is_up(self) -> None:
        """From now on all can be read again."""
        self._trouble = None

    async def now(self, source: MetricsSource, query: str) -> Sample:
        self._must_answer(source, query)
        kept = self._kept.get(query)
        if not kept:
            raise MetricsError("There is no data for this query.", empty=True)
        at, value = kept[-1]
        return Sample(value, at, self._warnings.get(query, ()))

    async def history(
        self, source: MetricsSource, query: str, start: datetime, end: datetime, step: timedelta
    ) -> Series:
        self._must_answer(source, query)
        kept = self._kept.get(query, [])
        samples = []
        for number in range(math.floor((end - start) / step) + 1):
            at = start + number * step
            before = [value for since, value in kept if since <= at]
            samples += [(at, before[-1])] if before else []
        return Series(tuple(samples), self._warnings.get(query, ()))

    def _must_answer(self, source: MetricsSource, query: str) -> None:
        self.asked.append(query)
        if self._trouble is not None:
            raise MetricsError(f"{source.url} {self._trouble}")
        if query.count("(") != query.count(")"):
            raise MetricsError("Prometheus does not understand the query: parse error: unclosed left parenthesis")
        if query in self._several:
            raise MetricsError("The query gives 2 series; it must give one number. Wrap it in sum(…) or max(…).")
