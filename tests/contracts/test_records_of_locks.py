"""The records' promise for locks: one a place, as its holder said it last, and its place is one person's at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.ports import ConflictError
from bot.rules.lock import Hold, Lock, LockId
from bot.rules.people import SLIPWAY
from tests.keeping import SEARCH, planned
from tests.makers import NOW, PAYMENTS, PRODUCTION, STAGING, a_hold
from tests.people import INES, MAYA

if TYPE_CHECKING:
    from bot.ports import Records

AN_HOUR = timedelta(hours=1)


async def locked(records: Records, hold: Hold | None = None) -> Lock:
    async with records.open() as page:
        lock = await page.add_lock(hold or a_hold(), NOW)
        await page.commit()
    return lock


async def changed(records: Records, lock: Lock) -> Lock:
    async with records.open() as page:
        lock = await page.keep_lock(lock)
        await page.commit()
    return lock


async def test_a_lock_is_read_as_it_was_said(records: Records) -> None:
    release = (await planned(records)).id
    lock = await locked(records, a_hold(release=release, reason="größer 🚀"))
    assert (lock.id, lock.locked_at, lock.said_at) == (1, NOW, NOW)
    async with records.read() as reading:
        assert await reading.lock(lock.id) == lock
        assert await reading.lock_on(PAYMENTS, PRODUCTION) == lock
        assert await reading.locks(not_over_at=NOW) == [lock]
        assert await reading.locks(not_over_at=NOW, release=release) == [lock]
        assert await reading.lock(LockId(9)) is None
        assert await reading.lock_on(PAYMENTS, STAGING) is None
        assert await reading.lock_on(SEARCH, PRODUCTION) is None


async def test_a_lock_is_over_on_its_last_instant_and_stays_the_places_until_somebody_ends_it(records: Records) -> None:
    lock = await locked(records)
    async with records.read() as reading:
        assert await reading.locks(not_over_at=lock.over_at - timedelta(seconds=1)) == [lock]
        assert await reading.locks(not_over_at=lock.over_at) == []
        assert await reading.lock_on(PAYMENTS, PRODUCTION) == lock
    ended = await changed(records, lock.ended(NOW + AN_HOUR, SLIPWAY))
    async with records.read() as reading:
        assert await reading.lock_on(PAYMENTS, PRODUCTION) is None
        assert await reading.locks(not_over_at=NOW) == [ended]
        assert await reading.locks(not_over_at=NOW + AN_HOUR) == []


async def test_a_place_has_one_lock_and_another_once_that_was_ended(records: Records) -> None:
    first = await locked(records)
    async with records.open() as page:
        with pytest.raises(ConflictError):
            await page.add_lock(a_hold(by=INES.id), NOW)
        other = await page.add_lock(a_hold(environment=STAGING), NOW)
        await page.commit()
    await changed(records, first.ended(NOW + AN_HOUR, MAYA.id))
    second = await locked(records, a_hold(by=INES.id))
    async with records.read() as reading:
        assert await reading.locks(not_over_at=NOW + AN_HOUR) == [other, second]


async def test_its_holder_can_say_something_else_and_nobody_can_make_it_anothers(records: Records) -> None:
    lock = await locked(records)
    longer = replace(lock, hold=replace(lock.hold, ends_at=NOW + 5 * AN_HOUR, reason="Still"), said_at=NOW + AN_HOUR)
    kept = await changed(records, longer)
    assert kept == replace(longer, revision=1)
    with pytest.raises(ConflictError):
        await changed(records, replace(lock, said_at=NOW))
    with pytest.raises(ValueError, match="can't be changed"):
        await changed(records, replace(kept, hold=replace(kept.hold, by=INES.id)))


async def test_whoever_asks_for_the_same_place_waits_until_the_other_is_done(records: Records) -> None:
    order: list[str] = []

    async def first() -> None:
        async with records.open() as page:
            assert await page.lock_on(PAYMENTS, PRODUCTION) is None
            order.append("one has it")
            await asyncio.sleep(0.1)
            await page.add_lock(a_hold(), NOW)
            order.append("one is done")
            await page.commit()

    async def second() -> None:
        await asyncio.sleep(0.03)
        async with records.open() as page:
            found = await page.lock_on(PAYMENTS, PRODUCTION)
            order.append("two has it")
            assert found is not None

    await asyncio.gather(first(), second())
    assert order == ["one has it", "one is done", "two has it"]
