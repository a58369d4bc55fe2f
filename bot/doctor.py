"""Doctor: try each neighbour once, and say what works, what doesn't, and what to mend."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from bot.catalogue.problem import Problem
from bot.ports import (
    CalendarError,
    Calendars,
    CodeHost,
    CodeHostError,
    Deployers,
    Directory,
    Metrics,
    MetricsError,
    Verifier,
)
from bot.rules.judging import usual
from bot.rules.policy import CalendarSource, Catalogue, ChannelId, Environment, Protection, Service
from bot.rules.sentence import joined
from bot.rules.watch import Metric, MetricsSource, Watch, filled_in, needs, number
from bot.verbs.sync_freezes import AHEAD
from bot.verbs.watch_deploy import step_of

PATIENCE = timedelta(seconds=20)
"""How long one neighbour may take to answer."""

SOON = timedelta(days=14)
"""A token that ends so soon is told."""

T = TypeVar("T")

_UNVERIFIED = (
    "Correct “verify” in the catalogue, or see that the service answers. Before a first deployment this is normal."
)
_GITHUB = (
    "Mend SLIPWAY_GITHUB_APP_ID and SLIPWAY_GITHUB_APP_KEY, or SLIPWAY_GITHUB_TOKEN; docs/integrations/github.md says "
    "how."
)


_UNWELL = "Correct “health” in the catalogue, or see that the service answers with 2xx there."
_UNREAD = (
    "Correct the query in the catalogue until it gives one number; what can't be read never counts as good. Where "
    "nobody has used the service yet, this may be normal."
)
_ANY = "vector(1)"
"""A query that gives a number wherever PromQL is understood."""


class AilingError(Exception):
    """A neighbour can't be used as it is; the message is for people."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `step` says what to do where it didn't work."""

    well: bool
    what: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Who our token makes us at Slack, and what it was granted."""

    name: str
    workspace: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """A channel, as our token sees it."""

    name: str
    joined: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class HostAccount:
    """Who we are at a code host. `ends`: when our token does, where that is told."""

    name: str
    is_app: bool
    ends: datetime | None = None


class SlackCheckup(Protocol):
    """What of Slack can be tried without anybody noticing. AilingError in a sentence where it fails."""

    async def account(self) -> Account:
        """Who we are."""
        ...

    async def socket(self) -> None:
        """Ask for a socket, as Socket Mode does, and leave it unused."""
        ...

    async def channel(self, channel: ChannelId) -> ChannelSeen:
        """Look at a channel."""
        ...


class Saying(StrEnum):
    """What Slipway says at a code host where the catalogue asks for it; each takes a permission of its own."""

    VERSIONS = "versions"
    """Tags and releases."""
    MARKS = "marks"
    """Whether a pull request may be merged."""
    ANSWERS = "answers"
    """Whether a workflow may go on."""


def said_about(service: Service) -> frozenset[Saying]:
    """What is to be said about that service."""
    gates = any(each.protection is Protection.GATE for each in service.environments)
    wanted = {
        Saying.VERSIONS: service.tag is not None,
        Saying.MARKS: service.pull_requests is not None,
        Saying.ANSWERS: gates,
    }
    return frozenset(each for each, is_so in wanted.items() if is_so)


class CodeHostCheckup(Protocol):
    """What of a code host can be tried without anybody noticing. AilingError in a sentence where it fails."""

    async def account(self) -> HostAccount:
        """Who we are there."""
        ...

    def has(self, repository: str) -> bool:
        """Whether that repository is at this host."""
        ...

    async def lacks(self, repository: str, says: Collection[Saying]) -> Sequence[str]:
        """The permissions that we need there and don't have, by name.

        Those for what is said there are only found missing where the host tells what was granted: nothing is written
        to find out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Patients:
    """Everybody whom Slipway works with, as they are used in earnest."""

    database: Callable[[], Awaitable[str]]
    """Looks at the database: says which it is. AilingError if it can't be used."""
    slack: SlackCheckup
    directory: Directory
    deployers: Deployers
    code_host: CodeHost
    verifier: Verifier
    calendars: Calendars
    metrics: Metrics
    github: CodeHostCheckup | None = None
    """None: it isn't used."""


