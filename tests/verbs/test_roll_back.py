"""Roll back: to what was good before, and everybody can see afterwards what was taken back."""

from __future__ import annotations

import json

import pytest

from bot.rules.deployment import Attempt
from bot.rules.sentence import Refused
from bot.rules.stage import Stage
from bot.verbs.roll_back import RollingBack
from tests.makers import PAYMENTS, PRODUCTION
from tests.people import INES, MAYA, OMAR
from tests.twins import Script
from tests.verbs.workshop import Workshop


async def with_a_bad_third_version(shop: Workshop, end: Attempt) -> None:
    """1.0.0 and 2.0.0 were good; 3.0.0 came to that end."""
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    release = await shop.approved(shop.c, "3.0.0")
    if end is Attempt.UNKNOWN:
        await shop.with_an_unknown_outcome(release)
        return
    shop.target.script = Script(code=3)
    assert (await shop.followed(await shop.started(release))).attempt is end
    shop.target.script = Script()


async def rolls_back(shop: Workshop, wanted: str | None = None):
    return await shop.roll_back(PAYMENTS, PRODUCTION, wanted, None, "It burns", by=shop.by(INES))


async def test_the_ordinary_road_leads_to_the_version_before(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    assert (await shop.picture(release)).stage is Stage.DEPLOYED
    deployment = await shop.rolled_back()
    assert deployment.order.candidate.commit == shop.a
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


@pytest.mark.parametrize("end", [Attempt.UNKNOWN, Attempt.FAILED])
@pytest.mark.parametrize("wanted", [None, "2.0.0"])
async def test_after_a_bad_end_the_way_back_leads_to_what_stood_there_before_it(shop, end, wanted):
    await with_a_bad_third_version(shop, end)
    assert (await shop.rolled_back(wanted)).order.version == "2.0.0"


async def test_after_a_failure_the_version_before_the_last_good_one_can_be_named(shop):
    await with_a_bad_third_version(shop, Attempt.FAILED)
    assert (await shop.rolled_back("1.0.0")).order.version == "1.0.0"


async def test_with_one_good_version_an_unknown_second_one_can_be_rolled_back(shop):
    await shop.shipped(shop.a, "1.0.0")
    unknown = await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.0.0"))
    assert (await shop.rolled_back()).order.version == "1.0.0"
    assert not (await shop.deployment(unknown.id)).holds


async def test_what_was_never_begun_leaves_the_way_back_as_it_was(shop):
    """The target refused 3.0.0 at once, so 2.0.0 is what stands there, and what is rolled back."""
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    shop.target.refuses = "The disk is full."
    await shop.followed(await shop.started(await shop.approved(shop.c, "3.0.0")))
    shop.target.refuses = ""
    assert (await shop.rolled_back()).order.version == "1.0.0"


async def test_a_bad_build_of_the_same_commit_can_be_rolled_back(shop):
    release = await shop.planned(shop.a, "1.0.0")
    good, bad = ("sha256:" + digit * 64 for digit in "ab")
    for artifact in (good, bad):
        await shop.set_candidate(release, shop.a, artifact, by=shop.by(MAYA))
        await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
        await shop.deployed(release)
    assert (await shop.rolled_back()).order.candidate.artifact == good


async def test_a_rolled_back_release_stays_rolled_back_when_the_next_one_ships(shop):
    await shop.shipped(shop.a, "1.0.0")
    bad = await shop.shipped(shop.b, "2.0.0")
    await shop.rolled_back()
    await shop.shipped(shop.reverts(shop.b), "3.0.0")
    assert (await shop.picture(bad)).stage is Stage.ROLLED_BACK


async def test_a_release_that_went_back_to_its_own_earlier_candidate_is_rolled_back(shop):
    release = await shop.shipped(shop.a, "1.0.0")
    await shop.set_candidate(release, shop.b, by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.deployed(release)
    assert (await shop.rolled_back()).order.candidate.commit == shop.a
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


async def test_a_launched_release_that_was_rolled_back_is_not_called_released(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    await shop.launch(release, by=shop.by(MAYA))
    assert (await shop.picture(release)).stage is Stage.RELEASED
    await shop.rolled_back()
    assert (await shop.picture(release)).stage is Stage.ROLLED_BACK


async def test_while_something_is_on_its_way_nothing_is_rolled_back(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    shop.target.script = Script(waits=True)
    deployment = await shop.started(await shop.approved(shop.c, "3.0.0"))
    refused = await rolls_back(shop)
    assert isinstance(refused, Refused)
    assert f"/deploy cancel {deployment.name}" in str(refused.why)
    shop.target.lets_go()
    await shop.followed(deployment)
    assert isinstance(await rolls_back(shop), RollingBack)


async def test_the_evidence_of_what_was_rolled_back_tells_how_that_ended(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    back = await shop.rolled_back()
    told = json.loads((await shop.evidence(release)).text)
    verbs = [each["happened"]["verb"] for each in told["entries"] if each["happened"]["subject"] == back.name]
    assert verbs[0] == "roll back"
    assert verbs[-1] == "deployment succeeded"
    assert back.id in [each["id"] for each in told["deployments"]]
