"""Answer a protection rule: a workflow at the code host stands before an environment, and asks whether it may go on.

It may if Slipway has started it; where the catalogue says so, also if the gate of its commit is open. What can't be
decided for sure is a no, which says what would help.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import ChannelLine
from bot.ports import (
    DONE,
    Agreed,
    Clock,
    ConflictError,
    Deployers,
    Next,
    ProtectionRules,
    PublisherError,
    Records,
    Work,
    again,
    capabilities_of,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Deployment
from bot.rules.people import SLIPWAY, Surface
from bot.rules.policy import Environment, Protection, Service
from bot.rules.protected_run import ProtectedRun, ProtectedRunId, Question, is_at, may_be_known_soon, started
from bot.rules.sentence import AllOf, Code, Sentence, say
from bot.verbs.ask_gate import AskGate, Unaskable
from bot.verbs.services_at import ServicesAt

log = logging.getLogger(__name__)

KNOWN_SOON = timedelta(minutes=2)
"""So long a run of a deployment that has just begun may be unknown to us."""
SOON = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
PATIENCE = timedelta(minutes=15)
"""So long nobody has to hear that an answer can't be given."""
GIVEN_UP = timedelta(days=1)

Write = Callable[[Sequence[Sentence]], Awaitable[str]]
"""These sentences for somebody at the code host: plain words, with people by their names."""
Place = tuple[Service, Environment]


