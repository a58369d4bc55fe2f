"""Decide an exception: one owner does, nobody for themselves, within the budget, and everybody concerned hears it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import CardChanged, DirectLine, ExceptionWanted, ThreadLine
from bot.ports import ConflictError
from bot.rules.absence import Leave
from bot.rules.freeze import ExceptionId, Freeze
from bot.rules.gate import Reason
from bot.rules.people import Actor, PersonId, Surface
from bot.rules.policy import ExceptionRules
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, Refused
from bot.verbs.except_freeze import Pleaded, Requested
from tests.grounds import database_ground
from tests.makers import HOTFIX, PRODUCTION, a_window
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, RELEASE_MANAGER, RUTH, roles
from tests.verbs.workshop import Workshop

ONE = ExceptionId(1)
OWNERS = (RELEASE_MANAGER, CHANGE_MANAGER)


@pytest.fixture
def shop():
    return ready(Workshop())


def ready(shop: Workshop) -> Workshop:
    """Hotfixes are frozen here, too; change managers may freeze as well."""
    shop.catalogue = replace(shop.catalogue, freeze_rights=OWNERS)
    shop.agrees_on(HOTFIX, freeze=shop.catalogue.change_types["feature"].freeze)
    return shop


async def asked(
    shop: Workshop, ref: str | None = None, version: str = "1.0.0", *, freeze: bool = True, seen=None
) -> ReleaseId:
    """Maya's release is approved, Ruth has frozen production, and Maya has asked for an exception."""
    release = await shop.approved(ref or shop.a, version)
    if freeze:
        done = await shop.start_freeze(
            a_window(starts_at=shop.at, ends_at=shop.at + timedelta(days=5)), by=shop.by(RUTH)
        )
        assert isinstance(done, Freeze)
        shop.at += timedelta(seconds=1)
    pleaded = await shop.except_freeze(release, "The sale", seen, by=shop.by(MAYA))
    assert isinstance(pleaded, Pleaded), str(pleaded.why)
    return release


async def granted(shop: Workshop, number: int = 1, by=RUTH, answer: str = "", **how) -> Requested:
    done = await shop.decide_exception(ExceptionId(number), how.get("seen"), answer, granted=True, by=shop.by(by))
    assert isinstance(done, Requested), str(done.why)
    return done


async def not_allowed(
    shop: Workshop, number: int = 1, by=RUTH, answer: str = "", *, grant: bool = True, seen=None
) -> str:
    done = await shop.decide_exception(ExceptionId(number), seen, answer, granted=grant, by=shop.by(by))
    assert isinstance(done, Refused), done
    return str(done.why)


# ---------------------------------------------------------------- granting


async def test_what_is_granted_opens_the_gate_for_a_day(shop):
    release = await asked(shop)
    done = await granted(shop)
    assert done.exception.ends_at == shop.at + timedelta(days=1)
    assert await shop.blockers(release) == []
    shop.at += timedelta(days=1)
    assert [each.about for each in await shop.blockers(release, Reason.FREEZE)] == ["F-1"]


async def test_what_is_granted_is_told_to_everybody_concerned(shop):
    release = await asked(shop)
    done = await granted(shop, answer="Only tonight")
    end = f"{done.exception.ends_at:%Y-%m-%d %H:%M} UTC"
    line = (await shop.told(ThreadLine))[-1]
    assert (line.release, str(line.sentence)) == (
        release,
        f"@U0RUTH granted X-1: R-1 passes F-1 until {end}. Only tonight",
    )
    private = (await shop.told(DirectLine))[-1]
    assert (private.person, private.release) == (MAYA.id, release)
    assert str(private.sentence) == f"{line.sentence} Nothing else blocks production: /deploy R-1 to production"
    assert (await shop.told(CardChanged))[-1].release == release
    # Once when she was asked, once when it was decided: one message, edited in place.
    assert await shop.told(ExceptionWanted) == [ExceptionWanted(RUTH.id, ONE)] * 2


async def test_it_is_on_the_record_with_what_was_asked_and_why_it_was_granted(shop):
    release = await asked(shop)
    done = await granted(shop, answer="Only tonight")
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.verb, entry.by, entry.subject) == ("grant an exception", RUTH.id, "X-1")
    assert entry.detail == {
        "freeze": "F-1",
        "asked_for": "The sale",
        "reason": "Only tonight",
        "ends_at": done.exception.ends_at.isoformat(),
        "on_behalf_of": None,
    }


async def test_a_granted_release_can_be_deployed(shop):
    release = await asked(shop)
    await granted(shop)
    await shop.deployed(release)


async def test_another_release_does_not_pass_with_it(shop):
    await asked(shop)
    other = await shop.approved(shop.b, "2.0.0")
    await granted(shop)
    assert [each.about for each in await shop.blockers(other, Reason.FREEZE)] == ["F-1"]


# ---------------------------------------------------------------- refusing


