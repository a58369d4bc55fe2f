"""Break the glass: only who may, only what was shown, once; everybody hears of it, and a review is owed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ChannelLine, DirectLine, ReviewWanted, ThreadLine
from bot.ports import Work
from bot.rules.absence import Leave
from bot.rules.deployment import Attempt
from bot.rules.gate import Reason
from bot.rules.people import PersonId, Roles, Surface
from bot.rules.policy import ApprovalRule, EnvironmentName, ReviewRules, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused, Repeated
from bot.verbs.break_glass import BROKE, LOOKED, Broken, Glass
from bot.verbs.confirm_deploy import Confirmed
from tests.makers import FEATURE, HOTFIX, PRODUCTION, a_window
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH, roles
from tests.twins.deployer import Script
from tests.verbs.workshop import Workshop

REASON = "Checkout is down, and this mends it"
MAY = {"rights": {Right.BREAK_GLASS: (ON_CALL,), Right.DEPLOY: (RELEASE_MANAGER, ON_CALL)}}


@pytest.fixture
def shop() -> Workshop:
    """On-call may break the glass."""
    return Workshop(**MAY)


async def looked(shop: Workshop, release: ReleaseId, by=INES, reason=REASON):
    return await shop.break_glass.look(release, PRODUCTION, reason, by=shop.by(by))


async def broke(shop: Workshop, release: ReleaseId, by=INES, reason=REASON):
    return await shop.break_glass(release, PRODUCTION, reason, by=shop.by(by))


async def broken(shop: Workshop, release: ReleaseId, by=INES) -> Broken:
    """Looked at, and done."""
    assert isinstance(await looked(shop, release, by), Glass)
    done = await broke(shop, release, by)
    assert isinstance(done, Broken), str(done.why)
    return done


def why(answer) -> str:
    assert isinstance(answer, Refused), answer
    return str(answer.why)


async def on_record(shop: Workshop, verb: str):
    async with shop.records.read() as reading:
        return [each.happened for each in await reading.record() if each.happened.verb == verb]


# ---------------------------------------------------------------- what it passes


async def test_it_goes_past_all_that_blocks_and_the_record_has_every_bit_of_it(shop):
    await shop.start_freeze(a_window(starts_at=shop.at, ends_at=shop.at + timedelta(days=1)), by=shop.by(MAYA))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    glass = await looked(shop, release)
    assert isinstance(glass, Glass)
    keys = [each.key for each in glass.passed]
    assert keys == ["approval:change-manager", "order:staging", "freeze:F-1"]
    assert glass.command == f"/deploy break-glass confirm R-1 to production {REASON}"
    done = await broke(shop, release)
    assert isinstance(done, Broken)
    order = done.deployment.order
    assert (order.broke_glass, order.reason, order.confirmed_by) == (True, REASON, INES.id)
    (happened,) = await on_record(shop, BROKE)
    detail = happened.detail
    assert (happened.by, happened.subject, happened.release) == (INES.id, done.deployment.name, release)
    assert [each["key"] for each in detail["passed"]] == keys
    assert detail["passed"][0]["why"] == "The approval of @change-manager is missing."
    assert detail["approved_by"] == [{"person": OMAR.id, "role": QA}]
    assert (detail["reason"], detail["on_behalf_of"]) == (REASON, None)
    assert (await shop.followed(done.deployment)).attempt is Attempt.SUCCEEDED
    assert [each.order.environment for each in shop.target.started] == [PRODUCTION]


async def test_what_cannot_be_looked_up_is_passed_and_named(shop):
    release = await shop.planned(shop.a, "1.0.0")
    known = {name: people for name, people in roles().members.items() if name != QA}
    shop.directory.held = Roles(known, {QA: "Slack does not answer me"})
    done = await broken(shop, release)
    assert "unreadable:qa" in [each.key for each in done.passed]


async def test_a_second_person_is_passed_where_two_are_wanted():
    shop = Workshop(two_people=True, **MAY)
    release = await shop.approved(shop.a, "1.0.0")
    done = await broken(shop, release)
    assert [str(each.why) for each in done.passed] == [
        "A Hotfix takes two people in production, and nobody else has asked for it."
    ]


async def test_where_somebody_else_has_asked_two_people_are_there_and_nothing_is_to_be_broken():
    shop = Workshop(two_people=True, **MAY)
    release = await shop.approved(shop.a, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    assert "no glass to break" in why(await looked(shop, release))
    shop.target.refuses = "The disk is full."
    done = await shop.confirm_deploy(release, PRODUCTION, by=shop.by(INES))
    assert isinstance(done, Confirmed)
    assert (await shop.followed(done.deployment)).attempt is Attempt.FAILED
    shop.target.refuses = ""
    # What Maya asked for is used up, and she sleeps.
    assert [each.key for each in (await broken(shop, release)).passed] == ["two people:"]


async def test_people_who_are_kept_apart_are_passed_by_name(shop):
    shop.agrees_on(HOTFIX, author_may_confirm=False)
    release = await shop.approved(shop.b, "1.0.0")
    shop.directory.held = roles(on_call={BEN})
    done = await broken(shop, release, by=BEN)
    assert [each.key for each in done.passed] == ["kept apart:"]
    assert "wrote what it brings" in str(done.passed[0].why)


async def test_what_was_rolled_back_can_be_brought_again(shop):
    await shop.shipped(shop.a, "1.0.0")
    release = await shop.shipped(shop.b, "2.0.0")
    shop.catalogue.services["payments"].rights[Right.ROLL_BACK] = (ON_CALL,)
    await shop.rolled_back()
    assert [each.key for each in (await broken(shop, release)).passed] == ["rolled back:D-2"]


# ---------------------------------------------------------------- what it never passes


async def test_with_an_empty_gate_there_is_nothing_to_break(shop):
    release = await shop.approved(shop.a, "1.0.0")
    for answer in (await looked(shop, release), await broke(shop, release)):
        assert "Nothing blocks production, so there is no glass to break" in why(answer)
        assert "/deploy R-1 to production" in why(answer)


async def test_nobody_may_to_whom_the_right_was_not_given(shop):
    release = await shop.planned(shop.a, "1.0.0")
    for person in (MAYA, OMAR, BEN):
        assert "Only @on-call can break the glass for Payments" in why(await looked(shop, release, person))
        assert "Only @on-call" in why(await broke(shop, release, person))
    nowhere = Workshop()
    release = await nowhere.planned(nowhere.a, "1.0.0")
    for person in (MAYA, INES):
        assert "Nobody can break the glass for Payments" in why(await looked(nowhere, release, person))


async def test_a_role_that_cannot_be_looked_up_breaks_no_glass(shop):
    release = await shop.planned(shop.a, "1.0.0")
    shop.directory.held = Roles({}, {ON_CALL: "Slack does not answer me"})
    assert "I can't look up who is in @on-call" in why(await looked(shop, release))


async def test_a_release_that_is_over_or_proposes_nothing_is_not_deployed(shop):
    empty = await shop.planned(None, "1.0.0")
    assert "R-1 has no candidate yet" in why(await looked(shop, empty))
    await shop.cancel_release(empty, "Not wanted", by=shop.by(MAYA))
    assert "R-1 was cancelled. Breaking the glass doesn't change that." in why(await looked(shop, empty))
    assert "There is no release R-99" in why(await looked(shop, ReleaseId(99)))
    there = await shop.planned(shop.a, "2.0.0")
    answer = await shop.break_glass.look(there, EnvironmentName("moon"), REASON, by=shop.by(INES))
    assert "has no environment moon" in why(answer)


async def test_an_environment_that_is_held_stays_held(shop):
    shop.target.script = Script(waits=True)
    running = await shop.started(await shop.approved(shop.a, "1.0.0"))
    other = await shop.planned(shop.b, "2.0.0")
    answer = why(await looked(shop, other))
    assert "D-1 (1.0.0) is on its way to production" in answer
    assert "/deploy cancel D-1" in answer
    assert running.holds


async def test_going_backwards_is_a_rollback_also_in_an_emergency(shop):
    old = await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    assert "/rollback payments in production to 1.0.0" in why(await looked(shop, old))


@pytest.mark.parametrize("reason", ["", "   ", "it burns", "  a   b  c  "])
async def test_a_reason_that_says_nothing_is_none(shop, reason):
    release = await shop.planned(shop.a, "1.0.0")
    assert "a reason that tells the others what is going on" in why(await looked(shop, release, reason=reason))
    await looked(shop, release)
    assert "a reason that tells" in why(await broke(shop, release, reason=reason))


async def test_a_reason_that_cannot_be_typed_again_is_too_long(shop):
    release = await shop.planned(shop.a, "1.0.0")
    assert "300 characters must do" in why(await looked(shop, release, reason="x" * 301))


# ---------------------------------------------------------------- the second step


async def test_nobody_breaks_what_they_were_not_shown(shop):
    release = await shop.planned(shop.a, "1.0.0")
    assert "look first at what would be broken" in why(await broke(shop, release))
    shop.directory.held = roles(on_call={INES, BEN})
    await looked(shop, release, BEN)
    assert "look first" in why(await broke(shop, release, INES))
    await shop.break_glass.look(release, EnvironmentName("staging"), REASON, by=shop.by(INES))
    assert "look first" in why(await broke(shop, release, INES))


@pytest.mark.parametrize(("later", "counts"), [(timedelta(minutes=9), True), (timedelta(minutes=10), False)])
async def test_what_was_shown_counts_for_ten_minutes(shop, later, counts):
    release = await shop.planned(shop.a, "1.0.0")
    await looked(shop, release)
    shop.at += later
    answer = await broke(shop, release)
    assert isinstance(answer, Broken) == counts
    assert counts or "look first" in why(answer)


async def test_another_candidate_was_not_shown(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await looked(shop, release)
    await shop.set_candidate(release, shop.b, by=shop.by(MAYA))
    assert "has changed since you looked" in why(await broke(shop, release))
    assert isinstance(await broken(shop, release), Broken)


async def test_what_has_come_into_the_way_since_must_be_looked_at(shop):
    shop.agrees_on(HOTFIX, freeze=shop.catalogue.change_types[FEATURE].freeze)
    release = await shop.planned(shop.a, "1.0.0")
    await looked(shop, release)
    await shop.start_freeze(a_window(starts_at=shop.at, ends_at=shop.at + timedelta(days=1)), by=shop.by(MAYA))
    answer = why(await broke(shop, release))
    assert "More is in the way of production than you were shown: F-1 freezes production" in answer
    assert f"/deploy break-glass R-1 to production {REASON}" in answer
    assert shop.records.started == [(Work.WATCH_RELEASE, 1), (Work.WATCH_FREEZE, 1)]


async def test_what_has_gone_out_of_the_way_since_is_no_hindrance(shop):
    shop.agrees_on(HOTFIX, approvals={PRODUCTION: (ApprovalRule(QA), ApprovalRule(CHANGE_MANAGER))})
    release = await shop.planned(shop.a, "1.0.0")
    await looked(shop, release)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    done = await broke(shop, release)
    assert isinstance(done, Broken)
    assert [each.key for each in done.passed] == ["approval:change-manager"]


async def test_one_look_starts_one_deployment_even_if_the_target_is_quick(shop):
    release = await shop.planned(shop.a, "1.0.0")
    shop.an_act_takes = timedelta(0)
    first = await broken(shop, release)
    assert (await shop.followed(first.deployment)).attempt is Attempt.SUCCEEDED
    assert "look first" in why(await broke(shop, release))
    assert [each.id for each in shop.target.started] == [first.deployment.id]


async def test_a_repeated_delivery_starts_nothing(shop):
    release = await shop.planned(shop.a, "1.0.0")
    press = shop.by(INES)
    assert isinstance(await shop.break_glass.look(release, PRODUCTION, REASON, by=press), Glass)
    assert isinstance(await shop.break_glass.look(release, PRODUCTION, REASON, by=press), Repeated)
    press = shop.by(INES)
    assert isinstance(await shop.break_glass(release, PRODUCTION, REASON, by=press), Broken)
    assert isinstance(await shop.break_glass(release, PRODUCTION, REASON, by=press), Repeated)


async def test_looking_starts_and_tells_nothing_and_is_on_the_record(shop):
    release = await shop.planned(shop.a, "1.0.0")
    told, started = list(shop.records.told), list(shop.records.started)
    await looked(shop, release)
    assert (shop.records.told, shop.records.started) == (told, started)
    (happened,) = await on_record(shop, LOOKED)
    assert (happened.by, happened.subject, happened.detail["reason"]) == (INES.id, PRODUCTION, REASON)
    assert happened.surface is Surface.COMMAND


async def test_a_refusal_leaves_nothing(shop):
    release = await shop.planned(shop.a, "1.0.0")
    async with shop.records.read() as reading:
        before = await reading.record_head()
    for answer in (
        await looked(shop, release, MAYA),
        await broke(shop, release),
        await looked(shop, release, reason=""),
    ):
        assert isinstance(answer, Refused)
    async with shop.records.read() as reading:
        assert await reading.record_head() == before
        assert await reading.reviews() == []


# ---------------------------------------------------------------- who hears of it


async def test_the_channel_the_owners_and_those_whose_approval_was_asked_for_hear_of_it(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await broken(shop, release)
    loud = [each for each in await shop.told(ThreadLine) if each.loud]
    (line,) = [str(each.sentence) for each in loud]
    assert line.startswith("@U0INES broke the glass: R-1 (1.0.0, ")
    assert f"goes to production of payments as D-1. Reason: {REASON}" in line
    assert "•  The approval of @qa is missing." in line
    assert "@release-manager reviews it by 2026-11-26 10:00 UTC: /deploy review D-1 <findings>" in line
    (channel,) = await shop.told(ChannelLine)
    assert (channel.channel, str(channel.sentence)) == ("C0OWNERS", line)
    direct = [each for each in await shop.told(DirectLine) if "broke the glass" in str(each.sentence)]
    assert {each.person for each in direct} == {OMAR.id, RUTH.id}
    assert await shop.told(ReviewWanted) == [ReviewWanted(MAYA.id, 1)]


async def test_a_large_role_is_called_in_the_thread_instead(shop):

    shop.directory.held = Roles({**roles().members, QA: frozenset(PersonId(f"U0QA{n}") for n in range(9))})
    await broken(shop, await shop.planned(shop.a, "1.0.0"))
    (loud,) = [each for each in await shop.told(ThreadLine) if each.loud]
    assert "@qa, please look at it." in str(loud.sentence)
    assert not [each for each in await shop.told(DirectLine) if each.person.startswith("U0QA")]


async def test_a_review_is_opened_for_the_role_and_the_time_that_were_agreed(shop):
    shop.catalogue = replace(shop.catalogue, reviews=ReviewRules(CHANGE_MANAGER, timedelta(days=1)))
    done = await broken(shop, await shop.planned(shop.a, "1.0.0"))
    duty = done.review.duty
    assert (duty.owner, duty.broken_by, duty.broken_for) == (CHANGE_MANAGER, INES.id, None)
    assert duty.due_at - duty.opened_at == timedelta(days=1)
    assert duty.passed == ("The approval of @qa is missing.",)
    assert await shop.told(ReviewWanted) == [ReviewWanted(RUTH.id, 1)]
    assert (Work.WATCH_REVIEW, 1) in shop.records.started


# ---------------------------------------------------------------- stand-ins, and the right withdrawn


async def stands_in(shop: Workshop, person=BEN) -> None:
    leave = Leave(INES.id, shop.at, shop.at + timedelta(days=30), person.id)
    assert not isinstance(await shop.go_away(leave, by=shop.by(INES)), Refused)


async def test_a_stand_in_breaks_it_in_somebodys_place_with_both_names(shop):
    await stands_in(shop)
    done = await broken(shop, await shop.planned(shop.a, "1.0.0"), by=BEN)
    assert (done.review.duty.broken_by, done.review.duty.broken_for) == (BEN.id, INES.id)
    (happened,) = await on_record(shop, BROKE)
    assert (happened.by, happened.detail["on_behalf_of"]) == (BEN.id, INES.id)
    (loud,) = [each for each in await shop.told(ThreadLine) if each.loud]
    assert str(loud.sentence).startswith("@U0BEN in the place of @U0INES broke the glass")


async def late_review(shop: Workshop) -> None:
    """Ines broke the glass, and nobody has reviewed that in time."""
    await shop.followed((await broken(shop, await shop.planned(shop.a, "1.0.0"))).deployment)
    shop.at += timedelta(days=4)


async def test_whoever_has_an_overdue_review_may_not_break_the_glass_again(shop):
    await late_review(shop)
    other = await shop.planned(shop.b, "2.0.0")
    answer = why(await looked(shop, other))
    assert "@U0INES broke the glass with D-1, and the review of that was due" in answer
    assert "@release-manager can do it: /deploy review D-1 <findings>" in answer
    assert "was due" in why(await broke(shop, other))
    shop.directory.held = roles(on_call={INES, OMAR})
    assert isinstance(await looked(shop, other, OMAR), Glass)  # it is about that person alone
    await shop.review_deploy(1, None, "The alarm came late; QA gets a pager", by=shop.by(MAYA))
    assert isinstance(await broken(shop, other), Broken)


async def test_a_review_that_becomes_overdue_between_the_two_steps_counts(shop):
    await shop.followed((await broken(shop, await shop.planned(shop.a, "1.0.0"))).deployment)
    other = await shop.planned(shop.b, "2.0.0")
    shop.at += timedelta(days=3) - timedelta(minutes=5)
    await looked(shop, other)
    shop.at += timedelta(minutes=6)
    assert "was due" in why(await broke(shop, other))


async def test_a_stand_in_may_do_no_more_than_the_one_in_whose_place_they_act(shop):
    await late_review(shop)
    await stands_in(shop)
    assert "@U0INES broke the glass with D-1" in why(await looked(shop, await shop.planned(shop.b, "2.0.0"), BEN))


# ---------------------------------------------------------------- at once


async def test_a_double_click_starts_one_deployment_and_owes_one_review(records):
    shop = Workshop(records, **MAY)
    release = await shop.planned(shop.a, "1.0.0")
    assert isinstance(await looked(shop, release), Glass)
    answers = await asyncio.gather(*(broke(shop, release) for _ in range(6)))
    assert sum(isinstance(each, Broken) for each in answers) == 1
    async with records.read() as reading:
        assert len(await reading.deployments()) == 1
        assert len(await reading.reviews()) == 1


async def test_of_two_people_at_once_one_starts_and_the_other_hears_why_not(records):
    shop = Workshop(records, **MAY)
    shop.directory.held = roles(on_call={INES, OMAR})
    one, two = await shop.planned(shop.a, "1.0.0"), await shop.planned(shop.b, "2.0.0")
    await looked(shop, one, INES)
    await looked(shop, two, OMAR)
    answers = await asyncio.gather(broke(shop, one, INES), broke(shop, two, OMAR))
    (refused,) = [each for each in answers if isinstance(each, Refused)]
    assert "is on its way to production" in str(refused.why) or "took production a moment ago" in str(refused.why)
    async with records.read() as reading:
        (deployment,) = await reading.deployments()
        (review,) = await reading.reviews()
    assert review.id == deployment.id


async def test_the_gate_says_the_same_as_what_is_passed(shop):
    release = await shop.planned(shop.a, "1.0.0")
    blockers = await shop.blockers(release)
    glass = await looked(shop, release)
    assert isinstance(glass, Glass)
    assert [each.key for each in glass.passed] == [each.key for each in blockers]
    assert [each.reason for each in blockers] == [Reason.APPROVAL]
