"""Cancel a deployment: ask the target to stop. It holds its environment until it is seen to have ended.

What still waits its turn is withdrawn by the same word. An outcome that nobody could learn is another matter: somebody
who has looked settles it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Agreed, Clock, Deployers, Directory, Page, Records, Work, capabilities_of
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import Actor, PersonId, Roles
from bot.rules.policy import Catalogue, Right, Service
from bot.rules.sentence import REPEATED, At, Code, Refused, Repeated, refuse, say
from bot.verbs.about import about
from bot.verbs.next_in_line import let_the_next_go, withdrawn
from bot.verbs.rights import lacks_role


@dataclass(frozen=True, slots=True)
class CancelDeploy:
    """Ask for its end."""

    records: Records
    directory: Directory
    deployers: Deployers
    agreed: Agreed
    now: Clock

    async def __call__(self, deployment_id: DeploymentId, *, by: Actor) -> Deployment | Refused | Repeated:
        """Whoever confirmed it may, and whoever may deploy or roll back."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            deployment = await page.deployment(deployment_id)
            if deployment is None:
                return no_such_deployment(deployment_id)
            if deployment.attempt is Attempt.UNKNOWN:
                return refuse(
                    "Nobody knows whether {name} is still at work, so it can't be stopped. Look whether {version} is "
                    "in {environment}, then say so: {command}.",
                    name=deployment.name,
                    version=deployment.order.version,
                    environment=deployment.order.environment,
                    command=Code(f"/deploy settle {deployment.name} succeeded|failed <reason>"),
                )
            if deployment.attempt not in {Attempt.QUEUED, Attempt.STARTING, Attempt.RUNNING}:
                return _nothing_to_cancel(deployment)
            service = agreed.services.get(deployment.order.service)
            environment = service.environment(deployment.order.environment) if service else None
            not_allowed = may_not(deployment, service, by.id, roles, agreed)
            if not_allowed:
                return not_allowed
            if deployment.waits:
                gone = await withdrawn(page, deployment, "It was withdrawn before its turn.", at=self.now(), by=by)
                release = await about(page, gone)
                told = say("{who} withdrew {name}, which waited its turn.", who=At(by.id), name=gone.name)
                await page.tell(ThreadLine(release, told))
                await let_the_next_go(page, gone.order.service, gone.order.environment)
                await page.commit()
                return gone
            if environment is None:
                return refuse("The catalogue no longer says how to reach {name}'s target.", name=deployment.name)
            deployer = self.deployers.get(environment.deployer.kind)
            if deployer is None or not capabilities_of(deployer, environment.deployer).cancels:
                return refuse(
                    "What deploys to {environment} ({kind}) can't be cancelled; {name} has to run to its end.",
                    environment=environment.name,
                    kind=environment.deployer.kind,
                    name=deployment.name,
                )
            if deployment.cancel_asked_by is not None:
                return refuse(
                    "{who} has asked for that already; {name} is being stopped.",
                    who=At(deployment.cancel_asked_by),
                    name=deployment.name,
                )
            deployment = await asked_to_stop(page, deployment, by=by, at=self.now())
            release = await about(page, deployment)
            await page.tell(ThreadLine(release, say("{who} cancels {name}.", who=At(by.id), name=deployment.name)))
            await page.commit()
        return deployment


async def asked_to_stop(page: Page, deployment: Deployment, *, by: Actor, at: datetime) -> Deployment:
    """Ask it to stop, on the record; whoever follows it passes that on to the target."""
    deployment = await page.keep_deployment(replace(deployment, cancel_asked_by=by.id, cancel_asked_at=at))
    await page.put_on_record(
        Happened(
            "cancel deploy",
            by.id,
            by.surface,
            at,
            release=deployment.order.release,
            candidate=deployment.order.candidate.identity,
            subject=deployment.name,
        )
    )
    await page.tell(DeploymentChanged(await about(page, deployment), deployment.id))
    await page.nudge(Work.FOLLOW_DEPLOYMENT, deployment.id, "cancel")
    return deployment


def _nothing_to_cancel(deployment: Deployment) -> Refused:
    order = deployment.order
    if deployment.attempt is Attempt.WATCHING:
        return refuse(
            "{version} is in {environment} and is watched, so nothing is left to cancel. To take it back: {back}. To "
            "end the watch and keep it: {keep}.",
            version=order.version,
            environment=order.environment,
            back=Code(f"/rollback {order.service} in {order.environment}"),
            keep=Code(f"/deploy keep {deployment.name} <reason>"),
        )
    return refuse(
        "{name} is {attempt}, so there is nothing to cancel.", name=deployment.name, attempt=deployment.attempt.value
    )


def no_such_deployment(deployment: DeploymentId) -> Refused:
    """There is none of that number."""
    return refuse(
        "There is no deployment {name}. {command} shows what runs.",
        name=f"D-{deployment}",
        command=Code("/deploy status"),
    )


def may_not(
    deployment: Deployment,
    service: Service | None,
    person: PersonId,
    roles: Roles,
    agreed: Catalogue,
    *,
    doing: str = "cancel this deployment",
) -> Refused | None:
    """Why this person may not stop that deployment, or do the like.

    Whoever confirmed it may, and who may roll back there; for what goes forward, who may deploy as well.
    """
    if person == deployment.order.confirmed_by:
        return None
    if service is None:
        return lacks_role((agreed.owners,), "settle what has left the catalogue", person, roles)
    goes_back = deployment.order.kind is Kind.ROLLBACK
    rights = [service.roles_for(right) for right in (Right.ROLL_BACK, *(() if goes_back else (Right.DEPLOY,)))]
    needed = tuple(dict.fromkeys(role for each in rights for role in each)) if all(rights) else ()
    return lacks_role(needed, doing, person, roles)
