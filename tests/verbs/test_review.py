"""Review: others say what was learned; until they do they are reminded, and whoever broke the glass waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import ChannelLine, DirectLine, ReviewWanted, ThreadLine
from bot.ports import Work
from bot.rules.absence import Leave
from bot.rules.deployment import DeploymentId
from bot.rules.policy import ReviewRules, Right
from bot.rules.release import ReleaseId
from bot.rules.review import Review
from bot.rules.sentence import Refused, Repeated
from bot.verbs.audit import EvidenceFile
from bot.verbs.break_glass import Broken
from tests.makers import PRODUCTION
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, QA, RUTH, roles
from tests.verbs.workshop import Workshop

LEARNED = "The alarm came late; QA gets a pager"
ONE = DeploymentId(1)
A_DAY = timedelta(days=1)


@pytest.fixture
def shop() -> Workshop:
    """On-call may break the glass; QA reviews it within three days."""
    made = Workshop(rights={Right.BREAK_GLASS: (ON_CALL,)})
    made.catalogue = replace(made.catalogue, reviews=ReviewRules(QA))
    return made


async def broken(shop: Workshop, person=INES) -> Review:
    """Payments 1.0.0 went past the gate, as D-1."""
    release = await shop.planned(shop.a, "1.0.0")
    await shop.break_glass.look(release, PRODUCTION, "Checkout is down", by=shop.by(person))
    done = await shop.break_glass(release, PRODUCTION, "Checkout is down", by=shop.by(person))
    assert isinstance(done, Broken)
    return done.review


async def reviewed(shop: Workshop, person, learned=LEARNED, seen=None):
    return await shop.review_deploy(ONE, seen, learned, by=shop.by(person))


def why(answer) -> str:
    assert isinstance(answer, Refused), answer
    return str(answer.why)


async def said(shop: Workshop, kind, containing: str):
    return [each for each in await shop.told(kind) if containing in str(each.sentence)]


# ---------------------------------------------------------------- doing it


async def test_it_is_done_once_and_the_thread_the_record_and_whoever_broke_it_know(shop):
    opened = await broken(shop)
    assert opened.duty.owner == QA
    done = await reviewed(shop, OMAR)
    assert isinstance(done, Review)
    assert (done.closed_by, done.learned, done.open) == (OMAR.id, LEARNED, False)
    (line,) = await said(shop, ThreadLine, "reviewed D-1")
    assert str(line.sentence).startswith("@U0OMAR reviewed D-1, with which @U0INES broke the glass, 2026-11-23")
    assert str(line.sentence).endswith(LEARNED)
    (direct,) = await said(shop, DirectLine, "reviewed D-1")
    assert direct.person == INES.id
    assert await shop.told(ReviewWanted) == [ReviewWanted(OMAR.id, ONE)] * 2  # asked, and drawn anew
    assert (Work.WATCH_REVIEW, 1, "changed") in shop.records.nudged
    async with shop.records.read() as reading:
        happened = (await reading.record())[-1].happened
    assert (happened.verb, happened.by, happened.subject, happened.release) == ("review", OMAR.id, "D-1", 1)
    assert happened.detail["learned"] == LEARNED
    assert happened.detail["overdue"] is False
    assert "@U0OMAR reviewed D-1" in why(await reviewed(shop, MAYA))


async def test_the_owners_can_do_it_too_and_others_cannot(shop):
    await broken(shop)
    for person in (RUTH, BEN):
        assert "Only @qa and @release-manager can review D-1" in why(await reviewed(shop, person))
    assert isinstance(await reviewed(shop, MAYA), Review)


async def test_nobody_reviews_what_they_broke_themselves(shop):
    await broken(shop)
    shop.directory.held = roles(qa={INES, OMAR})
    assert "by you, or in your place, and nobody reviews their own matter" in why(await reviewed(shop, INES))


async def test_nobody_reviews_what_was_broken_in_their_place(shop):
    leave = Leave(INES.id, shop.at, shop.at + 9 * A_DAY, BEN.id)
    await shop.go_away(leave, by=shop.by(INES))
    await broken(shop, BEN)
    shop.directory.held = roles(qa={INES, OMAR})
    assert "in your place" in why(await reviewed(shop, INES))


async def test_a_stand_in_reviews_with_both_names_but_not_for_whoever_broke_it(shop):
    shop.directory.held = roles(qa={INES, OMAR})
    await broken(shop)
    await shop.go_away(Leave(INES.id, shop.at, shop.at + 9 * A_DAY, BEN.id), by=shop.by(INES))
    assert "in the place of @U0INES, whose own matter it is" in why(await reviewed(shop, BEN))
    await shop.go_away(Leave(OMAR.id, shop.at, shop.at + 9 * A_DAY, RUTH.id), by=shop.by(OMAR))
    done = await reviewed(shop, RUTH)
    assert isinstance(done, Review)
    assert (done.closed_by, done.closed_for) == (RUTH.id, OMAR.id)
    assert await said(shop, ThreadLine, "@U0RUTH in the place of @U0OMAR reviewed D-1")


@pytest.mark.parametrize("learned", ["", "  ", "nothing", " o  k  o  k "])
async def test_a_review_that_says_nothing_is_none(shop, learned):
    await broken(shop)
    assert "says what was learned" in why(await reviewed(shop, OMAR, learned))
    async with shop.records.read() as reading:
        assert len(await reading.reviews(open_only=True)) == 1


async def test_what_owes_no_review_is_not_reviewed(shop):
    assert "There is no deployment D-1" in why(await reviewed(shop, OMAR))
    await shop.shipped(shop.a, "1.0.0")
    assert "D-1 did not break the glass" in why(await reviewed(shop, OMAR))


async def test_a_form_that_was_open_for_too_long_changes_nothing(shop):
    review = await broken(shop)
    assert isinstance(await shop.review_deploy.look(ONE, by=shop.by(OMAR)), Review)
    assert "Only" in why(await shop.review_deploy.look(ONE, by=shop.by(RUTH)))
    assert "has changed since you looked" in why(await reviewed(shop, OMAR, seen=review.revision + 1))
    assert isinstance(await reviewed(shop, OMAR, seen=review.revision), Review)
    late = await reviewed(shop, MAYA, seen=review.revision)
    assert isinstance(late, Refused)
    assert late.stale


async def test_a_repeated_delivery_says_it_once(shop):
    await broken(shop)
    press = shop.by(OMAR)
    assert isinstance(await shop.review_deploy(ONE, None, LEARNED, by=press), Review)
    assert isinstance(await shop.review_deploy(ONE, None, LEARNED, by=press), Repeated)


async def test_of_two_who_review_it_at_once_one_does(records):
    shop = Workshop(records, rights={Right.BREAK_GLASS: (ON_CALL,)})
    shop.catalogue = replace(shop.catalogue, reviews=ReviewRules(QA))
    await broken(shop)
    answers = await asyncio.gather(reviewed(shop, OMAR), reviewed(shop, MAYA))
    assert sum(isinstance(each, Review) for each in answers) == 1
    async with records.read() as reading:
        entries = await reading.record()
        (review,) = await reading.reviews()
    assert [each.happened.verb for each in entries].count("review") == 1
    assert review.revision == 1


async def test_the_evidence_of_the_release_holds_what_was_broken_and_what_was_learned(shop):
    await broken(shop)
    await reviewed(shop, OMAR)
    evidence = await shop.evidence(ReleaseId(1))
    assert isinstance(evidence, EvidenceFile)
    assert '"broke_glass": true' in evidence.text
    assert '"learned": "The alarm came late; QA gets a pager"' in evidence.text
    assert '"The approval of @qa is missing."' in evidence.text


# ---------------------------------------------------------------- reminding


async def watched(shop: Workshop) -> timedelta | None:
    """The watch has done what is due; how long it waits then, None if it is over."""
    following = await shop.watch_review(1)
    return None if following.done else following.after


async def test_people_are_reminded_a_day_before_and_once(shop):
    review = await broken(shop)
    waits = await watched(shop)
    assert waits == review.duty.due_at - A_DAY - shop.at
    assert not await said(shop, DirectLine, "its review is due")
    shop.at += waits
    assert await watched(shop) == A_DAY
    assert await watched(shop) == A_DAY
    (reminder,) = await said(shop, DirectLine, "its review is due")
    assert reminder.person == OMAR.id
    assert "@qa says so with /deploy review D-1 <findings>" in str(reminder.sentence)
    assert not await said(shop, ChannelLine, "its review is due")


async def test_once_it_is_overdue_the_owners_and_whoever_broke_it_hear_of_it_and_then_every_week(shop):
    review = await broken(shop)
    shop.at = review.duty.due_at
    assert await watched(shop) == 7 * A_DAY
    assert {each.person for each in await said(shop, DirectLine, "is not done")} == {OMAR.id, MAYA.id, INES.id}
    (channel,) = await said(shop, ChannelLine, "is not done")
    assert channel.channel == "C0OWNERS"
    assert "@U0INES can't break the glass again. @qa and @release-manager can do it" in str(channel.sentence)
    shop.at += 7 * A_DAY
    assert await watched(shop) == 7 * A_DAY
    assert len(await said(shop, ChannelLine, "is not done")) == 2
    assert len(await said(shop, DirectLine, "is not done")) == 5  # whoever broke it knows


async def test_after_a_long_outage_only_the_newest_is_said(shop):
    review = await broken(shop)
    shop.at = review.duty.due_at + 20 * A_DAY
    assert await watched(shop) == A_DAY
    assert len(await said(shop, ChannelLine, "is not done")) == 1
    assert not await said(shop, DirectLine, "its review is due")


async def test_if_nobody_can_be_asked_the_owners_channel_hears_of_it(shop):
    review = await broken(shop)
    shop.directory.held = roles(qa=set(), release_manager=set())
    shop.at = review.duty.due_at - A_DAY
    await watched(shop)
    assert len(await said(shop, ChannelLine, "its review is due")) == 1


async def test_the_watch_ends_with_the_review(shop):
    review = await broken(shop)
    await reviewed(shop, OMAR)
    shop.at = review.duty.due_at
    assert await watched(shop) is None
    assert not await said(shop, ChannelLine, "is not done")
    assert (await shop.watch_review(99)).done


# ---------------------------------------------------------------- seeing


async def test_home_shows_it_to_those_who_owe_it(shop):
    review = await broken(shop)

    async def owing():
        people = (OMAR, MAYA, INES, BEN)
        return [each.name for each in people if (await shop.summaries.inbox(each.id)).reviews]

    assert await owing() == ["Omar"]
    shop.at = review.duty.due_at
    assert await owing() == ["Omar", "Maya"]
    await reviewed(shop, OMAR)
    assert await owing() == []


async def test_the_digest_tells_what_is_owed(shop):
    review = await broken(shop)
    assert (await shop.summaries.digest()).reviews == (review,)
    assert not (await shop.summaries.digest()).quiet
    await reviewed(shop, OMAR)
    assert (await shop.summaries.digest()).reviews == ()
