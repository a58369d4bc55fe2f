"""A release train: several services to one environment, in the order in which they need each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.notices import DirectLine, ThreadLine, TrainAsks, TrainChanged
from bot.ports import Work
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.policy import FreezeMeaning, Promotion, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.rules.train import Answer, Passage, why_stuck
from bot.verbs.confirm_deploy import ConfirmDeploy
from bot.verbs.confirm_train import TrainBlocked, TrainConfirmed
from tests.grounds import database_ground
from tests.makers import HOTFIX, PRODUCTION, a_window
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, RELEASE_MANAGER, RUTH
from tests.twins import Script
from tests.verbs.station import SERVICES, Station

PAYMENTS, LEDGER, STOREFRONT = SERVICES
NEW = {"payments": "2.0", "ledger": "2.0", "storefront": "2.0"}
OLD = {"payments": "1.0", "ledger": "1.0", "storefront": "1.0"}


@pytest.fixture
def station():
    return Station()


async def lines(station: Station) -> list[str]:
    return [str(each.sentence) for each in await station.told(ThreadLine)]


async def refused(station: Station, *releases: ReleaseId, by=MAYA) -> str:
    done = await station.ask_train(list(releases), PRODUCTION, by=station.by(by))
    assert isinstance(done, Refused)
    return str(done.why)


# ------------------------------------------------------------ looking


async def test_the_preview_puts_them_in_the_order_in_which_they_need_each_other(station):
    payments, ledger, storefront = await station.opened()
    seen = await station.looked([ledger, storefront, payments])
    assert [each.release.id for each in seen.train.stops] == [storefront, payments, ledger]
    assert [each.after for each in seen.train.stops] == [(), (), (payments,)]
    assert seen.train.open
    assert seen.train.command == "/deploy train confirm R-5 R-6 R-4 to production"
    assert all(not isinstance(each, str) and each.total == 1 for each in seen.changes.values())
    assert (await station.versions()) == OLD


async def test_what_makes_no_train_is_said(station):
    payments, ledger, storefront = await station.opened()
    assert "R-4 is named twice" in await refused(station, payments, payments)
    assert "A train takes two releases or more. For one there is /deploy R-4" in await refused(station, payments)
    assert "R-5 depends on R-4, which is neither in production nor aboard. Take it along" in await refused(
        station, ledger, storefront
    )
    newer = await station.release(PAYMENTS, 3)
    assert "R-4 and R-7 are both of Payments" in await refused(station, payments, newer)
    assert "R-1 is in production already" in await refused(station, ReleaseId(1), storefront)
    assert "no release R-99" in await refused(station, payments, ReleaseId(99))
    await station.started(storefront)
    assert "R-6 is on its way to production already, as D-4" in await refused(station, payments, storefront)


async def test_who_may_not_deploy_one_of_them_may_not_look():
    station = Station(rights={Right.DEPLOY: (RELEASE_MANAGER,), Right.ROLL_BACK: (ON_CALL,)})
    payments, ledger, _ = await station.opened()
    assert "Only @release-manager can deploy Payments" in await refused(station, payments, ledger, by=BEN)


# ------------------------------------------------------------ confirming


async def test_a_closed_gate_of_one_of_them_starts_nothing(station):
    payments, _, storefront = await station.opened()
    await station.withdraw(storefront, by=station.by(OMAR))
    seen = await station.looked([payments, storefront])
    assert not seen.train.open
    done = await station.confirm_train([payments, storefront], PRODUCTION, by=station.by(MAYA))
    assert isinstance(done, TrainBlocked)
    assert (Work.RUN_TRAIN, 1) not in station.records.started


async def test_only_what_was_looked_at_can_be_confirmed_and_only_for_an_hour(station):
    releases = await station.opened()

    async def confirms(*which: ReleaseId) -> str:
        done = await station.confirm_train(list(which), PRODUCTION, by=station.by(MAYA))
        assert isinstance(done, Refused)
        return str(done.why)

    assert "Please look first" in await confirms(*releases)
    await station.looked(releases)
    assert "Please look first" in await confirms(*releases[:2])
    assert "Please look first" in await confirms(*reversed(releases))
    station.at += timedelta(hours=1)
    assert "Please look first" in await confirms(*releases)


async def test_a_double_confirmation_makes_one_train(station):
    releases = await station.opened()
    await station.looked(releases)
    by = station.by(MAYA)
    first, again = [await station.confirm_train(releases, PRODUCTION, by=by) for _ in range(2)]
    assert isinstance(first, TrainConfirmed)
    assert not isinstance(again, TrainConfirmed)
    another = await station.confirm_train(releases, PRODUCTION, by=station.by(MAYA))
    assert isinstance(another, Refused)
    assert "R-4 is aboard T-1 already" in str(another.why)


async def test_where_a_service_takes_two_people_somebody_else_looked():
    station = Station(two_people=True)
    for name in SERVICES[:2]:
        await station.release(name, 2)
    releases = [ReleaseId(1), ReleaseId(2)]
    await station.looked(releases)
    alone = await station.confirm_train(releases, PRODUCTION, by=station.by(MAYA))
    assert isinstance(alone, Refused)
    assert "Payments asks for two people" in str(alone.why)
    together = await station.confirm_train(releases, PRODUCTION, by=station.by(INES))
    assert isinstance(together, TrainConfirmed)


async def test_who_is_kept_apart_from_one_of_them_is_kept_apart_from_the_train(station):
    station.agrees_on(HOTFIX, approver_may_confirm=False)
    releases = await station.opened()
    await station.looked(releases, by=OMAR)
    done = await station.confirm_train(releases, PRODUCTION, by=station.by(OMAR))
    assert isinstance(done, Refused)
    assert "approved it" in str(done.why)
    assert "Somebody else has to type /deploy train confirm R-4 R-5 R-6 to production." in str(done.why)


# ------------------------------------------------------------ going


async def test_they_go_one_after_the_other_and_the_train_ends(station):
    train = await station.departed(await station.opened())
    seen = await station.moved(train.id)
    assert seen.train.over
    assert await station.versions() == NEW
    assert [each.order.service for each in station.target.started[3:]] == list(SERVICES)
    (told,) = await station.told(DirectLine)
    assert str(told.sentence) == "T-1 has ended: R-4, R-5, R-6 are in production."


async def test_the_next_waits_until_the_one_before_it_is_there(station):
    train = await station.departed(await station.opened())
    station.target.script = Script(waits=True)
    seen = await station.moved(train.id)
    assert [seen.passage(each) for each in seen.train.cars] == [Passage.GOING, Passage.WAITS, Passage.WAITS]
    assert len(station.target.started) == 4
    station.target.lets_go()
    seen = await station.moved(train.id)
    assert [seen.passage(each) for each in seen.train.cars] == [Passage.THERE, Passage.GOING, Passage.WAITS]


async def test_each_deployment_that_ends_wakes_its_train(station):
    train = await station.departed(await station.opened())
    await station.run_train(train.id)
    station.records.nudged.clear()
    await station.followed(await station.deployment(4))
    assert (Work.RUN_TRAIN, train.id, "look") in station.records.nudged


async def stuck_at_the_ledger(station: Station) -> tuple[int, list[ReleaseId]]:
    """Payments are there, the ledger has failed; the storefront waits."""
    releases = await station.opened()
    train = await station.departed(releases)
    station.target.fails = {LEDGER}
    seen = await station.moved(train.id)
    assert seen.train.asks
    assert seen.stuck is not None
    assert seen.stuck.service == LEDGER
    station.target.fails = set()
    return train.id, releases


async def test_at_a_failure_it_stands_still_and_asks_whoever_confirmed_and_in_every_thread(station):
    number, releases = await stuck_at_the_ledger(station)
    assert await station.versions() == {**OLD, "payments": "2.0"}
    (asked,) = set(await station.told(TrainAsks))
    assert (asked.person, asked.train) == (MAYA.id, number)
    assert {each.release for each in await station.told(TrainChanged)} == set(releases)
    (told,) = [each for each in await station.told(ThreadLine) if "stands still" in str(each.sentence)]
    assert told.loud
    assert told.release == releases[1]
    assert "D-5 has failed" in str(told.sentence)
    assert "/deploy train T-1 go on, /deploy train T-1 stop and /deploy train T-1 roll back" in str(told.sentence)
    for _ in range(3):
        await station.run_train(number)
    assert len(station.target.started) == 5


async def test_go_on_leaves_what_is_stuck_and_brings_the_rest(station):
    number, _ = await stuck_at_the_ledger(station)
    await station.answered(number, Answer.GO_ON)
    seen = await station.moved(number)
    assert seen.train.over
    assert await station.versions() == {**NEW, "ledger": "1.0"}
    assert any("lets T-1 go on without R-5" in each for each in await lines(station))


async def test_what_needs_the_one_that_is_left_does_not_go_either(station):
    train = await station.departed(await station.opened())
    station.target.fails = {PAYMENTS}
    await station.moved(train.id)
    station.target.fails = set()
    await station.answered(train.id, Answer.GO_ON)
    await station.moved(train.id)
    assert await station.versions() == {**OLD, "storefront": "2.0"}


async def test_stop_leaves_what_is_there(station):
    number, _ = await stuck_at_the_ledger(station)
    await station.answered(number, Answer.STOP)
    assert (await station.moved(number)).train.over
    assert await station.versions() == {**OLD, "payments": "2.0"}
    again = await station.answer_train(number, Answer.ROLL_BACK, None, by=station.by(MAYA))
    assert isinstance(again, Refused)
    assert "T-1 has ended" in str(again.why)


async def test_roll_back_takes_everything_back_in_reverse_each_seen_ended_before_the_next(station):
    releases = await station.opened()
    train = await station.departed(releases)
    station.target.fails = {STOREFRONT}
    assert (await station.moved(train.id)).train.asks
    station.target.fails = set()
    await station.answered(train.id, Answer.ROLL_BACK, by=INES)
    seen = await station.moved(train.id)
    assert seen.train.over
    back = [each for each in station.target.started if each.order.kind is Kind.ROLLBACK]
    assert [each.order.service for each in back] == [STOREFRONT, LEDGER, PAYMENTS]
    assert {each.order.confirmed_by for each in back} == {INES.id}
    assert await station.versions() == OLD
    assert [seen.passage(each) for each in seen.train.cars] == [Passage.BACK] * 3


async def test_what_cannot_be_undone_is_told_with_each_rollback(station):
    """The payments dropped a column by their candidate's word, the ledger by its commit's trailer."""
    for name in SERVICES[:2]:
        await station.deployed(await station.release(name, 1))
    payments = await station.planned(station.commits[PAYMENTS][1], "2.0", HOTFIX)
    dropping = station.commits[PAYMENTS][1]
    await station.set_candidate(payments, dropping, None, "drops payments.memo", by=station.by(MAYA))
    body = "Irreversible-Migration: drops ledger.memo"
    commit = station.code.commit("/srv/ledger", "Drop the memo", parents=[station.commits[LEDGER][0]], body=body)
    ledger = await station.planned(commit, "2.0", HOTFIX, service=LEDGER)
    for each in (payments, ledger):
        await station.approve(each, PRODUCTION, None, by=station.by(OMAR))
    train = await station.departed([payments, ledger])
    station.target.fails = {LEDGER}
    assert (await station.moved(train.id)).train.asks
    station.target.fails = set()
    before = len(await station.told(ThreadLine))
    await station.answered(train.id, Answer.ROLL_BACK, by=INES)
    assert (await station.moved(train.id)).train.over
    warned = [each for each in (await station.told(ThreadLine))[before:] if "can't be undone" in str(each.sentence)]
    assert [each.release for each in warned] == [ledger, payments]
    assert all(each.loud for each in warned)
    assert "drops ledger.memo" in str(warned[0].sentence)
    assert "2.0 came with a migration that can't be undone: drops payments.memo" in str(warned[1].sentence)


async def test_a_rollback_that_fails_asks_again(station):
    number, _ = await stuck_at_the_ledger(station)
    station.target.fails = {PAYMENTS}
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    seen = await station.moved(number)
    assert seen.train.asks
    assert seen.stuck is not None
    assert seen.stuck.service == PAYMENTS
    station.target.fails = set()
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    assert (await station.moved(number)).train.over
    assert await station.versions() == OLD


async def test_what_somebody_rolled_back_by_hand_is_not_rolled_back_twice(station):
    number, _ = await stuck_at_the_ledger(station)
    by_hand = await station.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=station.by(INES))
    assert not isinstance(by_hand, Refused)
    await station.followed(by_hand.deployment)
    before = len(station.target.started)
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    assert (await station.moved(number)).train.over
    assert len(station.target.started) == before + 1  # the ledger, which failed there


async def test_what_was_replaced_by_somebody_since_is_not_taken_away(station):
    number, _ = await stuck_at_the_ledger(station)
    newer = await station.release(PAYMENTS, 3)
    await station.deployed(newer)
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    seen = await station.moved(number)
    assert seen.train.asks
    assert seen.stuck is not None
    assert "has changed since" in str(seen.stuck.trouble)
    assert (await station.versions())["payments"] == "3.0"


# ------------------------------------------------------------ when its turn comes


async def one_at_work(station: Station) -> tuple[int, list[ReleaseId]]:
    """The first is at work out there."""
    releases = await station.opened()
    train = await station.departed(releases)
    station.target.script = Script(waits=True)
    await station.moved(train.id)
    station.target.script = Script()
    return train.id, releases


async def test_a_gate_that_closed_meanwhile_stops_it_and_it_can_try_again(station):
    number, releases = await one_at_work(station)
    await station.withdraw(releases[1], by=station.by(OMAR))
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.train.asks
    assert seen.stuck is not None
    assert "approv" in str(seen.stuck.trouble)
    assert "/release why R-5 production" in str(seen.stuck.trouble)
    await station.approve(releases[1], PRODUCTION, None, by=station.by(OMAR))
    await station.answered(number, Answer.TRY_AGAIN)
    assert (await station.moved(number)).train.over
    assert await station.versions() == NEW


async def test_another_candidate_than_was_confirmed_does_not_go(station):
    number, releases = await one_at_work(station)
    await station.set_candidate(releases[2], station.commits[STOREFRONT][2], None, by=station.by(MAYA))
    await station.approve(releases[2], PRODUCTION, None, by=station.by(OMAR))
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "R-6 has another candidate now than when T-1 was confirmed" in str(seen.stuck.trouble)
    assert Answer.TRY_AGAIN not in seen.answers
    assert (await station.versions())["storefront"] == "1.0"


async def test_what_changed_the_environment_since_stops_it(station):
    """Somebody ships a newer storefront by hand: what was looked at is no longer so."""
    number, _ = await one_at_work(station)
    newer = await station.release(STOREFRONT, 3)
    await station.deployed(newer)
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "(3.0) has changed production since T-1 was confirmed" in str(seen.stuck.trouble)
    assert Answer.TRY_AGAIN not in seen.answers
    assert (await station.versions())["storefront"] == "3.0"


async def test_what_somebody_else_brought_meanwhile_is_not_brought_twice_nor_taken_back(station):
    number, releases = await one_at_work(station)
    await station.deployed(releases[2])
    before = len(station.target.started)
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.train.over
    assert seen.train.cars[2].adopted
    assert len(station.target.started) == before + 1
    assert await station.versions() == NEW


async def waits_for_the_ledger(station: Station, based_on_it: bool) -> tuple[int, Deployment]:
    """Ledger 1.5 was on its way when a train was confirmed whose ledger 2.0 has it, or hasn't; it still is."""
    for name in SERVICES[:2]:
        await station.deployed(await station.release(name, 1))
    old = station.commits[LEDGER][0]
    between = station.code.commit("/srv/ledger", "ledger 1.5", parents=[old])
    newer = station.code.commit("/srv/ledger", "ledger 2", parents=[between if based_on_it else old])
    payments = await station.release(PAYMENTS, 2)
    station.commits[LEDGER] = [old, newer, between]
    ledger = await station.release(LEDGER, 2, payments)
    middle = await station.planned(between, "1.5", HOTFIX, service=LEDGER)
    await station.approve(middle, PRODUCTION, None, by=station.by(OMAR))
    station.target.script = Script(waits=True)
    other = await station.started(middle)
    seen = await station.looked([payments, ledger])
    assert [each.waits for each in seen.train.stops] == [False, True]
    train = await station.departed([payments, ledger])
    station.target.script = Script()
    return train.id, other


