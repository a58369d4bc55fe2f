"""Settle: call an outcome that nobody could learn a failure, so that the environment is free again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Page
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment
from bot.rules.people import Actor
from bot.rules.sentence import At, say
from bot.verbs.follow_deploy import about
from bot.verbs.redraw import changed, changed_for_others


async def settle(page: Page, unknown: Deployment, why: str, *, by: Actor, at: datetime) -> Deployment:
    """Write it down as failed, in the name of whoever decided so; the page is committed by the caller."""
    unknown.must_lead_to(Attempt.FAILED)
    detail = f"Nobody could tell how it ended. {why}"
    settled = replace(unknown, attempt=Attempt.FAILED, detail=detail, since=at, ended_at=at)
    settled = await page.keep_deployment(settled)
    release = await about(page, settled)
    await page.put_on_record(
        Happened(
            "settle deployment",
            by.id,
            by.surface,
            at,
            release=release,
            candidate=settled.order.candidate.identity,
            subject=settled.name,
            detail={"as": Attempt.FAILED, "why": why},
        )
    )
    told = say("{who} settled {name} as failed. {why}", who=At(by.id), name=settled.name, why=why)
    await page.tell(ThreadLine(release, told))
    await page.tell(DeploymentChanged(release, settled.id))
    await changed(page, release)
    await changed_for_others(page, settled.order.service, release)
    return settled
