"""The `github-deployments` deployer: GitHub announces a deployment of the exact commit, and whoever listens does it.

What listens tells by the deployment's statuses how far it is. GitHub itself runs nothing, and so stops nothing either.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.ports import Available, Capabilities, Clock, DeployerError, Progress, Started
from bot.rules.deployment import Deployment, Kind, Order, Phase
from bot.rules.policy import DeployerChoice, Environment, Service
from integrations.deployers.command_settings import PlaceholderError, SettingsError
from integrations.deployers.github_access import NOT_CONNECTED, at, not_granted, reachable
from integrations.deployers.github_once import Once, Rest
from integrations.deployers.github_runs import address, said
from integrations.deployers.github_settings import (
    OURS,
    DeploymentsSettings,
    fill_in,
    read_deployments,
    values_for,
)
from integrations.deployers.key import key_of
from integrations.github.client import GitHub, Repository
from integrations.github.errors import (
    GitHubAwayError,
    GitHubError,
    GitHubNotFoundError,
    GitHubRefusedError,
)

log = logging.getLogger(__name__)

NEEDS = {"deployments": "write"}
SCOPES = frozenset({"repo", "repo_deployment"})
BEFORE = timedelta(hours=1)
"""Deployments that are so much older than ours are not it, however clocks differ."""
PLEASE_STOP = "Slipway asks to stop this deployment."
DOUBLE = "Slipway has announced this twice; the first one counts."
OUR_WORDS = frozenset({PLEASE_STOP, DOUBLE})
"""Statuses that we wrote ourselves: no word of the target."""

_UNDER_WAY = {
    "queued": "It is queued by what deploys it.",
    "pending": "What deploys it has taken it.",
    "in_progress": "It is being deployed.",
}
_ENDINGS = {
    "failure": (Phase.FAILED, "What deploys it says that it failed."),
    "error": (Phase.FAILED, "What deploys it says that it met an error."),
    "success": (Phase.SUCCEEDED, "What deploys it says that it has succeeded."),
}


CAN = Capabilities(cancels=True, survives_restart=True, links=True, names_commit=True)


def can_with(settings: Mapping[str, Any]) -> Capabilities:
    """What has begun can be stopped only if what deploys it is known to heed a status that asks for it."""
    return replace(CAN, cancels=settings.get("heeds_cancel") is True)


@dataclass(frozen=True, slots=True)
class Announced:
    """A deployment at GitHub."""

    id: int
    commit: str
    created: datetime
    key: str
    """Which of our deployments it is; empty if it is somebody else's."""


@dataclass(frozen=True, slots=True)
class Status:
    """What was said of it."""

    id: int
    state: str
    words: str
    link: str | None
    ours: bool


