"""Ask them: those who can lift what blocks are asked by name, and not nagged."""

from __future__ import annotations

from datetime import timedelta

from bot.notices import ThreadLine, Wanted
from bot.rules.absence import Leave
from bot.rules.people import Person, PersonId
from bot.rules.sentence import Refused
from tests.makers import FEATURE, PRODUCTION, STAGING, a_change_type
from tests.people import BEN, INES, MAYA, OMAR, QA, RUTH, roles

QA_LACKS, MANAGER_LACKS = "approval:qa", "approval:change-manager"


async def refusal(doing) -> str:
    done = await doing
    assert isinstance(done, Refused), done
    return str(done.why)


async def test_the_people_in_the_role_get_a_message(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    assert isinstance(called, tuple)
    assert called[0].people == (OMAR.id,)
    assert await shop.told(Wanted) == [Wanted(OMAR.id, release, PRODUCTION, QA_LACKS, MAYA.id)]
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.verb, entry.by, entry.detail["people"]) == ("ask them", MAYA.id, [OMAR.id])


async def test_they_are_not_asked_again_before_they_could_answer(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    shop.at += timedelta(hours=3, minutes=59)
    told = await refusal(shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(BEN)))
    assert "@U0MAYA had them asked" in told
    assert isinstance(await shop.ask_them(release, PRODUCTION, MANAGER_LACKS, by=shop.by(BEN)), tuple)
    shop.at += timedelta(minutes=1)
    assert isinstance(await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(BEN)), tuple)


async def test_whoever_is_away_is_not_asked_and_the_stand_in_is(shop):
    await shop.go_away(Leave(OMAR.id, shop.at, shop.at + timedelta(days=3), INES.id), by=shop.by(OMAR))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    assert isinstance(called, tuple)
    assert called[0].people == (INES.id,)


async def test_authors_and_those_who_have_done_their_part_are_not_asked(shop):
    shop.directory.held = roles(qa={OMAR, BEN, MAYA, RUTH})
    release = await shop.planned(shop.b, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(INES))
    assert isinstance(called, tuple)
    assert called[0].people == (OMAR.id, RUTH.id)


async def test_a_large_role_is_called_in_the_thread(shop):
    crowd = {Person(PersonId(f"U0CROWD{number}"), f"Somebody {number}") for number in range(9)}
    shop.directory.held = roles(qa=crowd)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    assert isinstance(called, tuple)
    assert called[0].in_thread
    assert await shop.told(Wanted) == []
    assert "@U0MAYA asks @qa" in str((await shop.told(ThreadLine))[-1].sentence)


async def test_what_no_longer_blocks_is_not_asked_for(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    done = await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    assert isinstance(done, Refused)
    assert done.stale
    assert await shop.told(Wanted) == []


async def test_where_nobody_can_be_asked_it_says_why(shop):
    shop.directory.held = roles(qa=set(), change_manager={BEN})
    release = await shop.planned(shop.b, "1.0.0", FEATURE)
    assert "nobody is in the role" in await refusal(shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA)))
    told = await refusal(shop.ask_them(release, PRODUCTION, MANAGER_LACKS, by=shop.by(MAYA)))
    assert "must not do it" in told


async def test_whoever_could_lift_it_alone_hears_that_it_is_up_to_them(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    told = await refusal(shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(OMAR)))
    assert told == "There is nobody whom I could ask for that: you are the one who can lift it."


async def test_the_owner_of_a_line_and_whoever_may_deploy_are_asked_too(shop):
    shop.catalogue.change_types[FEATURE] = a_change_type()
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, "checklist:regression", by=shop.by(MAYA))
    assert isinstance(called, tuple)
    assert called[0].people == (OMAR.id,)
    told = await refusal(shop.ask_them(release, PRODUCTION, f"order:{STAGING}", by=shop.by(MAYA)))
    assert "nobody" in told
    assert QA


async def test_the_message_is_renewed_when_something_changes(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await shop.watched(release)
    assert len(await shop.told(Wanted)) == 2


async def test_without_a_blocker_everybody_who_can_lift_something_is_asked(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    called = await shop.ask_them(release, PRODUCTION, by=shop.by(MAYA))
    assert isinstance(called, tuple)
    asked = {notice.blocker: notice.person for notice in await shop.told(Wanted)}
    assert asked.items() >= {QA_LACKS: OMAR.id, MANAGER_LACKS: RUTH.id}.items()
    assert {each.blocker.key for each in called} == set(asked)


async def test_of_several_those_who_were_just_asked_are_left_out(shop):
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.ask_them(release, PRODUCTION, QA_LACKS, by=shop.by(MAYA))
    called = await shop.ask_them(release, PRODUCTION, by=shop.by(BEN))
    assert isinstance(called, tuple)
    assert QA_LACKS not in {each.blocker.key for each in called}
    assert "had them asked" in await refusal(shop.ask_them(release, PRODUCTION, by=shop.by(INES)))
