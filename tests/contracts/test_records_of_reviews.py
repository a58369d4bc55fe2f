"""The records' promise for reviews: what is owed stays as it was written, and is found by everybody concerned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.ports import ConflictError
from bot.rules.deployment import Attempt, DeploymentId
from tests.keeping import LATER, planned, started
from tests.makers import NOW, a_duty, an_order
from tests.people import BEN, INES, MAYA, OMAR, QA

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.review import Review


async def owed(records: Records, **fields: Any) -> Review:
    """The glass was broken, and that is to be reviewed."""
    release = await planned(records)
    deployment = await started(records, an_order(release.id, broke_glass=True), Attempt.FAILED)
    async with records.open() as page:
        review = await page.add_review(a_duty(deployment.id, release=release.id, **fields))
        await page.commit()
    return review


async def closed(records: Records, review: Review, **fields: Any) -> Review:
    done = {"closed_by": MAYA.id, "closed_at": LATER, "learned": "The alarm came late"}
    async with records.open() as page:
        review = await page.keep_review(replace(review, **{**done, **fields}))
        await page.commit()
    return review


async def test_a_review_is_read_as_it_was_opened_and_as_it_was_closed(records: Records) -> None:
    review = await owed(records, broken_for=OMAR.id, owner=QA, passed=("Eins, größer 🚀", "Zwei"))
    async with records.read() as reading:
        assert await reading.review(review.id) == review
    done = await closed(records, review, closed_for=BEN.id)
    assert done.revision == 1
    async with records.read() as reading:
        assert await reading.review(review.id) == done
        assert await reading.review(DeploymentId(99)) is None


async def test_that_a_deployment_broke_the_glass_is_kept_with_it(records: Records) -> None:
    review = await owed(records)
    async with records.read() as reading:
        deployment = await reading.deployment(review.id)
    assert deployment is not None
    assert deployment.order.broke_glass


async def test_reviews_are_found_by_what_a_screen_asks_for(records: Records) -> None:
    async with records.read() as reading:
        assert await reading.reviews() == []
    first = await owed(records, due_at=NOW + timedelta(days=5))
    urgent = await owed_too(records, first, due_at=NOW + timedelta(days=1), broken_by=BEN.id)
    done = await closed(records, await owed_too(records, first, due_at=NOW + timedelta(days=2)))
    async with records.read() as reading:
        assert await reading.reviews() == [urgent, done, first]
        assert await reading.reviews(limit=2) == [urgent, done]
        assert await reading.reviews(open_only=True) == [urgent, first]
        assert await reading.reviews(broken_by=INES.id) == [done, first]
        assert await reading.reviews(open_only=True, broken_by=INES.id) == [first]
        assert await reading.reviews(release=first.duty.release) == [urgent, done, first]
        assert await reading.reviews(release=first.duty.release + 1) == []


async def owed_too(records: Records, other: Review, **fields: Any) -> Review:
    """The glass was broken once more for the same release."""
    release = other.duty.release
    deployment = await started(records, an_order(release, broke_glass=True), Attempt.FAILED)
    async with records.open() as page:
        review = await page.add_review(a_duty(deployment.id, release=release, **fields))
        await page.commit()
    return review


async def test_what_is_owed_is_never_changed(records: Records) -> None:
    review = await owed(records)
    with pytest.raises(ValueError, match="What is owed for D-1 can't be changed"):
        await closed(records, replace(review, duty=replace(review.duty, due_at=LATER)))


async def test_whoever_reviews_it_second_hears_of_a_conflict(records: Records) -> None:
    seen = await owed(records)
    done = await closed(records, seen)
    assert await closed(records, done) == done
    async with records.open() as page:
        with pytest.raises(ConflictError, match="D-1 was changed by somebody else"):
            await page.keep_review(replace(seen, closed_by=OMAR.id, closed_at=LATER, learned="Nothing"))
        with pytest.raises(ConflictError):
            await page.keep_review(replace(seen, duty=replace(seen.duty, deployment=DeploymentId(99))))
        await page.commit()
    async with records.read() as reading:
        assert await reading.review(seen.id) == done
