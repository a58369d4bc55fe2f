"""Find what is impossible: the owners and the releases hear of it in time, once, and again while it lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ChannelLine, ThreadLine
from bot.rules.people import Roles
from bot.rules.policy import ApprovalRule, ChangeTypeName
from bot.rules.release import ReleaseId
from bot.verbs.find_impossible import FindImpossible
from bot.verbs.plan_release import Planned
from bot.verbs.stand_ins import WithStandIns
from tests.grounds import database_ground
from tests.makers import FEATURE, HOTFIX, PRODUCTION, a_plan
from tests.people import BEN, CHANGE_MANAGER, HELD, INES, MAYA, OMAR, QA, RUTH, roles
from tests.verbs.workshop import Workshop

A_DAY = timedelta(days=1)


async def find(shop: Workshop) -> None:
    """Somebody, or the clock, has it looked for now."""
    await FindImpossible(shop.records, shop.directory, lambda: shop.catalogue, lambda: shop.at)()


def owners_read(shop: Workshop) -> list[str]:
    """What stands in the owners' channel."""
    return [
        str(each.sentence)
        for each in shop.records.told
        if isinstance(each, ChannelLine) and each.channel == shop.catalogue.owners_channel
    ]


def thread(shop: Workshop, release: ReleaseId) -> list[str]:
    """What a release's thread says is impossible."""
    lines = [each for each in shop.records.told if isinstance(each, ThreadLine) and each.release == release]
    return [str(each.sentence) for each in lines if str(each.sentence).startswith("•")]


NOBODY_IN_QA = (
    "@release-manager: as things are, nobody can do some of what the catalogue asks for.\n"
    "• No Feature of Payments can get through: there is nobody in qa. "
    "Put somebody into qa, or ask for another role in the catalogue.\n"
    "• No Hotfix of Payments can get through: there is nobody in qa. "
    "Put somebody into qa, or ask for another role in the catalogue."
)


async def test_where_all_can_be_met_nobody_hears_anything(shop):
    await shop.planned(shop.a, "1.0.0", FEATURE)
    before = list(shop.records.told)
    await find(shop)
    assert shop.records.told == before


async def test_the_owners_hear_what_nobody_can_do_and_what_would_help(shop):
    shop.directory.held = roles(qa=set())
    await find(shop)
    assert owners_read(shop) == [NOBODY_IN_QA]


async def test_they_hear_it_once_and_again_after_a_week_while_it_lasts(shop):
    shop.directory.held = roles(qa=set())
    heard = []
    for _ in range(15):
        await find(shop)
        await find(shop)
        heard.append(len(owners_read(shop)))
        shop.at += A_DAY
    assert heard == [1] * 7 + [2] * 7 + [3]


async def test_they_hear_it_at_once_when_it_is_something_else(shop):
    shop.directory.held = roles(qa=set())
    await find(shop)
    shop.directory.held = roles(qa=set(), change_manager={OMAR})
    shop.agrees_on(FEATURE, approvals={PRODUCTION: (ApprovalRule(CHANGE_MANAGER, 2),)})
    shop.at += A_DAY
    await find(shop)
    assert "it takes 2 of change-manager, but there is only @U0OMAR." in owners_read(shop)[1]


async def test_other_people_in_the_same_trouble_are_no_news(shop):
    shop.agrees_on(FEATURE, approvals={PRODUCTION: (ApprovalRule(QA, 2),)})
    await find(shop)
    shop.directory.held = roles(qa={RUTH})
    shop.at += A_DAY
    await find(shop)
    assert len(owners_read(shop)) == 1


async def test_a_long_list_is_cut_and_counted(shop):
    feature = shop.catalogue.change_types[FEATURE]
    kinds = [ChangeTypeName(f"kind-{number}") for number in range(11)]
    shop.catalogue = replace(shop.catalogue, change_types={each: replace(feature, name=each) for each in kinds})
    shop.directory.held = roles(qa=set())
    await find(shop)
    (told,) = owners_read(shop)
    assert told.count("\n•") == 8
    assert told.endswith("\n… and 3 more")


# ---------------------------------------------------------------- releases


