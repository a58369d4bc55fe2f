"""A short form of `make crash`: kills at random moments and at every marked point, on both databases together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.marks import BETWEEN_REPLICAS, EVERYWHERE
from tests.crash.run import Ended, Wanted, crash

SEED = 20261126

pytestmark = pytest.mark.timeout(300)  # half a minute on an idle machine; whole programs start and end here


def nothing_was_lost_or_doubled(ended: Ended) -> None:
    """Every promise was kept, and there was something to keep."""
    assert ended.broken == []
    assert ended.killed.total >= len(ended.wanted.points)
    assert ended.judgement.figures["deployments confirmed"]


async def test_one_slipway_on_sqlite_loses_nothing_and_doubles_nothing_however_often_it_is_killed(
    sqlite_url: str, tmp_path: Path
):
    points = EVERYWHERE[::2]
    nothing_was_lost_or_doubled(await crash(sqlite_url, tmp_path, Wanted(1, SEED, 3, points, passages=(1,))))


async def test_three_on_postgresql_lose_nothing_and_double_nothing_however_often_they_are_killed(
    postgres_url: str, tmp_path: Path
):
    points = (*EVERYWHERE[1::2], *BETWEEN_REPLICAS)
    nothing_was_lost_or_doubled(await crash(postgres_url, tmp_path, Wanted(3, SEED, 6, points, passages=(1,))))
