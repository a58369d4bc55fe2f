"""Watching what a deployment did: it passes, people are asked, or it is rolled back; nothing unread is ever good."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import DirectLine, ThreadLine, WatchTold
from bot.ports import ConflictError, Next
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Promotion, ServiceName, Verification
from bot.rules.sentence import Refused
from bot.rules.stage import Stage
from bot.rules.watch import Metric, MetricsSource, Otherwise, Watch
from bot.verbs.roll_back import RollBack, RollingBack, WayBack
from tests.grounds import database_ground
from tests.makers import HOTFIX, PAYMENTS, PRODUCTION, STAGING, an_environment
from tests.people import BEN, INES, MAYA, OMAR, RUTH
from tests.twins import Script
from tests.verbs.workshop import Workshop

QUERY = 'errors{service="{service}", version="{version}"}'
HEALTH = "http://payments.invalid/health"
EVERY = timedelta(seconds=30)
WATCH = Watch(timedelta(minutes=2), EVERY, HEALTH, metrics=(Metric("errors", QUERY, above=0.05),))
"""Five looks, half a minute apart."""


def asked(version: str) -> str:
    return f'errors{{service="payments", version="{version}"}}'


def watched(shop: Workshop, **rules) -> Workshop:
    """From now on production is watched like this."""
    place = an_environment(
        PRODUCTION, after=(STAGING,), promote=Promotion.NO, watch=replace(WATCH, **rules), verification=SERVED
    )
    service = shop.catalogue.services[PAYMENTS]
    service = replace(service, environments=(an_environment(STAGING), place))
    shop.catalogue = replace(
        shop.catalogue,
        services={**shop.catalogue.services, PAYMENTS: service},
        metrics=MetricsSource("http://prometheus.invalid"),
    )
    return shop


SERVED = Verification("http://payments.invalid/version")


async def with_a_second_version(shop: Workshop, **rules) -> Deployment:
    """1.0.0 was good; 2.0.0 is there since a moment ago, and is watched."""
    await shop.shipped(shop.a, "1.0.0")
    watched(shop, **rules)
    return await is_there(shop, shop.b, "2.0.0")


async def is_there(shop: Workshop, commit: str, version: str) -> Deployment:
    return await comes_there(shop, await shop.started(await shop.approved(commit, version)))


async def comes_there(shop: Workshop, deployment: Deployment) -> Deployment:
    for _ in range(10):
        if deployment.attempt is Attempt.WATCHING:
            return deployment
        await shop.follow_deploy(deployment.id)
        deployment = await shop.deployment(deployment.id)
    raise AssertionError(deployment)


async def looks(shop: Workshop, deployment: Deployment, times: int = 1) -> Deployment:
    """So many looks go by."""
    for _ in range(times):
        await shop.follow_deploy(deployment.id)
        shop.at += EVERY
    return await shop.deployment(deployment.id)


async def said(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine)]


async def loudly(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine) if each.loud]


async def rollbacks(shop: Workshop) -> list[Deployment]:
    async with shop.records.read() as reading:
        history = await reading.deployments(service=PAYMENTS, environment=PRODUCTION)
    return [each for each in history if each.order.kind is Kind.ROLLBACK]


async def kept(shop: Workshop, deployment: Deployment):
    async with shop.records.read() as reading:
        found = await reading.watched(deployment.id)
    assert found is not None
    return found


# ------------------------------------------------------------ it passes


async def test_what_stays_good_until_the_end_has_succeeded(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 0.01)
    assert (await looks(shop, deployment, 4)).attempt is Attempt.WATCHING
    ended = await looks(shop, deployment)
    assert ended.attempt is Attempt.SUCCEEDED
    assert ended.ended_at is not None
    assert (await said(shop))[-1] == (
        f"{ended.name} holds: 2.0.0 stays in production. It was looked at 5 times in 2 minutes, and everything is good."
    )


async def test_each_look_is_kept_with_its_numbers_and_told(shop):
    deployment = await with_a_second_version(shop)
    for value in (0.01, 0.02, 0.03):
        shop.metrics.gives(asked("2.0.0"), value, shop.at)
        await looks(shop, deployment)
    assert (await kept(shop, deployment)).values("errors") == (0.01, 0.02, 0.03)
    assert WatchTold(deployment.order.release, deployment.id) in await shop.told(WatchTold)


async def test_nothing_is_looked_at_before_it_is_time(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 0)
    await shop.follow_deploy(deployment.id)
    shop.at += timedelta(seconds=10)
    following = await shop.follow_deploy(deployment.id)
    assert (following.done, following.after) == (False, timedelta(seconds=20))
    assert len((await kept(shop, deployment)).looks) == 1


async def test_the_environment_is_held_while_it_is_watched_and_others_wait(shop):
    deployment = await with_a_second_version(shop)
    release = await shop.approved(shop.c, "3.0.0")
    (held,) = await shop.blockers(release)
    assert held.reason is Reason.HELD
    assert str(held.why) == f"{deployment.name} (2.0.0) has come to production and is still watched."
    assert (await shop.picture(deployment.order.release)).stage is Stage.DEPLOYING
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(MAYA))
    waiting = (await shop.confirm_deploy(release, PRODUCTION, by=shop.by(MAYA))).deployment
    assert waiting.waits
    shop.metrics.gives(asked("2.0.0"), 0)
    await looks(shop, deployment, 5)
    await shop.follow_deploy(waiting.id)
    assert (await shop.deployment(waiting.id)).attempt is Attempt.STARTING


async def test_one_bad_look_is_none(shop):
    deployment = await with_a_second_version(shop)
    for value in (0, 1, 0, 1, 0, 0):
        shop.metrics.gives(asked("2.0.0"), value, shop.at)
        deployment = await looks(shop, deployment)
    assert deployment.attempt is Attempt.SUCCEEDED


async def test_what_was_unknown_and_is_explained_is_watched_as_well(shop):
    watched(shop)
    shop.target.script = Script(waits=True)
    lost = await shop.started(await shop.approved(shop.a, "1.0.0"))
    shop.target.silent = "It does not answer."
    await shop.followed(lost, moves=1)
    shop.at += timedelta(hours=1)
    assert (await shop.followed(lost, moves=1)).attempt is Attempt.UNKNOWN
    shop.target.silent = ""
    shop.target.lets_go()
    await shop.follow_deploy(lost.id)
    found = await shop.deployment(lost.id)
    assert (found.attempt, found.ended_at) == (Attempt.WATCHING, None)


# ------------------------------------------------------------ it is rolled back


async def test_what_is_bad_is_rolled_back_by_itself_with_the_reason_on_the_record(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 0.234)
    deployment = await looks(shop, deployment, 2)
    why = "errors: 0.234 is past its limit (above 0.05)."
    assert deployment.attempt is Attempt.FAILED
    assert deployment.detail == f"Its watch was ended to roll it back. {why}"
    (back,) = await rollbacks(shop)
    assert (back.order.version, back.order.confirmed_by, back.order.reason) == ("1.0.0", SLIPWAY, why)
    assert back.order.replaces == deployment.id
    assert f"@slipway rolls production back from 2.0.0 to 1.0.0 ({back.name}). Reason: {why}" in await loudly(shop)
    async with shop.records.read() as reading:
        (entry,) = [each.happened for each in await reading.record() if each.happened.verb == "roll back"]
    assert (entry.by, entry.surface, entry.detail["reason"]) == (SLIPWAY, Surface.ENGINE, why)


async def test_looked_at_again_it_is_rolled_back_once(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, deployment, 5)
    assert len(await rollbacks(shop)) == 1


async def test_the_way_back_is_watched_as_well_and_then_good(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    shop.metrics.gives(asked("1.0.0"), 0)
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    back = await shop.followed(back, moves=4)
    assert back.attempt is Attempt.WATCHING
    assert (await looks(shop, back, 5)).attempt is Attempt.SUCCEEDED
    assert (await shop.picture(deployment.order.release)).stage is Stage.ROLLED_BACK


async def test_a_rollback_that_is_bad_itself_is_not_rolled_back_but_told_loudly(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    shop.metrics.gives(asked("1.0.0"), 1)
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    back = await looks(shop, await shop.followed(back, moves=4), 2)
    assert back.attempt is Attempt.WATCHING
    assert len(await rollbacks(shop)) == 1
    told = (await loudly(shop))[-1]
    assert "It is a rollback itself, so I don't roll it back on my own." in told
    assert "@U0MAYA, does it stay?" in told


async def test_the_first_version_of_all_can_not_go_back_so_people_are_asked_loudly(shop):
    watched(shop, otherwise=Otherwise.ROLL_BACK)
    deployment = await is_there(shop, shop.a, "1.0.0")
    shop.metrics.gives(asked("1.0.0"), 1)
    deployment = await looks(shop, deployment, 2)
    assert deployment.attempt is Attempt.WATCHING
    assert await rollbacks(shop) == []
    assert "I was to roll it back, and can't: I know no good version" in (await loudly(shop))[-1]


async def test_somebody_rolls_back_what_is_watched_at_once(shop):
    deployment = await with_a_second_version(shop)
    way = await shop.roll_back.preview(PAYMENTS, PRODUCTION, None, by=shop.by(INES))
    assert isinstance(way, WayBack)
    assert way.standing.id == deployment.id
    done = await shop.roll_back(PAYMENTS, PRODUCTION, None, deployment.id, "It burns", by=shop.by(INES))
    assert isinstance(done, RollingBack)
    assert (done.stops, done.deployment.attempt) == (None, Attempt.STARTING)
    ended = await shop.deployment(deployment.id)
    assert (ended.attempt, ended.detail) == (Attempt.FAILED, "Its watch was ended to roll it back. It burns")
    assert (await shop.follow_deploy(deployment.id)).done


async def test_what_somebody_wants_back_already_when_it_comes_there_is_not_watched_first(shop):
    await shop.shipped(shop.a, "1.0.0")
    watched(shop)
    shop.target.script = Script(waits=True)
    deployment = await shop.followed(await shop.started(await shop.approved(shop.b, "2.0.0")), moves=2)
    done = await shop.roll_back(PAYMENTS, PRODUCTION, None, deployment.id, "It burns", by=shop.by(INES))
    assert isinstance(done, RollingBack)
    assert done.deployment.waits
    shop.target.lets_go()  # which was quicker than the word to stop it
    shop.target.script = Script()
    ended = await shop.followed(deployment)
    assert ended.attempt is Attempt.FAILED
    assert ended.watched_since is not None
    back = await shop.followed(done.deployment, moves=10)
    assert (back.order.version, back.attempt) == ("1.0.0", Attempt.WATCHING)


async def test_a_way_back_that_is_bad_as_well_leads_to_the_version_before_it(shop):
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "2.0.0")
    watched(shop)
    await is_there(shop, shop.c, "3.0.0")
    done = await shop.roll_back(PAYMENTS, PRODUCTION, None, None, "It burns", by=shop.by(INES))
    back = await shop.followed(done.deployment, moves=6)
    assert (back.order.version, back.attempt) == ("2.0.0", Attempt.WATCHING)
    further = await shop.roll_back(PAYMENTS, PRODUCTION, None, back.id, "So does this", by=shop.by(INES))
    assert isinstance(further, RollingBack), str(further.why)
    assert further.deployment.order.version == "1.0.0"


async def test_past_a_migration_that_cant_be_undone_people_are_asked(shop):
    await shop.shipped(shop.a, "1.0.0")
    watched(shop, otherwise=Otherwise.ROLL_BACK)
    release = await shop.approved(shop.a, "2.0.0")
    await shop.set_candidate(release, shop.b, None, "drops payments.memo", by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    deployment = await comes_there(shop, await shop.started(release))
    shop.metrics.gives(asked("2.0.0"), 1)
    deployment = await looks(shop, deployment, 2)
    assert deployment.attempt is Attempt.WATCHING
    assert await rollbacks(shop) == []
    told = (await loudly(shop))[-1]
    assert "don't do that on my own: ⛔ 2.0.0 came with a migration that can't be undone" in told
    assert "does it stay?" in told


async def test_a_version_that_did_not_hold_is_nothing_to_go_back_to(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    shop.metrics.gives(asked("1.0.0"), 0)
    await looks(shop, await shop.followed(back, moves=4), 5)
    await shop.lifted()
    third = await is_there(shop, shop.c, "3.0.0")
    way = await shop.roll_back.preview(PAYMENTS, PRODUCTION, None, by=shop.by(INES))
    assert isinstance(way, WayBack), str(way.why)
    assert (way.standing.id, way.target.order.version) == (third.id, "1.0.0")


# ------------------------------------------------------------ people are asked


async def test_people_are_asked_and_it_is_held_until_somebody_says_so(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 1)
    deployment = await looks(shop, deployment, 10)
    assert deployment.attempt is Attempt.WATCHING
    (told,) = [each for each in await loudly(shop) if "does it stay" in each]
    assert told == (
        f"I watch {deployment.name} (2.0.0 in production), and can't call it good: errors: 1 is past its limit (above "
        f"0.05). @U0MAYA, does it stay? /deploy keep {deployment.name} <reason> and /rollback payments in production. "
        "Until somebody has said so, nothing else starts in production."
    )
    assert len((await kept(shop, deployment)).looks) == 2


async def test_who_confirmed_it_says_that_it_stays(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 1)
    deployment = await looks(shop, deployment, 2)
    done = await shop.keep(deployment.id, "", deployment.revision, by=shop.by(MAYA))
    assert isinstance(done, Deployment)
    assert done.attempt is Attempt.SUCCEEDED
    assert (await kept(shop, deployment)).kept_by == MAYA.id
    assert (await shop.follow_deploy(deployment.id)).done
    again = await shop.keep(deployment.id, "Yes", by=shop.by(MAYA))
    assert isinstance(again, Refused)
    assert str(again.why) == f"{deployment.name} is succeeded and not watched, so there is nothing to decide."


async def test_a_watch_that_goes_on_can_be_ended_with_a_reason(shop):
    deployment = await with_a_second_version(shop)
    without = await shop.keep(deployment.id, " ", by=shop.by(MAYA))
    assert isinstance(without, Refused)
    assert (await shop.keep(deployment.id, "The next fix is urgent", by=shop.by(MAYA))).attempt is Attempt.SUCCEEDED
    assert (await said(shop))[-1] == (
        f"@U0MAYA keeps {deployment.name}: 2.0.0 stays in production. Reason: The next fix is urgent"
    )


async def test_not_everybody_may_say_so(shop):
    deployment = await with_a_second_version(shop)
    service = shop.catalogue.services[PAYMENTS]
    shop.catalogue = replace(
        shop.catalogue,
        services={PAYMENTS: replace(service, rights={**service.rights, "deploy": ("release-manager",)})},
    )
    refused = await shop.keep(deployment.id, "Fine", by=shop.by(BEN))
    assert isinstance(refused, Refused)
    assert str(refused.why).endswith("can say that it stays.")
    assert (await shop.deployment(deployment.id)).attempt is Attempt.WATCHING


async def test_an_old_button_decides_nothing(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, deployment, 2)
    refused = await shop.keep(deployment.id, "", deployment.revision, by=shop.by(MAYA))
    assert isinstance(refused, Refused)
    assert "has gone on since you looked" in str(refused.why)


async def test_who_does_not_answer_is_reminded_and_then_all_who_may_decide(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, deployment, 3)
    shop.at += shop.catalogue.reminders.ask_again_after
    for _ in range(3):
        await shop.follow_deploy(deployment.id)
    (reminded,) = [each for each in await shop.told(DirectLine) if "told whether it stays" in str(each.sentence)]
    assert reminded.person == MAYA.id
    shop.at += shop.catalogue.reminders.ask_again_after
    await shop.follow_deploy(deployment.id)
    assert (await said(shop))[-1].startswith(f"@release-manager and @on-call: {deployment.name} in production")


async def test_where_it_is_to_be_told_it_is_told_and_stays(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.TELL)
    shop.metrics.gives(asked("2.0.0"), 1)
    deployment = await looks(shop, deployment, 2)
    assert deployment.attempt is Attempt.SUCCEEDED
    assert "It stays, as the catalogue says. @U0MAYA, to take it back:" in (await loudly(shop))[-1]


# ------------------------------------------------------------ what can't be read


@pytest.mark.parametrize("trouble", ["down", "nothing", "nan", "several", "no usual"])
async def test_what_can_not_be_read_is_never_good_and_asked_at_the_end(shop, trouble):
    metric = Metric("errors", QUERY, above=0.05, z_score=3 if trouble == "no usual" else None)
    deployment = await with_a_second_version(shop, metrics=(metric,), otherwise=Otherwise.ROLL_BACK)
    if trouble == "down":
        shop.metrics.is_down("could not be reached.")
    elif trouble == "nan":
        shop.metrics.gives(asked("2.0.0"), math.nan)
    elif trouble == "several":
        shop.metrics.gives_several(asked("2.0.0"))
    elif trouble == "no usual":
        shop.metrics.gives(asked("2.0.0"), 0, shop.at)
    assert (await looks(shop, deployment, 4)).attempt is Attempt.WATCHING
    assert not any("can't call it good" in each for each in await loudly(shop))
    deployment = await looks(shop, deployment)
    assert deployment.attempt is Attempt.WATCHING
    assert await rollbacks(shop) == []
    told = (await loudly(shop))[-1]
    assert "can't call it good: errors: " in told
    assert "does it stay?" in told


async def test_what_can_be_read_again_in_time_is_good(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.is_down("could not be reached.")
    await looks(shop, deployment, 3)
    shop.metrics.is_up()
    shop.metrics.gives(asked("2.0.0"), 0)
    assert (await looks(shop, deployment, 2)).attempt is Attempt.SUCCEEDED


async def test_one_look_that_could_not_be_read_just_before_the_end_is_made_up_for(shop):
    deployment = await with_a_second_version(shop, unreadable=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 0)
    await looks(shop, deployment, 3)
    shop.metrics.is_down("could not be reached.")
    await looks(shop, deployment)
    shop.metrics.is_up()
    assert (await looks(shop, deployment)).attempt is Attempt.WATCHING
    assert (await looks(shop, deployment)).attempt is Attempt.SUCCEEDED


async def test_an_unwell_address_is_bad(shop):
    deployment = await with_a_second_version(shop, metrics=(), otherwise=Otherwise.ROLL_BACK)
    shop.verifier.is_unwell(HEALTH, f"{HEALTH} answered with status 500.")
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    assert back.order.reason == f"health: {HEALTH} answered with status 500."


async def test_what_is_unusual_is_bad_by_the_hours_before(shop):
    metric = Metric("latency", "latency", z_score=3)
    await shop.shipped(shop.a, "1.0.0")
    begun = shop.at - timedelta(hours=30)
    for hour in range(30):
        shop.metrics.gives("latency", 100 + 10 * (-1) ** hour, begun + timedelta(hours=hour))
    watched(shop, metrics=(metric,), otherwise=Otherwise.ROLL_BACK)
    deployment = await is_there(shop, shop.b, "2.0.0")
    shop.metrics.gives("latency", 115, shop.at)
    deployment = await looks(shop, deployment, 2)
    assert deployment.attempt is Attempt.WATCHING
    shop.metrics.gives("latency", 200, shop.at)
    deployment = await looks(shop, deployment, 2)
    assert deployment.attempt is Attempt.FAILED
    assert "sigma above the usual 100" in deployment.detail
    watch = await kept(shop, deployment)
    assert watch.usual is not None
    assert watch.usual["latency"].count > 200
    assert shop.metrics.asked.count("latency") == 5  # the hours before were read once


async def test_a_watch_that_the_catalogue_no_longer_knows_is_not_good_but_asked(shop):
    deployment = await with_a_second_version(shop)
    place = an_environment(PRODUCTION, after=(STAGING,), verification=SERVED)
    service = replace(shop.catalogue.services[PAYMENTS], environments=(an_environment(STAGING), place))
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: service})
    deployment = await looks(shop, deployment)
    assert deployment.attempt is Attempt.WATCHING
    assert "The catalogue no longer says how it is watched." in (await loudly(shop))[-1]


async def test_what_has_left_the_catalogue_is_kept_by_its_owners(shop):
    deployment = await with_a_second_version(shop)
    other = ServiceName("ledger")
    others = {other: replace(shop.catalogue.services[PAYMENTS], name=other)}
    shop.catalogue = replace(shop.catalogue, services=others)
    deployment = await looks(shop, deployment)
    assert deployment.attempt is Attempt.WATCHING
    assert isinstance(await shop.keep(deployment.id, "Gone", by=shop.by(OMAR)), Refused)
    assert (await shop.keep(deployment.id, "Gone", by=shop.by(MAYA))).attempt is Attempt.SUCCEEDED


# ------------------------------------------------------------ beside the others


async def test_it_can_not_be_cancelled_any_more(shop):
    deployment = await with_a_second_version(shop)
    refused = await shop.cancel_deploy(deployment.id, by=shop.by(MAYA))
    assert isinstance(refused, Refused)
    assert str(refused.why).startswith("2.0.0 is in production and is watched, so nothing is left to cancel.")


async def test_the_time_of_its_watch_counts_for_the_bake_time(shop):
    deployment = await with_a_second_version(shop)
    shop.metrics.gives(asked("2.0.0"), 0)
    ended = await looks(shop, deployment, 5)
    assert ended.watched_since is not None
    assert ended.ended_at is not None
    assert ended.there_since == ended.watched_since < ended.ended_at


async def test_what_began_by_itself_and_is_bad_calls_who_planned_it(shop):
    watched(shop)
    shop.agrees_on(HOTFIX, approvals={}, ships_itself=frozenset({STAGING, PRODUCTION}))
    service = shop.catalogue.services[PAYMENTS]
    only = replace(service, environments=(replace(service.environments[1], after=()),))
    shop.catalogue = replace(shop.catalogue, services={PAYMENTS: only})
    await shop.watched(await shop.planned(shop.b, "2.0.0"))
    async with shop.records.read() as reading:
        deployment, *_ = await reading.deployments(service=PAYMENTS, environment=PRODUCTION)
    assert deployment.order.confirmed_by == SLIPWAY
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, await shop.followed(deployment, moves=4), 2)
    assert "@U0MAYA, does it stay?" in (await loudly(shop))[-1]


async def test_a_failing_rollback_of_ours_calls_who_confirmed_what_it_takes_back(shop):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    shop.target.script = Script(code=3)
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    assert (await shop.followed(back)).attempt is Attempt.FAILED
    assert (await loudly(shop))[-1].endswith("@U0MAYA, please have a look.")


@pytest.mark.parametrize("person", [OMAR, RUTH], ids=["qa", "change manager"])
async def test_who_only_approves_can_not_keep_a_rollback(shop, person):
    deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
    shop.metrics.gives(asked("2.0.0"), 1)
    await looks(shop, deployment, 2)
    (back,) = await rollbacks(shop)
    back = await shop.followed(back, moves=4)
    assert isinstance(await shop.keep(back.id, "Fine", by=shop.by(person)), Refused)
    assert (await shop.keep(back.id, "Fine", by=shop.by(INES))).attempt is Attempt.SUCCEEDED


# ------------------------------------------------------------ killed in between, and many at once


async def test_a_rollback_that_is_cut_off_leaves_nothing_and_is_made_again_once(database_url):
    """The process dies between the rollback's start and the end of the move: neither is there, and then one is."""

    class DiesAfterwards:
        def __init__(self, roll_back: RollBack) -> None:
            self.roll_back, self.look_first = roll_back, roll_back.look_first

        async def on(self, *args, **kwargs) -> None:
            await self.roll_back.on(*args, **kwargs)
            raise SystemError("kill -9")

    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
        shop.metrics.gives(asked("2.0.0"), 1)
        await looks(shop, deployment)
        dying = replace(shop.follow_deploy.watch, roll_back=DiesAfterwards(shop.roll_back))
        for _ in range(2):
            with pytest.raises(SystemError):
                await dying(await shop.deployment(deployment.id))
        assert (await shop.deployment(deployment.id)).attempt is Attempt.WATCHING
        assert (await rollbacks(shop), len((await kept(shop, deployment)).looks)) == ([], 1)
        await shop.follow_deploy(deployment.id)
        await shop.follow_deploy(deployment.id)
        assert len(await rollbacks(shop)) == 1
        assert (await shop.deployment(deployment.id)).attempt is Attempt.FAILED