async def test_what_is_refused_stays_blocked_and_the_reason_is_told(shop):
    release = await asked(shop)
    done = await shop.decide_exception(ONE, 0, "It can wait until Monday", granted=False, by=shop.by(RUTH))
    assert isinstance(done, Requested)
    assert (done.exception.granted, done.exception.ends_at) == (False, None)
    assert await shop.blockers(release, Reason.FREEZE)
    told = "@U0RUTH refused X-1: R-1 does not pass F-1. It can wait until Monday"
    assert str((await shop.told(ThreadLine))[-1].sentence) == told
    assert str((await shop.told(DirectLine))[-1].sentence) == told
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.verb, entry.detail["reason"]) == ("refuse an exception", "It can wait until Monday")


async def test_refusing_needs_a_reason(shop):
    await asked(shop)
    assert "/freeze refuse X-1 <reason>" in await not_allowed(shop, grant=False, answer="  ")


# ---------------------------------------------------------------- who may


async def test_nobody_grants_what_they_ask_for_themselves(shop):
    await asked(shop)
    assert "nobody grants what they ask for themselves" in await not_allowed(shop, by=MAYA)


async def test_the_requester_and_the_authors_do_not_grant_what_others_ask_for(shop):
    release = await shop.approved(shop.b, "1.0.0")  # which Ben wrote and Maya planned
    shop.directory.held = roles(change_manager={RUTH, BEN})
    await shop.start_freeze(a_window(starts_at=shop.at, ends_at=shop.at + timedelta(days=5)), by=shop.by(RUTH))
    shop.at += timedelta(seconds=1)
    await shop.except_freeze(release, "The sale", by=shop.by(INES))
    assert [each.person for each in await shop.told(ExceptionWanted)] == [RUTH.id]
    for own in (MAYA, BEN):
        assert "nobody ships on their own word" in await not_allowed(shop, by=own)
    await granted(shop)


async def test_only_the_owners_decide(shop):
    await asked(shop)
    told = "Only @U0RUTH, @release-manager and @change-manager can grant or refuse an exception from F-1."
    assert await not_allowed(shop, by=OMAR) == told
    assert await not_allowed(shop, by=OMAR, answer="No", grant=False) == told


async def test_who_asked_may_take_it_back_as_an_owner(shop):
    """A no to one's own plea hurts nobody, as with approvals."""
    await asked(shop)
    done = await shop.decide_exception(ONE, None, "Not needed any more", granted=False, by=shop.by(MAYA))
    assert isinstance(done, Requested)


async def test_where_no_role_may_freeze_any_other_member_decides(shop):
    shop.catalogue = replace(shop.catalogue, freeze_rights=())
    await asked(shop)
    assert "nobody grants what they ask for" in await not_allowed(shop, by=MAYA)
    await granted(shop, by=OMAR)


async def test_both_names_are_on_the_record_when_somebody_stands_in(shop):
    release = await asked(shop)
    async with shop.records.open() as page:
        await page.keep_freeze(replace(await page.freeze(1), owner=CHANGE_MANAGER))
        await page.commit()
    leave = Leave(RUTH.id, shop.at, shop.at + timedelta(days=2), stand_in=INES.id)
    await shop.go_away(leave, by=shop.by(RUTH))
    await granted(shop, by=INES)
    assert "@U0INES granted X-1 in the place of @U0RUTH:" in str((await shop.told(ThreadLine))[-1].sentence)
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1].happened
    assert (entry.by, entry.detail["on_behalf_of"]) == (INES.id, RUTH.id)


async def test_who_stands_in_for_the_requester_does_not_grant_it_for_them(shop):
    await asked(shop)
    leave = Leave(MAYA.id, shop.at, shop.at + timedelta(days=2), stand_in=OMAR.id)
    await shop.go_away(leave, by=shop.by(MAYA))
    assert "in the place of @U0MAYA, whose own matter this is" in await not_allowed(shop, by=OMAR)


async def test_a_role_that_cannot_be_looked_up_decides_nothing(shop):
    await asked(shop)
    members = {name: people for name, people in roles().members.items() if name not in OWNERS}
    shop.directory.held = replace(roles(), members=members, unknown=dict.fromkeys(OWNERS, "Slack is away"))
    assert "I can't look up who is in @release-manager just now (Slack is away)" in await not_allowed(shop, by=OMAR)


# ---------------------------------------------------------------- once, and only what was seen


async def test_the_second_owner_is_told_who_decided(shop):
    shop.directory.held = roles(change_manager={RUTH, INES})
    await asked(shop)
    await granted(shop)
    assert (await not_allowed(shop, by=INES, seen=0)).startswith("@U0RUTH granted X-1 ")
    shop.directory.held = roles(change_manager={RUTH, INES})
    assert (await not_allowed(shop, by=INES, answer="No", grant=False, seen=0)).endswith("nothing left to decide.")
    seen = await shop.decide_exception.look(ONE)
    assert isinstance(seen, Refused)
    assert seen.stale


async def test_what_was_refused_cannot_be_granted_by_an_old_button(shop):
    await asked(shop)
    await shop.decide_exception(ONE, 0, "It can wait", granted=False, by=shop.by(RUTH))
    told = await not_allowed(shop, seen=0)
    assert told.startswith("@U0RUTH refused X-1 ")
    assert told.endswith("already: It can wait")


