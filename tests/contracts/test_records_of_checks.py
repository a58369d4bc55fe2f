"""The records' promise for automatic checks: the newest word of each counts, whenever it arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.rules.check import CheckResult
from tests.keeping import LATER, SEARCH, said
from tests.makers import NOW, PAYMENTS, sha

if TYPE_CHECKING:
    from bot.ports import Records

FIRST = sha("first")


def a_result(name: str = "regression", **fields: Any) -> CheckResult:
    """The regression tests of payments have passed."""
    return replace(CheckResult(PAYMENTS, FIRST, name, passed=True, at=NOW), **fields)


async def found(records: Records) -> list[CheckResult]:
    async with records.read() as reading:
        return await reading.checks(PAYMENTS, FIRST)


async def test_what_checks_said_of_a_commit_is_read_by_their_names(records: Records) -> None:
    assert await found(records) == []
    smoke = a_result("smoke", passed=False, link="https://run.example.com/1")
    regression, end_to_end = a_result(), a_result("End to end")
    others = (a_result(service=SEARCH), a_result(commit=sha("second")))
    for result in (smoke, regression, end_to_end, *others):
        assert await said(records, result)
    assert await found(records) == [end_to_end, regression, smoke]


async def test_what_a_check_says_later_takes_the_place_of_what_it_said_before(records: Records) -> None:
    await said(records, a_result(passed=False, link="https://run.example.com/1"))
    again = a_result(at=LATER)
    assert await said(records, again)
    assert await found(records) == [again]


async def test_what_a_check_said_before_changes_nothing_when_it_arrives_later(records: Records) -> None:
    newest = a_result(passed=False, at=LATER)
    await said(records, newest)
    assert not await said(records, a_result(at=LATER - timedelta(microseconds=1)))
    assert await found(records) == [newest]


async def test_the_same_word_delivered_twice_is_that_word(records: Records) -> None:
    result = a_result()
    assert await said(records, result)
    assert await said(records, result)
    assert await found(records) == [result]
