"""The records' promise for freezes: those by hand and those from calendars, and the exceptions from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.ports import ConflictError
from bot.rules.freeze import CalendarState, FreezeId, Plea
from bot.rules.release import ReleaseId
from tests.keeping import LATER, SEARCH, a_version, asked_for, decided, declared, planned
from tests.makers import HOTFIX, NOW, PAYMENTS, a_window
from tests.people import BEN, CHANGE_MANAGER, MAYA, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records

WEEKEND = "weekends/2026-11-27T17:00"


def a_plea(freeze: int = 1, release: int = 1, **fields: Any) -> Plea:
    """Ben asks that R-1 may pass F-1."""
    return replace(Plea(FreezeId(freeze), ReleaseId(release), BEN.id, NOW, "Refunds are broken"), **fields)


async def test_freezes_come_in_the_order_in_which_they_start(records: Records) -> None:
    late = await declared(records, a_window(starts_at=LATER, ends_at=LATER + timedelta(days=9)))
    everything = await declared(
        records, a_window(environments=frozenset(), services=frozenset({PAYMENTS, SEARCH}), hard=False)
    )
    short = await declared(
        records,
        a_window(
            starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1), change_types=frozenset({HOTFIX})
        ),
    )
    async with records.open() as page:
        ended = await page.keep_freeze(replace(everything, ended_at=NOW + timedelta(hours=2), ended_by=RUTH.id))
        await page.commit()
    assert ended.revision == 1
    async with records.read() as reading:
        assert await reading.freezes() == [short, ended, late]
        assert await reading.freezes(limit=2) == [short, ended]
        assert await reading.freeze(ended.id) == ended
        # Over on its last instant, be that its end or the moment at which somebody ended it.
        assert await reading.freezes(not_over_at=NOW + timedelta(hours=1)) == [ended, late]
        assert await reading.freezes(not_over_at=NOW + timedelta(hours=2)) == [late]


async def test_a_freeze_can_be_extended_by_one_at_a_time(records: Records) -> None:
    freeze = await declared(records, a_window())
    longer = replace(freeze, window=replace(freeze.window, ends_at=LATER + timedelta(days=5)))
    async with records.open() as page:
        longer = await page.keep_freeze(longer)
        await page.commit()
    async with records.open() as page:
        assert await page.freeze(freeze.id) == longer
        with pytest.raises(ConflictError, match="F-1"):
            await page.keep_freeze(replace(freeze, ended_at=NOW, ended_by=MAYA.id))


async def test_a_season_of_recurring_freezes_is_seen_at_once(records: Records) -> None:
    async with records.open() as page:
        for night in range(150):
            start = NOW + timedelta(days=night)
            window = a_window(starts_at=start, ends_at=start + timedelta(hours=8))
            await page.add_freeze(window, MAYA.id, NOW, origin=f"nights/{night}")
        await page.commit()
    async with records.read() as reading:
        assert len(await reading.freezes(not_over_at=NOW)) == 150


# ---------------------------------------------------------------- freezes of no hand


async def test_a_freeze_keeps_where_it_comes_from_and_who_grants_exceptions(records: Records) -> None:
    weekend = await declared(records, origin=WEEKEND, owner=CHANGE_MANAGER)
    by_hand = await declared(records)
    assert (weekend.origin, weekend.owner) == (WEEKEND, CHANGE_MANAGER)
    assert (by_hand.origin, by_hand.owner) == ("", None)
    async with records.open() as page:
        given_away = await page.keep_freeze(replace(weekend, owner=QA))
        await page.commit()
    async with records.read() as reading:
        assert await reading.freezes() == [given_away, by_hand]


async def test_of_an_origin_there_is_one_freeze_even_if_it_was_ended(records: Records) -> None:
    weekend = await declared(records, origin=WEEKEND)
    async with records.open() as page:
        weekend = await page.keep_freeze(replace(weekend, ended_at=NOW, ended_by=MAYA.id))
        with pytest.raises(ConflictError, match=r"There is a freeze of weekends/2026-11-27T17:00 already"):
            await page.add_freeze(a_window(), MAYA.id, LATER, origin=WEEKEND)
        # The page can go on: the refusal has changed nothing, and bars no other origin.
        other = await page.add_freeze(a_window(), MAYA.id, NOW, origin=WEEKEND + ":30")
        await page.commit()
    async with records.read() as reading:
        assert await reading.freezes() == [weekend, other]


async def test_where_a_freeze_comes_from_is_never_changed(records: Records) -> None:
    weekend = await declared(records, origin=WEEKEND)
    for lie in (
        replace(weekend, origin=""),
        replace(weekend, declared_by=BEN.id),
        replace(weekend, declared_at=LATER),
    ):
        async with records.open() as page:
            with pytest.raises(ValueError, match=r"where it comes from can't be changed"):
                await page.keep_freeze(lie)
    async with records.read() as reading:
        assert await reading.freeze(weekend.id) == weekend


async def test_a_sync_sees_what_it_brought_before_also_what_somebody_ended_early(records: Records) -> None:
    over = a_window(starts_at=NOW - timedelta(days=9), ends_at=NOW)
    later = a_window(starts_at=LATER, ends_at=LATER + timedelta(days=2))
    by_hand = await declared(records)
    second = await declared(records, later, origin="weekends/2")
    first = await declared(records, origin="weekends/1")
    await declared(records, over, origin="weekends/0")
    # Names that would be taken for this one by whoever compares carelessly.
    alike = [
        await declared(records, later, origin=f"{name}/1") for name in ("Weekends", "weekends2", "weekend_", "%", "_")
    ]
    async with records.open() as page:
        first = await page.keep_freeze(replace(first, ended_at=NOW - timedelta(hours=1), ended_by=MAYA.id))
        await page.commit()
    async with records.read() as reading:
        assert await reading.freezes_from("weekends/", not_over_at=NOW) == [first, second]
        assert await reading.freezes_from("weekends/", not_over_at=first.window.ends_at) == [second]
        for each in alike:
            assert await reading.freezes_from(each.origin, not_over_at=NOW) == [each]
        everything = await reading.freezes_from("", not_over_at=NOW)
        assert everything == [first, second, *alike]
        assert by_hand not in everything
        assert await reading.freezes_from("holidays/", not_over_at=NOW) == []


# ---------------------------------------------------------------- exceptions


async def test_an_exception_is_read_as_it_was_asked_for_and_decided(records: Records) -> None:
    await planned(records)
    await declared(records)
    asked = await asked_for(records, a_plea())
    assert (asked.id, asked.granted, asked.revision) == (1, None, 0)
    async with records.read() as reading:
        assert await reading.exception(asked.id) == asked
    granted = await decided(
        records,
        replace(asked, granted=True, decided_by=RUTH.id, decided_at=LATER, answer="Go", ends_at=LATER),
    )
    acknowledged = await asked_for(records, a_plea(soft=True))
    refused = await decided(
        records, replace(acknowledged, granted=False, decided_by=MAYA.id, decided_at=LATER, answer="Not today")
    )
    async with records.read() as reading:
        assert await reading.exception(asked.id) == granted
        assert await reading.exception(refused.id) == refused
    assert granted.revision == 1


async def test_an_exception_can_be_asked_for_and_granted_on_one_page(records: Records) -> None:
    await planned(records)
    await declared(records)
    async with records.open() as page:
        asked = await page.add_exception(a_plea(soft=True))
        granted = await page.keep_exception(replace(asked, granted=True, decided_by=BEN.id, decided_at=NOW))
        assert await page.exception(asked.id) == granted
        await page.commit()
    async with records.read() as reading:
        assert await reading.exceptions() == [granted]


async def test_what_was_asked_for_is_never_changed(records: Records) -> None:
    await planned(records)
    await declared(records)
    asked = await asked_for(records, a_plea())
    async with records.open() as page:
        with pytest.raises(ValueError, match=r"What was asked for with X-1 can't be changed"):
            await page.keep_exception(replace(asked, plea=replace(asked.plea, reason="Something else")))


async def test_whoever_decides_after_somebody_else_did_hears_of_a_conflict(records: Records) -> None:
    await planned(records)
    await declared(records)
    seen = await asked_for(records, a_plea())
    refused = await decided(records, replace(seen, granted=False, decided_by=RUTH.id, decided_at=NOW))
    async with records.open() as page:
        with pytest.raises(ConflictError, match="X-1 was changed by somebody else"):
            await page.keep_exception(replace(seen, granted=True, decided_by=MAYA.id, decided_at=LATER))
        assert await page.exception(seen.id) == refused
        with pytest.raises(ConflictError):
            await page.keep_exception(seen)


async def test_exceptions_are_found_by_what_a_screen_asks_for(records: Records) -> None:
    for version in ("1", "2", "3"):
        await planned(records, a_version(version))
    for _ in range(2):
        await declared(records)
    early = NOW - timedelta(days=30)
    old = await asked_for(records, a_plea(at=early))
    one = await asked_for(records, a_plea(2, 1))
    two = await asked_for(records, a_plea(1, 2, at=LATER))
    three = await asked_for(records, a_plea(1, 3))
    async with records.read() as reading:
        # Newest first, by when it was asked for.
        assert await reading.exceptions() == [two, three, one, old]
        assert await reading.exceptions(limit=2) == [two, three]
        assert await reading.exceptions(releases=[ReleaseId(1)]) == [one, old]
        assert await reading.exceptions(releases=[ReleaseId(3), ReleaseId(2), ReleaseId(9)]) == [two, three]
        assert await reading.exceptions(releases=[]) == []
        assert await reading.exceptions(freeze=FreezeId(1)) == [two, three, old]
        assert await reading.exceptions(since=NOW) == [two, three, one]
        assert await reading.exceptions(since=LATER) == [two]
        assert await reading.exceptions(releases=[ReleaseId(1)], freeze=FreezeId(1), since=early) == [old]


# ---------------------------------------------------------------- calendars


async def test_how_it_stands_with_a_calendar_is_what_was_noted_last(records: Records) -> None:
    never = CalendarState("sales", None, "It does not answer")
    well = CalendarState("holidays", NOW)
    other = CalendarState("Games", LATER)
    async with records.open() as page:
        assert await page.calendars() == []
        for state in (never, well, other):
            await page.keep_calendar(state)
        await page.commit()
    broken = replace(well, problem="It is no calendar: größer 🚀")
    async with records.open() as page:
        await page.keep_calendar(broken)
        await page.commit()
    async with records.read() as reading:
        assert await reading.calendars() == [other, broken, never]
