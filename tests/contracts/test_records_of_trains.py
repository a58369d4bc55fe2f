"""The records' promise for trains: what was confirmed stays, what becomes of it is kept, one writer at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.ports import ConflictError
from bot.rules.policy import ServiceName
from bot.rules.sentence import At, Code, say
from bot.rules.train import Car, Course, Departure, Train, TrainId
from tests.keeping import LATER, SEARCH, a_version, planned, started
from tests.makers import NOW, PAYMENTS, PRODUCTION, STAGING, a_candidate, an_order
from tests.people import INES, MAYA

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.policy import EnvironmentName


async def confirmed(records: Records, environment: EnvironmentName = PRODUCTION) -> Train:
    """A train with two releases, the second of which needs the first."""
    releases = [
        await planned(records, a_version(f"{environment} {number}", candidate=a_candidate())) for number in "12"
    ]
    first, second = (each.id for each in releases)
    cars = (
        Car(first, PAYMENTS, "2.4.0", "abc"),
        Car(second, ServiceName(SEARCH), "3.0", "def@sha256:1", after=(first,)),
    )
    async with records.open() as page:
        train = await page.add_train(Departure(environment, cars, MAYA.id, NOW))
        await page.commit()
    return train


async def kept(records: Records, train: Train) -> Train:
    async with records.open() as page:
        train = await page.keep_train(train)
        await page.commit()
    return train


async def as_read(records: Records, number: int) -> Train | None:
    async with records.read() as reading:
        return await reading.train(TrainId(number))


async def test_a_train_is_read_as_it_was_confirmed(records: Records) -> None:
    assert await as_read(records, 1) is None
    train = await confirmed(records)
    assert train.name == "T-1"
    assert train.cars == train.departure.cars
    assert await as_read(records, train.id) == train


async def test_what_becomes_of_it_is_kept(records: Records) -> None:
    train = await confirmed(records)
    first, second = train.cars
    brought = await started(records, an_order(first.release))
    why = say("{who} must look: {command}.", who=At(MAYA.id), command=Code("/release why R-2"))
    after = replace(
        train.with_car(replace(first, deployment=brought.id, adopted=True, rollback=brought.id)).with_car(
            replace(second, trouble=why, for_good=True, left=True)
        ),
        course=Course.BACK,
        decided_by=INES.id,
        asks_since=LATER,
        ended_at=LATER,
    )
    assert await kept(records, after) == replace(after, revision=1)
    assert await as_read(records, train.id) == replace(after, revision=1)


async def test_those_that_are_not_over_are_found_newest_first(records: Records) -> None:
    staging, ended, production = [await confirmed(records, STAGING), await confirmed(records), None]
    await kept(records, replace(ended, ended_at=LATER))
    production = await confirmed(records, PRODUCTION.replace("production", "elsewhere"))  # type: ignore[arg-type]
    async with records.read() as reading:
        assert await reading.trains() == [production, staging]
        assert await reading.trains(limit=1) == [production]
        assert await reading.trains(environment=STAGING) == [staging]


async def test_a_deployment_leads_to_its_train(records: Records) -> None:
    train = await confirmed(records)
    brought = await started(records, an_order(train.cars[0].release))
    async with records.read() as reading:
        assert await reading.train_with(brought.id) is None
    carried = await kept(records, train.with_car(replace(train.cars[0], deployment=brought.id)))
    async with records.read() as reading:
        assert await reading.train_with(brought.id) == carried
    back = await kept(records, carried.with_car(replace(carried.cars[0], deployment=None, rollback=brought.id)))
    async with records.read() as reading:
        assert await reading.train_with(brought.id) == back


async def test_an_outdated_train_is_not_kept(records: Records) -> None:
    train = await confirmed(records)
    await kept(records, replace(train, asks_since=NOW))
    with pytest.raises(ConflictError):
        await kept(records, replace(train, ended_at=LATER))


async def test_what_was_confirmed_is_never_changed(records: Records) -> None:
    train = await confirmed(records)
    other = replace(train, departure=replace(train.departure, confirmed_by=INES.id))
    with pytest.raises(ValueError, match="can't be changed"):
        await kept(records, other)
    with pytest.raises(ValueError, match="can't be changed"):
        await kept(records, train.with_car(replace(train.cars[0], version="2.4.1")))