async def gets_there(station: Station, other: Deployment) -> None:
    station.target.lets_go()
    assert (await station.followed(other)).attempt is Attempt.SUCCEEDED


async def test_what_was_on_its_way_when_it_was_confirmed_and_is_there_now_does_not_stop_it(station):
    number, other = await waits_for_the_ledger(station, based_on_it=True)
    await gets_there(station, other)
    assert (await station.moved(number)).train.over
    assert await station.versions() == {**NEW, "storefront": ""}


async def test_what_was_on_its_way_and_was_stopped_half_way_stops_it_for_good(station):
    number, other = await waits_for_the_ledger(station, based_on_it=True)
    await station.cancel_deploy(other.id, by=station.by(MAYA))
    assert (await station.followed(other)).attempt is Attempt.CANCELLED
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "(1.5) has changed production since T-1 was confirmed" in str(seen.stuck.trouble)
    assert Answer.TRY_AGAIN not in seen.answers


async def test_a_train_does_not_take_back_unnoticed_what_it_has_waited_for(station):
    number, other = await waits_for_the_ledger(station, based_on_it=False)
    await gets_there(station, other)
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "R-4 doesn't have everything that D-3 (1.5) brought to production meanwhile" in str(seen.stuck.trouble)
    assert Answer.TRY_AGAIN not in seen.answers
    assert (await station.versions())["ledger"] == "1.5"


