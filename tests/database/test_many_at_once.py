"""Looking at many releases asks the database as often as looking at a few, and sees what looking at each one sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bot.rules.deployment import Attempt, Kind
from bot.rules.freeze import CalendarState, Plea
from bot.rules.people import Roles
from bot.rules.policy import CalendarSource, ServiceName
from bot.rules.release import ReleaseId
from bot.verbs.look import take, take_all
from tests.grounds import database_ground
from tests.makers import (
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_candidate,
    a_catalogue,
    a_draft,
    a_plan,
    a_service,
    a_window,
    an_order,
)
from tests.people import MAYA

if TYPE_CHECKING:
    from bot.ports import Page
    from bot.rules.deployment import Deployment, Order
    from bot.rules.policy import Catalogue
    from bot.rules.release import Release
    from bot.verbs.look import Picture
    from tests.grounds import DatabaseGround

SEARCH, GONE = ServiceName("search"), ServiceName("gone")
ROLES = Roles()


def agreed() -> Catalogue:
    company = CalendarSource("company", "https://example.com/freezes.ics")
    return a_catalogue(services={PAYMENTS: a_service(), SEARCH: a_service(SEARCH)}, calendars=(company,))


async def plan(page: Page, number: int, service: ServiceName = PAYMENTS, *depends_on: int) -> Release:
    wanted = a_plan(service=service, version=f"2.{number}.0", depends_on=tuple(map(ReleaseId, depends_on)))
    candidate = a_candidate(commit=f"{number:040x}")
    return await page.add_release(a_draft(plan=wanted, candidate=candidate))


async def went(page: Page, order: Order, attempt: Attempt = Attempt.SUCCEEDED) -> Deployment:
    deployment = await page.add_deployment(order)
    return await page.keep_deployment(replace(deployment, attempt=attempt))


def order_of(release: Release, **fields: Any) -> Order:
    return an_order(release.id, candidate=release.candidate, service=release.plan.service, **fields)


async def an_eventful_past(there: DatabaseGround) -> None:
    """Successes, a failure, a rollback and one under way; two services and one that is gone; some wait for others."""
    async with there.records.open() as page:
        first, second = await plan(page, 1), await plan(page, 2, PAYMENTS, 1)
        third, fourth = await plan(page, 3, SEARCH, 1, 2), await plan(page, 4, PAYMENTS, 3)
        await plan(page, 5, GONE, 1)
        await went(page, order_of(first))
        await went(page, order_of(second), Attempt.FAILED)
        bad = await went(page, order_of(second))
        await went(page, order_of(first, kind=Kind.ROLLBACK, replaces=bad.id))
        await went(page, order_of(third, environment=STAGING))
        for _ in range(21):  # so many successes that the rollback is no longer among the newest
            await went(page, order_of(first))
        await page.add_deployment(order_of(fourth, environment=STAGING))
        await page.add_deployment(order_of(third, environment=PRODUCTION))
        freeze = await page.add_freeze(a_window(), MAYA.id, NOW)
        for each in (first, third, third):
            await page.add_exception(Plea(freeze.id, each.id, MAYA.id, NOW, "It burns"))
        await page.keep_calendar(CalendarState("company", None, "There is no file x.ics."))
        await page.commit()


async def test_many_are_seen_as_each_one_is_seen(database_url: str) -> None:
    async with database_ground(database_url) as there:
        await an_eventful_past(there)
        async with there.records.read() as page:
            releases = await page.releases()
            many = await take_all(page, releases, agreed(), roles=ROLES, now=NOW)
            each = [await take(page, release, agreed(), roles=ROLES, now=NOW) for release in releases]
    assert many == each
    assert [seen.release.id for seen in many] == [5, 4, 3, 2, 1]
    assert len({len(seen.deployments) for seen in many}) > 1
    assert [len(seen.places[0].facts.exceptions) for seen in many if seen.places] == [0, 2, 0, 1]
    assert [why for seen in many[1:] for _, why in seen.places[0].facts.unread] == ["There is no file x.ics."] * 4
    assert waits(many[2]) == {"staging": {1: False, 2: False}, "production": {1: True, 2: False}}


def waits(seen: Picture) -> dict[str, dict[int, bool]]:
    return {place.name: dict(place.facts.dependencies) for place in seen.places}


async def test_many_cost_no_more_questions_than_a_few(sqlite_url: str) -> None:
    async with database_ground(sqlite_url) as there:
        async with there.records.open() as page:
            freeze = await page.add_freeze(a_window(), MAYA.id, NOW)
            for number in range(1, 41):
                release = await plan(
                    page, number, (PAYMENTS, SEARCH)[number % 2], *([number - 1] if number > 1 else ())
                )
                await page.add_exception(Plea(freeze.id, release.id, MAYA.id, NOW, "It burns"))
            await page.keep_calendar(CalendarState("company", NOW))
            await page.commit()
        asked: list[str] = []
        event.listen(
            there.engines.reading.sync_engine, "before_cursor_execute", lambda _c, _k, told, *_: asked.append(told)
        )
        counts = []
        async with there.records.read() as page:
            for many in (4, 40):
                releases = await page.releases(limit=many)
                asked.clear()
                assert len(await take_all(page, releases, agreed(), roles=ROLES, now=NOW)) == many
                counts.append(len(asked))
    assert counts[0] == counts[1] < 15
