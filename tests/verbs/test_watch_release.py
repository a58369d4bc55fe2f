"""Watching a release: what time brings about, nobody has to remember; and nothing is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.notices import DirectLine, ThreadLine, Wanted
from bot.ports import Work
from bot.rules.absence import Leave
from bot.rules.deployment import Attempt, Deployment
from bot.rules.freeze import Window
from bot.rules.gate import Reason
from bot.rules.hours import Hours, Span
from bot.rules.people import SLIPWAY
from bot.rules.policy import ItemRule, Promotion, Right
from bot.rules.sentence import Refused
from bot.verbs.speak import Said
from bot.verbs.watch_release import watch_all
from tests.makers import FEATURE, HOTFIX, NOW, PAYMENTS, PRODUCTION, STAGING, a_change_type, an_environment, an_order
from tests.people import BEN, INES, MAYA, OMAR, QA, RELEASE_MANAGER, RUTH
from tests.verbs.workshop import Workshop

A_WEEK = timedelta(weeks=1)


async def lines(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine)]


async def test_a_planned_release_is_watched_until_it_ends(shop):
    release = await shop.planned(shop.a, "1.0.0")
    assert (Work.WATCH_RELEASE, release) in shop.records.started
    assert await shop.watched(release) == timedelta(days=1)
    await shop.cancel_release(release, "Not worth it", by=shop.by(MAYA))
    assert await shop.watched(release) is None


async def test_releases_from_before_are_watched_as_well(shop):
    release = await shop.planned(shop.a, "1.0.0")
    shop.records.started.clear()
    await watch_all(shop.records)
    assert shop.records.started == [(Work.WATCH_RELEASE, release)]


async def test_whoever_approved_is_warned_before_it_expires_and_can_give_it_again(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    given = shop.at
    assert await shop.watched(release) == timedelta(days=1)
    shop.at = given + A_WEEK - timedelta(days=1)
    await shop.watched(release)
    await shop.watched(release)
    (warning,) = await shop.told(DirectLine)
    assert warning.person == OMAR.id
    assert "expires" in str(warning.sentence)
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR)), Said)
    shop.at = given + A_WEEK
    await shop.watched(release)
    assert await shop.blockers(release, Reason.APPROVAL) == []
    assert not any("has expired" in each for each in await lines(shop))


async def test_an_expired_approval_blocks_is_told_once_and_can_be_given_anew(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    shop.at += A_WEEK
    await shop.watched(release)
    await shop.watched(release)
    assert sum("has expired" in each for each in await lines(shop)) == 1
    (blocker,) = await shop.blockers(release, Reason.APPROVAL)
    assert "The approval of @U0OMAR as @qa has expired" in str(blocker.why)
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR)), Said)
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_nobody_hears_of_an_approval_that_is_not_asked_for_any_more(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    shop.agrees_on(HOTFIX, approvals={})
    for _ in range(8):
        shop.at += timedelta(days=1)
        await shop.watched(release)
    assert await shop.told(DirectLine) == []
    assert not any("has expired" in each for each in await lines(shop))


async def test_what_a_stand_in_said_is_renewed_by_whoever_can_do_so_by_then(shop):
    """Ines is told while she stands in for Omar; once he is back, he is."""
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    given = {}
    for number, lasts in enumerate((timedelta(days=20), timedelta(days=2))):
        leave = Leave(OMAR.id, shop.at, shop.at + lasts, INES.id)
        await shop.go_away(leave, by=shop.by(OMAR))
        given[number] = await shop.planned(shop.a, f"{number}.0.0")
        await shop.approve(given[number], PRODUCTION, None, by=shop.by(INES))
        shop.at += A_WEEK - timedelta(days=1)
        await shop.watched(given[number])
        await shop.come_back(OMAR.id, by=shop.by(OMAR))
    warned = [each.person for each in await shop.told(DirectLine) if "expires" in str(each.sentence)]
    assert warned == [INES.id, OMAR.id]


async def test_an_approval_that_is_still_fresh_is_not_given_twice(shop):
    shop.agrees_on(HOTFIX, approvals_last=A_WEEK)
    release = await shop.approved(shop.a, "1.0.0")
    shop.at += timedelta(days=2)
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR)), Refused)


async def test_a_line_that_is_due_is_asked_for(shop):
    notes = ItemRule("notes", "Release notes are written", QA, due=timedelta(days=2))
    shop.catalogue.change_types[FEATURE] = a_change_type(checklist=(notes,))
    target = date(2026, 12, 4)
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=target)
    due = datetime.combine(target, time(0), UTC) - timedelta(days=2)
    shop.at = due - timedelta(hours=1)
    assert await shop.watched(release) == timedelta(hours=1)
    assert await shop.told(Wanted) == []
    shop.at = due
    await shop.watched(release)
    (asked,) = {each for each in await shop.told(Wanted) if each.blocker == "checklist:notes"}
    assert (asked.person, asked.by) == (OMAR.id, SLIPWAY)


async def test_before_the_target_date_everybody_who_is_waited_for_is_asked(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=date(2026, 12, 4))
    shop.at = datetime(2026, 12, 3, tzinfo=UTC)
    await shop.watched(release)
    assert {each.person for each in await shop.told(Wanted)} == {OMAR.id, RUTH.id}
    assert any("the target date 2026-12-04 is near. 3 things are in the way." in each for each in await lines(shop))


async def test_it_looks_again_when_time_changes_the_gate(shop):
    release = await shop.approved(shop.a, "1.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    ends = shop.at + timedelta(hours=5)
    window = Window(shop.at, ends, "The annual sale", frozenset({PRODUCTION}))
    await shop.start_freeze(window, by=shop.by(MAYA))
    assert await shop.watched(release) == ends - shop.at
    shop.at = ends
    await shop.watched(release)
    assert (await lines(shop))[-1].startswith("Nothing blocks production any more.")
    await shop.watched(release)
    assert sum("Nothing blocks production" in each for each in await lines(shop)) == 1


def ships_itself(shop: Workshop, **rules) -> None:
    """A bug fix goes to its customers by itself."""
    shop.agrees_on(HOTFIX, approvals={}, keeps_order=True, ships_itself=frozenset({STAGING, PRODUCTION}), **rules)


async def test_a_change_that_ships_itself_goes_from_one_environment_to_the_next(shop):
    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    for number, environment in enumerate((STAGING, PRODUCTION), start=1):
        await shop.watched(release)
        deployment = await shop.followed(await shop.deployment(number))
        assert deployment.attempt is Attempt.SUCCEEDED
        assert (deployment.order.environment, deployment.order.confirmed_by) == (environment, SLIPWAY)
    assert await shop.watched(release) is not None
    assert len((await shop.picture(release)).deployments) == 2


async def test_it_waits_for_what_the_rules_ask_for(shop):
    """A bug fix ships itself once its test has passed, and not before."""
    ships_itself(
        shop,
        checklist=(ItemRule("unit", "The tests have passed", check="unit"),),
        checklist_before=frozenset({STAGING, PRODUCTION}),
    )
    release = await shop.planned(shop.a, "1.0.0")
    await shop.watched(release)
    assert (await shop.picture(release)).deployments == ()


async def test_it_bakes_first_where_the_rules_say_so(shop):
    ships_itself(shop, bake={PRODUCTION: timedelta(hours=1)})
    release = await shop.planned(shop.a, "1.0.0")
    await shop.watched(release)
    await shop.followed(await shop.deployment(1))
    there = shop.at
    assert await shop.watched(release) == timedelta(hours=1)
    shop.at = there + timedelta(hours=1)
    await shop.watched(release)
    assert (await shop.deployment(2)).order.environment == PRODUCTION


async def test_it_waits_for_the_allowed_hours(shop):
    night = Hours((Span(frozenset(range(7)), time(22), time(6)),))
    shop = Workshop(
        environments=tuple(replace(each, hours=night) for each in shop.catalogue.services[PAYMENTS].environments)
    )
    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    assert await shop.watched(release) == NOW.replace(hour=22) - shop.at
    shop.at = NOW.replace(hour=22)
    await shop.watched(release)
    assert (await shop.deployment(1)).order.environment == STAGING


async def test_it_looks_again_when_the_allowed_hours_are_over(shop):
    office = Hours((Span(frozenset(range(7)), time(9), time(17)),))
    places = shop.catalogue.services[PAYMENTS].environments
    shop = Workshop(environments=tuple(replace(each, hours=office) for each in places))
    shop.agrees_on(HOTFIX, any_hour=False)
    release = await shop.approved(shop.a, "1.0.0")
    assert await shop.blockers(release) == []
    assert await shop.watched(release) == NOW.replace(hour=17) - shop.at


async def test_what_failed_by_itself_is_not_tried_again_unasked(shop):
    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    shop.target.script = replace(shop.target.script, code=1)
    await shop.watched(release)
    assert (await shop.followed(await shop.deployment(1))).attempt is Attempt.FAILED
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 1


async def test_what_failed_is_not_tried_again_because_the_rules_are_others_now(shop):
    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    shop.target.script = replace(shop.target.script, code=1)
    await shop.watched(release)
    assert (await shop.followed(await shop.deployment(1))).attempt is Attempt.FAILED
    shop.agrees_on(HOTFIX, keeps_order=False)
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 1


async def test_what_somebody_has_stopped_does_not_start_again_by_itself(shop):
    release = await shop.approved(shop.a, "1.0.0")
    shop.target.script = replace(shop.target.script, waits=True)
    started = await shop.started(release, STAGING)
    await shop.cancel_deploy(started.id, by=shop.by(MAYA))
    assert (await shop.followed(started)).attempt is Attempt.CANCELLED
    ships_itself(shop)
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 1


async def test_another_candidate_ships_itself_after_one_that_failed(shop):
    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    script = shop.target.script
    shop.target.script = replace(script, code=1)
    await shop.watched(release)
    await shop.followed(await shop.deployment(1))
    shop.target.script = script
    await shop.set_candidate(release, shop.b, by=shop.by(MAYA))
    await shop.watched(release)
    assert (await shop.followed(await shop.deployment(2))).attempt is Attempt.SUCCEEDED


async def test_a_target_date_that_is_over_is_not_called_near(shop):
    """A release from before there was a watch, or an outage over that day: nobody is called for the past."""
    release = await shop.planned(shop.a, "1.0.0", FEATURE, target=date(2026, 12, 4))
    shop.at = datetime(2026, 12, 5, tzinfo=UTC)
    await shop.watched(release)
    assert await shop.told(Wanted) == []
    assert not any("is near" in each for each in await lines(shop))


async def test_what_waits_for_an_environment_looks_again_once_it_is_free(shop):
    ships_itself(shop)
    script = shop.target.script
    shop.target.script = replace(script, waits=True)
    await shop.watched(await shop.planned(shop.a, "1.0.0"))
    held = await shop.followed(await shop.deployment(1), moves=2)
    second = await shop.planned(shop.b, "2.0.0")
    assert await shop.watched(second) == timedelta(days=1)
    await shop.cancel_deploy(held.id, by=shop.by(MAYA))
    shop.records.nudged.clear()
    assert not (await shop.followed(held)).holds
    assert (Work.WATCH_RELEASE, second, "changed") in shop.records.nudged


async def test_what_depends_on_another_release_looks_again_once_that_is_there(shop):
    needed = await shop.approved(shop.a, "1.0.0")
    waiting = await shop.planned(shop.b, "2.0.0", depends_on=(needed,))
    ended = await shop.planned(shop.c, "3.0.0")
    await shop.cancel_release(ended, "Not wanted", by=shop.by(MAYA))
    shop.records.nudged.clear()
    await shop.deployed(needed)
    told = {key for work, key, _ in shop.records.nudged if work is Work.WATCH_RELEASE}
    assert told == {needed, waiting}


async def test_two_watches_at_once_start_it_once(shop):
    import asyncio

    ships_itself(shop)
    release = await shop.planned(shop.a, "1.0.0")
    await asyncio.gather(*(shop.watch_release(release) for _ in range(5)))
    assert len((await shop.picture(release)).deployments) == 1


async def test_where_two_people_are_wanted_nothing_ships_itself(shop):
    ships_itself(shop, two_people=True)
    release = await shop.planned(shop.a, "1.0.0")
    await shop.watched(release)
    assert (await shop.picture(release)).deployments == ()


async def test_who_may_start_it_is_kept_apart_where_the_rules_say_so(shop):
    """Nobody who asked for it, wrote it or approved it starts it."""
    shop.agrees_on(HOTFIX, requester_may_confirm=False, author_may_confirm=False, approver_may_confirm=False)
    release = await shop.approved(shop.b, "1.0.0")
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(RUTH))
    for person, why in ((MAYA, "planned this release"), (BEN, "wrote what it brings"), (OMAR, "approved it")):
        refused = await shop.confirm_deploy(release, PRODUCTION, by=shop.by(person))
        assert isinstance(refused, Refused)
        assert why in str(refused.why)
    assert not isinstance(await shop.confirm_deploy(release, PRODUCTION, by=shop.by(RUTH)), Refused)
    assert Right.DEPLOY


# ------------------------------------------------------------ promotion


def promoting(how: Promotion, **place: Any) -> Workshop:
    """Payments, whose production is come to in that way, an hour after staging."""
    bake = timedelta(hours=1)
    production = an_environment(PRODUCTION, after=(STAGING,), promote=how, bake=bake, **place)
    shop = Workshop(environments=(an_environment(STAGING), production))
    shop.agrees_on(FEATURE, approvals={})
    return shop


async def offers(shop: Workshop) -> list[str]:
    return [str(each.sentence) for each in await shop.told(ThreadLine) if each.offers]


async def test_the_next_environment_is_offered_once_it_has_baked_to_those_who_may_deploy():
    shop = promoting(Promotion.OFFER)
    shop.catalogue.services[PAYMENTS] = replace(
        shop.catalogue.services[PAYMENTS], rights={Right.DEPLOY: (RELEASE_MANAGER,)}
    )
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    there = await shop.followed(await shop.started(release, STAGING))
    assert there.attempt is Attempt.SUCCEEDED
    assert await shop.watched(release) == timedelta(hours=1) - (shop.at - (there.ended_at or shop.at))
    assert await offers(shop) == []
    shop.at += timedelta(hours=1)
    for _ in range(2):
        await shop.watched(release)
    assert await offers(shop) == [
        f"Nothing blocks production any more. @{RELEASE_MANAGER}, to deploy: /deploy R-1 to production."
    ]
    assert len((await shop.picture(release)).deployments) == 1


async def test_where_the_catalogue_says_so_any_change_is_brought_on_by_itself():
    shop = promoting(Promotion.ITSELF)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.followed(await shop.started(release, STAGING))
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 1
    shop.at += timedelta(hours=1)
    await shop.watched(release)
    brought = await shop.followed(await shop.deployment(2))
    assert (brought.attempt, brought.order.environment) == (Attempt.SUCCEEDED, PRODUCTION)
    assert brought.order.confirmed_by == SLIPWAY
    assert await offers(shop) == []


async def test_it_is_brought_on_within_the_allowed_hours():
    office = Hours((Span(frozenset(range(7)), time(12), time(17)),))
    shop = promoting(Promotion.ITSELF, hours=office)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.followed(await shop.started(release, STAGING))
    shop.at = NOW.replace(hour=11, minute=30)
    assert await shop.watched(release) == timedelta(minutes=30)
    assert len((await shop.picture(release)).deployments) == 1
    shop.at = NOW.replace(hour=12)
    await shop.watched(release)
    assert (await shop.deployment(2)).order.environment == PRODUCTION


async def test_what_was_rolled_back_is_neither_offered_nor_brought_on_again():
    shop = promoting(Promotion.ITSELF)
    before = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(before, STAGING)
    await shop.watched(before)
    await shop.followed(await shop.deployment(2))
    release = await shop.planned(shop.b, "2.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    await shop.watched(release)
    assert (await shop.followed(await shop.deployment(4))).attempt is Attempt.SUCCEEDED
    await shop.rolled_back()
    shop.at += timedelta(hours=3)
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 2
    assert await offers(shop) == []


async def test_where_nothing_is_to_be_said_nothing_is():
    shop = promoting(Promotion.NO)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    await shop.watched(release)
    assert await shop.blockers(release) == []
    assert await offers(shop) == []


async def test_where_two_people_are_wanted_nothing_is_brought_on_by_itself():
    shop = promoting(Promotion.ITSELF, two_people=True)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    await shop.watched(release)
    assert len((await shop.picture(release)).deployments) == 1
    assert len(await offers(shop)) == 1


async def waiting_by_itself(shop: Workshop) -> Deployment:
    """It was brought on by itself while something else was on its way there, and waits its turn."""
    shop.catalogue.services[PAYMENTS] = replace(
        shop.catalogue.services[PAYMENTS], rights={Right.DEPLOY: (RELEASE_MANAGER,)}
    )
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.deployed(release, STAGING)
    candidate = (await shop.picture(release)).release.candidate
    order = an_order(release, version="1.0.0", candidate=candidate, confirmed_by=SLIPWAY, confirmed_at=shop.at)
    async with shop.records.open() as page:
        waiting = await page.add_deployment(order, waits=True)
        await page.commit()
    await shop.next_in_line(PAYMENTS, PRODUCTION)
    return await shop.deployment(waiting.id)


async def test_what_comes_by_itself_needs_no_role_when_its_turn_comes():
    assert (await waiting_by_itself(promoting(Promotion.ITSELF))).attempt is Attempt.STARTING


async def test_what_came_by_itself_waits_for_a_person_once_the_catalogue_says_otherwise():
    passed = await waiting_by_itself(promoting(Promotion.OFFER))
    assert passed.waits
    assert passed.detail == "The catalogue no longer has it come to production by itself."