async def test_what_cannot_be_compared_with_what_it_has_waited_for_can_try_again(station):
    number, other = await waits_for_the_ledger(station, based_on_it=True)
    await gets_there(station, other)
    ledger = station.catalogue.services[LEDGER]
    station.catalogue.services[LEDGER] = replace(ledger, repository="/srv/nowhere")
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "I can't read whether R-4 has what D-3 brought to production meanwhile" in str(seen.stuck.trouble)
    station.catalogue.services[LEDGER] = ledger
    await station.answered(number, Answer.TRY_AGAIN)
    assert (await station.moved(number)).train.over
    assert await station.versions() == {**NEW, "storefront": ""}


async def test_whoever_lost_the_role_meanwhile_brings_nothing_more():
    station = Station(rights={Right.DEPLOY: (RELEASE_MANAGER,), Right.ROLL_BACK: (ON_CALL,)})
    number, _ = await one_at_work(station)
    held = station.directory.held
    station.directory.held = replace(held, members={**held.members, RELEASE_MANAGER: frozenset({RUTH.id})})
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "Only @release-manager can deploy" in str(seen.stuck.trouble)


async def test_a_freeze_that_began_stops_it(station):
    station.agrees_on(HOTFIX, freeze=FreezeMeaning.BLOCKS)
    number, _ = await one_at_work(station)
    await station.start_freeze(a_window(starts_at=station.at, hard=True), by=station.by(MAYA))
    station.target.lets_go()
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "freezes production" in str(seen.stuck.trouble)


