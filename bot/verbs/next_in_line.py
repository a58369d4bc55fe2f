"""The next in line: whoever waits for an environment goes once it is free, if all is still as it was when confirmed.

The way back goes first. Whoever isn't ready is passed over, is told why, and keeps the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.notices import DeploymentChanged, ThreadLine
from bot.ports import Agreed, Clock, CodeHost, CodeHostError, Directory, HeldError, Page, Reading, Records, Work
from bot.rules.audit import Happened
from bot.rules.deployment import UNDER_WAY, Attempt, Deployment, Kind
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY, Actor, Roles, Surface
from bot.rules.policy import Catalogue, EnvironmentName, Right, ServiceName, goes_by_itself
from bot.rules.release import Release
from bot.rules.rollback import stands_now
from bot.rules.sentence import Code, Sentence, in_a_row, say
from bot.verbs.about import about
from bot.verbs.kept_apart import kept_apart
from bot.verbs.look import take
from bot.verbs.redraw import changed
from bot.verbs.rights import lacks
from bot.verbs.trains import let_the_train_go_on

ALL_THAT_MATTERS = 200
"""So many of an environment's newest deployments tell what stands there, and what became of the last."""


@dataclass(frozen=True, slots=True)
class NextInLine:
    """Let the first one go that can. Safe to ask at any time, by as many as like."""

    records: Records
    directory: Directory
    agreed: Agreed
    code_host: CodeHost
    now: Clock
    only_back: Callable[[], bool] = lambda: False
    """Whether only ways back go just now: what waits to go forward waits for a Slipway that knows everything."""

    async def __call__(self, service: ServiceName, environment: EnvironmentName) -> None:
        """Look who waits there; withdraw what is gone, and start one if nothing holds the environment."""
        roles = await self.directory.roles()
        async with self.records.read() as page:
            seen = await page.waiting(service, environment)
            history = await page.deployments(service=service, environment=environment, limit=ALL_THAT_MATTERS)
        standing = stands_now(history)
        free = not any(each.holds for each in history)
        only_back = self.only_back() or any(each.order.kind is Kind.ROLLBACK for each in seen)
        may_go = [each for each in seen if free and (each.order.kind is Kind.ROLLBACK or not only_back)]
        # Asked before anything is locked: the code host may be slow. A way back doesn't wait for it.
        lost = {each.id: await self._lost(each, standing) for each in may_go}
        async with self.records.open() as page:
            line = await page.waiting(service, environment)
            # Releases are locked before deployments, and in their order, as everybody else does.
            releases = {number: await page.release(number) for number in sorted({each.order.release for each in line})}
            await page.lock_on(service, environment)
            history = await page.deployments(service=service, environment=environment, limit=ALL_THAT_MATTERS)
            free = free and not any(each.holds for each in history) and stands_now(history) == standing
            for each in line:
                waiting = await page.deployment(each.id)
                if waiting is None or not waiting.waits:
                    continue
                gone = _gone(waiting, releases[waiting.order.release], standing)
                if gone is not None:
                    await withdrawn(page, waiting, str(gone), at=self.now())
                    await page.tell(ThreadLine(waiting.order.release, gone))
                elif free and waiting.id in lost:
                    release = releases[waiting.order.release]
                    assert release is not None, "else it would be gone"
                    unready = await self._unready(page, waiting, release, history, roles)
                    if unready is None and lost[waiting.id] is not None:
                        unready = lost[waiting.id]
                    if unready is None:
                        free = not await self._starts(page, waiting, standing)
                    else:
                        await _passed_over(page, waiting, unready)
                        # Nothing overtakes the way back.
                        free = waiting.order.kind is not Kind.ROLLBACK
            await page.commit()

    async def _lost(self, waiting: Deployment, standing: Deployment | None) -> Sentence | None:
        """What would be taken back unnoticed: what has come to stand there since this was confirmed."""
        order = waiting.order
        service = self.agreed().services.get(order.service)
        if (
            order.kind is Kind.ROLLBACK
            or standing is None
            or service is None
            or service.repository is None
            or standing.id == order.replaces
        ):
            return None
        try:
            between = await self.code_host.between(
                service.repository, standing.order.candidate.commit, order.candidate.commit, limit=1
            )
        except CodeHostError as error:
            return say(
                "I can't read whether it has what {other} brought there meanwhile: {why}",
                other=standing.name,
                why=str(error),
            )
        if not between.backwards and not between.lost:
            return None
        return say(
            "It doesn't have everything that {other} ({version}) brought there meanwhile, and would take that back. "
            "Set a candidate that has it, or look again with {command} and confirm anew.",
            other=standing.name,
            version=standing.order.version,
            command=_look_again(waiting),
        )

    async def _unready(
        self,
        page: Page,
        waiting: Deployment,
        release: Release,
        history: Sequence[Deployment],
        roles: Roles,
    ) -> Sentence | None:
        order, agreed = waiting.order, self.agreed()
        service = agreed.services.get(order.service)
        if service is None or service.environment(order.environment) is None:
            return say("The catalogue no longer says how to deploy to {place}.", place=order.environment)
        if order.kind is Kind.ROLLBACK:
            return None  # whoever asked for it might: nothing more is asked of a way back
        not_allowed = lacks(Right.DEPLOY, service, order.confirmed_by, roles) if order.confirmed_by != SLIPWAY else None
        if not_allowed:
            return not_allowed.why
        if order.confirmed_by == SLIPWAY and not _still_goes_by_itself(waiting, release, agreed):
            return say("The catalogue no longer has it come to {place} by itself.", place=order.environment)
        last = went_wrong_since(waiting, history)
        if last is not None:
            template = (
                "{other} was a rollback there meanwhile; look again with {command}, and confirm anew."
                if last.order.kind is Kind.ROLLBACK
                else "{other} failed there meanwhile; look again with {command}, and confirm anew."
            )
            return say(template, other=last.name, command=_look_again(waiting))
        picture = await take(page, release, agreed, roles=roles, now=self.now())
        place = picture.place(order.environment)
        blockers = [each for each in place.blockers if each.reason is not Reason.HELD] if place is not None else []
        if place is None or blockers:
            why = blockers[0].why if blockers else picture.problem or say("It has left the catalogue.")
            more = say("{command} shows more.", command=Code(f"/release why {release.name} {order.environment}"))
            return in_a_row((why, more), " ")
        kept = kept_apart(place.facts, order.confirmed_by)
        if kept:
            return kept.why
        return None

    async def _starts(self, page: Page, waiting: Deployment, standing: Deployment | None) -> bool:
        """Its turn: it takes the environment, unless somebody was faster."""
        now = self.now()
        order = waiting.order
        if order.kind is Kind.DEPLOY:
            # What a way back takes away was known when it was asked for, and nothing has gone before it since.
            order = replace(order, replaces=standing.id if standing else None)
        going = replace(waiting, order=order, attempt=Attempt.STARTING, detail="", since=now)
        try:
            going = await page.keep_deployment(going)
        except HeldError:
            return True
        release = await about(page, going)
        await page.put_on_record(
            Happened(
                "deployment starting",
                SLIPWAY,
                Surface.ENGINE,
                now,
                release=release,
                candidate=order.candidate.identity,
                subject=going.name,
                detail={"environment": order.environment, "waited_since": waiting.order.confirmed_at.isoformat()},
            )
        )
        await page.tell(
            ThreadLine(
                release,
                say(
                    "It is {name}'s turn: {version} goes to {environment}.",
                    name=going.name,
                    version=order.version,
                    environment=order.environment,
                ),
            )
        )
        await changed(page, release)
        await page.tell(DeploymentChanged(release, going.id))
        await page.nudge(Work.FOLLOW_DEPLOYMENT, going.id, "your turn")
        await redraw_the_line(page, order.service, order.environment)
        return True


