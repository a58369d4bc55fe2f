"""Watch a deployment that is there: look at its health and its metrics for a while, then pass, ask, or roll it back.

Each call is one look at most, decided by what is on the record: a kill in between loses at most that look, and what
follows from it (a rollback, a question) is written in the transaction that keeps it, so nothing is done twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import DeploymentChanged, DirectLine, ThreadLine, WatchTold
from bot.ports import (
    DONE,
    Agreed,
    Clock,
    Metrics,
    MetricsError,
    Next,
    Page,
    Records,
    Verifier,
    again,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.judging import (
    Found,
    Judgement,
    Look,
    Outcome,
    Usual,
    Verdict,
    Watched,
    judged,
    said_of,
    usual,
    verdict,
)
from bot.rules.people import SLIPWAY, Surface, slipway
from bot.rules.policy import Environment, Right, Service
from bot.rules.sentence import AllOf, At, AtRole, Code, Refused, Sentence, When, in_a_row, say
from bot.rules.terms import span
from bot.rules.watch import HEALTH, Metric, MetricsSource, Otherwise, Watch, filled_in
from bot.verbs.about import about
from bot.verbs.came_to import came_to, whom_to_call
from bot.verbs.roll_back import RollBack, RollingBack, Shelf, cant_be_undone

log = logging.getLogger(__name__)

FEW_ENOUGH = 300
"""Into so many values the hours before are divided."""
SHORTEST_STEP = timedelta(seconds=1)

NO_LONGER_AGREED = "The catalogue no longer says how it is watched."


@dataclass(frozen=True, slots=True)
class Scene:
    """Where something is watched, by the catalogue in force, and how."""

    service: Service
    environment: Environment
    watch: Watch


@dataclass(frozen=True, slots=True)
class WatchDeploy:
    """One move of a watch."""

    records: Records
    verifier: Verifier
    metrics: Metrics
    roll_back: RollBack
    agreed: Agreed
    now: Clock

    async def __call__(self, deployment: Deployment) -> Next:
        """Look, if it is time to; do what follows."""
        async with self.records.read() as page:
            seen = await page.watched(deployment.id) or Watched(deployment.id)
        if seen.asks_since is not None:
            return await self._remind(deployment, seen)
        scene = self._scene(deployment)
        if scene is None:
            return await self._ask(deployment, seen, say("{why}", why=NO_LONGER_AGREED))
        if seen.newest is not None and self.now() < seen.newest.at + scene.watch.every:
            return again(seen.newest.at + scene.watch.every - self.now())
        after = await self._look(deployment, scene, seen)
        found = verdict(scene.watch, after.looks)
        log.info("%s: %s", deployment.name, found.outcome)
        match self._follows(scene.watch, found):
            case None:
                return await self._goes_on(deployment, scene.watch, seen, after, found)
            case Otherwise.ASK:
                return await self._ask(deployment, seen, _trouble(found, after), after)
            case Otherwise.TELL:
                return await self._tell(deployment, seen, after, found)
            case Otherwise.ROLL_BACK:
                return await self._take_back(deployment, scene, seen, after, found)

    def _scene(self, deployment: Deployment) -> Scene | None:
        service = self.agreed().services.get(deployment.order.service)
        environment = service.environment(deployment.order.environment) if service else None
        if service is None or environment is None or environment.watch is None:
            return None
        return Scene(service, environment, environment.watch)

    def _follows(self, watch: Watch, found: Verdict) -> Otherwise | None:
        """What the catalogue has agreed for that; None where nothing is amiss."""
        return {Outcome.BAD: watch.otherwise, Outcome.UNREADABLE: watch.unreadable}.get(found.outcome)

    # ------------------------------------------------------------ looking

    async def _look(self, deployment: Deployment, scene: Scene, seen: Watched) -> Watched:
        """Everything is looked at, all at once."""
        watch, at = scene.watch, self.now()
        source = self.agreed().metrics
        known = dict(seen.usual or {})
        found = dict(
            zip(
                [each.name for each in watch.metrics],
                await asyncio.gather(*(self._measured(deployment, source, each, known) for each in watch.metrics)),
                strict=True,
            )
        )
        if watch.health is not None:
            trouble = await self.verifier.unhealthy(watch.health)
            health = Found(Judgement.BAD, why=trouble) if trouble else Found(Judgement.GOOD)
            found = {HEALTH: health, **found}
        # A watch may need twice its looks; none of those is ever let go of.
        looked = seen.with_look(Look(at, found), 2 * watch.looks)
        return replace(looked, usual=known or None)

    async def _measured(
        self, deployment: Deployment, source: MetricsSource | None, metric: Metric, known: dict[str, Usual]
    ) -> Found:
        if source is None:
            return Found(Judgement.UNREADABLE, why="The catalogue no longer says where metrics are read.")
        query = filled_in(metric.query, values_of(deployment))
        try:
            sample = await self.metrics.now(source, query)
            before = await self._usual(deployment, source, metric, query, known)
        except MetricsError as error:
            return Found(Judgement.UNREADABLE, why=str(error))
        found = judged(metric, sample.value, before)
        warned = " ".join((found.why, *sample.warnings)).strip()
        return replace(found, why=warned)

    async def _usual(
        self, deployment: Deployment, source: MetricsSource, metric: Metric, query: str, known: dict[str, Usual]
    ) -> Usual | str | None:
        """What was usual before it began: read once, and kept."""
        if metric.z_score is None:
            return None
        if metric.name in known:
            return known[metric.name]
        until = deployment.started_at or deployment.order.confirmed_at
        try:
            series = await self.metrics.history(source, query, until - metric.against, until, step_of(metric))
        except MetricsError as error:
            if error.empty:
                return usual([])
            raise
        found = usual(series.values)
        if isinstance(found, Usual):
            known[metric.name] = found
        return found

    # ------------------------------------------------------------ what follows

    async def _goes_on(
        self, deployment: Deployment, watch: Watch, seen: Watched, after: Watched, found: Verdict
    ) -> Next:
        """The look is kept; after the last one it has held."""
        async with self.records.open() as page:
            there = await _still_watched(page, deployment, seen)
            if there is None:
                return again(timedelta(0))
            await _kept(page, there, after)
            if found.outcome is Outcome.GOOD:
                looks = len(after.looks)
                held = say(
                    "{name} holds: {version} stays in {environment}. It was looked at {looks} in {lasted}, and "
                    "everything is good.",
                    name=there.name,
                    version=there.order.version,
                    environment=there.order.environment,
                    looks="once" if looks == 1 else f"{looks} times",
                    lasted=span(watch.lasts),
                )
                detail = f"It was watched for {span(watch.lasts)}, and everything is good."
                await came_to(page, there, Attempt.SUCCEEDED, detail, agreed=self.agreed(), at=self.now(), told=held)
            await page.commit()
        return DONE if found.outcome is Outcome.GOOD else again(watch.every)

    async def _tell(self, deployment: Deployment, seen: Watched, after: Watched, found: Verdict) -> Next:
        """It is said, and it stays."""
        trouble = _trouble(found, after)
        async with self.records.open() as page:
            there = await _still_watched(page, deployment, seen)
            if there is None:
                return again(timedelta(0))
            await _kept(page, there, after)
            order = there.order
            told = in_a_row(
                (
                    _opening(there, trouble),
                    say(
                        "It stays, as the catalogue says. {who}, to take it back: {back}.",
                        who=At(await whom_to_call(page, there)),
                        back=Code(f"/rollback {order.service} in {order.environment}"),
                    ),
                ),
                " ",
            )
            detail = f"{trouble} It stays, as the catalogue says."
            await came_to(
                page, there, Attempt.SUCCEEDED, detail, agreed=self.agreed(), at=self.now(), told=told, loud=True
            )
            await page.commit()
        return DONE

    async def _take_back(
        self, deployment: Deployment, scene: Scene, seen: Watched, after: Watched, found: Verdict
    ) -> Next:
        """It is rolled back as if somebody had asked for it. Where that can't be, people are asked."""
        trouble = _trouble(found, after)
        if deployment.order.kind is Kind.ROLLBACK:
            why = say("{trouble} It is a rollback itself, so I don't roll it back on my own.", trouble=str(trouble))
            return await self._ask(deployment, seen, why, after)
        service, place = scene.service, scene.environment.name
        looked: Shelf = await self.roll_back.look_first(service, place, None)
        async with self.records.open() as page:
            there = await _still_watched(page, deployment, seen)
            if there is None:
                return again(timedelta(0))
            await _kept(page, there, after)
            history = await page.deployments(service=service.name, environment=place, limit=200)
            done = await self.roll_back.on(
                page,
                service,
                place,
                wanted=None,
                seen=there.id,
                reason=str(trouble),
                by=slipway(Surface.ENGINE),
                looked=looked,
            )
            standing = next((each for each in history if each.id == deployment.id), deployment)
            lasting = cant_be_undone(history, standing, done.target, None) if isinstance(done, RollingBack) else ()
            if isinstance(done, RollingBack) and not lasting:
                await page.commit()
        if isinstance(done, Refused):
            why = say("{trouble} I was to roll it back, and can't: {why}", trouble=str(trouble), why=str(done.why))
            return await self._ask(deployment, seen, why, after)
        if lasting:
            why = say(
                "{trouble} I was to roll it back, and don't do that on my own: {why}",
                trouble=str(trouble),
                why=" ".join(map(str, lasting)),
            )
            return await self._ask(deployment, seen, why, after)
        await self.roll_back.warn(service, history, standing, done.target)
        return DONE

    # ------------------------------------------------------------ people

    async def _ask(self, deployment: Deployment, seen: Watched, why: Sentence, after: Watched | None = None) -> Next:
        """Whoever confirmed it says whether it stays; until then it holds its environment."""
        now = self.now()
        async with self.records.open() as page:
            there = await _still_watched(page, deployment, seen)
            if there is None:
                return again(timedelta(0))
            asks = replace(after or seen, asks_since=now, asks_why=str(why))
            there = await page.keep_deployment(replace(there, detail=f"It waits for a word. {why}"))
            await _kept(page, there, asks)
            release = await about(page, there)
            await page.put_on_record(
                Happened(
                    "watch asks",
                    SLIPWAY,
                    Surface.ENGINE,
                    now,
                    release=release,
                    candidate=there.order.candidate.identity,
                    subject=there.name,
                    detail={"environment": there.order.environment, "why": str(why)},
                )
            )
            told = in_a_row(
                (
                    _opening(there, why),
                    say(
                        "{who}, does it stay? {words}. Until somebody has said so, nothing else starts in "
                        "{environment}.",
                        who=At(await whom_to_call(page, there)),
                        words=_words(there),
                        environment=there.order.environment,
                    ),
                ),
                " ",
            )
            await page.tell(ThreadLine(release, told, loud=True))
            await page.tell(DeploymentChanged(release, there.id))
            await page.commit()
        return again(self.agreed().reminders.ask_again_after)

    async def _remind(self, deployment: Deployment, seen: Watched) -> Next:
        """Nobody has said anything: who confirmed it hears of it again, and then everybody who may decide."""
        every, now = self.agreed().reminders.ask_again_after, self.now()
        assert seen.asks_since is not None, "it asks"
        asked = (now - seen.asks_since) // every
        async with self.records.open() as page:
            there = await _still_watched(page, deployment, seen)
            if there is None:
                return again(timedelta(0))
            if asked and await page.first_time(f"{there.name} asks {seen.asks_since.isoformat()} {asked}"):
                await self._call(page, there, seen, loudly=asked > 1)
                await page.commit()
        return again(seen.asks_since + (asked + 1) * every - now)

    async def _call(self, page: Page, there: Deployment, seen: Watched, *, loudly: bool) -> None:
        release = await about(page, there)
        assert seen.asks_since is not None, "it asks"
        waits = say(
            "{name} in {environment} has waited since {since} to be told whether it stays: {words}.",
            name=there.name,
            environment=there.order.environment,
            since=When(seen.asks_since),
            words=_words(there),
        )
        who = await whom_to_call(page, there)
        if who != SLIPWAY:
            await page.tell(DirectLine(who, waits, release))
        service = self.agreed().services.get(there.order.service)
        roles = service.roles_for(Right.ROLL_BACK) if service else ()
        if loudly and roles:
            called = say("{roles}:", roles=AllOf(tuple(AtRole(each) for each in roles)))
            await page.tell(ThreadLine(release, in_a_row((called, waits), " ")))


