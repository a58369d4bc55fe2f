"""The outbox: in order within a lane, once, by any number of senders, and nothing is ever lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update

from bot.notices import CardChanged, ChannelLine, DeploymentChanged, DigestDue, DirectLine, ThreadLine, Wanted
from bot.ports import Asked
from bot.rules.check import CheckResult
from bot.rules.deployment import DeploymentId
from bot.rules.people import SLIPWAY
from bot.rules.policy import ChannelId
from bot.rules.release import ReleaseId
from bot.rules.sentence import say
from integrations.database.notices import Unreadable
from integrations.database.outbox import Outbox
from integrations.database.tables import asked, audit_head, checks, intents, outbox
from tests.grounds import DatabaseGround, database_ground
from tests.makers import CHANNEL, NOW, PAYMENTS, PRODUCTION, a_draft, a_happening, sha
from tests.people import MAYA, OMAR

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.notices import Notice
    from integrations.database.outbox import Parcel

LEASE = timedelta(seconds=30)
R1, R2 = ReleaseId(1), ReleaseId(2)


@pytest.fixture
def box(there: DatabaseGround) -> Outbox:
    return Outbox(there.engines)


async def tell(there: DatabaseGround, *notices: Notice) -> None:
    async with there.records.open() as page:
        for notice in notices:
            await page.tell(notice)
        await page.commit()


def line(text: str, release: ReleaseId = R1) -> ThreadLine:
    return ThreadLine(release, say(text))


async def claim(box: Outbox, now: datetime = NOW, owner: str = "one", limit: int = 10) -> list[Parcel]:
    return await box.claim(now, owner, LEASE, limit)


async def all_sent(box: Outbox) -> list[Notice | Unreadable]:
    """What a sender sends, to the end."""
    sent = []
    while parcels := await claim(box):
        for parcel in parcels:
            sent.append(parcel.notice)
            await box.sent(parcel, NOW)
    return sent


async def test_each_lane_gives_its_oldest_parcel_and_no_second_one_before_that_has_arrived(
    there: DatabaseGround, box: Outbox
) -> None:
    await tell(there, CardChanged(R1), line("a"), line("b"), DirectLine(MAYA.id, say("c")), CardChanged(R2))
    first = await claim(box)
    assert [parcel.notice for parcel in first] == [CardChanged(R1), DirectLine(MAYA.id, say("c")), CardChanged(R2)]
    assert [parcel.lane for parcel in first] == ["R-1", "U0MAYA", "R-2"]
    assert await claim(box) == []
    await box.sent(first[0], NOW)
    second = await claim(box, owner="two")
    assert [(parcel.notice, parcel.owner, parcel.attempts) for parcel in second] == [(line("a"), "two", 1)]


async def test_a_sender_takes_no_more_than_it_asked_for(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, *(ChannelLine(ChannelId(f"C{n}"), say("x")) for n in range(5)))
    assert [len(await claim(box, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_everything_arrives_in_the_order_in_which_it_was_told(there: DatabaseGround, box: Outbox) -> None:
    told = [CardChanged(R1), *(line(str(n)) for n in range(5)), DeploymentChanged(R1, DeploymentId(4)), line("end")]
    await tell(there, *told)
    assert await all_sent(box) == told


async def test_a_living_message_waits_once_and_keeps_its_place(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, CardChanged(R1), line("planned"), CardChanged(R1))
    await tell(there, line("approved"), CardChanged(R1), CardChanged(R2))
    assert await there.told() == [CardChanged(R1), line("planned"), line("approved"), CardChanged(R2)]


async def test_of_digests_that_wait_for_slack_one_is_told(there: DatabaseGround, box: Outbox) -> None:
    """Forty mornings without Slack are one digest, of how it stands then."""
    of_payments = DigestDue(CHANNEL, (PAYMENTS,))
    for _ in range(40):
        await tell(there, DigestDue(CHANNEL), of_payments)
    assert await all_sent(box) == [DigestDue(CHANNEL), of_payments]
    await tell(there, DigestDue(CHANNEL))
    assert await all_sent(box) == [DigestDue(CHANNEL)]


async def test_a_reminder_that_has_to_wait_holds_nothing_else_up(there: DatabaseGround, box: Outbox) -> None:
    reminder, urgent = DirectLine(MAYA.id, say("soon"), reminder=True), DirectLine(MAYA.id, say("now"))
    ours = Wanted(MAYA.id, R1, PRODUCTION, "approval:qa", SLIPWAY)
    await tell(there, reminder, ours)
    for parcel in await claim(box):
        await box.later(parcel, NOW + timedelta(hours=9), "quiet hours")
    other = Wanted(MAYA.id, R2, PRODUCTION, "approval:qa", OMAR.id)
    await tell(there, urgent, other)
    assert await all_sent(box) == [urgent, other]
    later = await claim(box, NOW + timedelta(hours=9))
    assert [parcel.notice for parcel in later] == [reminder, ours]


async def test_what_we_would_have_asked_in_the_morning_is_asked_at_once_if_somebody_asks_for_it(
    there: DatabaseGround, box: Outbox
) -> None:
    ours = Wanted(MAYA.id, R1, PRODUCTION, "approval:qa", SLIPWAY)
    await tell(there, ours)
    (held,) = await claim(box)
    await box.later(held, NOW + timedelta(hours=9), "quiet hours")
    await tell(there, ours)
    assert await claim(box) == []
    theirs = replace(ours, by=OMAR.id)
    await tell(there, theirs)
    assert await all_sent(box) == [theirs]


async def test_a_living_message_that_is_just_being_drawn_is_drawn_again(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, CardChanged(R1))
    [drawing] = await claim(box)
    await tell(there, CardChanged(R1))
    await box.sent(drawing, NOW)
    assert await all_sent(box) == [CardChanged(R1)]


async def test_a_card_that_is_told_while_a_sender_takes_it_is_never_left_outdated(
    there: DatabaseGround, box: Outbox
) -> None:
    """Whoever is first: a card drawn from older facts leaves a second drawing behind."""
    drawn: list[int] = []

    async def change() -> None:
        async with there.records.open() as page:
            await page.put_on_record(a_happening())
            await page.tell(CardChanged(R1))
            await page.commit()

    async def send() -> None:
        for parcel in await claim(box):
            async with there.records.read() as reading:
                drawn.append((await reading.record_head())[0])
            await box.sent(parcel, NOW)

    for facts in range(1, 20):
        await tell(there, CardChanged(R1))
        await asyncio.gather(change(), send())
        await send()
        assert drawn[-1] == facts


async def test_a_sender_leaves_alone_what_somebody_is_just_telling_again(postgres_url: str) -> None:
    """Between a page's look into the outbox and its commit, nobody may draw the card from the facts before it."""
    async with database_ground(postgres_url) as there:
        box = Outbox(there.engines)
        await tell(there, CardChanged(R1))
        async with there.engines.writing.begin() as holder:
            await holder.execute(select(audit_head).with_for_update())
            async with there.records.open() as page:
                await page.tell(CardChanged(R1))
                await page.put_on_record(a_happening())
                committing = asyncio.create_task(page.commit())
                async with asyncio.timeout(5):
                    # Its commit waits for the record's head, its hand on the outbox.
                    while not await somebody_waits(holder):  # noqa: ASYNC110 - the database has no event to wait for
                        await asyncio.sleep(0.01)
                    assert await claim(box) == []
                await holder.rollback()
                await committing
        assert await all_sent(box) == [CardChanged(R1)]


