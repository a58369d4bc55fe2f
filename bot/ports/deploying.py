"""Deploying: targets, how far they are, what they say by themselves, and what is really served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from bot.rules.deployment import Deployment, Heard, Order, Phase, Step
from bot.rules.policy import (
    DeployerChoice,
    Environment,
    Service,
)


class DeployerError(Exception):
    """The target refused or could not be asked; the message says why, for people.

    `ended` True: nothing was or will be done (safe to call it failed). False: nobody knows.
    """

    def __init__(self, message: str, *, ended: bool) -> None:
        super().__init__(message)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Started:
    """The target has taken it: its own name for the work, and where people can watch."""

    ref: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the target is. `step` is its last word, for people."""

    phase: Phase
    step: str = ""
    link: str | None = None
    commit: str | None = None
    """What the target says that it deploys, or has deployed: a full SHA. None: it doesn't tell."""
    steps: tuple[Step, ...] = ()
    """Everything that it does, in order, where it tells."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a deployer can do, for the preview and for the table in the documentation."""

    cancels: bool
    """Whether it can stop what has begun."""
    survives_restart: bool
    """Whether work goes on, and can be followed again, after Slipway was restarted."""
    links: bool
    """Whether people are led to where the work can be watched."""
    pushes: bool = False
    """Whether the target tells of its progress by itself; it is asked all the same."""
    steps: bool = False
    """Whether the target's steps are shown."""
    names_commit: bool = False
    """Whether the target says which commit it deploys, so that it can be compared with what was approved."""
    finds_artifacts: bool = False
    """Whether it can tell before a rollback if what is to be deployed is still there."""
    forestalls: bool = False
    """Whether what is cancelled before it began never begins, however late its start arrives."""
    names_run: bool = False
    """Whether what it starts is a run at the code host, whose number is the deployment's ref once that is known."""
    finds_again: bool = True
    """Whether asked to start again, it finds what it started. Otherwise it is asked once, and never again."""


@dataclass(frozen=True, slots=True)
class Available:
    """Whether what is to be deployed is still there. `there` None: nobody can tell, or nothing says how to look."""

    there: bool | None
    why: str = ""
    """What is gone, or why it can't be told, for people."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What somebody sent to the address for words about a deployment, before anybody knows who it was."""

    headers: Mapping[str, str]
    """By their names in lower case; each at most once, so that none can be read in two ways."""
    body: bytes
    at: datetime
    """When it came."""


class NotGenuineError(Exception):
    """A delivery does not prove where it comes from. The message says what is missing, and nothing about a secret."""


class UnreadableError(Exception):
    """A delivery is genuine and can't be understood; `problems` are sentences, all at once."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Deployer(Protocol):
    """Something that brings a candidate to an environment."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Begin. The deployment's id is the idempotency key: asked again, it finds what it started."""
        ...

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """How far it is. DeployerError with `ended=False` when that could not be learned this time."""
        ...

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Ask the target to stop; following shows when it has."""
        ...

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Whether what that order deploys is still there. Never raises, and takes a few seconds at most."""
        ...

    async def check(self, choice: DeployerChoice) -> list[str]:
        """What is wrong with these settings or the way there, in sentences; empty when all is well."""
        ...


@runtime_checkable
class HearsItsTarget(Deployer, Protocol):
    """A deployer whose target tells of its work by itself as well. What it told stands in the deployment (`heard`)."""

    def hear(self, delivery: Delivery, deployment: Deployment, environment: Environment) -> Heard:
        """What the target says of that deployment.

        NotGenuineError unless it proves to be the target; UnreadableError if it says nothing that can be understood.
        """
        ...


@runtime_checkable
class AsItsTargetCan(Deployer, Protocol):
    """A deployer to targets of a team's own: its settings tell what each can do, and `capabilities` is the most."""

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """What it can do with the target of these settings."""
        ...


@runtime_checkable
class Tidies(Deployer, Protocol):
    """A deployer that keeps something about each deployment, here."""

    async def tidy(self, at_work: Sequence[Deployment]) -> int:
        """Clear away what is no longer needed, how much; of those at work everything is kept. Never raises."""
        ...


def capabilities_of(deployer: Deployer, choice: DeployerChoice) -> Capabilities:
    """What that deployer can do where it is chosen so."""
    if isinstance(deployer, AsItsTargetCan):
        return deployer.capabilities_with(choice.settings)
    return deployer.capabilities


Deployers = Mapping[str, Deployer]
"""Each kind of deployer by its name in the catalogue."""


@dataclass(frozen=True, slots=True)
class Served:
    """What an environment really serves: the version's name there, or why it can't be read."""

    version: str | None
    problem: str = ""


class Verifier(Protocol):
    """Looks at what is really served."""

    async def served(self, environment: Environment) -> Served:
        """What is served right now. Never raises: what went wrong is in `problem`."""
        ...

    async def unhealthy(self, address: str) -> str:
        """Why that address doesn't answer with 2xx right now, for people; empty if it does. Never raises."""
        ...
