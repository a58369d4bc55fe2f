"""Waiting in line: whoever meets a deployment on its way waits a turn, visibly, and is asked again when it comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ThreadLine
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.people import Person, Roles
from bot.rules.policy import EnvironmentName, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.break_glass import Broken
from bot.verbs.confirm_deploy import Blocked, Confirmed
from bot.verbs.roll_back import RollingBack
from tests.grounds import database_ground
from tests.makers import HOTFIX, PAYMENTS, PRODUCTION, a_window
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, RELEASE_MANAGER, RUTH, roles
from tests.twins import Script
from tests.verbs.workshop import Workshop

AT_WORK = Script(waits=True)


async def confirmed(
    shop: Workshop, release: ReleaseId, by: Person = MAYA, environment: EnvironmentName = PRODUCTION
) -> Confirmed:
    """Somebody has looked and confirmed."""
    await shop.ask_deploy(release, environment, by=shop.by(by))
    done = await shop.confirm_deploy(release, environment, by=shop.by(by))
    assert isinstance(done, Confirmed), str(done)
    return done


async def a_line(shop: Workshop) -> tuple[Deployment, Deployment, Deployment]:
    """One on its way, two behind it, each with what the one before has."""
    releases = [await shop.approved(ref, version) for ref, version in ((shop.a, "1"), (shop.b, "2"), (shop.c, "3"))]
    shop.target.script = AT_WORK
    first = await shop.started(releases[0])
    second, third = [(await confirmed(shop, each)).deployment for each in releases[1:]]
    return first, second, third


async def looks(shop: Workshop, *deployments: Deployment) -> list[Attempt]:
    """Each of them makes its move; where they stand then."""
    for each in deployments:
        await shop.follow_deploy(each.id)
    for each in deployments:
        if (await shop.deployment(each.id)).attempt is Attempt.STARTING:
            await shop.follow_deploy(each.id)
    return [(await shop.deployment(each.id)).attempt for each in deployments]


async def ends(shop: Workshop, deployment: Deployment) -> Attempt:
    """What is at work comes to its end."""
    shop.target.lets_go()
    return (await shop.followed(deployment)).attempt


async def lines(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine)]


async def test_what_meets_a_deployment_on_its_way_waits_its_turn_and_says_behind_whom(shop):
    first, second, third = await a_line(shop)
    assert second.attempt is third.attempt is Attempt.QUEUED
    async with shop.records.read() as page:
        assert [each.id for each in await page.waiting(PAYMENTS, PRODUCTION)] == [second.id, third.id]
    assert await looks(shop, second, third) == [Attempt.QUEUED, Attempt.QUEUED]
    assert [each.id for each in shop.target.started] == [first.id]


async def test_the_line_moves_on_one_by_one_in_the_order_in_which_they_were_confirmed(shop):
    first, second, third = await a_line(shop)
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, third, second) == [Attempt.QUEUED, Attempt.RUNNING]
    assert (await shop.deployment(second.id)).order.replaces == first.id
    assert await ends(shop, second) is Attempt.SUCCEEDED
    assert await looks(shop, third) == [Attempt.RUNNING]
    assert await ends(shop, third) is Attempt.SUCCEEDED
    assert [each.id for each in shop.target.started] == [first.id, second.id, third.id]


async def test_whoever_confirms_twice_waits_once(shop):
    _, second, _ = await a_line(shop)
    again = await shop.confirm_deploy(second.order.release, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(again, Refused)
    assert f"as {second.name}" in str(again.why)


async def test_a_newcomer_does_not_overtake_those_who_wait(shop):
    first, second, third = await a_line(shop)
    fourth = await shop.approved(shop.d, "4")
    assert await ends(shop, first) is Attempt.SUCCEEDED
    newcomer = await confirmed(shop, fourth)
    assert newcomer.deployment.waits
    assert [each.id for each in newcomer.before] == [second.id, third.id]


async def test_the_gate_is_asked_again_when_the_turn_comes_and_others_pass(shop):
    first, second, third = await a_line(shop)
    await shop.withdraw(second.order.release, by=shop.by(OMAR))
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, second, third) == [Attempt.QUEUED, Attempt.RUNNING]
    told = [each for each in await lines(shop) if "passed over" in each]
    assert len(told) == 1
    assert second.name in told[0]
    assert "approv" in told[0]
    await shop.follow_deploy(second.id)
    assert [each for each in await lines(shop) if "passed over" in each] == told


async def test_who_was_passed_over_goes_once_it_is_ready(shop):
    first, second, third = await a_line(shop)
    await shop.cancel_deploy(third.id, by=shop.by(MAYA))
    await shop.withdraw(second.order.release, by=shop.by(OMAR))
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, second) == [Attempt.QUEUED]
    await shop.approve(second.order.release, PRODUCTION, None, by=shop.by(OMAR))
    shop.target.script = Script()
    assert (await shop.followed(second)).attempt is Attempt.SUCCEEDED


async def test_a_freeze_that_began_meanwhile_holds_the_turn(shop):
    first, second, third = await a_line(shop)
    await shop.start_freeze(a_window(starts_at=shop.at, hard=True), by=shop.by(MAYA))
    shop.agrees_on(shop.catalogue.change_types["hotfix"].name, freeze=shop.catalogue.change_types["feature"].freeze)
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, second, third) == [Attempt.QUEUED, Attempt.QUEUED]


async def test_another_candidate_takes_the_old_one_out_of_the_line(shop):
    _, second, third = await a_line(shop)
    await shop.set_candidate(second.order.release, shop.d, None, by=shop.by(BEN))
    assert await looks(shop, second, third) == [Attempt.CANCELLED, Attempt.QUEUED]
    assert any("has another candidate now" in each for each in await lines(shop))


async def test_what_has_come_there_in_another_way_no_longer_waits():
    shop = Workshop(rights={Right.BREAK_GLASS: (ON_CALL,)})
    first, second, third = await a_line(shop)
    await shop.cancel_deploy(third.id, by=shop.by(MAYA))
    await shop.withdraw(second.order.release, by=shop.by(OMAR))
    await ends(shop, first)
    await shop.follow_deploy(second.id)
    shop.target.script = Script()
    await shop.break_glass.look(second.order.release, PRODUCTION, "Checkout is down", by=shop.by(INES))
    broken = await shop.break_glass(second.order.release, PRODUCTION, "Checkout is down", by=shop.by(INES))
    assert isinstance(broken, Broken), broken
    assert (await shop.followed(broken.deployment)).attempt is Attempt.SUCCEEDED
    assert await looks(shop, second) == [Attempt.CANCELLED]
    assert any(f"{broken.deployment.name} has brought the same there" in each for each in await lines(shop))


async def test_a_cancelled_release_leaves_the_line(shop):
    _, second, _ = await a_line(shop)
    await shop.cancel_release(second.order.release, "Not wanted", by=shop.by(MAYA))
    assert await looks(shop, second) == [Attempt.CANCELLED]


async def test_after_a_failure_nobody_goes_on_until_somebody_has_looked_again(shop):
    first, second, _ = await a_line(shop)
    shop.target.script = replace(AT_WORK, code=1)
    for work in shop.target._work.values():
        work.script = shop.target.script
    assert await ends(shop, first) is Attempt.FAILED
    assert await looks(shop, second) == [Attempt.QUEUED]
    assert any(f"{first.name} failed there meanwhile" in each for each in await lines(shop))
    shop.target.script = Script()
    anew = await confirmed(shop, second.order.release)
    assert (await shop.deployment(second.id)).attempt is Attempt.CANCELLED
    assert (await shop.followed(anew.deployment)).attempt is Attempt.SUCCEEDED


async def test_nobody_takes_back_unnoticed_what_another_has_brought_meanwhile(shop):
    """The newer commit went first; the older one that waits behind it would undo it."""
    newer, older = await shop.approved(shop.c, "3"), await shop.approved(shop.b, "2")
    shop.target.script = AT_WORK
    first = await shop.started(newer)
    behind = (await confirmed(shop, older)).deployment
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, behind) == [Attempt.QUEUED]
    assert any("would take that back" in each for each in await lines(shop))


async def test_what_cannot_be_compared_does_not_go(shop):
    first, second, _ = await a_line(shop)
    assert await ends(shop, first) is Attempt.SUCCEEDED
    shop.code.away = "The code host sleeps."
    assert await looks(shop, second) == [Attempt.QUEUED]
    assert any("The code host sleeps." in each for each in await lines(shop))


async def test_whoever_is_not_ready_can_let_others_go_first(shop):
    first, second, third = await a_line(shop)
    passed = await shop.pass_over(second.id, by=shop.by(MAYA))
    assert isinstance(passed, Deployment)
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, second, third) == [Attempt.QUEUED, Attempt.RUNNING]


async def test_only_those_who_may_withdraw_it_may_let_it_be_passed():
    shop = Workshop(rights={Right.DEPLOY: (RELEASE_MANAGER,), Right.ROLL_BACK: (ON_CALL,)})
    first, second, third = await a_line(shop)
    assert isinstance(await shop.pass_over(second.id, by=shop.by(RUTH)), Refused)
    assert isinstance(await shop.pass_over(first.id, by=shop.by(MAYA)), Refused)
    last = await shop.pass_over(third.id, by=shop.by(MAYA))
    assert isinstance(last, Refused)
    assert f"Nobody waits behind {third.name}" in str(last.why)


async def test_who_waits_can_be_withdrawn_and_never_begins(shop):
    first, second, third = await a_line(shop)
    gone = await shop.cancel_deploy(second.id, by=shop.by(MAYA))
    assert isinstance(gone, Deployment)
    assert gone.attempt is Attempt.CANCELLED
    assert await ends(shop, first) is Attempt.SUCCEEDED
    assert await looks(shop, second, third) == [Attempt.CANCELLED, Attempt.RUNNING]
    assert second.id not in [each.id for each in shop.target.started]


async def test_an_unknown_outcome_is_waited_for_by_those_in_line_and_by_nobody_new(shop):
    first, second, _ = await a_line(shop)
    shop.target.loses_everything()
    assert (await shop.followed(first, moves=1)).attempt is Attempt.UNKNOWN
    assert await looks(shop, second) == [Attempt.QUEUED]
    fourth = await shop.approved(shop.d, "4")
    await shop.ask_deploy(fourth, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(await shop.confirm_deploy(fourth, PRODUCTION, by=shop.by(MAYA)), Blocked)


async def test_two_replicas_that_look_at_once_start_one(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        first, second, third = await a_line(shop)
        assert await ends(shop, first) is Attempt.SUCCEEDED
        await asyncio.gather(*(shop.next_in_line(PAYMENTS, PRODUCTION) for _ in range(6)))
        started = [(await shop.deployment(each.id)).attempt for each in (second, third)]
        assert started == [Attempt.STARTING, Attempt.QUEUED]


async def test_a_rollback_stops_what_is_on_its_way_and_goes_once_that_has_ended(shop):
    await shop.shipped(shop.a, "1")
    shop.target.script = AT_WORK
    running = await shop.started(await shop.approved(shop.b, "2"))
    waiting = (await confirmed(shop, await shop.approved(shop.c, "3"))).deployment
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    assert back.deployment.waits
    assert back.target.order.version == "1"
    assert back.stops is not None
    assert back.stops.cancel_asked_by == INES.id
    assert (await looks(shop, back.deployment))[0] is Attempt.QUEUED
    assert (await shop.followed(running)).attempt is Attempt.CANCELLED
    shop.target.script = Script()
    assert (await shop.followed(back.deployment)).attempt is Attempt.SUCCEEDED
    assert await looks(shop, waiting) == [Attempt.QUEUED]
    assert shop.target.started[-1].order.kind is Kind.ROLLBACK


async def test_the_way_back_goes_before_everybody_who_waits(shop):
    first, second, third = await a_line(shop)
    await ends(shop, first)
    shop.target.script = AT_WORK
    await looks(shop, second)
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    assert (await shop.followed(second)).attempt is Attempt.CANCELLED
    assert await looks(shop, third, back.deployment) == [Attempt.QUEUED, Attempt.RUNNING]


async def test_the_same_way_back_is_taken_once(shop):
    await shop.shipped(shop.a, "1")
    shop.target.script = AT_WORK
    await shop.started(await shop.approved(shop.b, "2"))
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    again = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns!", by=shop.by(MAYA))
    assert isinstance(again, Refused)
    assert f"{back.deployment.name} is bringing 1 back to production already" in str(again.why)


async def test_a_way_back_asked_for_again_does_not_wait_for_an_outcome_that_nobody_knows(shop):
    await shop.shipped(shop.a, "1")
    shop.target.script = AT_WORK
    running = await shop.started(await shop.approved(shop.b, "2"))
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    shop.target.loses_everything()
    assert (await shop.followed(running, moves=1)).attempt is Attempt.UNKNOWN
    assert (await looks(shop, back.deployment))[0] is Attempt.QUEUED
    shop.target.script = Script()
    again = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns!", by=shop.by(INES))
    assert isinstance(again, RollingBack)
    assert (await shop.deployment(running.id)).attempt is Attempt.FAILED
    assert (await shop.deployment(back.deployment.id)).attempt is Attempt.CANCELLED
    assert (await shop.followed(again.deployment)).attempt is Attempt.SUCCEEDED


async def test_what_stands_there_is_what_went_last_and_not_what_has_the_greatest_number(database_url):
    """The third was let go before the second: the second stands there, and the way back leads to the third."""
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        shop.agrees_on(HOTFIX, keeps_order=False)
        first = await shop.approved(shop.a, "1")
        later, sooner = await shop.approved(shop.d, "4"), await shop.approved(shop.c, "3")
        shop.target.script = AT_WORK
        running = await shop.started(first)
        passed = (await confirmed(shop, later)).deployment
        overtaking = (await confirmed(shop, sooner)).deployment
        assert isinstance(await shop.pass_over(passed.id, by=shop.by(MAYA)), Deployment)
        await ends(shop, running)
        for each in (overtaking, passed):
            await looks(shop, each)
            assert await ends(shop, each) is Attempt.SUCCEEDED
        place = (await shop.picture(later)).place(PRODUCTION)
        assert place is not None
        assert place.facts.standing is not None
        assert place.facts.standing.order.version == "4"
        assert place.facts.standing.order.replaces == overtaking.id
        shop.target.script = Script()
        back = await shop.rolled_back()
        assert (back.order.version, back.order.replaces) == ("3", passed.id)


async def going_back(shop: Workshop) -> tuple[Deployment, Deployment]:
    """2 is on its way, and Ines goes back to 1; what is on its way, and what waits for its end."""
    await shop.shipped(shop.a, "1")
    shop.target.script = AT_WORK
    running = await shop.started(await shop.approved(shop.b, "2"))
    back = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    assert isinstance(back, RollingBack)
    return running, back.deployment


@pytest.mark.parametrize(
    "members", [roles(on_call={BEN}), Roles({}, {ON_CALL: "Slack is away", RELEASE_MANAGER: "so"})]
)
async def test_a_way_back_goes_whoever_is_on_call_by_then(members):
    """Whoever asked for it might. A change of shifts, or a directory that is away, holds nothing up."""
    shop = Workshop(rights={Right.ROLL_BACK: (ON_CALL,)})
    running, back = await going_back(shop)
    shop.directory.held = members
    await shop.followed(running)
    assert await looks(shop, back) == [Attempt.RUNNING]


async def test_a_way_back_does_not_wait_for_what_the_code_host_says_of_others(shop):
    running, back = await going_back(shop)
    asked = []

    async def slow(*what, **_):
        asked.append(what)
        raise AssertionError("nobody waits for that now")

    await shop.ask_deploy(await shop.approved(shop.c, "3"), PRODUCTION, by=shop.by(MAYA))
    await shop.confirm_deploy(ReleaseId(3), PRODUCTION, by=shop.by(MAYA))
    await shop.followed(running)
    shop.code.between = slow
    assert await looks(shop, back) == [Attempt.RUNNING]
    assert asked == []


async def test_whoever_goes_back_is_called_when_the_end_that_is_waited_for_cannot_be_seen(shop):
    running, back = await going_back(shop)
    shop.target.loses_everything()
    assert (await shop.followed(running, moves=1)).attempt is Attempt.UNKNOWN
    (told,) = [
        each for each in await shop.told(ThreadLine) if f"{back.name} waits for the end of" in str(each.sentence)
    ]
    assert told.loud
    assert str(told.sentence).startswith(f"@{INES.id}")


async def test_not_even_broken_glass_goes_before_a_way_back():
    shop = Workshop(rights={Right.BREAK_GLASS: (ON_CALL,)})
    running, back = await going_back(shop)
    other = await shop.planned(shop.c, "3")
    await shop.followed(running)
    refused = await shop.break_glass.look(other, PRODUCTION, "Checkout is down", by=shop.by(INES))
    assert isinstance(refused, Refused)
    assert f"{back.name} is about to bring 1 back" in str(refused.why)


async def test_a_way_back_is_stopped_by_those_who_may_go_back():
    shop = Workshop(rights={Right.ROLL_BACK: (ON_CALL,)})
    _, back = await going_back(shop)
    refused = await shop.cancel_deploy(back.id, by=shop.by(BEN))
    assert isinstance(refused, Refused)
    assert isinstance(await shop.cancel_deploy(back.id, by=shop.by(INES)), Deployment)


async def test_what_was_asked_to_stop_and_may_be_at_work_is_asked_again(shop):
    running, _ = await going_back(shop)
    shop.target.stops = False
    await shop.followed(running, moves=1)
    shop.at += timedelta(minutes=5)
    assert (await shop.followed(running, moves=1)).attempt is Attempt.UNKNOWN
    shop.target.stops = True
    assert (await shop.followed(running, moves=1)).attempt is Attempt.FAILED


async def test_while_only_ways_back_go_nobody_goes_forward(shop):
    first, second, _ = await a_line(shop)
    await ends(shop, first)
    careful = replace(shop.next_in_line, only_back=lambda: True)
    await careful(PAYMENTS, PRODUCTION)
    assert (await shop.deployment(second.id)).waits
