"""The records' promise, held by the twin and by both databases: what is kept is read again, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from bot.notices import CardChanged, DirectLine, ThreadLine
from bot.ports import Ask, ConflictError, HeldError, Work
from bot.rules.approval import Word
from bot.rules.audit import GENESIS, first_break
from bot.rules.candidate import Seal
from bot.rules.deployment import HOLDING, Attempt, DeploymentId, Kind
from bot.rules.freeze import FreezeId
from bot.rules.policy import ServiceName
from bot.rules.release import Ending, ReleaseId
from bot.rules.sentence import At, say
from tests.makers import (
    HOTFIX,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_draft,
    a_happening,
    a_plan,
    a_verdict,
    a_window,
    an_order,
)
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.deployment import Deployment, Order
    from bot.rules.freeze import Freeze, Window
    from bot.rules.release import Draft, Release
    from tests.grounds import Ground

SEARCH = ServiceName("search")
LATER = NOW + timedelta(hours=3)


async def planned(records: Records, draft: Draft | None = None) -> Release:
    async with records.open() as page:
        release = await page.add_release(draft or a_draft(candidate=a_candidate()))
        await page.commit()
    return release


async def kept(records: Records, release: Release) -> Release:
    async with records.open() as page:
        release = await page.keep(release)
        await page.commit()
    return release


async def started(records: Records, order: Order, attempt: Attempt = Attempt.STARTING, **fields: object) -> Deployment:
    async with records.open() as page:
        deployment = await page.add_deployment(order)
        if attempt is not Attempt.STARTING or fields:
            deployment = await page.keep_deployment(replace(deployment, attempt=attempt, **fields))
        await page.commit()
    return deployment


async def declared(records: Records, window: Window) -> Freeze:
    async with records.open() as page:
        freeze = await page.add_freeze(window, MAYA.id, NOW)
        await page.commit()
    return freeze


def a_version(version: str, **fields: Any) -> Draft:
    """Payments in that version."""
    return a_draft(plan=a_plan(version=version), **fields)


async def as_read(records: Records, number: ReleaseId) -> Release | None:
    async with records.read() as reading:
        return await reading.release(number)


# ---------------------------------------------------------------- releases


async def test_a_release_is_read_as_it_was_planned(records: Records) -> None:
    first = await planned(records)
    plan = a_plan(
        version="2.5.0", title="Größer, „schöner“ 🚀\n<@U0BEN>", target=date(2026, 12, 1), depends_on=(first.id,)
    )
    second = await planned(records, a_draft(plan=plan))
    assert (first.id, second.id) == (1, 2)
    assert first.candidate == a_candidate()
    assert second.candidate is None
    assert await as_read(records, first.id) == first
    assert await as_read(records, second.id) == second
    assert second.plan == plan


async def test_a_number_that_was_never_given_names_nothing(records: Records) -> None:
    async with records.read() as reading:
        assert await reading.release(ReleaseId(99)) is None
        assert await reading.deployment(DeploymentId(99)) is None
        assert await reading.freeze(FreezeId(99)) is None


async def test_everything_that_happens_to_a_release_is_kept(records: Records) -> None:
    release = await planned(records, a_draft())
    release = await kept(records, release.with_candidate(a_candidate()))
    release = await kept(records, release.with_item(release.checklist[0].ticked(MAYA.id, NOW)))
    release = await kept(records, release.with_verdict(a_verdict(OMAR.id, QA)))
    release = await kept(
        records, release.with_verdict(a_verdict(RUTH.id, CHANGE_MANAGER, Word.NO, reason="Too close to the sale"))
    )
    release = await kept(records, release.without(release.verdicts[1], LATER))
    release = await kept(
        records,
        replace(release, plan=replace(release.plan, title="Refunds", target=date(2026, 12, 24), change_type=HOTFIX)),
    )
    release = await kept(
        records,
        release.with_candidate(a_candidate("second", artifact="sha256:abc", authors=(), author_ids=frozenset())),
    )
    release = await kept(records, release.with_item(release.checklist[0].reopened()))
    release = await kept(records, replace(release, launched=Ending(MAYA.id, LATER, "Go")))
    assert release.revision == 9
    assert await as_read(records, release.id) == release
    assert [verdict.stands for verdict in release.verdicts] == [True, False]
    assert release.candidate is not None
    assert release.candidate.artifact == "sha256:abc"


async def test_a_release_can_be_cancelled_with_a_reason(records: Records) -> None:
    release = await planned(records)
    release = await kept(records, replace(release, cancelled=Ending(BEN.id, LATER, "Not needed any more")))
    assert await as_read(records, release.id) == release


async def test_a_checklist_can_become_another_one(records: Records) -> None:
    release = await planned(records)
    notes, regression, dashboards = release.checklist
    ticked = regression.ticked(OMAR.id, NOW)
    other = replace(dashboards, key="runbook", text="The runbook is up to date", required=True)
    release = await kept(records, replace(release, checklist=(other, ticked, replace(notes, text="Notes"))))
    assert await as_read(records, release.id) == release
    release = await kept(records, replace(release, checklist=()))
    assert await as_read(records, release.id) == release


async def test_keeping_what_did_not_change_changes_nothing(records: Records) -> None:
    release = await planned(records)
    assert await kept(records, release) == release
    assert await as_read(records, release.id) == release


async def test_whoever_looked_before_somebody_else_changed_it_hears_of_a_conflict(records: Records) -> None:
    seen = await planned(records)
    changed = await kept(records, seen.with_item(seen.checklist[0].ticked(MAYA.id, NOW)))
    async with records.open() as page:
        with pytest.raises(ConflictError, match="R-1 was changed by somebody else"):
            await page.keep(seen.with_verdict(a_verdict(OMAR.id, QA)))
        # The page can go on: the refusal has changed nothing.
        assert await page.release(seen.id) == changed
        await page.keep(changed.with_verdict(a_verdict(OMAR.id, QA)))
        await page.commit()
    after = await as_read(records, seen.id)
    assert after is not None
    assert len(after.verdicts) == 1
    assert after.checklist[0].done


async def test_keeping_something_unchanged_but_outdated_is_a_conflict_too(records: Records) -> None:
    seen = await planned(records)
    await kept(records, seen.with_item(seen.checklist[0].ticked(MAYA.id, NOW)))
    async with records.open() as page:
        with pytest.raises(ConflictError):
            await page.keep(seen)


async def test_one_page_may_keep_the_same_release_several_times(records: Records) -> None:
    async with records.open() as page:
        release = await page.add_release(a_draft())
        release = await page.keep(release.with_candidate(a_candidate()))
        release = await page.keep(release.with_verdict(a_verdict(OMAR.id, QA)))
        assert await page.release(release.id) == release
        await page.commit()
    assert release.revision == 2
    assert await as_read(records, release.id) == release


async def test_what_was_said_can_be_withdrawn_but_not_unsaid(records: Records) -> None:
    release = await planned(records)
    release = await kept(records, release.with_verdict(a_verdict(OMAR.id, QA)))
    lies = [
        replace(release, verdicts=()),
        replace(release, verdicts=(replace(release.verdicts[0], word=Word.NO),)),
        replace(release, verdicts=(a_verdict(RUTH.id, CHANGE_MANAGER), *release.verdicts)),
        replace(release, candidate=None),
        replace(release, requested_by=BEN.id),
    ]
    for lie in lies:
        with pytest.raises(ValueError, match=r"can't|neither"):
            await kept(records, lie)
    assert await as_read(records, release.id) == release


async def test_releases_are_found_by_what_a_screen_asks_for(records: Records) -> None:
    one = await planned(records)
    two = await planned(records, a_draft(plan=a_plan(service=SEARCH), requested_by=BEN.id))
    three = await planned(records, a_version("2.5.0", requested_by=BEN.id))
    four = await kept(records, replace(await planned(records, a_version("2.6.0")), cancelled=Ending(MAYA.id, NOW)))
    async with records.read() as reading:
        assert await reading.releases() == [four, three, two, one]
        assert await reading.releases(limit=2) == [four, three]
        assert await reading.releases(service=PAYMENTS) == [four, three, one]
        assert await reading.releases(service=PAYMENTS, open_only=True) == [three, one]
        assert await reading.releases(requested_by=BEN.id) == [three, two]
        assert await reading.releases(ids=[one.id, three.id, ReleaseId(99)]) == [three, one]
        assert await reading.releases(ids=[]) == []


async def test_a_version_is_planned_once_at_a_time(records: Records) -> None:
    first = await planned(records)
    async with records.open() as page:
        with pytest.raises(ConflictError, match=r"payments 2\.4\.0 was planned by somebody else"):
            await page.add_release(a_draft(requested_by=BEN.id))
        # The page can go on: the refusal has changed nothing, and bars neither another version nor another service.
        other = await page.add_release(a_version("2.4.1"))
        elsewhere = await page.add_release(a_draft(plan=a_plan(service=SEARCH)))
        await page.commit()
    async with records.read() as reading:
        assert await reading.releases() == [elsewhere, other, first]


@pytest.mark.parametrize("ending", ["launched", "cancelled"])
async def test_a_version_can_be_planned_anew_once_it_has_ended(records: Records, ending: str) -> None:
    first = await planned(records)
    ended = await kept(records, replace(first, **{ending: Ending(MAYA.id, LATER)}))
    again = await planned(records)
    assert again.id != ended.id
    async with records.read() as reading:
        assert await reading.releases() == [again, ended]
    with pytest.raises(ConflictError):
        await planned(records)


async def test_no_other_release_can_take_the_version_of_an_open_one_by_an_edit(records: Records) -> None:
    await planned(records)
    other = await planned(records, a_version("2.5.0"))
    with pytest.raises(ConflictError):
        await kept(records, replace(other, plan=replace(other.plan, version="2.4.0")))
    assert await as_read(records, other.id) == other


# ---------------------------------------------------------------- transactions


async def test_without_a_commit_nothing_was(ground: Ground) -> None:
    async with ground.records.open() as page:
        release = await page.add_release(a_draft())
        await page.put_on_record(a_happening(release=release.id))
        await page.tell(CardChanged(release.id))
        await page.start(Work.FOLLOW_DEPLOYMENT, 1)
        await page.nudge(Work.WATCH_FREEZE, 1, "changed")
        await page.first_time("a press")
    async with ground.records.read() as reading:
        assert await reading.releases() == []
        assert await reading.record() == []
    assert await ground.told() == []
    assert await ground.started() == []
    assert ground.wakes == 0
    async with ground.records.open() as page:
        assert await page.first_time("a press")


async def test_an_error_inside_a_page_leaves_nothing(records: Records) -> None:
    async def fails_halfway() -> None:
        async with records.open() as page:
            await page.add_release(a_draft())
            raise LookupError

    with pytest.raises(LookupError):
        await fails_halfway()
    async with records.read() as reading:
        assert await reading.releases() == []


async def test_a_page_is_over_once_it_is_committed(records: Records) -> None:
    async with records.open() as page:
        await page.commit()
        with pytest.raises(RuntimeError, match="committed"):
            await page.releases()
        with pytest.raises(RuntimeError, match="committed"):
            await page.commit()
    async with records.read() as reading:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await reading.releases()


async def test_a_reading_sees_one_moment(records: Records) -> None:
    release = await planned(records)
    async with records.read() as reading:
        before = await reading.releases()
    await kept(records, release.with_verdict(a_verdict(OMAR.id, QA)))
    async with records.read() as reading:
        after = await reading.releases()
    assert before == [release]
    assert [len(each.verdicts) for each in after] == [1]


# ---------------------------------------------------------------- deployments


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
        {"attempt": Attempt.VERIFYING, "since": NOW + timedelta(minutes=5)},
        {"attempt": Attempt.SUCCEEDED, "since": LATER, "served": "2.4.0", "ended_at": LATER},
    ]
    for state in states:
        async with records.open() as page:
            deployment = await page.keep_deployment(replace(deployment, **state))
            await page.commit()
        async with records.read() as reading:
            assert await reading.deployment(deployment.id) == deployment
    assert (deployment.revision, deployment.since) == (4, LATER)


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


# ---------------------------------------------------------------- freezes, asks, intents


async def test_freezes_come_in_the_order_in_which_they_start(records: Records) -> None:
    late = await declared(records, a_window(starts_at=LATER, ends_at=LATER + timedelta(days=9)))
    everything = await declared(
        records, a_window(environments=frozenset(), services=frozenset({PAYMENTS, SEARCH}), hard=False)
    )
    short = await declared(
        records,
        a_window(
            starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1), change_types=frozenset({HOTFIX})
        ),
    )
    async with records.open() as page:
        ended = await page.keep_freeze(replace(everything, ended_at=NOW + timedelta(hours=2), ended_by=RUTH.id))
        await page.commit()
    assert ended.revision == 1
    async with records.read() as reading:
        assert await reading.freezes() == [short, ended, late]
        assert await reading.freezes(limit=2) == [short, ended]
        assert await reading.freeze(ended.id) == ended
        # Over on its last instant, be that its end or the moment at which somebody ended it.
        assert await reading.freezes(not_over_at=NOW + timedelta(hours=1)) == [ended, late]
        assert await reading.freezes(not_over_at=NOW + timedelta(hours=2)) == [late]


async def test_a_freeze_can_be_extended_by_one_at_a_time(records: Records) -> None:
    freeze = await declared(records, a_window())
    longer = replace(freeze, window=replace(freeze.window, ends_at=LATER + timedelta(days=5)))
    async with records.open() as page:
        longer = await page.keep_freeze(longer)
        await page.commit()
    async with records.open() as page:
        assert await page.freeze(freeze.id) == longer
        with pytest.raises(ConflictError, match="F-1"):
            await page.keep_freeze(replace(freeze, ended_at=NOW, ended_by=MAYA.id))


async def test_the_newest_wish_to_deploy_exactly_this_counts(records: Records) -> None:
    release = await planned(records)
    here = Seal("what was on the screen")
    async with records.open() as page:
        await page.keep_ask(Ask(release.id, PRODUCTION, here, BEN.id, NOW))
        await page.keep_ask(Ask(release.id, PRODUCTION, here, MAYA.id, LATER))
        await page.keep_ask(Ask(release.id, STAGING, here, OMAR.id, LATER))
        await page.commit()
    async with records.read() as reading:
        assert await reading.ask(release.id, PRODUCTION, here) == Ask(release.id, PRODUCTION, here, MAYA.id, LATER)
        assert await reading.ask(release.id, PRODUCTION, Seal("something else")) is None
        of_another = await reading.ask(release.id, PRODUCTION, here, not_by=MAYA.id)
        assert of_another == Ask(release.id, PRODUCTION, here, BEN.id, NOW)
        assert await reading.ask(release.id, STAGING, here, not_by=OMAR.id) is None


async def test_an_intent_is_new_once_and_an_empty_one_always(records: Records) -> None:
    async with records.open() as page:
        assert await page.first_time("press 1")
        assert not await page.first_time("press 1")
        assert await page.first_time("")
        assert await page.first_time("")
        await page.commit()
    async with records.open() as page:
        assert not await page.first_time("press 1")
        assert await page.first_time("press 2")


# ---------------------------------------------------------------- what comes of it


async def test_what_is_told_waits_in_its_order_once_it_is_true(ground: Ground) -> None:
    told = [
        CardChanged(ReleaseId(1)),
        ThreadLine(ReleaseId(1), say("{who} approved", who=At(OMAR.id)), loud=True),
        DirectLine(MAYA.id, say("Done")),
    ]
    async with ground.records.open() as page:
        for notice in told:
            await page.tell(notice)
        assert await ground.told() == []
        await page.commit()
        assert ground.wakes == 1
    assert await ground.told() == told


async def test_nobody_is_woken_when_nothing_is_to_be_told(ground: Ground) -> None:
    async with ground.records.open() as page:
        await page.add_release(a_draft())
        await page.commit()
    assert ground.wakes == 0


async def test_work_is_started_and_nudged_by_the_commit(ground: Ground) -> None:
    async with ground.records.open() as page:
        await page.start(Work.FOLLOW_DEPLOYMENT, 40)
        await page.nudge(Work.WATCH_FREEZE, 3, "changed")
        await page.commit()
    assert await ground.started() == ["started follow-deployment 40", "nudged watch-freeze 3 changed"]


# ---------------------------------------------------------------- the record


async def test_the_record_is_one_chain_in_the_order_in_which_things_were_put_on_it(records: Records) -> None:
    details = [
        {},
        {"items": ("a", "b"), "n": 1.0, "big": 10**20, "text": "Größe 🚀 \u2028"},
        {"nested": {"x": None, "1": True}},
    ]
    for detail in details:
        async with records.open() as page:
            await page.put_on_record(
                a_happening("plan", release=ReleaseId(1), candidate="abc", subject="D-1", detail=detail)
            )
            # Said in another time zone, it is the same moment, and must give the same digest when it is read again.
            elsewhere = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
            await page.put_on_record(a_happening("approve", at=elsewhere))
            await page.commit()
    async with records.read() as reading:
        entries = await reading.record()
        assert await reading.record_head() == (6, entries[-1].digest)
    assert [each.number for each in entries] == [1, 2, 3, 4, 5, 6]
    assert first_break(entries) is None
    assert entries[1].happened.at == datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
    assert entries[2].happened.detail == {"items": ["a", "b"], "n": 1.0, "big": 10**20, "text": "Größe 🚀 \u2028"}
    assert entries[0].happened == a_happening("plan", release=ReleaseId(1), candidate="abc", subject="D-1")


async def test_the_record_is_read_in_pages_by_release_and_by_time(records: Records) -> None:
    async with records.read() as reading:
        assert await reading.record() == []
        assert await reading.record_head() == (0, GENESIS)
    async with records.open() as page:
        for number in range(1, 6):
            await page.put_on_record(a_happening(release=ReleaseId(number % 2), at=NOW + timedelta(minutes=number)))
        await page.commit()
    async with records.read() as reading:
        first = await reading.record(limit=2)
        rest = await reading.record(after=first[-1].number)
        assert [each.number for each in (*first, *rest)] == [1, 2, 3, 4, 5]
        assert [each.number for each in await reading.record(release=ReleaseId(1))] == [1, 3, 5]
        assert [each.number for each in await reading.record(since=NOW + timedelta(minutes=4))] == [4, 5]
