"""Short ways to keep one thing on a page of its own, and to read it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.rules.deployment import Attempt
from bot.rules.policy import ServiceName
from tests.makers import NOW, a_candidate, a_draft, a_plan, a_window
from tests.people import MAYA

if TYPE_CHECKING:
    from bot.ports import Records
    from bot.rules.absence import Absence, Leave
    from bot.rules.check import CheckResult
    from bot.rules.deployment import Deployment, Order
    from bot.rules.freeze import Freeze, FreezeException, Plea, Window
    from bot.rules.release import Draft, Release, ReleaseId

SEARCH = ServiceName("search")
LATER = NOW + timedelta(hours=3)


async def planned(records: Records, draft: Draft | None = None) -> Release:
    """Plan a release: payments 2.4.0 with its candidate, unless another draft is given."""
    async with records.open() as page:
        release = await page.add_release(draft or a_draft(candidate=a_candidate()))
        await page.commit()
    return release


async def kept(records: Records, release: Release) -> Release:
    """Keep a release, and get it with its new revision."""
    async with records.open() as page:
        release = await page.keep(release)
        await page.commit()
    return release


async def started(records: Records, order: Order, attempt: Attempt = Attempt.STARTING, **fields: object) -> Deployment:
    """Begin a deployment, and bring it as far as is said."""
    async with records.open() as page:
        deployment = await page.add_deployment(order, waits=attempt is Attempt.QUEUED)
        if attempt not in {Attempt.STARTING, Attempt.QUEUED} or fields:
            deployment = await page.keep_deployment(replace(deployment, attempt=attempt, **fields))
        await page.commit()
    return deployment


async def declared(records: Records, window: Window | None = None, **whence: Any) -> Freeze:
    """Declare a freeze; an `origin` and an `owner` can be given."""
    async with records.open() as page:
        freeze = await page.add_freeze(window or a_window(), MAYA.id, NOW, **whence)
        await page.commit()
    return freeze


def a_version(version: str, **fields: Any) -> Draft:
    """Payments in that version."""
    return a_draft(plan=a_plan(version=version), **fields)


async def asked_for(records: Records, plea: Plea) -> FreezeException:
    """Ask for an exception from a freeze."""
    async with records.open() as page:
        exception = await page.add_exception(plea)
        await page.commit()
    return exception


async def decided(records: Records, exception: FreezeException) -> FreezeException:
    """Keep an exception, and get it with its new revision."""
    async with records.open() as page:
        exception = await page.keep_exception(exception)
        await page.commit()
    return exception


async def announced(records: Records, leave: Leave) -> Absence:
    """Say that somebody is going to be away."""
    async with records.open() as page:
        absence = await page.add_absence(leave, leave.person, NOW)
        await page.commit()
    return absence


async def changed(records: Records, absence: Absence) -> Absence:
    """Keep an absence, and get it with its new revision."""
    async with records.open() as page:
        absence = await page.keep_absence(absence)
        await page.commit()
    return absence


async def said(records: Records, result: CheckResult) -> bool:
    """Note what a check said; whether it counts."""
    async with records.open() as page:
        counts = await page.keep_check(result)
        await page.commit()
    return counts


async def as_read(records: Records, number: ReleaseId) -> Release | None:
    """The release of that number."""
    async with records.read() as reading:
        return await reading.release(number)