async def test_many_who_look_at_once_keep_one_look_and_roll_back_once(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
        shop.metrics.gives(asked("2.0.0"), 1)
        for number in (1, 2):
            together = await asyncio.gather(
                *(shop.follow_deploy(deployment.id) for _ in range(5)), return_exceptions=True
            )
            assert all(isinstance(each, Next | ConflictError) for each in together), together
            assert len((await kept(shop, deployment)).looks) == number
            shop.at += EVERY
        assert len(await rollbacks(shop)) == 1


async def test_many_who_look_at_once_ask_once(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        deployment = await with_a_second_version(shop)
        shop.metrics.gives(asked("2.0.0"), 1)
        await looks(shop, deployment)
        await asyncio.gather(*(shop.follow_deploy(deployment.id) for _ in range(5)), return_exceptions=True)
        async with shop.records.read() as reading:
            asking = [each for each in await reading.record() if each.happened.verb == "watch asks"]
        assert len(asking) == 1


async def test_a_word_and_a_look_at_the_same_time_lead_to_one_end(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        deployment = await with_a_second_version(shop, otherwise=Otherwise.ROLL_BACK)
        shop.metrics.gives(asked("2.0.0"), 1)
        await looks(shop, deployment)
        said, _ = await asyncio.gather(
            shop.keep(deployment.id, "It is a crawler", by=shop.by(MAYA)),
            shop.follow_deploy(deployment.id),
            return_exceptions=True,
        )
        was_kept = isinstance(said, Deployment)
        await shop.follow_deploy(deployment.id)
        ended = await shop.deployment(deployment.id)
        assert ended.attempt is (Attempt.SUCCEEDED if was_kept else Attempt.FAILED)
        assert len(await rollbacks(shop)) == (0 if was_kept else 1)
