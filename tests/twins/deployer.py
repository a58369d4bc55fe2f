"""A twin of a deployer: the target is a thing of its own, so that a second Slipway can find what the first started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.ports import Available, Capabilities, Delivery, DeployerError, NotGenuineError, Progress, Started
from bot.rules.deployment import Deployment, DeploymentId, Heard, Order, Phase, Step
from bot.rules.policy import DeployerChoice, Environment, Service, ServiceName


@dataclass(frozen=True, slots=True)
class Script:
    """How a deployment will go: what it says, whether it waits to be let go, and the code it ends with."""

    says: tuple[str, ...] = ("done",)
    waits: bool = False
    code: int = 0


@dataclass(slots=True)
class _Work:
    deployment: Deployment | None
    script: Script
    ended: Progress | None = None


@dataclass(slots=True)
class FakeTarget:
    """What is out there. Tests script it; every deployer that was given it sees the same."""

    script: Script = field(default_factory=Script)
    """How the deployments go that are started from now on."""
    refuses: str = ""
    """Say this instead of starting anything."""
    silent: str = ""
    """Why it can't be asked at all just now."""
    stops: bool = True
    """Whether it stops when it is asked to."""
    fails: set[ServiceName] = field(default_factory=set)
    """The services whose deployments fail from now on."""
    started: list[Deployment] = field(default_factory=list)
    """Everything that really began, in order."""
    gone: set[str] = field(default_factory=set)
    """The commits whose artifacts were tidied away."""
    blind: str = ""
    """Why it can't be told just now what is there."""
    deploys: str | None = None
    """Which commit it says that it deploys; None: it doesn't tell."""
    steps: tuple[Step, ...] = ()
    """The steps that it shows."""
    finds_again: bool = True
    """Whether it knows a start again; otherwise it starts as often as it is asked."""
    loses_the_next_answer: bool = False
    """Whether it takes the next start, and whoever asked for it never hears of that."""
    remembers: bool = True
    """Whether it can be asked at all what is still there."""
    on_success: Callable[[Deployment], None] | None = None
    """What a success brings about, such as a verifier that sees the new version."""
    _work: dict[DeploymentId, _Work] = field(default_factory=dict)

    def lets_go(self) -> None:
        """Whatever waits goes on to its end."""
        for work in self._work.values():
            if work.ended is None and work.script.waits:
                self._end(work)

    def loses_everything(self) -> None:
        """A restart out there: what was at work is gone, and nobody knows how it ended."""
        for work in self._work.values():
            if work.ended is None:
                work.ended = Progress(Phase.LOST, "It vanished without leaving how it ended.")

    def begin(self, deployment: Deployment) -> None:
        """Begin, unless it has begun before."""
        found = self._work.get(deployment.id)
        if found is None or not self.finds_again:
            if self.refuses:
                raise DeployerError(self.refuses, ended=True)
            self.started.append(deployment)
            found = self._work[deployment.id] = _Work(deployment, self._script(deployment))
            if not found.script.waits:
                self._end(found)
        elif found.deployment is None:
            raise DeployerError("It was cancelled before it began.", ended=True)

    def _script(self, deployment: Deployment) -> Script:
        return replace(self.script, code=1) if deployment.order.service in self.fails else self.script

    def progress(self, deployment: DeploymentId) -> Progress:
        """How far it is."""
        work = self._work.get(deployment)
        if work is None:
            return Progress(Phase.LOST, "Nothing is known of it here.")
        at_work = Progress(Phase.RUNNING, work.script.says[-1] if work.script.says else "Started")
        return replace(work.ended or at_work, commit=self.deploys, steps=self.steps)

    def stop(self, deployment: DeploymentId) -> None:
        """Stop it; what hasn't begun never will."""
        work = self._work.setdefault(deployment, _Work(None, self.script))
        if work.ended is None and self.stops:
            work.ended = Progress(Phase.CANCELLED, "It was stopped, as asked.")

    def _end(self, work: _Work) -> None:
        last = " / ".join(work.script.says[-3:])
        if work.script.code:
            work.ended = Progress(Phase.FAILED, f"It ended with exit code {work.script.code}. Its last words: {last}")
            return
        work.ended = Progress(Phase.SUCCEEDED, work.script.says[-1] if work.script.says else "Done")
        if self.on_success and work.deployment:
            self.on_success(work.deployment)


class FakeDeployer:
    """Brings candidates to a pretended target."""

    def __init__(self, target: FakeTarget | None = None) -> None:
        self.target = target or FakeTarget()
        self.cancels = True
        self.names_run = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            cancels=self.cancels,
            survives_restart=True,
            links=False,
            pushes=True,
            steps=True,
            names_commit=True,
            finds_artifacts=True,
            names_run=self.names_run,
            forestalls=self.target.finds_again,
            finds_again=self.target.finds_again,
        )

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        self._ask(ended=False)
        self.target.begin(deployment)
        if self.target.loses_the_next_answer:
            self.target.loses_the_next_answer = False
            raise DeployerError("It broke off before it answered.", ended=False)
        return Started(ref=f"fake-{deployment.id}")

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        self._ask(ended=False)
        return self.target.progress(deployment.id)

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        self._ask(ended=False)
        self.target.stop(deployment.id)

    def hear(self, delivery: Delivery, deployment: Deployment, environment: Environment) -> Heard:
        if delivery.headers.get("x-fake-secret") != "known":
            raise NotGenuineError("The secret is missing.")
        return Heard(Phase(delivery.body.decode()), delivery.at, "It says so itself.")

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        if self.target.blind or not self.target.remembers:
            return Available(None, self.target.blind)
        gone = order.candidate.commit in self.target.gone
        return Available(not gone, "It was tidied away." if gone else "")

    async def check(self, choice: DeployerChoice) -> list[str]:
        if self.target.silent:
            return [self.target.silent]
        return [] if choice.settings.get("program") else ['Set "program" to what is to be run.']

    def _ask(self, *, ended: bool) -> None:
        if self.target.silent:
            raise DeployerError(self.target.silent, ended=ended)
