"""Plan a release: a version is planned once, also by many at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from bot.ports import ConflictError
from bot.rules.sentence import Refused
from bot.verbs.plan_release import Planned
from tests.grounds import database_ground
from tests.makers import a_plan
from tests.people import BEN, MAYA
from tests.verbs.workshop import Workshop


async def test_a_version_that_many_plan_at_the_same_moment_is_planned_once(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        ends = await asyncio.gather(
            *(shop.plan_release(a_plan(version="7.0.0"), None, by=shop.by(MAYA)) for _ in range(6)),
            return_exceptions=True,
        )
        assert [type(each) for each in ends].count(Planned) == 1
        # Those who looked too early are asked to try again, and then hear which release it is.
        assert {type(each) for each in ends} <= {Planned, Refused, ConflictError}
        late = await shop.plan_release(a_plan(version="7.0.0"), None, by=shop.by(BEN))
        assert isinstance(late, Refused)
        assert "7.0.0 is planned already: R-" in str(late.why)
        assert len(await shop.look.all_open()) == 1


@pytest.mark.parametrize("again", ["7.0.0", " 7.0.0 "])
async def test_a_version_that_was_cancelled_can_be_planned_again(shop, again):
    first = await shop.planned(shop.a, "7.0.0")
    await shop.cancel_release(first, "Not yet", by=shop.by(MAYA))
    planned = await shop.plan_release(a_plan(version=again), shop.b, by=shop.by(MAYA))
    assert isinstance(planned, Planned)
    assert planned.picture.release.id != first
