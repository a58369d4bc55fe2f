"""Roll back: bring the last known good version back. No freeze and no missing approval blocks it; the role does.

What is on its way there is stopped first: the way back begins once that is seen to have ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.notices import DeploymentChanged, ThreadLine, WatchTold
from bot.ports import (
    Agreed,
    Available,
    Changes,
    Clock,
    CodeHost,
    CodeHostError,
    ConflictError,
    Deployers,
    Directory,
    HeldError,
    Page,
    Reading,
    Records,
    RecordsError,
    Work,
    capabilities_of,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind, Order
from bot.rules.people import Actor
from bot.rules.policy import Catalogue, EnvironmentName, Right, Service, ServiceName
from bot.rules.rollback import best_first, good_versions, last_touch, named
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, Sentence, in_a_row, refuse, say
from bot.rules.veto import Finding, Veto, vetoed
from bot.verbs.about import about
from bot.verbs.came_to import came_to
from bot.verbs.cancel_deploy import asked_to_stop
from bot.verbs.in_between import with_pulls
from bot.verbs.next_in_line import withdrawn
from bot.verbs.redraw import changed, redraw_if_open
from bot.verbs.rights import lacks
from bot.verbs.settle import settle

LOOKED_AT = 5
"""So many of the good versions are looked at, whether they are still there."""

LOOKS_WITHIN = timedelta(seconds=4)
"""However long somebody takes to answer what is there: a rollback waits no longer."""

log = logging.getLogger(__name__)

NOBODY_KNOWS = Available(None)

Shelf = Mapping[DeploymentId, Available]
"""Whether what a deployment brought is still there, of those that were looked at."""


@dataclass(frozen=True, slots=True)
class Stains:
    """What was taken back of a service, and what was read about it of the versions that may come back."""

    vetoes: Sequence[Veto] = ()
    findings: Sequence[Finding] = ()

    def on(self, version: Deployment) -> Veto | None:
        """The veto that keeps this version from coming back where it was."""
        order = version.order
        read = {each.veto: each for each in self.findings if each.commit == order.candidate.commit}
        return vetoed(order.candidate, self.vetoes, order.environment, read)


@dataclass(frozen=True, slots=True)
class WayBack:
    """What rolling back would do. `lost` are the commits that customers lose; `problem` why they can't be read."""

    service: Service
    environment: EnvironmentName
    standing: Deployment
    target: Deployment
    lost: Changes | None
    problem: str
    others: tuple[Deployment, ...]
    """Other good versions, best first."""
    available: Available = NOBODY_KNOWS
    """Whether what would come back is still there."""
    gone: tuple[Deployment, ...] = ()
    """Good versions that can't come back, since their artifact is gone."""
    irreversible: tuple[Sentence, ...] = ()
    """What of the migrations in between can't be undone."""
    unseen: bool = False
    """Whether nobody has seen the target served, although that can be looked at."""


@dataclass(frozen=True, slots=True)
class RollingBack:
    """It has started: `deployment` brings back what `target` had brought.

    `stops`: what is on its way there and has to end first; it was asked to, if that can be asked of it.
    """

    deployment: Deployment
    target: Deployment
    stops: Deployment | None = None