async def test_a_button_of_another_state_decides_nothing(shop):
    await asked(shop)
    assert await not_allowed(shop, seen=7) == "X-1 has changed since you looked."


async def test_a_repeated_delivery_has_one_effect(shop):
    await asked(shop)
    press = Actor(RUTH, Surface.BUTTON, "the same press")
    assert isinstance(await shop.decide_exception(ONE, 0, "", granted=True, by=press), Requested)
    assert await shop.decide_exception(ONE, 0, "", granted=True, by=press) is REPEATED


async def test_what_is_over_needs_no_answer(shop):
    release = await asked(shop)
    assert "There is no exception X-9. /freeze list" in await not_allowed(shop, 9)
    await shop.end_freeze(1, by=shop.by(RUTH))
    told = await not_allowed(shop)
    assert told.startswith("F-1 was over ")
    assert told.endswith("R-1 needs no exception any more.")
    await asked(shop, shop.b, "2.0.0")
    await shop.cancel_release(ReleaseId(release + 1), "Not yet", by=shop.by(MAYA))
    assert await not_allowed(shop, 2) == "R-2 has ended; it needs no exception any more."
    assert isinstance(await shop.decide_exception.look(ExceptionId(2)), Refused)
    assert isinstance(await shop.decide_exception.look(ExceptionId(9)), Refused)


async def test_two_owners_at_once_decide_once(database_url):
    async with database_ground(database_url) as ground:
        shop = ready(Workshop(ground.records))
        shop.directory.held = roles(change_manager={RUTH, INES})
        await asked(shop)
        ends = await asyncio.gather(
            shop.decide_exception(ONE, 0, "", granted=True, by=shop.by(RUTH)),
            shop.decide_exception(ONE, 0, "No", granted=False, by=shop.by(INES)),
        )
        (done,) = (each for each in ends if isinstance(each, Requested))
        (second,) = (each for each in ends if isinstance(each, Refused))
        assert f"@{done.exception.decided_by}" in str(second.why)


# ---------------------------------------------------------------- the budget


async def test_the_budget_holds_for_what_was_asked_before_it_was_used_up(shop):
    shop.catalogue = replace(shop.catalogue, exceptions=ExceptionRules(budget=1))
    await asked(shop)
    await asked(shop, shop.b, "2.0.0", freeze=False)
    await granted(shop, 1)
    told = await not_allowed(shop, 2)
    assert told.startswith("The one exception from freezes that Payments may be granted in 90 days is used up.")
    await shop.decide_exception(ExceptionId(2), None, "The budget", granted=False, by=shop.by(RUTH))


async def test_two_who_grant_at_the_same_moment_do_not_both_take_the_last_one(database_url):
    async with database_ground(database_url) as ground:
        shop = ready(Workshop(ground.records))
        shop.catalogue = replace(shop.catalogue, exceptions=ExceptionRules(budget=1))
        for number, ref in enumerate((shop.a, shop.b, shop.c), start=1):
            await asked(shop, ref, f"{number}.0.0", seen={number})  # each of a freeze of its own
        ends = await asyncio.gather(
            *(
                shop.decide_exception(ExceptionId(number), 0, "", granted=True, by=shop.by(RUTH))
                for number in (1, 2, 3)
            ),
            return_exceptions=True,
        )
        assert [type(each) for each in ends].count(Requested) == 1
        # Those who looked at the same moment are asked to look again, and then hear that it is used up.
        assert {type(each) for each in ends} <= {Requested, Refused, ConflictError}
        for number in (1, 2, 3):
            await shop.decide_exception(ExceptionId(number), 0, "", granted=True, by=shop.by(RUTH))
        async with ground.records.read() as page:
            assert [each.granted for each in await page.exceptions()].count(True) == 1


# ---------------------------------------------------------------- who sees what


async def test_it_is_in_the_inbox_of_those_who_can_grant_it_until_it_is_decided(shop):
    await asked(shop)

    async def waits_for(person) -> list[str]:
        return [each.exception.name for each in (await shop.summaries.inbox(person.id)).exceptions]

    assert await waits_for(RUTH) == ["X-1"]
    assert await waits_for(MAYA) == await waits_for(OMAR) == await waits_for(BEN) == []
    await granted(shop)
    assert await waits_for(RUTH) == []


async def test_the_message_that_asked_is_drawn_anew_when_the_release_ends_or_the_freeze_is_over(shop):
    release = await asked(shop)
    before = len(await shop.told(ExceptionWanted))
    await shop.watched(release)
    assert (await shop.told(ExceptionWanted))[before:] == [ExceptionWanted(PersonId("U0RUTH"), ONE)]


async def test_the_watch_looks_again_when_an_exception_ends(shop):
    release = await asked(shop)
    await granted(shop)
    waits = await shop.watched(release)
    assert waits is not None
    assert waits <= timedelta(days=1)
    assert (await shop.picture(release)).place(PRODUCTION).open