class GitHubDeploymentsDeployer:
    """Announces each deployment at GitHub, and follows what is said of it."""

    def __init__(self, github: GitHub | None, now: Clock, rest: Rest = asyncio.sleep) -> None:
        self._github = github
        self._now = now
        self._once = Once(now, rest)

    @property
    def capabilities(self) -> Capabilities:
        """The most that it can do."""
        return CAN

    def capabilities_with(self, settings: Mapping[str, Any]) -> Capabilities:
        """What it can do with whoever listens there."""
        return can_with(settings)

    async def start(self, deployment: Deployment, service: Service, environment: Environment) -> Started:
        """Announce it, or find what was announced before."""
        del service
        first = self._once.is_first(deployment)
        try:
            settings = read_deployments(environment.deployer.settings)
        except SettingsError as trouble:
            raise DeployerError(str(trouble), ended=first) from trouble
        repository = at(self._github, settings.repository, ended=first)

        async def find() -> Announced | None:
            return await _find(repository, deployment)

        async def make() -> Announced | None:
            return _announced(await repository.post("/deployments", _body(settings, deployment)))

        made = await self._once.begin(deployment, find, make)
        assert made is not None, "GitHub answers with what it made"
        return Started(ref=str((await _the_first(made, repository, deployment)).id))

    async def follow(self, deployment: Deployment, service: Service, environment: Environment) -> Progress:
        """Read what was said of it."""
        del service
        try:
            settings = read_deployments(environment.deployer.settings)
            repository = at(self._github, settings.repository, ended=False)
            announced = await _of(repository, deployment)
            if announced is None:
                return self._nothing_of(deployment)
            statuses = await _statuses(repository, announced)
        except (SettingsError, GitHubError) as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble
        return replace(_progress(statuses), commit=announced.commit)

    async def cancel(self, deployment: Deployment, service: Service, environment: Environment) -> None:
        """Write a status that asks to stop, once. What was not announced never will be."""
        del service
        try:
            settings = read_deployments(environment.deployer.settings)
            repository = at(self._github, settings.repository, ended=False)
            announced = await _of(repository, deployment)
            if announced is None:
                self._once.call_off(deployment)
                return
            statuses = await _statuses(repository, announced)
            asked = any(each.ours for each in statuses)
            if not asked and _progress(statuses).phase is Phase.RUNNING:
                await _say(repository, announced, "error", PLEASE_STOP)
        except (SettingsError, GitHubError) as trouble:
            raise DeployerError(str(trouble), ended=False) from trouble

    async def available(self, order: Order, service: Service, environment: Environment) -> Available:
        """Nobody can tell: what deploys it is known to GitHub by its words alone."""
        del order, service, environment
        return Available(None)

    async def check(self, choice: DeployerChoice) -> list[str]:
        """Try everything that can be tried without announcing anything."""
        try:
            settings = read_deployments(choice.settings)
        except SettingsError as trouble:
            return trouble.problems
        if self._github is None:
            return [NOT_CONNECTED]
        try:
            repository = self._github.repository(settings.repository)
            problems = await reachable(repository)
            if problems:
                return problems
            problems = await not_granted(self._github, repository, NEEDS, SCOPES)
            if not problems:
                async for _ in repository.each("/deployments"):
                    break
        except GitHubError as error:
            return [str(error)]
        return problems

    def _nothing_of(self, deployment: Deployment) -> Progress:
        if deployment.target_ref is None:
            never = self._once.never_began(deployment)
            if never is None:
                return Progress(Phase.RUNNING, "Looking whether GitHub has announced it, before it is called off.")
            if never:
                return Progress(Phase.CANCELLED, "It was cancelled before it began.")
        return Progress(Phase.LOST, f"GitHub knows no deployment of {deployment.name}, or none any more.")


def _body(settings: DeploymentsSettings, deployment: Deployment) -> dict[str, Any]:
    """What GitHub is to announce. GitHubRefusedError where the settings can't be filled in."""
    order, values = deployment.order, values_for(deployment)
    try:
        body: dict[str, Any] = {
            "ref": order.candidate.commit,
            "auto_merge": False,
            "task": fill_in(settings.task, values),
            "environment": fill_in(settings.environment, values),
            "description": f"{order.version} to {order.environment}: {deployment.name} in Slipway"[:140],
            "payload": {
                **{name: fill_in(each, values) for name, each in settings.payload.items()},
                OURS: key_of(deployment),
            },
        }
    except PlaceholderError as trouble:
        raise GitHubRefusedError(str(trouble), status=422) from None
    contexts = settings.required_contexts
    if order.kind is Kind.ROLLBACK:
        contexts = ()  # a status that is missing never blocks the way back
    if contexts is not None:
        body["required_contexts"] = list(contexts)
    if settings.production is not None:
        body["production_environment"] = settings.production
    return body


async def _of(repository: Repository, deployment: Deployment) -> Announced | None:
    """The one of that deployment; None if there is none."""
    ref = deployment.target_ref or ""
    if not ref.isascii() or not ref.isdigit():
        return await _find(repository, deployment)
    try:
        return _announced(await repository.get("/deployments/{id}", id=ref))
    except GitHubNotFoundError:
        await repository.get("")  # its repository is there, so it is the deployment that isn't
        return None