async def examine(
    patients: Patients,
    catalogue: Catalogue | Sequence[Problem],
    *,
    scopes: Collection[str],
    socket_mode: bool,
) -> AsyncIterator[Finding]:
    """What was found, as it is found. `scopes` are those that we need at Slack."""
    if isinstance(catalogue, Catalogue):
        yield Finding(well=True, what=f"Catalogue: it is right, with {joined(sorted(catalogue.services))}.")
    else:
        for problem in catalogue:
            yield Finding(well=False, what=f"Catalogue: {problem}", step="Mend it; `slipway check` looks again.")
    yield await _database(patients)
    agreed = catalogue if isinstance(catalogue, Catalogue) else None
    async for found in _slack(patients, agreed, scopes, socket_mode=socket_mode):
        yield found
    async for found in _code(patients, _repositories(agreed.services.values() if agreed else ())):
        yield found
    if agreed is None:
        return
    for service in agreed.services.values():
        for environment in service.environments:
            async for found in _environment(patients, service, environment):
                yield found
    async for found in _metrics(patients, agreed):
        yield found
    for source in agreed.calendars:
        yield await _calendar(patients.calendars, source)


async def _metrics(patients: Patients, catalogue: Catalogue) -> AsyncIterator[Finding]:
    """The address where metrics are read, each query, and each address that tells whether a service is well."""
    source = catalogue.metrics
    if source is not None:
        try:
            await _patiently(patients.metrics.now(source, _ANY))
        except (MetricsError, AilingError) as error:
            step = "Correct “metrics” in the catalogue, or set the variable that it names."
            yield Finding(well=False, what=f"Metrics: {error}", step=step)
            source = None
        else:
            yield Finding(well=True, what=f"Metrics: {source.url} answers.")
    for service in catalogue.services.values():
        for environment in service.environments:
            if environment.watch is not None:
                async for found in _watch(patients, source, service, environment, environment.watch):
                    yield found


async def _watch(
    patients: Patients, source: MetricsSource | None, service: Service, environment: Environment, watch: Watch
) -> AsyncIterator[Finding]:
    where = f"{service.title} in {environment.name}"
    if watch.health is not None:
        try:
            trouble = await _patiently(patients.verifier.unhealthy(watch.health))
        except AilingError as error:
            trouble = str(error)
        what = f"{where}, health: {trouble or 'it is well.'}"
        yield Finding(well=not trouble, what=what, step=_UNWELL if trouble else "")
    for metric in watch.metrics if source is not None else ():
        yield await _metric(patients.metrics, source, service, environment, metric)


async def _metric(
    metrics: Metrics, source: MetricsSource | None, service: Service, environment: Environment, metric: Metric
) -> Finding:
    """One query, asked as it is asked in earnest. What only a deployment knows is made up."""
    assert source is not None, "else nothing is asked"
    what = f"{service.title} in {environment.name}, {metric.name}"
    values = {"service": service.name, "environment": environment.name, "version": "0", "commit": "0" * 40}
    query, before = filled_in(metric.query, values), ""
    try:
        sample = await _patiently(metrics.now(source, query))
        if metric.z_score is not None:
            before = await _patiently(_hours_before(metrics, source, metric, query))
    except MetricsError as error:
        if error.empty and needs(metric.query) & {"version", "commit"}:
            return Finding(well=True, what=f"{what}: it is understood; without a version there is nothing to see yet.")
        return Finding(well=False, what=f"{what}: {error}", step=_UNREAD)
    except AilingError as error:
        return Finding(well=False, what=f"{what}: {error}", step=_UNREAD)
    if not math.isfinite(sample.value):
        return Finding(well=False, what=f"{what}: it gives {sample.value}, which is no number.", step=_UNREAD)
    if before:
        return Finding(well=False, what=f"{what}: {before}", step=_UNREAD)
    return Finding(well=True, what=" ".join((f"{what}: it gives {number(sample.value)}.", *sample.warnings)))


async def _hours_before(metrics: Metrics, source: MetricsSource, metric: Metric, query: str) -> str:
    """Why it can't be said what was usual; empty if it can."""
    now = datetime.now(UTC)
    series = await metrics.history(source, query, now - metric.against, now, step_of(metric))
    found = usual(series.values)
    return found if isinstance(found, str) else ""