@dataclass(frozen=True, slots=True)
class RollBack:
    """Roll back, or look first at what that would do."""

    records: Records
    directory: Directory
    agreed: Agreed
    deployers: Deployers
    code_host: CodeHost
    now: Clock

    async def preview(
        self, service: ServiceName, environment: EnvironmentName | None, wanted: str | None, *, by: Actor
    ) -> WayBack | Refused:
        """What would come back, and what would be lost. Nothing starts."""
        roles = await self.directory.roles()
        where = self._where(service, environment)
        if isinstance(where, Refused):
            return where
        place, name = where
        not_allowed = lacks(Right.ROLL_BACK, place, by.id, roles)
        if not_allowed:
            return not_allowed
        async with self.records.read() as page:
            history = await page.deployments(service=service, environment=name, limit=200)
            stains = await _stains(page, place, history)
        looked = await self._shelf(place, name, history, stains, wanted)
        ways = way_back(history, place, name, wanted, stains=stains, looked=looked)
        if isinstance(ways, Refused):
            return ways
        standing, target = ways
        lost, problem = await self._lost_in_time(place, standing, target)
        if lost is not None and place.repository is not None:
            lost = await with_pulls(self.code_host, place.repository, lost)
        good = ranked(history, place, name, stains, looked)
        gone = tuple(each for each in good if is_gone(each, looked))
        return WayBack(
            place,
            name,
            standing,
            target,
            lost,
            problem,
            tuple(each for each in good if each.id != target.id and each not in gone),
            looked.get(target.id, NOBODY_KNOWS),
            gone,
            cant_be_undone(history, standing, target, lost),
            _has_eyes(place, name) and target.served is None,
        )

    async def __call__(
        self,
        service: ServiceName,
        environment: EnvironmentName | None,
        wanted: str | None,
        seen: DeploymentId | None,
        reason: str,
        *,
        by: Actor,
    ) -> RollingBack | Refused | Repeated:
        """Start. `seen` is what stood there on the screen; None when it was typed with `now`."""
        roles = await self.directory.roles()
        where = self._where(service, environment)
        if isinstance(where, Refused):
            return where
        place, name = where
        not_allowed = lacks(Right.ROLL_BACK, place, by.id, roles)
        if not_allowed:
            return not_allowed
        looked = await self.look_first(place, name, wanted)
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            history = await page.deployments(service=service, environment=name, limit=200)
            done = await self.on(page, place, name, wanted=wanted, seen=seen, reason=reason, by=by, looked=looked)
            if isinstance(done, RollingBack):
                await page.commit()
        if isinstance(done, RollingBack):
            standing = next((each for each in history if each.id == done.deployment.order.replaces), done.target)
            await self.warn(place, history, standing, done.target)
        return done

    async def on(
        self,
        page: Page,
        place: Service,
        name: EnvironmentName,
        *,
        wanted: str | None,
        seen: DeploymentId | None,
        reason: str,
        by: Actor,
        looked: Shelf = MappingProxyType({}),
    ) -> RollingBack | Refused:
        """The same on a page that the caller commits, for somebody who may."""
        history = await page.deployments(service=place.name, environment=name, limit=200)
        holder = next((each for each in history if each.holds), None)
        stands = last_touch(history)
        if seen is not None and (stands is None or stands.id != seen):
            return Refused(
                say(
                    "{environment} has changed since you looked: {version} stands there now. Nothing was started.",
                    environment=name,
                    version=stands.order.version if stands else "nothing",
                ),
                stale=True,
            )
        stains = await _stains(page, place, history)
        ways = way_back(history, place, name, wanted, stains=stains, looked=looked)
        if isinstance(ways, Refused):
            return ways
        standing, target = ways
        again = await self._again(page, place, name, target, by)
        if again:
            return again
        now = self.now()
        if holder is not None and holder.attempt is Attempt.UNKNOWN:
            lost = await page.deployment(holder.id)
            if lost is not None and lost.attempt is Attempt.UNKNOWN:
                await settle(page, lost, "A rollback took the environment back in hand.", by=by, at=now)
            holder = None
        if holder is not None and holder.attempt is Attempt.WATCHING:
            await _did_not_hold(page, holder, reason.strip(), self.agreed(), by=by, at=now)
            holder = None
        try:
            deployment = await self._start(page, standing, target, reason.strip(), by, waits=holder is not None)
        except HeldError:
            return refuse(
                "Another deployment took {environment} a moment ago. Please look again: {command}.",
                environment=name,
                command=Code(f"/rollback {place.name} in {name}"),
            )
        stops = await self._stop(page, holder, place, by) if holder is not None else None
        return RollingBack(deployment, target, stops)

    async def _again(
        self, page: Page, service: Service, environment: EnvironmentName, target: Deployment, by: Actor
    ) -> Refused | None:
        """Whether that very version is on its way back already. A way back to another version gives way to this one."""
        holding = await page.deployments(service=service.name, environment=environment, holding_only=True)
        for each in (*holding, *await page.waiting(service.name, environment)):
            if each.order.kind is not Kind.ROLLBACK or each.attempt is Attempt.UNKNOWN:
                continue
            if each.order.candidate.is_same_as(target.order.candidate) and each.cancel_asked_by is None:
                if each.waits and any(one.attempt is Attempt.UNKNOWN for one in holding):
                    # Asked for once more, while nobody knows what holds it up: this one doesn't wait.
                    await self._gives_way(page, each, by)
                    continue
                if each.attempt is Attempt.WATCHING:
                    return refuse(
                        "{name} has brought {version} back to {environment} already, and is watched.",
                        name=each.name,
                        version=each.order.version,
                        environment=environment,
                    )
                return refuse(
                    "{name} is bringing {version} back to {environment} already.",
                    name=each.name,
                    version=each.order.version,
                    environment=environment,
                )
            if each.waits:
                await self._gives_way(page, each, by)
        return None

    async def _gives_way(self, page: Page, waiting: Deployment, by: Actor) -> None:
        locked = await page.deployment(waiting.id)
        if locked is not None and locked.waits:
            await withdrawn(page, locked, "Another rollback took its place.", at=self.now(), by=by)

    async def _stop(self, page: Page, holder: Deployment, service: Service, by: Actor) -> Deployment:
        """Ask what is on its way there to stop, if that can be asked of it; else its own end is waited for."""
        environment = service.environment(holder.order.environment)
        deployer = self.deployers.get(environment.deployer.kind) if environment else None
        locked = await page.deployment(holder.id)
        if (
            locked is None
            or locked.attempt not in {Attempt.STARTING, Attempt.RUNNING}
            or locked.cancel_asked_by is not None
            or environment is None
            or deployer is None
            or not capabilities_of(deployer, environment.deployer).cancels
        ):
            return locked or holder
        return await asked_to_stop(page, locked, by=by, at=self.now())

    async def look_first(self, place: Service, name: EnvironmentName, wanted: str | None) -> Shelf:
        """What is still there, looked at before anything is held; an answer that doesn't come holds nothing up."""
        async with self.records.read() as page:
            history = await page.deployments(service=place.name, environment=name, limit=200)
            stains = await _stains(page, place, history)
        return await self._shelf(place, name, history, stains, wanted)

    async def _shelf(
        self,
        place: Service,
        name: EnvironmentName,
        history: Sequence[Deployment],
        stains: Stains,
        wanted: str | None,
    ) -> Shelf:
        """Whether the versions that may come back are still there, asked of the deployer all at once."""
        environment = place.environment(name)
        deployer = self.deployers.get(environment.deployer.kind) if environment is not None else None
        good = ranked(history, place, name, stains, {})
        wished = named(good, wanted)
        asked = [wished] if wanted is not None and wished is not None else list(good[:LOOKED_AT])
        if deployer is None or environment is None or not asked:
            return {}
        try:
            async with asyncio.timeout(LOOKS_WITHIN.total_seconds()):
                answers = await asyncio.gather(*(deployer.available(each.order, place, environment) for each in asked))
        except TimeoutError:
            return {}
        return {each.id: answer for each, answer in zip(asked, answers, strict=True)}

    async def _lost_in_time(
        self, place: Service, standing: Deployment, target: Deployment
    ) -> tuple[Changes | None, str]:
        """The same, for as long as somebody in an incident would wait."""
        try:
            async with asyncio.timeout(LOOKS_WITHIN.total_seconds()):
                return await self._lost(place, standing, target)
        except TimeoutError:
            return None, "The code host did not answer in time."

    async def _lost(self, place: Service, standing: Deployment, target: Deployment) -> tuple[Changes | None, str]:
        """The commits that customers lose, or why they can't be read."""
        if place.repository is None:
            return None, "The catalogue names no repository for this service."
        old, new = standing.order.candidate.commit, target.order.candidate.commit
        try:
            return await self.code_host.between(place.repository, new, old), ""
        except CodeHostError as error:
            return None, str(error)

    async def warn(
        self, place: Service, history: Sequence[Deployment], standing: Deployment, target: Deployment
    ) -> None:
        """Tell the thread what can't be undone: after the start, which waits for no code host."""
        lost, _ = await self._lost_in_time(place, standing, target)
        found = cant_be_undone(history, standing, target, lost)
        if not found:
            return
        try:
            async with self.records.open() as page:
                await page.tell(ThreadLine(standing.order.release, in_a_row(found, "\n"), loud=True))
                await page.commit()
        except (ConflictError, RecordsError) as error:
            # It has started, which is what counts: nobody is told otherwise since a warning could not be kept.
            log.warning("What %s can't undo could not be told: %s", standing.name, error)

    def _where(
        self, service: ServiceName, environment: EnvironmentName | None
    ) -> tuple[Service, EnvironmentName] | Refused:
        """The service and its environment; the final one if none is named."""
        agreed = self.agreed()
        place = agreed.services.get(service)
        if place is None:
            return refuse(
                "The catalogue has no service {name}. It has {services}.",
                name=Code(service),
                services=AllOf(tuple(Code(each) for each in agreed.services)),
            )
        if environment is None:
            if len(place.final) > 1:
                return refuse(
                    "{service} serves customers from {names}; please say which, with {word}.",
                    service=place.title,
                    names=AllOf(tuple(each.name for each in place.final)),
                    word=Code("in <environment>"),
                )
            return place, place.final[0].name
        if place.environment(environment) is None:
            return refuse(
                "{service} has no environment {name}. It has {names}.",
                service=place.title,
                name=Code(environment),
                names=AllOf(tuple(Code(each.name) for each in place.environments)),
            )
        return place, environment

    async def _start(
        self, page: Page, standing: Deployment, target: Deployment, reason: str, by: Actor, *, waits: bool
    ) -> Deployment:
        now = self.now()
        deployment = await page.add_deployment(
            Order(
                release=target.order.release,
                service=target.order.service,
                environment=target.order.environment,
                kind=Kind.ROLLBACK,
                version=target.order.version,
                candidate=target.order.candidate,
                confirmed_by=by.id,
                confirmed_at=now,
                reason=reason,
                replaces=standing.id,
            ),
            waits=waits,
        )
        await page.put_on_record(
            Happened(
                "roll back",
                by.id,
                by.surface,
                now,
                release=standing.order.release,
                candidate=target.order.candidate.identity,
                subject=deployment.name,
                detail={
                    "environment": target.order.environment,
                    "from": standing.name,
                    "to": target.name,
                    "version": target.order.version,
                    "reason": reason,
                    "waits": waits,
                },
            )
        )
        await page.tell(ThreadLine(standing.order.release, told(deployment, standing, by), loud=True))
        await page.tell(DeploymentChanged(standing.order.release, deployment.id))
        await changed(page, standing.order.release)
        if target.order.release != standing.order.release:
            await redraw_if_open(page, target.order.release)
        await page.start(Work.FOLLOW_DEPLOYMENT, deployment.id)
        return deployment