async def _all_of(repository: Repository, deployment: Deployment) -> list[Announced]:
    """Everything that was announced for that deployment, by its commit and its key."""
    found = []
    path = "/deployments{?ref,per_page}"
    async for told in repository.each(path, ref=deployment.order.candidate.commit):
        announced = _announced(told)
        if announced.created < deployment.order.confirmed_at - BEFORE:
            break
        if announced.key == key_of(deployment):
            found.append(announced)
    return sorted(found, key=lambda each: each.id)


async def _find(repository: Repository, deployment: Deployment) -> Announced | None:
    found = await _all_of(repository, deployment)
    return await _first(repository, found) if found else None


async def _the_first(made: Announced, repository: Repository, deployment: Deployment) -> Announced:
    """If another replica was as fast, the first one counts."""
    try:
        found = await _all_of(repository, deployment)
        return await _first(repository, sorted({made, *found}, key=lambda each: each.id))
    except GitHubError as error:
        log.warning("%s has been announced at GitHub, and can't be looked at yet: %s", deployment.name, error)
        return made


async def _first(repository: Repository, announced: Sequence[Announced]) -> Announced:
    first, *doubles = announced
    for each in doubles:
        if not any(status.words == DOUBLE for status in await _statuses(repository, each)):
            log.warning("The deployment %s at GitHub does the same as %s, and is marked so.", each.id, first.id)
            await _say(repository, each, "inactive", DOUBLE)
    return first


async def _statuses(repository: Repository, announced: Announced) -> list[Status]:
    """What was said, oldest first."""
    path = "/deployments/{id}/statuses"
    found = [_status(each) async for each in repository.each(path, id=announced.id)]
    return sorted(found, key=lambda each: each.id)


async def _say(repository: Repository, announced: Announced, state: str, words: str) -> None:
    body = {"state": state, "description": words, "auto_inactive": False}
    await repository.post("/deployments/{id}/statuses", body, id=announced.id)


def _progress(statuses: Sequence[Status]) -> Progress:
    """What the target's words come to. A success stays one, when a later deployment has made it inactive."""
    theirs = [each for each in statuses if not each.ours]
    link = next((each.link for each in reversed(theirs) if each.link), None)
    success = next((each for each in reversed(theirs) if each.state == "success"), None)
    last = theirs[-1] if theirs else None
    if last is not None and last.state == "inactive" and success is not None:
        last = success
    if any(each.ours for each in statuses) and (last is None or last.state in _UNDER_WAY):
        return Progress(Phase.RUNNING, "What deploys it was asked to stop; nothing of that was heard yet.", link)
    if last is None:
        return Progress(Phase.RUNNING, "GitHub has announced it; nobody has taken it yet.", link)
    if last.state == "inactive":
        if any(each.ours for each in statuses):
            return Progress(Phase.CANCELLED, last.words or "It was stopped, as asked.", link)
        return Progress(Phase.LOST, "It was marked inactive before anything was heard of how it ended.", link)
    if last.state in _ENDINGS:
        phase, words = _ENDINGS[last.state]
        return Progress(phase, last.words or words, link)
    return Progress(Phase.RUNNING, last.words or _UNDER_WAY.get(last.state, "It is under way."), link)


def _announced(told: Any) -> Announced:
    try:
        return Announced(
            int(told["id"]), str(told["sha"]), datetime.fromisoformat(told["created_at"]), _key(told.get("payload"))
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GitHubAwayError("What answers there is not GitHub.", uncertain=True) from None


def _key(payload: Any) -> str:
    """Our key in a payload, which comes back as it was sent, or as a text."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return ""
    return str(payload.get(OURS) or "") if isinstance(payload, Mapping) else ""


def _status(told: Mapping[str, Any]) -> Status:
    words = str(told.get("description") or "")
    link = address(told.get("log_url")) or address(told.get("target_url")) or address(told.get("environment_url"))
    return Status(int(told["id"]), str(told.get("state")), said(words), link, words in OUR_WORDS)