async def _patiently(asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await asked
    except TimeoutError as error:
        raise AilingError(f"There was no answer in {PATIENCE.total_seconds():g} seconds.") from error


async def _database(patients: Patients) -> Finding:
    try:
        return Finding(well=True, what=f"Database: {await _patiently(patients.database())}")
    except AilingError as error:
        return Finding(well=False, what=f"Database: {error}", step="Mend SLIPWAY_DATABASE_URL, or do what it asks for.")


async def _slack(
    patients: Patients, catalogue: Catalogue | None, scopes: Collection[str], *, socket_mode: bool
) -> AsyncIterator[Finding]:
    slack = patients.slack
    try:
        account = await _patiently(slack.account())
    except AilingError as error:
        yield Finding(
            well=False, what=f"Slack: {error}", step="Mend SLACK_BOT_TOKEN; see the page “OAuth & Permissions”."
        )
        return
    yield Finding(well=True, what=f"Slack: the app is {account.name} in the workspace {account.workspace}.")
    missing = sorted(set(scopes) - account.scopes)
    if missing:
        step = "Add them on the page “OAuth & Permissions” (or paste `slipway manifest`), and reinstall the app."
        yield Finding(well=False, what=f"Slack: the token lacks {joined(missing)}.", step=step)
    else:
        yield Finding(well=True, what=f"Slack: all {len(scopes)} scopes are granted.")
    if socket_mode:
        yield await _socket(slack)
    if catalogue is not None:
        for channel, purposes in _channels(catalogue).items():
            yield await _channel(slack, channel, joined(purposes))
        async for found in _roles(patients.directory, catalogue):
            yield found


async def _socket(slack: SlackCheckup) -> Finding:
    try:
        await _patiently(slack.socket())
    except AilingError as error:
        step = "Mend SLACK_APP_TOKEN: an app-level token with connections:write. Socket Mode must be on, too."
        return Finding(well=False, what=f"Socket Mode: {error}", step=step)
    return Finding(well=True, what="Socket Mode: a socket would be opened.")


def _channels(catalogue: Catalogue) -> Mapping[ChannelId, list[str]]:
    """Every channel of the catalogue, with what it is for."""
    purposes: dict[ChannelId, list[str]] = {catalogue.owners_channel: ["the owners"]}
    for service in catalogue.services.values():
        purposes.setdefault(service.channel, []).append(service.title)
    for digest in catalogue.digests:
        if "digests" not in purposes.setdefault(digest.channel, []):
            purposes[digest.channel].append("digests")
    return purposes


async def _channel(slack: SlackCheckup, channel: ChannelId, purpose: str) -> Finding:
    what = f"Channel {channel} ({purpose})"
    try:
        seen = await _patiently(slack.channel(channel))
    except AilingError as error:
        return Finding(well=False, what=f"{what}: {error}", step="Correct its id in the catalogue, or invite the app.")
    if seen.archived:
        step = "Unarchive it, or name another in the catalogue."
        return Finding(well=False, what=f"{what}: #{seen.name} is archived.", step=step)
    if not seen.joined:
        return Finding(
            well=False, what=f"{what}: the app is not in #{seen.name}.", step=f"In #{seen.name}, type: /invite @slipway"
        )
    return Finding(well=True, what=f"{what}: #{seen.name}.")


async def _roles(directory: Directory, catalogue: Catalogue) -> AsyncIterator[Finding]:
    try:
        roles = await _patiently(directory.roles(list(catalogue.roles)))
    except AilingError as error:
        yield Finding(well=False, what=f"Roles: {error}", step="Try again; Slack's status page may know more.")
        return
    for name, role in catalogue.roles.items():
        what = f"Role {role.title}"
        holders = len(roles.members.get(name, ()))
        if name in roles.unknown:
            step = "Correct the group's id in the catalogue, or enable the group in Slack."
            yield Finding(well=False, what=f"{what}: {roles.unknown[name]}", step=step)
        elif not holders:
            step = "Add people to the group in Slack, or to the role in the catalogue."
            yield Finding(
                well=False, what=f"{what}: nobody holds it, so nobody can do what it is needed for.", step=step
            )
        else:
            yield Finding(well=True, what=f"{what}: {holders} {'person' if holders == 1 else 'people'}.")


def _repositories(services: Iterable[Service]) -> Mapping[str, frozenset[Saying]]:
    """Each repository, with what is to be said there."""
    found: dict[str, frozenset[Saying]] = {}
    for service in services:
        if service.repository:
            found[service.repository] = found.get(service.repository, frozenset()) | said_about(service)
    return found


async def _code(patients: Patients, repositories: Mapping[str, frozenset[Saying]]) -> AsyncIterator[Finding]:
    """The code hosts, and every repository."""
    names = sorted(repositories)
    at_github = [each for each in names if patients.github is not None and patients.github.has(each)]
    if patients.github is not None:
        async for found in _github(patients.github, {each: repositories[each] for each in at_github}):
            yield found
    for repository in names:
        if repository not in at_github:
            yield await _repository(patients.code_host, repository)


async def _github(github: CodeHostCheckup, repositories: Mapping[str, frozenset[Saying]]) -> AsyncIterator[Finding]:
    try:
        account = await _patiently(github.account())
    except AilingError as error:
        yield Finding(well=False, what=f"GitHub: {error}", step=_GITHUB)
        return
    if account.is_app:
        yield Finding(well=True, what=f"GitHub: Slipway is the App {account.name}.")
    else:
        yield _token_of(account)
    for repository, says in repositories.items():
        yield await _at_github(github, account, repository, says)


def _token_of(account: HostAccount) -> Finding:
    what = f"GitHub: Slipway speaks as {account.name}, with a token"
    if account.ends is None:
        return Finding(well=True, what=f"{what}.")
    what = f"{what} that ends on {account.ends:%Y-%m-%d at %H:%M} UTC."
    if account.ends - datetime.now(UTC) > SOON:
        return Finding(well=True, what=what)
    return Finding(well=False, what=what, step="Make another one in time, and give it in SLIPWAY_GITHUB_TOKEN.")


async def _at_github(
    github: CodeHostCheckup, account: HostAccount, repository: str, says: frozenset[Saying]
) -> Finding:
    what = f"Repository {repository}"
    try:
        lacking = await _patiently(github.lacks(repository, says))
    except AilingError as error:
        step = "Correct “repository” in the catalogue, or give Slipway access to it at GitHub."
        return Finding(well=False, what=f"{what}: {error}", step=step)
    if not lacking:
        return Finding(well=True, what=f"{what}: its code and its pull requests can be read.")
    if account.is_app:
        who, step = (
            "the App",
            "Add that on the App's page, “Permissions & events”, and accept it where it is installed.",
        )
    else:
        who, step = "the token", "Give that to the token: on its page, “Repository access” and “Permissions”."
    return Finding(well=False, what=f"{what}: {who} lacks {joined(list(lacking))}.", step=step)


async def _repository(code_host: CodeHost, repository: str) -> Finding:
    try:
        # Whether that name leads anywhere doesn't matter: an answer is what is tried for.
        await _patiently(code_host.resolve(repository, "main"))
    except (CodeHostError, AilingError) as error:
        step = "Correct “repository” in the catalogue, or give Slipway access."
        return Finding(well=False, what=f"Repository {repository}: {error}", step=step)
    return Finding(well=True, what=f"Repository {repository}: it can be read.")


async def _calendar(calendars: Calendars, source: CalendarSource) -> Finding:
    now = datetime.now(UTC)
    try:
        found = await _patiently(calendars.events(source, now, now + AHEAD))
    except (CalendarError, AilingError) as error:
        step = "Correct the calendar in the catalogue, or what is wrong in it; docs/calendars.md says what can be."
        return Finding(well=False, what=f"Calendar {source.name}: {error}", step=step)
    ahead = f"{len(found)} {'freeze' if len(found) == 1 else 'freezes'}"
    return Finding(well=True, what=f"Calendar {source.name}: it holds {ahead} for the next {AHEAD.days} days.")


async def _environment(patients: Patients, service: Service, environment: Environment) -> AsyncIterator[Finding]:
    where = f"{service.title} in {environment.name}"
    deployer = patients.deployers.get(environment.deployer.kind)
    if deployer is None:
        step = f"There is {joined(sorted(patients.deployers))}; choose one in the catalogue."
        yield Finding(well=False, what=f"{where}: there is no deployer {environment.deployer.kind}.", step=step)
    else:
        try:
            problems = await _patiently(deployer.check(environment.deployer))
        except AilingError as error:
            problems = [str(error)]
        step = "Mend the deployer's settings in the catalogue, or the way there."
        for problem in problems:
            yield Finding(well=False, what=f"{where}: {problem}", step=step)
        if not problems:
            yield Finding(well=True, what=f"{where}: {environment.deployer.kind} can deploy.")
    if environment.verification is not None:
        try:
            served = await _patiently(patients.verifier.served(environment))
        except AilingError as error:
            yield Finding(well=False, what=f"{where}: {error}", step=_UNVERIFIED)
            return
        if served.version is None:
            yield Finding(well=False, what=f"{where}: {served.problem}", step=_UNVERIFIED)
        else:
            yield Finding(well=True, what=f"{where}: it serves {served.version}.")