def _still_goes_by_itself(waiting: Deployment, release: Release, agreed: Catalogue) -> bool:
    """Whether nobody has to confirm it, by the rules in force: no role is asked of what goes by itself."""
    change, service = agreed.change_types.get(release.plan.change_type), agreed.services.get(waiting.order.service)
    environment = service.environment(waiting.order.environment) if service else None
    return bool(change and service and environment and goes_by_itself(change, service, environment))


def _gone(waiting: Deployment, release: Release | None, standing: Deployment | None) -> Sentence | None:
    """Why what was confirmed is no longer what the release is. The way back brings what once was, and stays."""
    order = waiting.order
    if order.kind is Kind.ROLLBACK:
        return None
    name = waiting.name
    if release is None or not release.open:
        return say("{name} no longer waits for {place}: its release has ended.", name=name, place=order.environment)
    if (
        standing is not None
        and standing.order.release == release.id
        and order.candidate.is_same_as(standing.order.candidate)
    ):
        return say(
            "{name} no longer waits for {environment}: {other} has brought the same there.",
            name=name,
            environment=order.environment,
            other=standing.name,
        )
    if order.candidate.is_same_as(release.candidate) and order.version == release.plan.version:
        return None
    return say(
        "{name} no longer waits for {environment}: {release} has another candidate now. {command} looks at it.",
        name=name,
        environment=order.environment,
        release=release.name,
        command=_look_again(waiting),
    )