async def _did_not_hold(
    page: Page, holder: Deployment, reason: str, agreed: Catalogue, *, by: Actor, at: datetime
) -> None:
    """It is there, so nothing has to be stopped: its watch ends, and what is taken back was no success."""
    watched = await page.deployment(holder.id)
    if watched is None or watched.attempt is not Attempt.WATCHING:
        return
    why = f"Its watch was ended to roll it back. {reason}".strip()
    await came_to(page, watched, Attempt.FAILED, why, agreed=agreed, at=at, by=by, loud=False)
    await page.tell(WatchTold(await about(page, watched), watched.id))
    await page.nudge(Work.FOLLOW_DEPLOYMENT, watched.id, "rolled back")


async def _stains(page: Reading, service: Service, history: Sequence[Deployment]) -> Stains:
    vetoes = [each for each in await page.vetoes(service.name) if each.lifted is None]
    commits = list(dict.fromkeys(each.order.candidate.commit for each in good_versions(history)))
    return Stains(vetoes, await page.findings(service.name, commits) if vetoes and commits else ())


def _has_eyes(service: Service, environment: EnvironmentName) -> bool:
    """Whether it can be seen there what is really served."""
    found = service.environment(environment)
    return found is not None and found.verification is not None


def is_gone(deployment: Deployment, looked: Shelf) -> bool:
    """Whether its artifact is known to be gone."""
    found = looked.get(deployment.id)
    return found is not None and found.there is False


