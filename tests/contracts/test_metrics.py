"""What every source of metrics promises, held against the twin and against a real Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol

import aiohttp
import pytest
from aiohttp import web

from bot.ports import Metrics, MetricsError
from bot.rules.watch import MetricsSource
from integrations.prometheus.adapter import Prometheus
from tests.prometheus import Exporter, needs_prometheus, real_prometheus, served
from tests.twins import FakeMetrics

STEP = timedelta(seconds=1)


class Ground(Protocol):
    """A source of metrics, and what is measured there."""

    metrics: Metrics
    source: MetricsSource

    async def gives(self, series: str, value: float) -> None: ...
    async def gives_several(self, name: str) -> None: ...
    def is_away(self) -> None: ...


class TwinGround:
    def __init__(self) -> None:
        self.metrics = FakeMetrics()
        self.source = MetricsSource("http://prometheus.invalid")

    async def gives(self, series, value):
        self.metrics.gives(series, value, datetime.now(UTC))

    async def gives_several(self, name):
        self.metrics.gives_several(name)

    def is_away(self):
        self.metrics.is_down("could not be reached.")


class RealGround:
    def __init__(self, session, exporter, address) -> None:
        self.metrics = Prometheus(session, {})
        self.source = MetricsSource(address)
        self.exporter = exporter

    async def gives(self, series, value):
        self.exporter.gives(series, value)
        await self._until_scraped(series, str(value))

    async def gives_several(self, name):
        for each in "ab":
            self.exporter.gives(f'{name}{{place="{each}"}}', 1)
            await self._until_scraped(f'{name}{{place="{each}"}}', "1.0")

    async def _until_scraped(self, series, value):
        """A scrape takes its time; Prometheus itself says when it is through."""
        while True:
            with contextlib.suppress(MetricsError):
                if str((await self.metrics.now(self.source, series)).value) == str(float(value)):
                    return
            await asyncio.sleep(0.05)

    def is_away(self):
        self.source = replace(self.source, url="http://127.0.0.1:1")


@pytest.fixture(params=["twin", pytest.param("prometheus", marks=needs_prometheus)])
async def ground(request, tmp_path):
    if request.param == "twin":
        yield TwinGround()
        return
    exporter = Exporter()
    async with (
        served(web.get("/metrics", exporter.answer)) as target,
        real_prometheus(tmp_path, target) as address,
        aiohttp.ClientSession() as session,
    ):
        yield RealGround(session, exporter, address)


async def test_a_query_gives_one_number_and_its_moment(ground: Ground):
    await ground.gives("orders", 12.5)
    sample = await ground.metrics.now(ground.source, "orders")
    assert (sample.value, sample.warnings) == (12.5, ())
    assert abs(datetime.now(UTC) - sample.at) < timedelta(minutes=1)


async def test_the_newest_value_counts(ground: Ground):
    await ground.gives("orders", 1)
    await ground.gives("orders", 2)
    assert (await ground.metrics.now(ground.source, "orders")).value == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
async def test_what_is_no_number_is_given_as_such(ground: Ground, value):
    await ground.gives("orders", value)
    assert str((await ground.metrics.now(ground.source, "orders")).value) == str(value)


async def test_where_there_is_no_data_it_is_said(ground: Ground):
    with pytest.raises(MetricsError, match="There is no data for this query") as caught:
        await ground.metrics.now(ground.source, "nothing_of_that_name")
    assert caught.value.empty


async def test_several_numbers_are_none(ground: Ground):
    await ground.gives_several("orders")
    with pytest.raises(MetricsError, match="gives 2 series; it must give one number") as caught:
        await ground.metrics.now(ground.source, "orders")
    assert not caught.value.empty


async def test_what_is_no_query_is_said_in_a_sentence(ground: Ground):
    for asked in (
        ground.metrics.now(ground.source, "sum(orders"),
        ground.metrics.history(ground.source, "sum(orders", datetime.now(UTC) - STEP, datetime.now(UTC), STEP),
    ):
        with pytest.raises(MetricsError, match=r"^Prometheus does not understand the query: .*parse error") as caught:
            await asked
        assert not caught.value.empty


async def test_a_history_has_a_value_for_each_step_since_there_are_some(ground: Ground):
    await ground.gives("orders", 7)
    end = datetime.now(UTC) + STEP
    series = await ground.metrics.history(ground.source, "orders", end - timedelta(hours=1), end, STEP)
    assert series.values
    assert set(series.values) == {7}
    assert len(series.values) < 100  # there were none an hour ago, and those are left out
    moments = [at for at, _ in series.samples]
    assert moments == sorted(moments)
    assert all(later - earlier == STEP for earlier, later in pairwise(moments))


async def test_a_history_of_nothing_is_empty(ground: Ground):
    end = datetime.now(UTC)
    series = await ground.metrics.history(ground.source, "nothing_of_that_name", end - 10 * STEP, end, STEP)
    assert series.values == ()


async def test_a_source_that_is_away_is_said_with_its_address(ground: Ground):
    ground.is_away()
    end = datetime.now(UTC)
    for asked in (
        ground.metrics.now(ground.source, "orders"),
        ground.metrics.history(ground.source, "orders", end - STEP, end, STEP),
    ):
        with pytest.raises(MetricsError, match="could not be reached") as caught:
            await asked
        assert ground.source.url in str(caught.value)
        assert not caught.value.empty
