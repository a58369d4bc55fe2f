"""Replaying a policy: what another catalogue would have made of what really happened."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ports import Records
from bot.rules.check import CheckResult
from bot.rules.gate import Reason
from bot.rules.people import slipway
from bot.rules.policy import ApprovalRule, Catalogue, FreezeMeaning, ItemRule, Right
from bot.verbs.break_glass import Broken
from bot.verbs.confirm_deploy import Confirmed
from bot.verbs.replay_policy import ReplayPolicy
from bot.verbs.report_check import ReportCheck
from bot.verbs.tick_item import TickItem
from tests.makers import FEATURE, HOTFIX, NOW, PAYMENTS, PRODUCTION, STAGING, a_window
from tests.people import INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH
from tests.twins.calendars import FakeCalendars
from tests.verbs.office import DOINGS, NOTES, ROAD, SHIP, SQUEEZE, Office
from tests.verbs.workshop import Workshop

A_DAY = timedelta(days=1)
LONG_AGO = NOW - A_DAY
ACTS = st.lists(st.tuples(st.integers(0, len(DOINGS) - 1), *(st.integers(0, top) for top in (2, 4, 59))), max_size=25)


@settings(max_examples=40, deadline=None)
@given(ACTS, st.sampled_from([SHIP, SQUEEZE]), ACTS)
def test_replaying_the_rules_that_were_in_force_changes_nothing(before, how, after):
    async def played():
        office = Office()
        await office.do(*before[:8], *ROAD, *before[8:], *how, *after)
        replayed = await office.replay(office.catalogue, LONG_AGO)
        assert [(each.release, each.environment, each.reasons, each.blocked_by) for each in replayed.others] == []
        for each in replayed.attempts:
            # Word for word what people read then, but for why Slack could not be asked.
            told = [str(blocker.why) for blocker in each.blockers if blocker.reason is not Reason.UNREADABLE]
            assert told == [sentence for sentence in each.blocked_by if "I can't look up" not in sentence]

    asyncio.run(played())


@settings(max_examples=40, deadline=None)
@given(ACTS, ACTS)
def test_rules_that_ask_for_nothing_more_block_nothing_that_was_let_through(before, after):
    async def played():
        office = Office()
        await office.do(*before[:8], *ROAD, *before[8:], *SHIP, *after)
        looser = {
            name: replace(change, checklist=(), approvals={}, any_hour=True, freeze=FreezeMeaning.PASSES)
            for name, change in office.catalogue.change_types.items()
        }
        replayed = await office.replay(replace(office.catalogue, change_types=looser, recurring=()), LONG_AGO)
        assert [each.reasons for each in replayed.deployments if each.other] == []

    asyncio.run(played())


# ---------------------------------------------------------------- a week of a team


class Week(Workshop):
    """A feature that shipped after a first attempt, a hotfix that was rolled back, and a feature that a freeze held."""

    def __init__(self, records: Records | None = None) -> None:
        super().__init__(records)
        self.agrees_on(FEATURE, checklist=(NOTES,))
        self.tick_item = TickItem(self.records, self.directory, lambda: self.catalogue, lambda: self.at)

    async def goes_by(self) -> None:
        """All of it."""
        first = await self.planned(self.a, "2.3.0", FEATURE)
        await self.deployed(first, STAGING)
        await self.ask_deploy(first, PRODUCTION, by=self.by(MAYA))
        for person in (OMAR, RUTH):
            await self.approve(first, PRODUCTION, None, by=self.by(person))
        await self.tick_item(first, "notes", True, by=self.by(MAYA))
        await self.deployed(first)
        await self.shipped(self.b, "2.3.1")
        await self.rolled_back()
        await self.lifted(mend=self.c)
        last = await self.approved(self.c, "2.4.0", FEATURE)
        await self.read_vetoes(last)
        await self.tick_item(last, "notes", True, by=self.by(MAYA))
        await self.deployed(last, STAGING)
        await self.start_freeze(a_window(starts_at=self.at, ends_at=self.at + 2 * A_DAY), by=self.by(MAYA))
        await self.ask_deploy(last, PRODUCTION, by=self.by(MAYA))

    async def replayed(self, catalogue: Catalogue, since: timedelta = A_DAY) -> list[tuple[str | None, str]]:
        """What would have been other, and why."""
        replay = ReplayPolicy(self.records, FakeCalendars(), lambda: self.at)
        found = await replay(catalogue, self.at - since)
        return [(each.deployment, "; ".join(map(str, each.reasons))) for each in found.others]


@pytest.fixture
async def week(records):
    week = Week(records)
    await week.goes_by()
    return week


async def test_a_week_is_read_from_any_records_and_the_same_rules_change_nothing_of_it(week):
    assert await week.replayed(week.catalogue) == []
    replay = ReplayPolicy(week.records, FakeCalendars(), lambda: week.at)
    found = await replay(week.catalogue, week.at - A_DAY)
    assert [(each.release, each.environment, each.deployment) for each in found.cases] == [
        (1, STAGING, "D-1"),
        (1, PRODUCTION, "D-2"),
        (2, PRODUCTION, "D-3"),
        (3, STAGING, "D-5"),
        (3, PRODUCTION, None),
    ]


async def test_stricter_rules_would_have_blocked_some_of_it(week):
    week.agrees_on(FEATURE, approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(RELEASE_MANAGER))})
    week.agrees_on(HOTFIX, keeps_order=True)
    assert await week.replayed(week.catalogue) == [
        ("D-2", "The approval of @release-manager is missing."),
        ("D-3", "This candidate has not been in staging yet."),
    ]


async def test_looser_rules_would_have_let_through_what_the_freeze_held(week):
    week.agrees_on(FEATURE, freeze=FreezeMeaning.PASSES)
    assert await week.replayed(week.catalogue) == [(None, "")]


async def test_only_what_happened_since_then_is_judged(week):
    week.agrees_on(FEATURE, approvals={PRODUCTION: (ApprovalRule(QA, 2),)})
    assert await week.replayed(week.catalogue, since=timedelta(hours=3)) == []


async def test_a_new_line_that_a_check_ticks_blocks_only_what_the_check_had_not_passed(week):
    report = ReportCheck(week.records, lambda: week.catalogue, lambda: week.at)
    await report(CheckResult(PAYMENTS, week.a, "scan", True, NOW))
    week.agrees_on(FEATURE, checklist=(NOTES, ItemRule("scan", "The scan is clean", check="scan")))
    assert await week.replayed(week.catalogue) == []
    week.agrees_on(FEATURE, checklist=(NOTES, ItemRule("scan", "The audit is clean", check="audit")))
    assert await week.replayed(week.catalogue) == [("D-2", "Checklist: “The audit is clean” is not done.")]


async def test_two_people_would_have_been_needed_and_whoever_approved_may_not_start(week):
    week.agrees_on(HOTFIX, two_people=True)
    assert await week.replayed(week.catalogue) == [
        ("D-3", "Two people are asked for, and @U0MAYA asked and confirmed alone.")
    ]
    week.agrees_on(HOTFIX, two_people=False, requester_may_confirm=False)
    ((deployment, why),) = await week.replayed(week.catalogue)
    assert deployment == "D-3"
    assert "not started by somebody who planned this release" in why


async def test_two_people_who_shared_it_did_so_by_other_rules_as_well(shop):
    number = await shop.approved(shop.a, "2.3.1")
    await shop.ask_deploy(number, PRODUCTION, by=shop.by(INES))
    assert isinstance(await shop.confirm_deploy(number, PRODUCTION, by=shop.by(MAYA)), Confirmed)
    shop.agrees_on(HOTFIX, two_people=True)
    replay = ReplayPolicy(shop.records, FakeCalendars(), lambda: shop.at)
    assert (await replay(shop.catalogue, LONG_AGO)).others == ()


async def test_what_shipped_itself_would_have_waited_for_somebody(shop):
    shop.agrees_on(HOTFIX, ships_itself=frozenset({PRODUCTION}), approvals={}, keeps_order=True)
    number = await shop.planned(shop.a, "2.3.1")
    await shop.deployed(number, STAGING)
    assert await shop.confirm_deploy.by_itself(number, PRODUCTION, by=slipway(intent="by itself"))
    replay = ReplayPolicy(shop.records, FakeCalendars(), lambda: shop.at)
    assert (await replay(shop.catalogue, LONG_AGO)).others == ()
    shop.agrees_on(HOTFIX, ships_itself=frozenset())
    (case,) = (await replay(shop.catalogue, LONG_AGO)).others
    assert str(case.besides) == "It shipped itself, and these rules want somebody to start it."


async def test_what_people_do_meanwhile_is_not_needed_to_be_waited_for(week):
    """It only reads: a page that somebody has open for writing doesn't hold it up."""
    async with week.records.open():
        assert await week.replayed(week.catalogue) == []


async def test_broken_glass_is_not_judged_and_what_it_brought_counts():
    shop = Workshop(rights={Right.BREAK_GLASS: (ON_CALL,), Right.ROLL_BACK: (ON_CALL,)})
    release = await shop.planned(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    await shop.break_glass.look(release, PRODUCTION, "Checkout is down", by=shop.by(INES))
    broken = await shop.break_glass(release, PRODUCTION, "Checkout is down", by=shop.by(INES))
    assert isinstance(broken, Broken)
    await shop.followed(broken.deployment)
    await shop.shipped(shop.b, "2.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    found = await ReplayPolicy(shop.records, FakeCalendars(), lambda: shop.at)(shop.catalogue, LONG_AGO)
    assert [each.deployment for each in found.deployments] == ["D-2"]
    assert [str(each) for each in found.notes] == [
        "D-1 broke the glass, and so went past whatever rules there are: not counted."
    ]
    # That it was there is known: to bring it again would be going back.
    assert [[each.reason for each in case.blockers] for case in found.attempts] == [[Reason.APPROVAL, Reason.OVERTAKEN]]
    assert found.others == ()
