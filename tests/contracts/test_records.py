"""The records' promise, held by the twin and by both databases: what is kept is read again, and nothing else.

Here is what goes for every page; what goes for each kind of thing is in the files beside this one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from bot.notices import CardChanged, DirectLine, ThreadLine
from bot.ports import Ask, Asked, Work
from bot.rules.audit import GENESIS, first_break
from bot.rules.candidate import Seal
from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.release import ReleaseId
from bot.rules.sentence import At, say
from tests.keeping import LATER, kept, planned
from tests.makers import NOW, PRODUCTION, STAGING, a_draft, a_happening, a_verdict
from tests.people import BEN, MAYA, OMAR, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records
    from tests.grounds import Ground


# ---------------------------------------------------------------- transactions


async def test_a_number_that_was_never_given_names_nothing(records: Records) -> None:
    async with records.read() as reading:
        assert await reading.release(ReleaseId(99)) is None
        assert await reading.deployment(DeploymentId(99)) is None
        assert await reading.freeze(FreezeId(99)) is None
        assert await reading.exception(ExceptionId(99)) is None


async def test_without_a_commit_nothing_was(ground: Ground) -> None:
    async with ground.records.open() as page:
        release = await page.add_release(a_draft())
        await page.put_on_record(a_happening(release=release.id))
        await page.tell(CardChanged(release.id))
        await page.start(Work.FOLLOW_DEPLOYMENT, 1)
        await page.nudge(Work.WATCH_FREEZE, 1, "changed")
        await page.first_time("a press")
    async with ground.records.read() as reading:
        assert await reading.releases() == []
        assert await reading.record() == []
    assert await ground.told() == []
    assert await ground.started() == []
    assert ground.wakes == 0
    async with ground.records.open() as page:
        assert await page.first_time("a press")


async def test_an_error_inside_a_page_leaves_nothing(records: Records) -> None:
    async def fails_halfway() -> None:
        async with records.open() as page:
            await page.add_release(a_draft())
            raise LookupError

    with pytest.raises(LookupError):
        await fails_halfway()
    async with records.read() as reading:
        assert await reading.releases() == []


async def test_a_page_is_over_once_it_is_committed(records: Records) -> None:
    async with records.open() as page:
        await page.commit()
        with pytest.raises(RuntimeError, match="committed"):
            await page.releases()
        with pytest.raises(RuntimeError, match="committed"):
            await page.commit()
    async with records.read() as reading:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await reading.releases()


async def test_a_reading_sees_one_moment(records: Records) -> None:
    release = await planned(records)
    async with records.read() as reading:
        before = await reading.releases()
    await kept(records, release.with_verdict(a_verdict(OMAR.id, QA)))
    async with records.read() as reading:
        after = await reading.releases()
    assert before == [release]
    assert [len(each.verdicts) for each in after] == [1]


# ---------------------------------------------------------------- asking, intents


async def test_the_newest_wish_to_deploy_exactly_this_counts(records: Records) -> None:
    release = await planned(records)
    here = Seal("what was on the screen")
    async with records.open() as page:
        await page.keep_ask(Ask(release.id, PRODUCTION, here, BEN.id, NOW))
        await page.keep_ask(Ask(release.id, PRODUCTION, here, MAYA.id, LATER))
        await page.keep_ask(Ask(release.id, STAGING, here, OMAR.id, LATER))
        await page.commit()
    async with records.read() as reading:
        assert await reading.ask(release.id, PRODUCTION, here) == Ask(release.id, PRODUCTION, here, MAYA.id, LATER)
        assert await reading.ask(release.id, PRODUCTION, Seal("something else")) is None
        of_another = await reading.ask(release.id, PRODUCTION, here, not_by=MAYA.id)
        assert of_another == Ask(release.id, PRODUCTION, here, BEN.id, NOW)
        assert await reading.ask(release.id, STAGING, here, not_by=OMAR.id) is None


async def test_when_people_were_last_asked_is_remembered_and_nothing_before(records: Records) -> None:
    release = await planned(records)
    first = Asked(release.id, PRODUCTION, "approval:qa", BEN.id, NOW, (OMAR.id, RUTH.id))
    other = Asked(release.id, PRODUCTION, "approval:change-manager", OMAR.id, NOW)
    async with records.open() as page:
        assert await page.asked(release.id) == []
        for each in (first, other):
            await page.keep_asked(each)
        await page.commit()
    again = replace(first, by=MAYA.id, at=LATER, people=(OMAR.id,))
    async with records.open() as page:
        assert await page.asked(release.id) == [other, first]
        await page.keep_asked(again)
        await page.commit()
    async with records.read() as reading:
        assert await reading.asked(release.id) == [other, again]
        assert await reading.asked(ReleaseId(release.id + 1)) == []


async def test_an_intent_is_new_once_and_an_empty_one_always(records: Records) -> None:
    async with records.open() as page:
        assert await page.first_time("press 1")
        assert not await page.first_time("press 1")
        assert await page.first_time("")
        assert await page.first_time("")
        await page.commit()
    async with records.open() as page:
        assert not await page.first_time("press 1")
        assert await page.first_time("press 2")


# ---------------------------------------------------------------- what comes of it


async def test_what_is_told_waits_in_its_order_once_it_is_true(ground: Ground) -> None:
    told = [
        CardChanged(ReleaseId(1)),
        ThreadLine(ReleaseId(1), say("{who} approved", who=At(OMAR.id)), loud=True),
        DirectLine(MAYA.id, say("Done")),
    ]
    async with ground.records.open() as page:
        for notice in told:
            await page.tell(notice)
        assert await ground.told() == []
        await page.commit()
        assert ground.wakes == 1
    assert await ground.told() == told


async def test_nobody_is_woken_when_nothing_is_to_be_told(ground: Ground) -> None:
    async with ground.records.open() as page:
        await page.add_release(a_draft())
        await page.commit()
    assert ground.wakes == 0


async def test_work_is_started_and_nudged_by_the_commit(ground: Ground) -> None:
    async with ground.records.open() as page:
        await page.start(Work.FOLLOW_DEPLOYMENT, 40)
        await page.nudge(Work.WATCH_FREEZE, 3, "changed")
        await page.commit()
    assert await ground.started() == ["started follow-deployment 40", "nudged watch-freeze 3 changed"]


# ---------------------------------------------------------------- the record


async def test_the_record_is_one_chain_in_the_order_in_which_things_were_put_on_it(records: Records) -> None:
    details = [
        {},
        {"items": ("a", "b"), "n": 1.0, "big": 10**20, "text": "Größe 🚀 \u2028"},
        {"nested": {"x": None, "1": True}},
    ]
    for detail in details:
        async with records.open() as page:
            await page.put_on_record(
                a_happening("plan", release=ReleaseId(1), candidate="abc", subject="D-1", detail=detail)
            )
            # Said in another time zone, it is the same moment, and must give the same digest when it is read again.
            elsewhere = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
            await page.put_on_record(a_happening("approve", at=elsewhere))
            await page.commit()
    async with records.read() as reading:
        entries = await reading.record()
        assert await reading.record_head() == (6, entries[-1].digest)
    assert [each.number for each in entries] == [1, 2, 3, 4, 5, 6]
    assert first_break(entries) is None
    assert entries[1].happened.at == datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
    assert entries[2].happened.detail == {"items": ["a", "b"], "n": 1.0, "big": 10**20, "text": "Größe 🚀 \u2028"}
    assert entries[0].happened == a_happening("plan", release=ReleaseId(1), candidate="abc", subject="D-1")


async def test_the_record_is_read_in_pages_by_release_and_by_time(records: Records) -> None:
    async with records.read() as reading:
        assert await reading.record() == []
        assert await reading.record_head() == (0, GENESIS)
    async with records.open() as page:
        for number in range(1, 6):
            await page.put_on_record(a_happening(release=ReleaseId(number % 2), at=NOW + timedelta(minutes=number)))
        await page.commit()
    async with records.read() as reading:
        first = await reading.record(limit=2)
        rest = await reading.record(after=first[-1].number)
        assert [each.number for each in (*first, *rest)] == [1, 2, 3, 4, 5]
        assert [each.number for each in await reading.record(release=ReleaseId(1))] == [1, 3, 5]
        assert [each.number for each in await reading.record(since=NOW + timedelta(minutes=4))] == [4, 5]
