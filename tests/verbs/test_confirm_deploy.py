"""Confirm a deployment: exactly what was looked at, once, by those who may, with the gate as it is at that moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.rules.deployment import Attempt
from bot.rules.gate import Reason
from bot.rules.policy import ApprovalRule, Right
from bot.rules.sentence import Refused
from bot.verbs.ask_deploy import Preview
from bot.verbs.confirm_deploy import Blocked, Confirmed
from tests.makers import FEATURE, HOTFIX, PRODUCTION, a_window
from tests.people import CHANGE_MANAGER, INES, MAYA, ON_CALL, QA, RELEASE_MANAGER, RUTH, roles
from tests.verbs.workshop import Workshop


async def confirmed(shop: Workshop, release, by=MAYA):
    return await shop.confirm_deploy(release, PRODUCTION, by=shop.by(by))


def must_look_first(answer) -> bool:
    return isinstance(answer, Refused) and "look first" in str(answer.why)


@pytest.mark.parametrize("an_act_takes", [timedelta(seconds=1), timedelta(0)], ids=["later", "at the same instant"])
async def test_one_preview_starts_one_deployment_even_if_the_target_is_quick(shop, an_act_takes):
    release = await shop.approved(shop.a, "1.0.0")
    shop.an_act_takes = an_act_takes
    first = await shop.started(release)
    assert (await shop.followed(first)).attempt is Attempt.SUCCEEDED
    assert must_look_first(await confirmed(shop, release))
    assert [each.id for each in shop.target.started] == [first.id]


async def test_a_new_look_after_a_failure_starts_it_again(shop):
    release = await shop.approved(shop.a, "1.0.0")
    shop.target.refuses = "The disk is full."
    assert (await shop.followed(await shop.started(release))).attempt is Attempt.FAILED
    assert must_look_first(await confirmed(shop, release))
    shop.target.refuses = ""
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(await confirmed(shop, release), Confirmed)


async def test_what_was_rolled_back_does_not_come_back_by_an_old_preview(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.approved(shop.b, "2.0.0")
    await shop.followed(await shop.started(release))
    await shop.rolled_back()
    again = await confirmed(shop, release)
    assert isinstance(again, Blocked)
    assert [each.reason for each in again.place.blockers] == [Reason.ROLLED_BACK]


async def test_what_was_rolled_back_does_not_come_again_on_its_old_approvals(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    await shop.rolled_back()
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(await confirmed(shop, release), Blocked)
    await shop.set_candidate(release, shop.c, by=shop.by(MAYA))
    assert [each.reason for each in await shop.blockers(release)] == [Reason.APPROVAL, Reason.VETOED]
    await shop.set_candidate(release, shop.reverts(shop.b), by=shop.by(MAYA))
    await shop.read_vetoes(release)
    assert [each.reason for each in await shop.blockers(release)] == [Reason.APPROVAL]


async def test_a_preview_counts_only_while_what_it_showed_stands_there(shop):
    """Maya looks at what 2.0.0 would change; somebody ships 3.0.0 before she confirms."""
    await shop.shipped(shop.a, "1.0.0")
    older = await shop.approved(shop.b, "2.0.0")
    newer = await shop.approved(shop.c, "3.0.0")
    await shop.ask_deploy(older, PRODUCTION, by=shop.by(MAYA))
    await shop.followed(await shop.started(newer))
    assert must_look_first(await confirmed(shop, older))
    assert [each.order.version for each in shop.target.started] == ["1.0.0", "3.0.0"]


async def test_whoever_asked_must_still_be_allowed_to_when_a_second_person_confirms():
    shop = Workshop(two_people=True, rights={Right.DEPLOY: (RELEASE_MANAGER, ON_CALL)})
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    shop.directory.held = roles(release_manager=set())
    refused = await confirmed(shop, release, by=INES)
    assert isinstance(refused, Refused)
    assert "two people" in str(refused.why)
    shop.directory.held = roles()
    assert isinstance(await confirmed(shop, release, by=INES), Confirmed)


async def test_a_freeze_that_begins_while_the_confirmation_waits_for_others_blocks_it(shop):
    shop.agrees_on(FEATURE, keeps_order=False)
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    await shop.start_freeze(
        a_window(starts_at=shop.at + timedelta(seconds=10), ends_at=shop.at + timedelta(days=1)), by=shop.by(MAYA)
    )
    async with shop.records.open():
        waiting = asyncio.create_task(confirmed(shop, release))
        await asyncio.sleep(0.01)
        shop.at += timedelta(seconds=20)
    answer = await waiting
    assert isinstance(answer, Blocked)
    assert [each.reason for each in answer.place.blockers] == [Reason.FREEZE]


async def test_rules_that_come_into_force_while_the_confirmation_waits_for_others_block_it(shop):
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    async with shop.records.open():
        waiting = asyncio.create_task(confirmed(shop, release))
        await asyncio.sleep(0.01)
        shop.agrees_on(HOTFIX, approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(CHANGE_MANAGER))})
    answer = await waiting
    assert isinstance(answer, Blocked)
    assert {each.reason for each in answer.place.blockers} == {Reason.APPROVAL}


async def test_going_backwards_is_only_ever_called_rollback(shop):
    old = await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    preview = await shop.ask_deploy(old, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(preview, Preview)
    assert preview.changes is not None
    assert preview.changes.backwards
    answer = await confirmed(shop, old)
    assert isinstance(answer, Blocked)
    (blocker,) = answer.place.blockers
    assert "/rollback payments in production to 1.0.0" in str(blocker.step)


async def test_nobody_confirms_without_having_looked(shop):
    shop.agrees_on(FEATURE, keeps_order=False)
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    assert must_look_first(await confirmed(shop, release, by=RUTH))