async def behind_another(station: Station) -> tuple[int, Deployment]:
    """The storefront's turn has come, and somebody's newer storefront is on its way there."""
    number, _ = await one_at_work(station)
    newer = await station.release(STOREFRONT, 3)
    station.target.lets_go()
    station.target.script = Script(waits=True)
    other = await station.started(newer)
    station.target.script = Script()
    seen = await station.moved(number)
    assert [seen.passage(each) for each in seen.train.cars] == [Passage.THERE, Passage.THERE, Passage.GOING]
    waiting = seen.deployment(seen.train.cars[2])
    assert waiting is not None
    assert waiting.waits
    return number, other


async def test_what_meets_another_deployment_waits_in_line_and_then_goes(station):
    number, other = await behind_another(station)
    await station.cancel_deploy(other.id, by=station.by(MAYA))
    assert (await station.followed(other)).attempt is Attempt.CANCELLED
    assert (await station.moved(number)).train.over
    assert await station.versions() == NEW


async def test_what_is_passed_over_in_line_stops_it_and_leaves_the_line(station):
    number, other = await behind_another(station)
    station.target.lets_go()
    assert (await station.followed(other)).attempt is Attempt.SUCCEEDED
    seen = await station.moved(number)
    assert seen.stuck is not None
    assert "was passed over" in str(why_stuck(seen.train, seen.stuck, seen.how))
    await station.answered(number, Answer.GO_ON)
    seen = await station.moved(number)
    assert seen.train.over
    left = seen.deployment(seen.train.cars[2])
    assert left is not None
    assert left.attempt is Attempt.CANCELLED
    assert await station.versions() == {**NEW, "storefront": "3.0"}


