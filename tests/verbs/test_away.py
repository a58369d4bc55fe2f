"""Away: somebody else acts in one's place, with both names on the record, and nothing is loosened by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.notices import ChannelLine, DirectLine, ThreadLine
from bot.rules.absence import Absence, Leave
from bot.rules.gate import Reason
from bot.rules.policy import ApprovalRule, Right
from bot.rules.sentence import Refused
from bot.verbs.speak import Said
from tests.makers import FEATURE, HOTFIX, PRODUCTION, STAGING
from tests.people import BEN, CHANGE_MANAGER, GUS, INES, MAYA, OMAR, QA, RELEASE_MANAGER, RUTH, roles
from tests.verbs.workshop import Workshop

PEOPLE = (Reason.APPROVAL, Reason.UNREADABLE)


def for_two_weeks(shop: Workshop, person=RUTH, stand_in=INES, **fields) -> Leave:
    return Leave(person.id, shop.at, shop.at + timedelta(weeks=2), stand_in.id if stand_in else None, **fields)


async def away(shop: Workshop, leave: Leave, by=RUTH) -> Absence:
    done = await shop.go_away(leave, by=shop.by(by))
    assert isinstance(done, Absence), str(done.why)
    return done


async def refusal(doing) -> str:
    done = await doing
    assert isinstance(done, Refused), done
    return str(done.why)


async def test_a_stand_in_approves_and_both_names_are_kept(shop):
    await away(shop, for_two_weeks(shop, reason="Holidays"))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    said = await shop.approve(release, PRODUCTION, None, by=shop.by(INES))
    assert isinstance(said, Said)
    assert (said.verdict.person, said.verdict.on_behalf_of) == (INES.id, RUTH.id)
    assert await shop.blockers(release, *PEOPLE) == []
    async with shop.records.read() as page:
        entry = (await page.record(release=release))[-1]
    assert entry.happened.by == INES.id
    assert entry.happened.detail["on_behalf_of"] == RUTH.id


async def test_the_stand_in_and_the_owners_hear_of_it_and_of_the_end(shop):
    await away(shop, for_two_weeks(shop))
    await shop.come_back(RUTH.id, by=shop.by(RUTH))
    assert [each.person for each in await shop.told(DirectLine)] == [INES.id, INES.id]
    assert [each.channel for each in await shop.told(ChannelLine)] == ["C0OWNERS", "C0OWNERS"]


async def test_after_the_time_the_stand_in_is_nobody_again_and_what_was_said_counts_on(shop):
    await away(shop, for_two_weeks(shop))
    first = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(first, PRODUCTION, None, by=shop.by(INES))
    shop.at += timedelta(weeks=2)
    second = await shop.planned(shop.b, "2.0.0", FEATURE)
    assert "Only" in await refusal(shop.approve(second, PRODUCTION, None, by=shop.by(INES)))
    missing = [each.about for each in await shop.blockers(first, *PEOPLE)]
    assert missing == [QA]


async def test_being_back_ends_it_at_once(shop):
    await away(shop, for_two_weeks(shop))
    await shop.come_back(RUTH.id, by=shop.by(RUTH))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    assert "Only" in await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(INES)))
    assert "is not away" in await refusal(shop.come_back(RUTH.id, by=shop.by(RUTH)))


async def test_one_place_is_filled_once_by_whoever_comes_first(shop):
    shop.agrees_on(FEATURE, approvals={PRODUCTION: (ApprovalRule(CHANGE_MANAGER, 2),)})
    shop.directory.held = roles(change_manager={RUTH, OMAR})
    await away(shop, for_two_weeks(shop))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(INES))
    told = await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(RUTH)))
    assert "has approved" in told
    assert "one place is filled once" in told
    assert len(await shop.blockers(release, *PEOPLE)) == 1
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert await shop.blockers(release, *PEOPLE) == []


async def test_nobody_gets_their_own_change_approved_by_sending_a_stand_in(shop):
    """Maya asked for it and holds the role; whoever stands in for her speaks her word."""
    shop.directory.held = roles(change_manager={MAYA, RUTH})
    await away(shop, for_two_weeks(shop, MAYA, INES), by=MAYA)
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    told = await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(INES)))
    assert "in the place of @U0MAYA, whose own change this is" in told


async def test_a_stand_in_who_wrote_it_may_not_approve_it_either(shop):
    await away(shop, for_two_weeks(shop, RUTH, BEN))
    release = await shop.planned(shop.b, "1.0.0", FEATURE)
    assert "your own change" in await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(BEN)))


async def test_when_the_absent_person_leaves_the_role_the_word_said_for_them_lapses(shop):
    await away(shop, for_two_weeks(shop))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(INES))
    shop.directory.held = roles(change_manager={OMAR})
    assert CHANGE_MANAGER in [each.about for each in await shop.blockers(release, *PEOPLE)]


async def test_a_stand_in_for_one_role_only_has_no_other(shop):
    shop.directory.held = roles(qa={RUTH}, change_manager={RUTH})
    await away(shop, for_two_weeks(shop, roles=frozenset({QA})))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    said = await shop.approve(release, PRODUCTION, None, by=shop.by(INES))
    assert isinstance(said, Said)
    assert said.verdict.role == QA


async def test_a_stand_in_deploys_in_nobodys_name_but_their_own(shop):
    """Rights go along: what is started is on the record under the name of whoever started it."""
    shop.catalogue.services["payments"].rights[Right.DEPLOY] = (CHANGE_MANAGER,)
    release = await shop.approved(shop.a, "1.0.0")
    assert isinstance(await shop.ask_deploy(release, PRODUCTION, by=shop.by(INES)), Refused)
    await away(shop, for_two_weeks(shop))
    assert not isinstance(await shop.ask_deploy(release, PRODUCTION, by=shop.by(INES)), Refused)


@pytest.mark.parametrize(
    ("leave", "by", "why"),
    [
        (lambda shop: for_two_weeks(shop, RUTH, RUTH), RUTH, "stand in for themselves"),
        (lambda shop: for_two_weeks(shop, RUTH, GUS), RUTH, "can't act here"),
        (lambda shop: for_two_weeks(shop, RUTH, OMAR), OMAR, "Only @release-manager can say that somebody else"),
        (lambda shop: for_two_weeks(shop, RUTH, MAYA), MAYA, "make themselves somebody's stand-in"),
        (lambda shop: for_two_weeks(shop, GUS, INES), MAYA, "holds no role"),
        (lambda shop: for_two_weeks(shop, RUTH, INES, roles=frozenset({QA})), RUTH, "doesn't hold @qa"),
        (lambda shop: for_two_weeks(shop, RUTH, INES, roles=frozenset({"pope"})), RUTH, "no role pope"),
        (lambda shop: Leave(RUTH.id, shop.at, shop.at - timedelta(days=1)), RUTH, "before it begins"),
        (lambda shop: Leave(RUTH.id, shop.at, shop.at + timedelta(days=100)), RUTH, "longer than 92 days"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(shop, leave, by, why):
    assert why in await refusal(shop.go_away(leave(shop), by=shop.by(by)))
    async with shop.records.read() as page:
        assert await page.absences(not_over_at=shop.at) == []
        assert await page.record() == []


async def test_an_owner_says_it_for_somebody_who_is_ill(shop):
    await away(shop, for_two_weeks(shop, RUTH, INES), by=MAYA)
    assert "away from" in await refusal(shop.go_away(for_two_weeks(shop, RUTH, BEN), by=shop.by(RUTH)))
    assert not isinstance(await shop.come_back(RUTH.id, by=shop.by(MAYA)), Refused)


async def test_a_hotfix_in_the_night_waits_for_nobody_who_is_away(shop):
    """Whoever is away may still act: being away only means not being waited for."""
    await away(shop, for_two_weeks(shop, OMAR, None), by=OMAR)
    release = await shop.planned(shop.a, "1.0.0", HOTFIX)
    assert isinstance(await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR)), Said)


async def test_a_rejection_said_in_somebodys_place_is_theirs_to_lift_once_they_are_back(shop):
    """The stand-in holds no role any more; the one whose place it was does, so nobody else lifts it."""
    shop.directory.held = roles(change_manager={RUTH, OMAR})
    await away(shop, for_two_weeks(shop))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.reject(release, PRODUCTION, None, "No", by=shop.by(INES))
    await shop.come_back(RUTH.id, by=shop.by(RUTH))
    assert "said nothing" in await refusal(shop.withdraw(release, by=shop.by(OMAR)))
    assert await shop.blockers(release, Reason.REJECTED)
    assert not isinstance(await shop.withdraw(release, by=shop.by(RUTH)), Refused)
    assert await shop.blockers(release, Reason.REJECTED) == []
    said = [str(each.sentence) for each in await shop.told(ThreadLine)]
    assert said[-1] == "@U0RUTH withdrew the rejection said in their place for production."


async def test_whoever_is_back_can_take_back_an_approval_said_in_their_place(shop):
    await away(shop, for_two_weeks(shop))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, PRODUCTION, None, by=shop.by(INES))
    await shop.come_back(RUTH.id, by=shop.by(RUTH))
    assert not isinstance(await shop.withdraw(release, by=shop.by(RUTH)), Refused)
    assert CHANGE_MANAGER in [each.about for each in await shop.blockers(release, *PEOPLE)]


async def test_when_the_one_whose_place_it_was_has_left_others_in_the_role_lift_it(shop):
    await away(shop, for_two_weeks(shop))
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.reject(release, PRODUCTION, None, "No", by=shop.by(INES))
    shop.directory.held = roles(change_manager={OMAR})
    assert not isinstance(await shop.withdraw(release, by=shop.by(OMAR)), Refused)


async def test_a_place_that_was_taken_in_one_role_is_not_taken_in_another_by_a_stand_in(shop):
    """Ruth has spoken as QA; whoever stands in for her can't speak for her as change manager, and the other way."""
    both = {PRODUCTION: (ApprovalRule(QA, 1), ApprovalRule(CHANGE_MANAGER, 1)), STAGING: (ApprovalRule(QA, 1),)}
    shop.agrees_on(FEATURE, approvals=both)
    shop.directory.held = roles(qa={RUTH, OMAR}, change_manager={RUTH, BEN})
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await shop.approve(release, STAGING, None, by=shop.by(RUTH))
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    await away(shop, for_two_weeks(shop))
    told = await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(INES)))
    assert "in the place of @U0RUTH, who has spoken on this candidate as @qa" in told
    assert [each.about for each in await shop.blockers(release, *PEOPLE)] == [CHANGE_MANAGER]