@dataclass(frozen=True, slots=True)
class HearProtectionRule:
    """Note the question; it is answered by durable work."""

    records: Records

    async def __call__(self, question: Question) -> ProtectedRunId:
        """Asked twice, it is answered once. ConflictError if somebody else was faster: then it may be said again."""
        async with self.records.open() as page:
            run = await page.add_protected_run(question)
            await page.start(Work.ANSWER_PROTECTION_RULE, run.id)
            await page.commit()
        return run.id


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered."""

    approved: bool
    why: tuple[Sentence, ...]


def no(template: str, **parts: str | Code | AllOf) -> Decision:
    """It may not go on."""
    return Decision(approved=False, why=(say(template, **parts),))


@dataclass(frozen=True, slots=True)
class AnswerProtectionRule:
    """One move: decide, and say so."""

    records: Records
    rules: ProtectionRules
    ask_gate: AskGate
    deployers: Deployers
    agreed: Agreed
    now: Clock
    services_at: ServicesAt
    write: Write

    async def __call__(self, key: int) -> Next:
        """What was answered before is not answered again, even if a crash came in between: nobody waits for it then."""
        async with self.records.read() as page:
            run = await page.protected_run(ProtectedRunId(key))
        if run is None or run.answered_at is not None:
            return DONE
        question = run.question
        places = self._places(question)
        decision = await self._decide(question, places)
        if decision is None:
            return again(SOON)
        if run.approved is not decision.approved:
            await self._keep(run, decision)
        try:
            taken = await self.rules.answer(
                question, approved=decision.approved, comment=await self.write(decision.why)
            )
        except PublisherError as error:
            return await self._trouble(run, places, error)
        if not taken:
            log.info("%s waits for no answer any more.", run.name)
        await self._close(run)
        return DONE

    def _places(self, question: Question) -> list[Place]:
        """What in the catalogue it may be about: several services can share a repository."""
        return [
            (service, environment)
            for service in self.services_at(question.repository)
            for environment in service.environments
            if is_at(question, environment.name)
        ]

    async def _decide(self, question: Question, places: Sequence[Place]) -> Decision | None:
        """None: not yet, for it may be one of ours."""
        if not places:
            return no(
                "The catalogue has no service in {repository} with an environment called {environment}. Give the two "
                "the same name, or take Slipway's protection rule away from this environment.",
                repository=question.repository,
                environment=Code(question.environment),
            )
        soon = False
        async with self.records.read() as page:
            for service, environment in places:
                named = self._named(environment)
                for each in await page.deployments(
                    service=service.name, environment=environment.name, holding_only=True
                ):
                    if started(question, each, named=named):
                        return _of_ours(each)
                    soon = soon or may_be_known_soon(each)
        if soon and self.now() - question.asked_at < KNOWN_SOON:
            return None
        alone = [each for each in places if each[1].protection is Protection.GATE]
        if not alone:
            return _not_started(question, places)
        if len(places) > 1:
            return no(
                "{services} share this repository and have an environment called {environment}, so which of their "
                "gates counts can't be told. Let Slipway start the deployment.",
                services=AllOf(tuple(service.title for service, _ in places)),
                environment=Code(question.environment),
            )
        return await self._by_the_gate(question, *alone[0])

    def _named(self, environment: Environment) -> bool:
        """Whether what is started there is a run whose number is told."""
        deployer = self.deployers.get(environment.deployer.kind)
        return deployer is not None and capabilities_of(deployer, environment.deployer).names_run

    async def _by_the_gate(self, question: Question, service: Service, environment: Environment) -> Decision:
        asked = await self.ask_gate.of_commit(service.name, environment.name, question.commit)
        if isinstance(asked, Unaskable):
            return Decision(approved=False, why=(asked.why,))
        if asked.open and asked.release is not None:
            told = say(
                "The gate is open: {release} brings {version} to {environment}.",
                release=asked.release.name,
                version=asked.release.plan.version,
                environment=environment.name,
            )
            return Decision(approved=True, why=(told,))
        steps = (step for each in asked.blockers for step in (each.why, each.step) if step is not None)
        return Decision(approved=False, why=tuple(steps))

    async def _trouble(self, run: ProtectedRun, places: Sequence[Place], error: PublisherError) -> Next:
        """It could not be said. The workflow waits; people hear of it if somebody has to act."""
        waited = self.now() - run.question.asked_at
        log.warning("The protection rule of %s can't be answered now: %s", run.name, error)
        if waited >= GIVEN_UP:
            await self._close(run)
            return DONE
        if not error.later or waited >= PATIENCE:
            await self._tell(run, places, error)
        return again(min(max(waited / 2, SOON), LONGEST_PAUSE))

    async def _tell(self, run: ProtectedRun, places: Sequence[Place], error: PublisherError) -> None:
        agreed = self.agreed()
        channel = places[0][0].channel if places else agreed.owners_channel
        told = say(
            "A workflow in {repository} waits before {environment} for Slipway's word, and I can't give it: {why} I go "
            "on trying.",
            repository=run.question.repository,
            environment=run.question.environment,
            why=str(error),
        )
        async with self.records.open() as page:
            if await page.first_time(f"protected run {run.id} can't be answered"):
                await page.tell(ChannelLine(channel, told))
                await page.commit()

    async def _keep(self, run: ProtectedRun, decision: Decision) -> None:
        """On the record before it is said: where the answer to our word gets lost, it may have been heard."""
        question = run.question
        async with self.records.open() as page:
            there = await page.protected_run(run.id)
            if there is None or there.answered_at is not None or there.approved is decision.approved:
                return
            await page.keep_protected_run(replace(there, approved=decision.approved))
            await page.put_on_record(
                Happened(
                    "let a workflow go on" if decision.approved else "stop a workflow",
                    SLIPWAY,
                    Surface.ENGINE,
                    self.now(),
                    candidate=question.commit,
                    subject=run.name,
                    detail={
                        "repository": question.repository,
                        "environment": question.environment,
                        "why": " ".join(map(str, decision.why)),
                    },
                )
            )
            await page.commit()

    async def _close(self, run: ProtectedRun) -> None:
        """Nothing more is to be said."""
        async with self.records.open() as page:
            there = await page.protected_run(run.id)
            if there is None or there.answered_at is not None:
                return
            try:
                await page.keep_protected_run(replace(there, answered_at=self.now()))
            except ConflictError:  # somebody else has
                return
            await page.commit()


def _of_ours(deployment: Deployment) -> Decision:
    if deployment.cancel_asked_by is not None:
        return no("{name} was asked to stop.", name=deployment.name)
    told = say(
        "Slipway has started it: {name} brings {version} to {environment}.",
        name=deployment.name,
        version=deployment.order.version,
        environment=deployment.order.environment,
    )
    return Decision(approved=True, why=(told,))


def _not_started(question: Question, places: Sequence[Place]) -> Decision:
    service, environment = places[0]
    return no(
        "Slipway has not started this: no deployment of {commit} to {environment} is under way. In Slack, plan a "
        "release with {plan}, or bring the one that proposes it there with {deploy}.",
        commit=Code(question.commit[:7]),
        environment=environment.name,
        plan=Code(f"/release new {service.name} <version> {question.commit}"),
        deploy=Code(f"/deploy R-… to {environment.name}"),
    )