def step_of(metric: Metric) -> timedelta:
    """How far the values of the hours before are apart."""
    return max(metric.against / FEW_ENOUGH, SHORTEST_STEP)


def values_of(deployment: Deployment) -> Mapping[str, str]:
    """What stands for the placeholders of a query."""
    order = deployment.order
    return {
        "service": order.service,
        "environment": order.environment,
        "version": order.version,
        "commit": order.candidate.commit,
    }


async def _still_watched(page: Page, deployment: Deployment, seen: Watched) -> Deployment | None:
    """The deployment, locked; None if something has become of it, or of its watch, since it was looked at."""
    there = await page.deployment(deployment.id)
    if there is None or there.attempt is not Attempt.WATCHING:
        return None
    return there if (await page.watched(there.id) or Watched(there.id)) == seen else None


async def _kept(page: Page, deployment: Deployment, watched: Watched) -> None:
    await page.keep_watched(watched)
    await page.tell(WatchTold(await about(page, deployment), deployment.id))


def _trouble(found: Verdict, after: Watched) -> Sentence:
    """What is bad, or can't be read, by the newest look."""
    return say("{why}", why=said_of(found.names, after.looks))


def _opening(deployment: Deployment, why: Sentence) -> Sentence:
    order = deployment.order
    where = {"name": deployment.name, "version": order.version, "environment": order.environment}
    return say("I watch {name} ({version} in {environment}), and can't call it good: {why}", why=str(why), **where)


def _words(deployment: Deployment) -> AllOf:
    order = deployment.order
    return AllOf(
        (
            Code(f"/deploy keep {deployment.name} <reason>"),
            Code(f"/rollback {order.service} in {order.environment}"),
        )
    )