async def test_stopping_while_it_goes_lets_what_is_on_its_way_end(station):
    number, _ = await one_at_work(station)
    await station.answered(number, Answer.STOP)
    station.target.lets_go()
    assert (await station.moved(number)).train.over
    assert await station.versions() == {**OLD, "payments": "2.0"}


async def test_rolling_back_while_it_goes_stops_what_is_on_its_way_first(station):
    number, _ = await one_at_work(station)
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    seen = await station.moved(number)
    assert seen.train.over
    assert (await station.deployment(seen.train.cars[0].deployment)).attempt is Attempt.CANCELLED
    assert await station.versions() == OLD


# ------------------------------------------------------------ who, and once


async def test_who_may_say_what():
    station = Station(rights={Right.DEPLOY: (RELEASE_MANAGER,), Right.ROLL_BACK: (ON_CALL,)})
    number, _ = await stuck_at_the_ledger(station)
    for answer, person, why in (
        (Answer.GO_ON, INES, "Only @release-manager can deploy Payments"),
        (Answer.ROLL_BACK, MAYA, "Only @on-call can roll back"),
        (Answer.STOP, BEN, "can stop T-1"),
    ):
        done = await station.answer_train(number, answer, None, by=station.by(person))
        assert isinstance(done, Refused)
        assert why in str(done.why)
    await station.answered(number, Answer.ROLL_BACK, by=INES)


