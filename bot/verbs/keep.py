"""Keep: say that a deployment which is watched stays. Its watch ends, and it counts as good by that person's word."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.notices import WatchTold
from bot.ports import Agreed, Clock, Directory, Records, Work
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId
from bot.rules.judging import Watched
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.about import about
from bot.verbs.came_to import came_to
from bot.verbs.cancel_deploy import may_not, no_such_deployment


@dataclass(frozen=True, slots=True)
class Keep:
    """By whoever confirmed it, and whoever may deploy there or roll back."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, deployment_id: DeploymentId, why: str, seen: int | None = None, *, by: Actor
    ) -> Deployment | Refused | Repeated:
        """`seen`: the deployment's revision on the screen; None when it was typed, which takes a reason."""
        agreed, roles = self.agreed(), await self.directory.roles()
        why = why.strip()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            deployment = await page.deployment(deployment_id)
            if deployment is None:
                return no_such_deployment(deployment_id)
            if deployment.attempt is not Attempt.WATCHING:
                return _not_watched(deployment)
            if seen is not None and seen != deployment.revision:
                return refuse(
                    "{name} has gone on since you looked, so nothing was done. Its thread shows how it stands.",
                    name=deployment.name,
                )
            service = agreed.services.get(deployment.order.service)
            not_allowed = may_not(deployment, service, by.id, roles, agreed, doing="say that it stays")
            if not_allowed:
                return not_allowed
            if seen is None and not why:
                return refuse(
                    "Please say why it stays: {command}.", command=Code(f"/deploy keep {deployment.name} <reason>")
                )
            watched = await page.watched(deployment.id) or Watched(deployment.id)
            await page.keep_watched(replace(watched, kept_by=by.id, kept_why=why))
            release = await about(page, deployment)
            await page.put_on_record(
                Happened(
                    "keep deployment",
                    by.id,
                    by.surface,
                    self.now(),
                    release=release,
                    candidate=deployment.order.candidate.identity,
                    subject=deployment.name,
                    detail={"why": why, "asked": watched.asks_why, "looks": len(watched.looks)},
                )
            )
            told = say(
                "{who} keeps {name}: {version} stays in {environment}. {why}",
                who=At(by.id),
                name=deployment.name,
                version=deployment.order.version,
                environment=deployment.order.environment,
                why=f"Reason: {why}" if why else "",
            )
            detail = f"Somebody said that it stays. {why}".strip()
            kept = await came_to(
                page, deployment, Attempt.SUCCEEDED, detail, agreed=agreed, at=self.now(), by=by, told=told
            )
            await page.tell(WatchTold(release, kept.id))
            await page.nudge(Work.FOLLOW_DEPLOYMENT, kept.id, "kept")
            await page.commit()
        return kept


def _not_watched(deployment: Deployment) -> Refused:
    if deployment.attempt is Attempt.UNKNOWN:
        return refuse(
            "Nobody knows how {name} ended. Look whether {version} is there, then say so: {command}.",
            name=deployment.name,
            version=deployment.order.version,
            command=Code(f"/deploy settle {deployment.name} succeeded|failed <reason>"),
        )
    return refuse(
        "{name} is {attempt} and not watched, so there is nothing to decide.",
        name=deployment.name,
        attempt=deployment.attempt.value,
    )
