"""The records' promise for deployments: one holds an environment, what was ordered stays, and gates get enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.ports import ConflictError, HeldError
from bot.rules.deployment import HOLDING, Attempt, Heard, Kind, Phase, Step, StepState
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.rollback import taken_away
from tests.keeping import LATER, SEARCH, a_version, planned, started
from tests.makers import NOW, PAYMENTS, PRODUCTION, STAGING, a_candidate, a_draft, a_plan, an_order
from tests.people import BEN

if TYPE_CHECKING:
    from bot.ports import Records

DONE = StepState.DONE


async def test_a_deployment_is_followed_to_its_end(records: Records) -> None:
    release = await planned(records)
    order = an_order(release.id, reason="Because", candidate=a_candidate(artifact="sha256:abc"))
    deployment = await started(records, order)
    assert deployment.attempt is Attempt.STARTING
    states = [
        {
            "attempt": Attempt.RUNNING,
            "target_ref": "job 7",
            "link": "https://ci.example.com/7",
            "started_at": NOW,
            "since": NOW,
        },
        {"attempt": Attempt.RUNNING, "detail": "Building", "cancel_asked_by": BEN.id},
        {"attempt": Attempt.RUNNING, "heard": Heard(Phase.RUNNING, NOW)},
        {
            "attempt": Attempt.RUNNING,
            "heard": Heard(
                Phase.SUCCEEDED, LATER, "Done", "https://ci.example.com/7", "c" * 40, "job 7", (Step("Ship", DONE),)
            ),
            "steps": (Step("Build", DONE, "https://ci.example.com/7/1"), Step("Ship", StepState.RUNNING)),
        },
        {"attempt": Attempt.VERIFYING, "since": NOW + timedelta(minutes=5), "steps": ()},
        {"attempt": Attempt.SUCCEEDED, "since": LATER, "served": "2.4.0", "ended_at": LATER},
    ]
    for state in states:
        async with records.open() as page:
            deployment = await page.keep_deployment(replace(deployment, **state))
            await page.commit()
        async with records.read() as reading:
            assert await reading.deployment(deployment.id) == deployment
    assert (deployment.revision, deployment.since) == (6, LATER)


async def test_a_rollback_names_what_it_replaces(records: Records) -> None:
    release = await planned(records)
    bad = await started(records, an_order(release.id), Attempt.SUCCEEDED)
    back = await started(records, an_order(release.id, kind=Kind.ROLLBACK, replaces=bad.id))
    async with records.read() as reading:
        assert await reading.deployment(back.id) == back


@pytest.mark.parametrize("attempt", sorted(Attempt))
async def test_an_environment_is_held_exactly_as_long_as_the_lifecycle_says(records: Records, attempt: Attempt) -> None:
    release = await planned(records)
    await started(records, an_order(release.id), attempt)
    if attempt not in HOLDING:
        assert (await started(records, an_order(release.id))).holds
        return
    async with records.open() as page:
        with pytest.raises(HeldError, match="production of payments is held"):
            await page.add_deployment(an_order(release.id))
        # Being refused ends neither the page nor what it did besides.
        await page.add_deployment(an_order(release.id, STAGING))
        await page.commit()
    async with records.read() as reading:
        holding = await reading.deployments(holding_only=True)
    assert {each.order.environment for each in holding} == {PRODUCTION, STAGING}


async def test_what_was_ordered_is_never_changed(records: Records) -> None:
    release = await planned(records)
    deployment = await started(records, an_order(release.id))
    async with records.open() as page:
        with pytest.raises(ValueError, match="can't be changed"):
            await page.keep_deployment(replace(deployment, order=an_order(release.id, version="9")))
        with pytest.raises(ConflictError, match="D-1"):
            await page.keep_deployment(replace(deployment, attempt=Attempt.RUNNING, revision=5))


async def test_deployments_are_found_by_what_a_screen_asks_for(records: Records) -> None:
    one, two = await planned(records), await planned(records, a_draft(plan=a_plan(service=SEARCH)))
    old = await started(records, an_order(one.id), Attempt.SUCCEEDED, ended_at=NOW - timedelta(days=8))
    failed = await started(records, an_order(one.id, STAGING), Attempt.FAILED, ended_at=NOW)
    other = await started(records, an_order(two.id, service=SEARCH))
    async with records.read() as reading:
        assert await reading.deployments() == [other, failed, old]
        assert await reading.deployments(limit=1) == [other]
        assert await reading.deployments(service=PAYMENTS) == [failed, old]
        assert await reading.deployments(service=PAYMENTS, environment=PRODUCTION) == [old]
        assert await reading.deployments(release=two.id) == [other]
        assert await reading.deployments(holding_only=True) == [other]
        assert await reading.deployments(since=NOW - timedelta(days=7)) == [other, failed]
        assert await reading.deployments(since=NOW) == [other, failed]


async def test_a_gate_gets_all_of_its_release_and_enough_of_the_service(records: Records) -> None:
    old, new = await planned(records), await planned(records, a_version("2.5.0"))
    async with records.open() as page:
        first = await page.add_deployment(an_order(old.id))
        await page.keep_deployment(replace(first, attempt=Attempt.SUCCEEDED))
        for _ in range(21):
            good = await page.add_deployment(an_order(new.id))
            await page.keep_deployment(replace(good, attempt=Attempt.SUCCEEDED))
        bad = await page.add_deployment(an_order(new.id))
        await page.keep_deployment(replace(bad, attempt=Attempt.FAILED))
        await page.add_deployment(an_order(new.id))
        await page.add_deployment(an_order(new.id, STAGING))
        await page.add_deployment(an_order(new.id, service=SEARCH))
        await page.commit()
    async with records.read() as reading:
        of_service = [each.id for each in await reading.history_for(PAYMENTS)]
        with_old = [each.id for each in await reading.history_for(PAYMENTS, old.id)]
        with_new = [each.id for each in await reading.history_for(PAYMENTS, new.id)]
        with_both = [each.id for each in await reading.history_for(PAYMENTS, old.id, new.id)]
        nothing = await reading.history_for(ServiceName("billing"))
    # 1 is the old release's; 2 to 22 succeeded, 23 failed, 24 and 25 hold, 26 is another service's.
    assert of_service == [25, 24, *range(22, 2, -1)]
    assert with_old == [25, 24, *range(22, 2, -1), 1]
    assert with_new == [26, 25, 24, 23, *range(22, 1, -1)]
    assert with_both == list(range(26, 0, -1))
    assert nothing == ()


async def test_what_was_rolled_back_stays_so_however_much_went_well_since(records: Records) -> None:
    """In a busy staging the rollback is soon no longer among the newest successes."""
    old, new = await planned(records), await planned(records, a_version("2.5.0"))
    async with records.open() as page:
        bad = await page.add_deployment(an_order(old.id))
        await page.keep_deployment(replace(bad, attempt=Attempt.SUCCEEDED))
        back = await page.add_deployment(an_order(new.id, kind=Kind.ROLLBACK, replaces=bad.id))
        await page.keep_deployment(replace(back, attempt=Attempt.SUCCEEDED))
        for _ in range(21):
            good = await page.add_deployment(an_order(new.id))
            await page.keep_deployment(replace(good, attempt=Attempt.SUCCEEDED))
        await page.commit()
    async with records.read() as reading:
        seen = await reading.history_for(PAYMENTS, old.id)
    assert {bad.id, back.id} <= {each.id for each in seen}
    assert taken_away(bad, seen)


async def test_deployments_are_read_page_by_page_by_their_numbers(records: Records) -> None:
    release = await planned(records)
    places = [EnvironmentName(name) for name in ("one", "two", "three")]
    first, second, third = [await started(records, an_order(release.id, place)) for place in places]
    async with records.read() as reading:
        assert await reading.deployments(limit=2) == [third, second]
        assert await reading.deployments(before=second.id, limit=2) == [first]
        assert await reading.deployments(environment=places[0], before=third.id) == [first]