async def test_a_release_that_nobody_can_approve_hears_of_it_once_a_week(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    shop.directory.held = replace(roles(), away=frozenset({OMAR.id}))
    for _ in range(7):
        await find(shop)
        shop.at += A_DAY
    why = "R-1 can't be approved: it takes 1 of qa, but @U0OMAR is away."
    step = "Have somebody stand in with /release away @who until <time> with @stand-in."
    assert thread(shop, release) == [f"• {why} {step}"]
    await find(shop)
    assert len(thread(shop, release)) == 2


async def test_whoever_plans_what_only_they_could_approve_hears_it_at_once_and_so_does_the_thread(shop):
    shop.directory.held = roles(qa={MAYA})
    done = await shop.plan_release(a_plan(version="1.0.0", change_type=HOTFIX), shop.a, by=shop.by(MAYA))
    assert isinstance(done, Planned)
    (found,) = done.impossible
    why = "R-1 can't be approved: it takes 1 of qa, but @U0MAYA may not, since it is their own change."
    assert str(found.why) == why
    assert thread(shop, done.picture.release.id) == [
        f"• {why} Put more people into qa, or ask for less in the catalogue.",
    ]
    await find(shop)
    assert len(thread(shop, done.picture.release.id)) == 1, "at night it is no news"
    assert owners_read(shop) == [], "anybody else's hotfix gets through"


async def test_a_plan_for_which_there_is_somebody_says_nothing_of_it(shop):
    done = await shop.plan_release(a_plan(version="1.0.0"), shop.a, by=shop.by(MAYA))
    assert isinstance(done, Planned)
    assert done.impossible == ()


async def test_a_plan_that_waits_for_something_that_was_given_up_says_so(shop):
    first = await shop.planned(shop.a, "1.0.0")
    await shop.cancel_release(first, "Not worth it", by=shop.by(MAYA))
    done = await shop.plan_release(a_plan(version="2.0.0", depends_on=(first,)), shop.b, by=shop.by(MAYA))
    assert isinstance(done, Planned)
    assert [str(each.why) for each in done.impossible] == ["R-2 waits for R-1, which was cancelled."]


async def test_releases_that_wait_for_each_other_hear_it_each(shop):
    first = await shop.planned(shop.a, "1.0.0")
    second = await shop.planned(shop.b, "2.0.0", depends_on=(first,))
    async with shop.records.open() as page:
        release = await page.release(first)
        await page.keep(replace(release, plan=replace(release.plan, depends_on=(second,))))
        await page.commit()
    await find(shop)
    for release, way in ((first, "R-1 → R-2 → R-1"), (second, "R-2 → R-1 → R-2")):
        (told,) = thread(shop, release)
        assert f"waits for itself: {way}." in told


async def test_a_group_that_can_not_be_read_is_told_to_the_owners_and_not_to_every_release(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    members = {role: people for role, people in HELD.items() if role != QA}
    shop.directory.held = Roles(members, {QA: "Slack did not answer."})
    await find(shop)
    assert "I can't look up who is in qa (Slack did not answer.)" in owners_read(shop)[0]
    assert thread(shop, release) == []


async def test_a_release_whose_service_has_left_the_catalogue_is_left_alone(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    shop.catalogue = replace(shop.catalogue, services={})
    shop.directory.held = roles(qa=set())
    await find(shop)
    assert thread(shop, release) == []


@pytest.mark.parametrize("stand_in", [None, INES, BEN])
async def test_somebody_who_stands_in_helps_unless_it_is_their_own_change(shop, stand_in):
    release = await shop.planned(shop.b, "1.0.0", FEATURE)
    gone = replace(roles(), away=frozenset({OMAR.id}))
    covered = {} if stand_in is None else {QA: {stand_in.id: OMAR.id}}
    shop.directory.held = replace(gone, stand_ins=covered)
    await find(shop)
    assert bool(thread(shop, release)) is (stand_in is not INES)
    assert bool(owners_read(shop)) is (stand_in is None)


async def test_over_a_database_it_is_told_once_as_well(database_url):
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        shop.directory.held = roles(qa={MAYA}, change_manager=set())
        people = WithStandIns(shop.directory, ground.records, lambda: shop.at)
        release = await shop.planned(shop.a, "1.0.0", FEATURE)
        look = FindImpossible(ground.records, people, lambda: shop.catalogue, lambda: shop.at)
        for _ in range(3):
            await look()
        told = await ground.told()
        assert len([each for each in told if isinstance(each, ChannelLine)]) == 1
        lines = [each for each in told if isinstance(each, ThreadLine) and each.release == release]
        assert len([each for each in lines if "can't be approved" in str(each.sentence)]) == 1
