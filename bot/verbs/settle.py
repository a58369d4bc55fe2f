"""Settle: say how a deployment ended whose outcome nobody could learn, so that the environment is free again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.about import about
from bot.verbs.cancel_deploy import may_not, no_such_deployment
from bot.verbs.keep_out import keep_out
from bot.verbs.next_in_line import let_the_next_go
from bot.verbs.redraw import changed, changed_for_others
from bot.verbs.tag_version import tag_if_out
from bot.verbs.trains import let_the_train_go_on


@dataclass(frozen=True, slots=True)
class SettleDeploy:
    """By somebody who has looked, with a reason."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, deployment_id: DeploymentId, why: str, *, succeeded: bool, by: Actor
    ) -> Deployment | Refused | Repeated:
        """Whoever may cancel it may say how it ended."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            deployment = await page.deployment(deployment_id)
            if deployment is None:
                return no_such_deployment(deployment_id)
            service = agreed.services.get(deployment.order.service)
            not_allowed = may_not(deployment, service, by.id, roles, agreed)
            if not_allowed:
                return not_allowed
            if deployment.attempt is not Attempt.UNKNOWN:
                return refuse(
                    "{name} is {attempt}: only an outcome that nobody knows has to be settled.",
                    name=deployment.name,
                    attempt=deployment.attempt.value,
                )
            if not why.strip():
                return refuse(
                    "Please say what you saw: {command}.",
                    command=Code(f"/deploy settle {deployment.name} {'succeeded' if succeeded else 'failed'} <reason>"),
                )
            ended = Attempt.SUCCEEDED if succeeded else Attempt.FAILED
            settled = await settle(page, deployment, why.strip(), by=by, at=self.now(), ended=ended)
            await tag_if_out(page, settled, agreed)
            await page.commit()
        return settled


async def settle(
    page: Page, unknown: Deployment, why: str, *, by: Actor, at: datetime, ended: Attempt = Attempt.FAILED
) -> Deployment:
    """Write down how it ended, in the name of whoever decided so; the page is committed by the caller."""
    unknown.must_lead_to(ended)
    detail = f"Nobody could tell how it ended. {why}"
    settled = await page.keep_deployment(replace(unknown, attempt=ended, detail=detail, since=at, ended_at=at))
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
            detail={"as": ended, "why": why},
        )
    )
    await keep_out(page, settled, at=at)
    told = say("{who} settled {name} as {ended}. {why}", who=At(by.id), name=settled.name, ended=ended.value, why=why)
    await page.tell(ThreadLine(release, told))
    await page.tell(DeploymentChanged(release, settled.id))
    await page.nudge(Work.FOLLOW_DEPLOYMENT, settled.id, "settled")
    await changed(page, release)
    await changed_for_others(page, settled.order.service, release)
    await let_the_next_go(page, settled.order.service, settled.order.environment)
    await let_the_train_go_on(page, settled)
    return settled