async def test_a_press_on_an_outdated_message_decides_nothing(station):
    number, _ = await stuck_at_the_ledger(station)
    on_screen = (await station.train(number)).train.revision
    await station.answered(number, Answer.GO_ON)
    late = await station.answer_train(number, Answer.ROLL_BACK, on_screen, by=station.by(INES))
    assert isinstance(late, Refused)
    assert late.stale
    assert "T-1 has gone on since you looked" in str(late.why)


async def test_what_cannot_be_said_is_answered_with_what_can(station):
    number, _ = await one_at_work(station)
    done = await station.answer_train(number, Answer.GO_ON, None, by=station.by(MAYA))
    assert isinstance(done, Refused)
    assert "What can be said to it: /deploy train T-1 stop and /deploy train T-1 roll back" in str(done.why)


async def test_a_train_that_nobody_answers_is_reminded_of_and_then_everybody_who_may_decide(station):
    number, _ = await stuck_at_the_ledger(station)
    every = station.catalogue.reminders.ask_again_after
    station.catalogue.services[LEDGER] = replace(
        station.catalogue.services[LEDGER], rights={Right.DEPLOY: (RELEASE_MANAGER,)}
    )
    assert (await station.run_train(number)).after <= every
    for _ in range(2):
        station.at += every
        for _ in range(2):
            await station.run_train(number)
    reminded = [each for each in await station.told(DirectLine) if "has stood still since" in str(each.sentence)]
    assert [each.person for each in reminded] == [MAYA.id, MAYA.id]
    assert sum("still stands still and waits for a word" in each for each in await lines(station)) == 1


async def test_many_movers_at_once_start_each_release_once(database_url):
    async with database_ground(database_url) as ground:
        station = Station(ground.records)
        train = await station.departed(await station.opened())
        for _ in range(8):
            await asyncio.gather(*(station.run_train(train.id) for _ in range(3)), return_exceptions=False)
            seen = await station.train(train.id)
            for each in list(seen.how.values()):
                await station.followed(each)
        assert (await station.train(train.id)).train.over
        assert await station.versions() == NEW
        assert len(station.target.started) == 6


async def test_two_confirmations_at_the_same_moment_make_one_train(database_url):
    async with database_ground(database_url) as ground:
        station = Station(ground.records)
        releases = await station.opened()
        await station.looked(releases)
        done = await asyncio.gather(
            *(station.confirm_train(releases, PRODUCTION, by=station.by(MAYA)) for _ in range(3))
        )
        assert sum(isinstance(each, TrainConfirmed) for each in done) == 1
        async with ground.records.read() as page:
            assert len(await page.trains()) == 1


