"""History stays: every candidate, every word and every entry of the record, whoever asks for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.notices import ChannelLine
from bot.rules.absence import Leave
from bot.rules.audit import first_break
from bot.rules.freeze import Plea
from bot.rules.sentence import say
from integrations.database.tables import candidates
from tests.keeping import LATER, announced, asked_for, declared
from tests.makers import CHANNEL, NOW, a_candidate, a_draft, a_happening, a_plan, a_verdict, sha
from tests.people import OMAR, QA

if TYPE_CHECKING:
    from bot.rules.release import Release
    from tests.grounds import DatabaseGround


async def a_release_with_a_history(there: DatabaseGround) -> Release:
    async with there.records.open() as page:
        release = await page.add_release(a_draft(candidate=a_candidate("first")))
        for word in ("second", "third"):
            release = await page.keep(release.with_candidate(a_candidate(word)))
        release = await page.keep(release.with_verdict(a_verdict(OMAR.id, QA)))
        await page.put_on_record(a_happening())
        await page.put_on_record(a_happening("approve"))
        await page.commit()
    return release


async def test_every_candidate_ever_set_is_kept_and_the_newest_is_proposed(there: DatabaseGround) -> None:
    release = await a_release_with_a_history(there)
    async with there.engines.reading.connect() as connection:
        history = await connection.execute(
            select(candidates.c.number, candidates.c.commit).order_by(candidates.c.number)
        )
        assert [tuple(row) for row in history] == [(1, sha("first")), (2, sha("second")), (3, sha("third"))]
    async with there.records.read() as reading:
        assert await reading.release(release.id) == release
    assert release.candidate == a_candidate("third")


async def test_going_back_to_an_earlier_candidate_is_one_more_in_its_history(there: DatabaseGround) -> None:
    release = await a_release_with_a_history(there)
    async with there.records.open() as page:
        release = await page.keep(release.with_candidate(a_candidate("first")))
        await page.commit()
    async with there.records.read() as reading:
        assert await reading.release(release.id) == release
    async with there.engines.reading.connect() as connection:
        assert len((await connection.execute(select(candidates))).all()) == 4


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE audit SET person = 'U0BEN' WHERE number = 1",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE candidates SET number = 9",
        "DELETE FROM candidates",
        "DELETE FROM verdicts",
        "DELETE FROM releases",
    ],
)
async def test_the_database_itself_refuses_to_change_what_was(there: DatabaseGround, attempt: str) -> None:
    await a_release_with_a_history(there)
    async with there.engines.writing.connect() as connection:
        with pytest.raises(DBAPIError, match=r"(?i)history and stay as they are|foreign key"):
            await connection.execute(text(attempt))
    async with there.records.read() as reading:
        assert first_break(await reading.record()) is None


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE verdicts SET subject = 'this'",
        "UPDATE freeze_exceptions SET granted = TRUE",
        "UPDATE freeze_exceptions SET decided_by = 'U0MAYA'",
        "UPDATE freeze_exceptions SET ends_at = asked_at",
        "UPDATE absences SET ended_by = 'U0MAYA'",
        "UPDATE absences SET ends_at = starts_at",
    ],
)
async def test_the_database_itself_refuses_half_a_fact(there: DatabaseGround, attempt: str) -> None:
    release = await a_release_with_a_history(there)
    freeze = await declared(there.records)
    await asked_for(there.records, Plea(freeze.id, release.id, OMAR.id, NOW, "Refunds are broken"))
    await announced(there.records, Leave(OMAR.id, NOW, LATER))
    async with there.engines.writing.connect() as connection:
        with pytest.raises(DBAPIError, match=r"(?i)check constraint"):
            await connection.execute(text(attempt))


@pytest.mark.parametrize("table", ["audit", "candidates", "verdicts"])
async def test_postgres_refuses_to_empty_history_at_one_stroke(postgres_url: str, table: str) -> None:
    from tests.grounds import database_ground

    async with database_ground(postgres_url) as there, there.engines.writing.connect() as connection:
        with pytest.raises(DBAPIError, match="history and stay as they are"):
            await connection.execute(text(f"TRUNCATE {table}"))


async def test_what_no_database_can_hold_is_marked_and_fails_nobody(there: DatabaseGround) -> None:
    odd = "a\x00b\ud83dc"
    async with there.records.open() as page:
        assert await page.first_time(odd)
        release = await page.add_release(a_draft(plan=a_plan(title=odd), candidate=a_candidate(authors=(odd,))))
        await page.put_on_record(a_happening(release=release.id, subject=odd, detail={odd: [odd, {"why": odd}]}))
        await page.tell(ChannelLine(CHANNEL, say("{title}", title=odd)))
        await page.commit()
    async with there.records.read() as reading:
        kept = await reading.release(release.id)
        record = await reading.record()
    assert kept is not None
    assert kept.plan.title == "a\ufffdb\ufffdc"
    assert first_break(record) is None
    assert record[0].happened.subject == "a\ufffdb\ufffdc"
    assert await there.told() == [ChannelLine(CHANNEL, say("{title}", title="a\ufffdb\ufffdc"))]
    async with there.records.open() as page:
        assert not await page.first_time(odd)


async def test_what_is_tampered_with_behind_the_triggers_is_found(there: DatabaseGround) -> None:
    await a_release_with_a_history(there)
    off = (
        ["DROP TRIGGER audit_refuses_update", "DROP TRIGGER audit_refuses_delete"]
        if there.engines.is_sqlite
        else ["ALTER TABLE audit DISABLE TRIGGER USER"]
    )
    async with there.engines.writing.begin() as connection:
        for statement in [*off, "UPDATE audit SET person = 'U0BEN' WHERE number = 1"]:
            await connection.execute(text(statement))
    async with there.records.read() as reading:
        broken = first_break(await reading.record())
        assert broken is not None
        assert broken.number == 1
    async with there.engines.writing.begin() as connection:
        await connection.execute(text("UPDATE audit SET person = 'U0MAYA' WHERE number = 1"))
        await connection.execute(text("DELETE FROM audit WHERE number = 2"))
    async with there.records.read() as reading:
        # The chain can't miss its last link; the head, which is kept apart, does.
        record = await reading.record()
        assert first_break(record) is None
        assert await reading.record_head() != (record[-1].number, record[-1].digest)
