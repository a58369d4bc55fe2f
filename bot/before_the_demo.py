"""Before the demo: the releases that are done when it begins, put on the record as they happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.ports import Page
from bot.rules.approval import Verdict, Word
from bot.rules.audit import Happened
from bot.rules.candidate import Candidate, Seal
from bot.rules.deployment import Attempt, Kind, Order
from bot.rules.people import SLIPWAY, PersonId, RoleName, Surface
from bot.rules.policy import ChangeTypeName, EnvironmentName, ServiceName
from bot.rules.release import Draft, Ending, Plan
from integrations.database.engine import open_engines
from integrations.database.records import DatabaseRecords
from integrations.demo.seed import Earlier
from integrations.engine import EngineStarter

SERVICE = ServiceName("payments")


async def put_on_record(url: str, earlier: Iterable[Earlier]) -> None:
    """Put these releases, oldest first, on an empty record. Nobody is told: it is long ago."""
    engines, starter = open_engines(url), EngineStarter(url)
    try:
        records = DatabaseRecords(engines, starter, lambda: None)
        async with records.open() as page:
            for each in earlier:
                await _one(page, each)
            await page.commit()
    finally:
        starter.close()
        await engines.dispose()


async def _one(page: Page, told: Earlier) -> None:
    requester = PersonId(told.requested_by)
    candidate = Candidate(told.commit, None, told.ref, told.authors, frozenset(), requester, told.planned_at)
    plan = Plan(SERVICE, told.version, ChangeTypeName(told.change_type), told.title, told.scope)
    release = await page.add_release(Draft(plan, requester, told.planned_at, candidate))
    where = [EnvironmentName(each) for each in told.deployed_at]
    for role, person in told.approved_by:
        # The rules of that day are unknown, so the seal is none of today's: it is history and opens nothing.
        seal = Seal(f"before-{told.version}")
        at = told.deployed_at[where[-1]]
        release = release.with_verdict(Verdict(PersonId(person), RoleName(role), where[-1], seal, Word.YES, at))
    release = await page.keep(replace(release, launched=Ending(requester, told.launched_at)))
    await page.put_on_record(
        Happened("plan", requester, Surface.COMMAND, told.planned_at, release=release.id, candidate=told.commit)
    )
    for environment, at in told.deployed_at.items():
        order = Order(
            release.id, SERVICE, EnvironmentName(environment), Kind.DEPLOY, told.version, candidate, requester, at
        )
        deployment = await page.add_deployment(order)
        await page.keep_deployment(
            replace(
                deployment,
                attempt=Attempt.SUCCEEDED,
                detail="Done, and seen to be served.",
                served=told.commit,
                since=at,
                started_at=at,
                ended_at=at,
            )
        )
        await page.put_on_record(
            Happened(
                "deployment succeeded",
                SLIPWAY,
                Surface.ENGINE,
                at,
                release=release.id,
                candidate=told.commit,
                subject=deployment.name,
                detail={"environment": environment},
            )
        )
    await page.put_on_record(
        Happened("launch", requester, Surface.COMMAND, told.launched_at, release=release.id, candidate=told.commit)
    )