async def test_what_was_said_in_somebodys_place_binds_them_to_that_role(shop):
    both = {PRODUCTION: (ApprovalRule(CHANGE_MANAGER, 1),), STAGING: (ApprovalRule(QA, 1),)}
    shop.agrees_on(FEATURE, approvals=both)
    shop.directory.held = roles(qa={RUTH, OMAR}, change_manager={RUTH, BEN})
    release = await shop.planned(shop.a, "1.0.0", FEATURE)
    await away(shop, for_two_weeks(shop))
    await shop.approve(release, STAGING, None, by=shop.by(INES))
    await shop.come_back(RUTH.id, by=shop.by(RUTH))
    told = await refusal(shop.approve(release, PRODUCTION, None, by=shop.by(RUTH)))
    assert "spoken on this candidate as @qa" in told


async def test_whoever_is_said_to_be_away_by_somebody_else_hears_of_it(shop):
    await away(shop, for_two_weeks(shop, RUTH, INES), by=MAYA)
    told = {each.person: str(each.sentence) for each in await shop.told(DirectLine)}
    assert set(told) == {RUTH.id, INES.id}
    assert "@U0MAYA has said that you are away" in told[RUTH.id]
    assert "/release back" in told[RUTH.id]


async def test_a_stand_in_starts_nothing_in_the_place_of_somebody_who_may_not(shop):
    """Maya planned it, and the rules keep her from starting it: her stand-in has no other right than hers."""
    shop.catalogue.services["payments"].rights[Right.DEPLOY] = (RELEASE_MANAGER,)
    shop.agrees_on(HOTFIX, requester_may_confirm=False)
    release = await shop.approved(shop.a, "1.0.0")
    await away(shop, for_two_weeks(shop, MAYA, INES), by=MAYA)
    await shop.ask_deploy(release, PRODUCTION, by=shop.by(INES))
    told = await refusal(shop.confirm_deploy(release, PRODUCTION, by=shop.by(INES)))
    assert "You would act in the place of @U0MAYA, who planned this release" in told
    shop.directory.held = roles(release_manager={MAYA, INES})
    assert not isinstance(await shop.confirm_deploy(release, PRODUCTION, by=shop.by(INES)), Refused)


async def test_being_back_from_one_absence_ends_no_other_that_is_planned(shop):
    await away(shop, for_two_weeks(shop))
    later = shop.at + timedelta(weeks=5)
    await away(shop, Leave(RUTH.id, later, later + timedelta(weeks=1), INES.id))
    (ended,) = await shop.come_back(RUTH.id, by=shop.by(RUTH))
    assert ended.leave.starts_at < later
    (called_off,) = await shop.come_back(RUTH.id, by=shop.by(RUTH))
    assert called_off.leave.starts_at == later