async def test_a_train_is_rolled_back_by_many_movers_at_once_each_release_once(database_url):
    async with database_ground(database_url) as ground:
        station = Station(ground.records)
        train = await station.departed(await station.opened())
        station.target.fails = {STOREFRONT}
        assert (await station.moved(train.id)).train.asks
        station.target.fails = set()
        await station.answered(train.id, Answer.ROLL_BACK, by=INES)
        for _ in range(12):
            await asyncio.gather(*(station.run_train(train.id) for _ in range(3)))
            seen = await station.train(train.id)
            for each in list(seen.how.values()):
                await station.followed(each)
        assert seen.train.over
        assert await station.versions() == OLD
        back = [each for each in station.target.started if each.order.kind is Kind.ROLLBACK]
        assert [each.order.service for each in back] == [STOREFRONT, LEDGER, PAYMENTS]


async def test_it_is_all_on_the_record_of_each_release(station):
    number, releases = await stuck_at_the_ledger(station)
    await station.answered(number, Answer.GO_ON)
    await station.moved(number)
    async with station.records.read() as page:
        verbs = [each.happened.verb for each in await page.record(release=releases[1])]
    for verb in ("confirm train", "confirm deploy", "train stands still", "answer train", "train ended"):
        assert verb in verbs


async def test_a_move_that_is_cut_off_leaves_nothing_and_is_made_again(database_url):
    """The process dies between the deployment's start and the end of the move: neither is there, and then one is."""

    class DiesAfterwards:
        def __init__(self, confirm: ConfirmDeploy) -> None:
            self.confirm = confirm

        async def aboard(self, *args: Any, **kwargs: Any) -> None:
            await self.confirm.aboard(*args, **kwargs)
            raise SystemError("kill -9")

    async with database_ground(database_url) as ground:
        station = Station(ground.records)
        train = await station.departed(await station.opened())
        dying = replace(station.run_train, confirm=DiesAfterwards(station.confirm_deploy))  # type: ignore[arg-type]
        for _ in range(2):
            with pytest.raises(SystemError):
                await dying(train.id)
        seen = await station.train(train.id)
        assert seen.train.cars[0].deployment is None
        assert len((await station.picture(seen.train.cars[0].release)).deployments) == 0
        await station.run_train(train.id)
        await station.run_train(train.id)
        assert len((await station.picture(seen.train.cars[0].release)).deployments) == 1


async def test_what_a_train_brings_on_is_not_offered_as_well(station):
    releases = await station.opened()
    train = await station.departed(releases)
    await station.run_train(train.id)
    await station.followed(await station.deployment(4))
    before = len([each for each in await station.told(ThreadLine) if each.offers])
    await station.watched(releases[1])
    assert len([each for each in await station.told(ThreadLine) if each.offers]) == before


async def shipping_itself(station: Station) -> tuple[int, list[ReleaseId]]:
    """The ledger goes to production by itself, and is aboard a train that has just brought what it needs."""
    ledger = station.catalogue.services[LEDGER]
    by_itself = tuple(
        replace(each, promote=Promotion.ITSELF, after=()) for each in ledger.environments if each.name == PRODUCTION
    )
    station.catalogue.services[LEDGER] = replace(ledger, environments=by_itself)
    releases = await station.opened()
    train = await station.departed(releases)
    await station.run_train(train.id)
    assert (await station.followed(await station.deployment(4))).attempt is Attempt.SUCCEEDED
    return train.id, releases


async def test_what_ships_itself_is_left_to_the_train_that_it_is_aboard_of_and_is_rolled_back_with_it(station):
    number, (_, ledger, _) = await shipping_itself(station)
    await station.watched(ledger)
    assert len(station.target.started) == 4
    station.target.fails = {STOREFRONT}
    seen = await station.moved(number)
    assert [each.adopted for each in seen.train.cars] == [False, False, False]
    station.target.fails = set()
    await station.answered(number, Answer.ROLL_BACK, by=INES)
    await station.moved(number)
    assert await station.versions() == OLD


async def test_what_ships_itself_does_so_again_once_the_train_is_over(station):
    number, (_, ledger, _) = await shipping_itself(station)
    await station.answered(number, Answer.STOP)
    assert (await station.moved(number)).train.over
    assert (Work.WATCH_RELEASE, ledger, "changed") in station.records.nudged
    await station.watched(ledger)
    await station.followed(await station.deployment(5))
    assert await station.versions() == {**OLD, "payments": "2.0", "ledger": "2.0"}
