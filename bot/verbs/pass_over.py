"""Pass over: let those behind go first. Whoever waits and isn't ready yet goes to the end of the line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.audit import Happened
from bot.rules.deployment import Deployment, DeploymentId, Kind
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.cancel_deploy import may_not, no_such_deployment
from bot.verbs.next_in_line import let_the_next_go
from bot.verbs.redraw import changed


@dataclass(frozen=True, slots=True)
class PassOver:
    """By those who may withdraw it."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, deployment_id: DeploymentId, *, by: Actor) -> Deployment | Refused | Repeated:
        """To the end of the line."""
        agreed, roles, now = self.agreed(), await self.directory.roles(), self.now()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            waiting = await page.deployment(deployment_id)
            if waiting is None:
                return no_such_deployment(deployment_id)
            order = waiting.order
            not_allowed = may_not(waiting, agreed.services.get(order.service), by.id, roles, agreed)
            if not_allowed:
                return not_allowed
            if not waiting.waits:
                return refuse(
                    "{name} is {attempt}: it doesn't wait in any line.",
                    name=waiting.name,
                    attempt=waiting.attempt.value,
                )
            behind = [
                each
                for each in await page.waiting(order.service, order.environment)
                if each.place > waiting.place and each.order.kind is order.kind
            ]
            if order.kind is Kind.ROLLBACK or not behind:
                return refuse(
                    "Nobody waits behind {name}. To withdraw it: {command}.",
                    name=waiting.name,
                    command=Code(f"/deploy cancel {waiting.name}"),
                )
            since = max(now, *(each.place[1] for each in behind)) + timedelta(microseconds=1)
            last = await page.keep_deployment(replace(waiting, waits_since=since))
            await page.put_on_record(
                Happened(
                    "pass deploy over",
                    by.id,
                    by.surface,
                    now,
                    release=order.release,
                    candidate=order.candidate.identity,
                    subject=last.name,
                    detail={"environment": order.environment, "behind": behind[-1].name},
                )
            )
            told = say("{who} let others go before {name}.", who=At(by.id), name=last.name)
            await page.tell(ThreadLine(order.release, told))
            await changed(page, order.release)
            await let_the_next_go(page, order.service, order.environment)
            await page.commit()
        return last