def ranked(
    history: Sequence[Deployment],
    service: Service,
    environment: EnvironmentName,
    stains: Stains,
    looked: Shelf,
) -> tuple[Deployment, ...]:
    """The versions to go back to, best first: good, not vetoed; seen served and still there before the others."""
    good = [each for each in good_versions(history) if stains.on(each) is None]
    gone = {each.id for each in good if is_gone(each, looked)}
    return best_first(good, verified=_has_eyes(service, environment), gone=gone)


def cant_be_undone(
    history: Sequence[Deployment], standing: Deployment, target: Deployment, lost: Changes | None
) -> tuple[Sentence, ...]:
    """What of the migrations between the two can't be undone, by the candidates' words and the commits' trailers."""
    found = [
        say(
            "⛔ {version} came with a migration that can't be undone: {what}. {target} will have to live with it.",
            version=each.order.version,
            what=each.order.candidate.irreversible.rstrip("."),
            target=target.order.version,
        )
        for each in reversed(history)
        if target.id < each.id <= standing.id
        and (each.touched or each.attempt is Attempt.WATCHING)
        and each.order.candidate.irreversible
        and each.order.kind is Kind.DEPLOY
        and not each.order.candidate.is_same_as(target.order.candidate)
    ]
    commits = lost.irreversible if lost is not None and not lost.backwards else ()
    return (
        *found,
        *(
            say(
                "⛔ {commit} by {author} brought a migration that can't be undone: {what}. {target} will have to live "
                "with it.",
                commit=Code(each.sha[:7]),
                author=each.author_name,
                what=each.irreversible.rstrip("."),
                target=target.order.version,
            )
            for each in commits
        ),
    )


