"""Cancel a release: it will not happen, and the record says why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Records
from bot.rules.audit import Happened
from bot.rules.people import Actor
from bot.rules.policy import Right
from bot.rules.release import Ending, ReleaseId
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.look import Picture, no_such_release, take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks, lacks_role
from bot.verbs.unlock import end_with


@dataclass(frozen=True, slots=True)
class CancelRelease:
    """End a release that is not launched."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, release_id: ReleaseId, reason: str, *, by: Actor) -> Picture | Refused | Repeated:
        """Cancel it. Its requester may, and whoever may plan. What has been deployed stays where it is."""
        agreed, now, roles = self.agreed(), self.now(), await self.directory.roles()
        reason = reason.strip()
        if not reason:
            return refuse("Please say why: {example}.", example=Code(f"/release cancel R-{release_id} <reason>"))
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            release = await page.release(release_id)
            if release is None:
                return no_such_release(release_id)
            service = agreed.services.get(release.plan.service)
            if by.id != release.requested_by:
                not_allowed = (
                    lacks(Right.PLAN, service, by.id, roles)
                    if service is not None
                    else lacks_role((agreed.owners,), "cancel what has left the catalogue", by.id, roles)
                )
                if not_allowed:
                    return not_allowed
            if not release.open:
                return refuse("{release} has ended already.", release=release.name)
            running = await page.deployments(release=release.id, holding_only=True)
            if running:
                return refuse(
                    "{name} of this release is on its way to {environment}. Cancel that first: {command}.",
                    name=running[0].name,
                    environment=running[0].order.environment,
                    command=Code(f"/deploy cancel {running[0].name}"),
                )
            release = await page.keep(replace(release, cancelled=Ending(by.id, now, reason)))
            await page.put_on_record(
                Happened(
                    "cancel release",
                    by.id,
                    by.surface,
                    now,
                    release=release.id,
                    candidate=release.candidate.identity if release.candidate else None,
                    detail={"reason": reason},
                )
            )
            await changed(page, release.id)
            await end_with(page, release, by, now)
            told = say("{who} cancelled this release: {reason}", who=At(by.id), reason=reason)
            await page.tell(ThreadLine(release.id, told))
            picture = await take(page, release, agreed, roles=roles, now=now)
            await page.commit()
        return picture
