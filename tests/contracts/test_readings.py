"""What the directory said is kept as it was said: the twin and both databases keep the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.rules.people import Person, Standing
from integrations.database.engine import open_engines
from integrations.database.readings import DatabaseReadings
from integrations.readings import PersonRead, Readings, RoleRead
from tests.makers import NOW
from tests.people import GUS, INES, MAYA, OMAR, ON_CALL, QA
from tests.twins.readings import FakeReadings

LATER = NOW + timedelta(minutes=7)


@pytest.fixture(params=["in-memory", "sqlite", "postgres"])
async def readings(request: pytest.FixtureRequest) -> AsyncIterator[Readings]:
    if request.param == "in-memory":
        yield FakeReadings()
        return
    engines = open_engines(request.getfixturevalue(f"{request.param}_url"))
    yield DatabaseReadings(engines)
    await engines.dispose()


async def test_what_was_never_read_is_missing(readings: Readings):
    assert await readings.roles([QA]) == {}
    assert await readings.people([OMAR.id]) == {}


async def test_roles_and_people_are_read_as_they_were_kept(readings: Readings):
    role = RoleRead(QA, frozenset({OMAR.id, MAYA.id}), NOW, "S0QA U0MAYA")
    refused = RoleRead(ON_CALL, frozenset(), NOW, "S0ONCALL", "its user group is disabled")
    people = [PersonRead(each, NOW) for each in (OMAR, GUS)]
    await readings.keep([role, refused, *people])
    assert await readings.roles([QA, ON_CALL]) == {QA: role, ON_CALL: refused}
    assert await readings.people([OMAR.id, GUS.id, INES.id]) == {OMAR.id: people[0], GUS.id: people[1]}


async def test_the_newest_word_counts_in_whatever_order_they_come(readings: Readings):
    empty = RoleRead(QA, frozenset(), LATER, "S0QA")
    gone = PersonRead(Person(OMAR.id, "Omar", standing=Standing.DEACTIVATED), LATER)
    await readings.keep([empty, gone])
    await readings.keep([RoleRead(QA, frozenset({OMAR.id}), NOW, "S0QA"), PersonRead(OMAR, NOW)])
    assert await readings.roles([QA]) == {QA: empty}
    assert await readings.people([OMAR.id]) == {OMAR.id: gone}