def way_back(
    history: list[Deployment],
    service: Service,
    environment: EnvironmentName,
    wanted: str | None,
    *,
    stains: Stains,
    looked: Shelf = MappingProxyType({}),
) -> tuple[Deployment, Deployment] | Refused:
    """What changed the environment last and what would come back, or why there is no way back."""
    standing = last_touch(history)
    if standing is None:
        return refuse(
            "Nothing of {service} has been deployed to {environment} yet, so there is nothing to roll back.",
            service=service.title,
            environment=environment,
        )
    good = ranked(history, service, environment, stains, looked)
    target = named(good, wanted)
    if target is not None and not is_gone(target, looked):
        return standing, target
    if target is not None:
        return _gone(target, environment, [each for each in good if not is_gone(each, looked)], looked)
    kept_out = _kept_out(history, wanted, stains)
    if kept_out is not None:
        return kept_out
    if wanted is None or not good:
        return refuse(
            "I know no good version of {service} in {environment} before {version}, so there is nothing to go back to.",
            service=service.title,
            environment=environment,
            version=standing.order.version,
        )
    return refuse(
        "{wanted} is no version that {environment} can go back to. Good ones are {names}.",
        wanted=Code(wanted),
        environment=environment,
        names=AllOf(tuple(Code(each.order.version) for each in good[:5])),
    )


def _gone(target: Deployment, environment: EnvironmentName, others: Sequence[Deployment], looked: Shelf) -> Refused:
    """What was to come back isn't there any more."""
    why = looked[target.id].why
    if not others:
        return refuse(
            "{version} can't come back to {environment}: what was deployed isn't there any more. {why} I know no other "
            "good version.",
            version=target.order.version,
            environment=environment,
            why=why,
        )
    return refuse(
        "{version} can't come back to {environment}: what was deployed isn't there any more. {why} Other good versions "
        "are {names}.",
        version=target.order.version,
        environment=environment,
        why=why,
        names=AllOf(tuple(Code(each.order.version) for each in others[:5])),
    )


def _kept_out(history: Sequence[Deployment], wanted: str | None, stains: Stains) -> Refused | None:
    """Whether what is wanted was good, and was taken back together with something bad."""
    target = named(good_versions(history), wanted)
    veto = stains.on(target) if target is not None else None
    if target is None or veto is None:
        return None
    taken, commit = veto.taken, target.order.candidate.commit
    itself = commit == taken.bad
    together = commit in taken.known
    return refuse(
        "{version} {was} taken back from {environment}{with_what} ({veto}). If it was not to blame, lift that with "
        "{lift}, or go back to another version.",
        version=target.order.version,
        was="was" if itself or together else "carries what was",
        environment=taken.environment,
        with_what="" if itself else f" {'together ' if together else ''}with {taken.bad_version}",
        veto=veto.name,
        lift=Code(f"/rollback lift {veto.name} <reason>"),
    )


def told(deployment: Deployment, standing: Deployment, by: Actor) -> Sentence:
    """What the thread and the channel hear."""
    order = deployment.order
    return say(
        "{who} stops {old} on its way to {environment} and goes back to {new} ({name}). {reason}"
        if deployment.waits
        else "{who} rolls {environment} back from {old} to {new} ({name}). {reason}",
        who=At(by.id),
        environment=order.environment,
        old=standing.order.version,
        new=order.version,
        name=deployment.name,
        reason=f"Reason: {order.reason}" if order.reason else "",
    )