async def somebody_waits(connection: AsyncConnection) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool((await connection.execute(text(waiting))).scalar_one())


async def test_what_could_not_be_sent_holds_its_own_lane_until_its_moment_and_no_other(
    there: DatabaseGround, box: Outbox
) -> None:
    await tell(there, line("a"), line("b"), line("other", R2))
    failed, other = await claim(box)
    soon = NOW + timedelta(seconds=5)
    assert await box.later(failed, soon, "ratelimited")
    await box.sent(other, NOW)
    assert await claim(box) == []
    assert await box.next_moment() == soon
    assert (await box.depth()).failing == 1
    [again] = await claim(box, now=soon)
    assert (again.notice, again.attempts) == (line("a"), 2)


async def test_a_dead_senders_parcels_come_back_when_its_lease_ends(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, line("a"))
    [lost] = await claim(box, owner="dead")
    assert await box.next_moment() == NOW + LEASE
    assert await claim(box, now=NOW + LEASE - timedelta(seconds=1), owner="alive") == []
    [taken] = await claim(box, now=NOW + LEASE, owner="alive")
    assert taken.notice == lost.notice
    # Should the first one wake up, it has no say any more, except that the message has arrived.
    assert not await box.later(lost, NOW, "late")
    assert not await box.drop(lost, "late")
    await box.sent(lost, NOW)
    assert not await box.later(taken, NOW, "it was there already")
    assert await box.next_moment() is None
    assert (await box.depth()).waiting == 0


async def test_what_a_sender_held_that_is_known_to_be_dead_is_free_at_once(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, line("a"), line("other", R2))
    [lost] = await claim(box, limit=1, owner="dead")
    [mine] = await claim(box, owner="alive")
    assert await box.free("dead") == 1
    [taken] = await claim(box, owner="alive")
    # It may have arrived: whoever takes it sees that somebody has tried.
    assert (taken.notice, taken.attempts) == (lost.notice, 2)
    assert not await box.later(lost, NOW, "late")
    assert await box.later(mine, NOW, "not now")
    assert await box.free("dead") == 0


