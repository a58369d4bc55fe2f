"""Protected runs in the records: each question once while it waits, and answered once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ports import ConflictError, Records
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question
from tests.makers import NOW, sha

A_RUN = Question("acme/payments", 12345678901, "production", sha("first"), NOW)


async def asked(records: Records, question: Question = A_RUN) -> ProtectedRun:
    async with records.open() as page:
        found = await page.add_protected_run(question)
        await page.commit()
    return found


async def answered(records: Records, run: ProtectedRun, *, approved: bool | None = True) -> ProtectedRun:
    async with records.open() as page:
        found = await page.keep_protected_run(replace(run, answered_at=NOW, approved=approved))
        await page.commit()
    return found


async def test_a_question_is_kept_with_its_number(records: Records):
    run = await asked(records)
    async with records.read() as page:
        assert await page.protected_run(run.id) == run
        assert await page.protected_run(ProtectedRunId(99)) is None
    assert run.question == A_RUN


async def test_while_it_waits_the_same_question_is_the_same(records: Records):
    first, again = await asked(records), await asked(records)
    other = await asked(records, replace(A_RUN, environment="staging"))

    assert first == again
    assert other.id != first.id


async def test_once_it_is_answered_the_same_run_may_ask_again(records: Records):
    first = await answered(records, await asked(records), approved=False)
    again = await asked(records)

    assert first.id != again.id
    assert again.answered_at is None
    async with records.read() as page:
        assert await page.protected_run(first.id) == first


async def test_of_two_who_answer_one_is_told_that_somebody_was_faster(records: Records):
    run = await asked(records)
    await answered(records, run)
    with pytest.raises(ConflictError):
        await answered(records, run)


async def test_an_answer_is_not_changed(records: Records):
    done = await answered(records, await asked(records))
    with pytest.raises(ValueError, match="can't be changed"):
        await answered(records, done, approved=False)


async def test_that_nobody_waited_is_an_answer_as_well(records: Records):
    done = await answered(records, await asked(records), approved=None)
    async with records.read() as page:
        assert await page.protected_run(done.id) == done
