"""The records' promise for absences: who is away, until when, and who stands in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.ports import ConflictError
from bot.rules.absence import AbsenceId, Leave
from tests.keeping import LATER, announced, changed
from tests.makers import NOW
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH

if TYPE_CHECKING:
    from bot.ports import Records


def a_leave(**fields: Any) -> Leave:
    """Omar is away for a week from now on."""
    return replace(Leave(OMAR.id, NOW, NOW + timedelta(days=7)), **fields)


async def test_an_absence_is_read_as_it_was_announced(records: Records) -> None:
    alone = await announced(records, a_leave())
    roles = frozenset({QA, CHANGE_MANAGER})
    with_stand_in = await announced(records, a_leave(stand_in=BEN.id, roles=roles, reason="The sea, größer 🚀"))
    assert (alone.id, with_stand_in.id) == (1, 2)
    async with records.read() as reading:
        assert await reading.absences(not_over_at=NOW) == [alone, with_stand_in]


async def test_absences_come_in_the_order_in_which_they_start_until_they_are_over(records: Records) -> None:
    to_come = await announced(records, a_leave(starts_at=LATER, ends_at=LATER + timedelta(days=9)))
    hers = await announced(records, a_leave(person=RUTH.id))
    short = await announced(records, a_leave(starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1)))
    back_early = replace(hers, ended_at=NOW + timedelta(hours=2), ended_by=RUTH.id)
    back_early = await changed(records, back_early)
    async with records.read() as reading:
        assert await reading.absences(not_over_at=NOW) == [short, back_early, to_come]
        assert await reading.absences(not_over_at=NOW, person=OMAR.id) == [short, to_come]
        assert await reading.absences(not_over_at=NOW, person=BEN.id) == []
        # Over on its last instant, be that its end or the moment at which somebody came back.
        assert await reading.absences(not_over_at=NOW + timedelta(hours=1)) == [back_early, to_come]
        assert await reading.absences(not_over_at=NOW + timedelta(hours=2)) == [to_come]


async def test_an_absence_that_was_called_off_before_it_began_is_over(records: Records) -> None:
    to_come = await announced(records, a_leave(starts_at=LATER))
    await changed(records, replace(to_come, ended_at=NOW, ended_by=OMAR.id))
    async with records.read() as reading:
        assert await reading.absences(not_over_at=NOW) == []
        assert len(await reading.absences(not_over_at=NOW - timedelta(seconds=1))) == 1


async def test_a_leave_can_be_made_longer_and_given_another_stand_in(records: Records) -> None:
    absence = await announced(records, a_leave(stand_in=BEN.id))
    longer = replace(absence.leave, ends_at=NOW + timedelta(days=30), stand_in=MAYA.id, roles=frozenset({QA}))
    absence = await changed(records, replace(absence, leave=longer))
    assert absence.revision == 1
    async with records.read() as reading:
        assert await reading.absences(not_over_at=NOW) == [absence]


async def test_an_absence_stays_that_persons(records: Records) -> None:
    absence = await announced(records, a_leave())
    for lie in (
        replace(absence, leave=replace(absence.leave, person=BEN.id)),
        replace(absence, declared_by=BEN.id),
        replace(absence, declared_at=LATER),
    ):
        with pytest.raises(ValueError, match=r"Whose A-1 is, .* can't be changed"):
            await changed(records, lie)


async def test_whoever_ends_an_absence_after_somebody_else_did_hears_of_a_conflict(records: Records) -> None:
    seen = await announced(records, a_leave())
    ended = await changed(records, replace(seen, ended_at=NOW, ended_by=OMAR.id))
    assert await changed(records, ended) == ended
    async with records.open() as page:
        with pytest.raises(ConflictError, match="A-1 was changed by somebody else"):
            await page.keep_absence(replace(seen, ended_at=LATER, ended_by=MAYA.id))
        with pytest.raises(ConflictError):
            await page.keep_absence(replace(seen, id=AbsenceId(99)))
        # One page may change it twice.
        again = await page.keep_absence(replace(ended, ended_at=None, ended_by=None))
        again = await page.keep_absence(replace(again, ended_at=LATER, ended_by=MAYA.id))
        await page.commit()
    async with records.read() as reading:
        assert await reading.absences(not_over_at=NOW) == [again]
    assert again.revision == 3