async def test_several_senders_at_once_send_everything_once_and_in_order(there: DatabaseGround, box: Outbox) -> None:
    lanes = [ReleaseId(n) for n in range(1, 6)]
    await tell(there, *(line(str(n), release) for n in range(6) for release in lanes))
    arrived: list[ThreadLine] = []

    async def sender(owner: str) -> None:
        idle = 0
        while idle < 3:
            parcels = await claim(box, owner=owner, limit=2)
            idle = 0 if parcels else idle + 1
            for parcel in parcels:
                assert isinstance(parcel.notice, ThreadLine)
                arrived.append(parcel.notice)
                await asyncio.sleep(0.001)
                await box.sent(parcel, NOW)

    await asyncio.gather(*(sender(f"replica {n}") for n in range(3)))
    for release in lanes:
        mine = [str(notice.sentence) for notice in arrived if notice.release == release]
        assert mine == [str(n) for n in range(6)]


async def test_what_can_never_be_sent_is_given_up_visibly_and_lets_the_lane_go_on(
    there: DatabaseGround, box: Outbox
) -> None:
    await tell(there, line("a"), line("b"))
    [parcel] = await claim(box)
    assert await box.drop(parcel, "channel_not_found")
    [gone] = await box.given_up()
    assert (gone.kind, gone.lane, gone.reason, gone.attempts) == ("ThreadLine", "R-1", "channel_not_found", 1)
    assert gone.body["sentence"]["template"] == "a"
    depth = await box.depth()
    assert (depth.waiting, depth.given_up) == (1, 1)
    assert await all_sent(box) == [line("b")]


async def test_a_notice_of_an_unknown_kind_or_form_is_handed_over_as_it_is(there: DatabaseGround, box: Outbox) -> None:
    await tell(there, line("a"), line("b", R2))
    async with there.engines.writing.begin() as connection:
        await connection.execute(update(outbox).where(outbox.c.lane == "R-1").values(kind="Fireworks"))
        await connection.execute(update(outbox).where(outbox.c.lane == "R-2").values(body={"release": "two"}))
    unknown, malformed = [parcel.notice for parcel in await claim(box)]
    assert isinstance(unknown, Unreadable)
    assert unknown.problem == "Notices of the kind Fireworks are unknown to this version."
    assert unknown.body["sentence"]["template"] == "a"
    assert isinstance(malformed, Unreadable)
    assert "This ThreadLine can't be read" in malformed.problem


async def test_the_depth_tells_how_much_waits_and_since_when(there: DatabaseGround, box: Outbox) -> None:
    depth = await box.depth()
    assert (depth.waiting, depth.failing, depth.given_up, depth.oldest) == (0, 0, 0, None)
    await tell(there, line("a"), line("b"))
    depth = await box.depth()
    assert (depth.waiting, depth.failing, depth.given_up, depth.oldest) == (2, 0, 0, NOW)


async def test_pruning_forgets_what_was_sent_and_keeps_what_waits_or_was_given_up(
    there: DatabaseGround, box: Outbox
) -> None:
    await tell(there, line("sent"), line("given up", R2), line("waits", ReleaseId(3)))
    async with there.records.open() as page:
        await page.first_time("a press")
        release = await page.add_release(a_draft())
        await page.keep_asked(Asked(release.id, PRODUCTION, "approval:qa", MAYA.id, NOW))
        await page.keep_check(CheckResult(PAYMENTS, sha("first"), "regression", passed=True, at=NOW))
        await page.commit()
    sent, lost, _waits = await claim(box)
    await box.sent(sent, NOW)
    await box.drop(lost, "no")
    assert await box.prune(NOW) == 0
    assert await box.prune(NOW + timedelta(days=30)) == 4
    async with there.engines.reading.connect() as connection:
        assert (await connection.execute(select(outbox.c.lane).order_by(outbox.c.id))).scalars().all() == ["R-2", "R-3"]
        for forgotten in (intents, asked, checks):
            assert (await connection.execute(select(forgotten))).all() == []


async def test_a_living_message_has_a_place_until_it_is_forgotten(box: Outbox) -> None:
    assert await box.anchor("card:R-1") is None
    await box.keep_anchor("card:R-1", CHANNEL, "1.1", "abc", NOW)
    await box.keep_anchor("card:R-1", CHANNEL, "1.1", "def", NOW + LEASE)
    anchor = await box.anchor("card:R-1")
    assert anchor is not None
    assert (anchor.channel, anchor.ts, anchor.body_digest, anchor.updated_at) == (CHANNEL, "1.1", "def", NOW + LEASE)
    await box.forget_anchor("card:R-1")
    assert await box.anchor("card:R-1") is None