def went_wrong_since(waiting: Deployment, history: Sequence[Deployment]) -> Deployment | None:
    """What failed there, or was a way back, after that one had been confirmed. `history`: newest first."""
    return next(
        (
            each
            for each in history
            if each.touched
            and (each.attempt is Attempt.FAILED or each.order.kind is Kind.ROLLBACK)
            and (each.ended_at or each.order.confirmed_at) >= waiting.order.confirmed_at
        ),
        None,
    )


async def withdrawn(page: Page, waiting: Deployment, why: str, *, at: datetime, by: Actor | None = None) -> Deployment:
    """It waits no longer, and never began."""
    waiting.must_lead_to(Attempt.CANCELLED)
    ended = await page.keep_deployment(replace(waiting, attempt=Attempt.CANCELLED, detail=why, since=at, ended_at=at))
    release = await about(page, ended)
    await page.put_on_record(
        Happened(
            "deployment cancelled",
            by.id if by else SLIPWAY,
            by.surface if by else Surface.ENGINE,
            at,
            release=release,
            candidate=ended.order.candidate.identity,
            subject=ended.name,
            detail={"environment": ended.order.environment, "detail": why, "served": None},
        )
    )
    await changed(page, release)
    await page.tell(DeploymentChanged(release, ended.id))
    await page.nudge(Work.FOLLOW_DEPLOYMENT, ended.id, "withdrawn")
    await let_the_train_go_on(page, ended)
    await redraw_the_line(page, ended.order.service, ended.order.environment)
    return ended


async def let_the_next_go(page: Page, service: ServiceName, environment: EnvironmentName) -> None:
    """The environment is free, or the line is another now: those who wait look whether it is their turn."""
    for each in await page.waiting(service, environment):
        await page.nudge(Work.FOLLOW_DEPLOYMENT, each.id, "look")
        await page.tell(DeploymentChanged(await about(page, each), each.id))


async def redraw_the_line(page: Page, service: ServiceName, environment: EnvironmentName) -> None:
    """Everybody who waits sees the place that they have now."""
    for each in await page.waiting(service, environment):
        await page.tell(DeploymentChanged(await about(page, each), each.id))


async def those_before(page: Reading, waiting: Deployment) -> tuple[Deployment, ...]:
    """What goes before it: what is on its way there, and those that wait with a better place."""
    order = waiting.order
    holding = await page.deployments(service=order.service, environment=order.environment, holding_only=True)
    line = await page.waiting(order.service, order.environment)
    return (*holding, *(each for each in line if each.place < waiting.place))


def under_way(history: Sequence[Deployment]) -> Deployment | None:
    """What is on its way there now, and will end."""
    return next((each for each in history if each.attempt in UNDER_WAY), None)


async def _passed_over(page: Page, waiting: Deployment, why: Sentence) -> None:
    """Not ready: said once for each reason."""
    told = str(why)
    if waiting.detail == told:
        return
    await page.keep_deployment(replace(waiting, detail=told))
    release = await about(page, waiting)
    opening = say(
        "{environment} is free, but {name} is not ready and was passed over; it keeps its place.",
        environment=waiting.order.environment,
        name=waiting.name,
    )
    await page.tell(ThreadLine(release, in_a_row((opening, why), " ")))
    await page.tell(DeploymentChanged(release, waiting.id))
    await let_the_train_go_on(page, waiting)


def _look_again(waiting: Deployment) -> Code:
    return Code(f"/deploy R-{waiting.order.release} to {waiting.order.environment}")
