"""What a team has agreed: services, environments, roles, change types; the catalogue's content, frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

from bot.rules.people import PersonId, RoleName

if TYPE_CHECKING:
    pass

ServiceName = NewType("ServiceName", str)
EnvironmentName = NewType("EnvironmentName", str)
ChangeTypeName = NewType("ChangeTypeName", str)
ChannelId = NewType("ChannelId", str)


@dataclass(frozen=True, slots=True)
class Role:
    """A role and where its holders come from: a user group pinned by its id, or a list of people, or both."""

    name: RoleName
    title: str
    group: str | None = None
    people: tuple[PersonId, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """So many people of that role must say yes."""

    role: RoleName
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class ItemRule:
    """One line of a checklist template."""

    key: str
    text: str
    owner: RoleName | None = None
    required: bool = True


class FreezeMeaning(StrEnum):
    """What a freeze means to a change type."""

    BLOCKS = "blocks"
    PASSES = "passes"
    """The change is what freezes make room for (a hotfix)."""


@dataclass(frozen=True, slots=True)
class ChangeType:
    """What a kind of change must bring along."""

    name: ChangeTypeName
    title: str
    approvals: Mapping[EnvironmentName, tuple[ApprovalRule, ...]] = field(default_factory=dict)
    checklist: tuple[ItemRule, ...] = ()
    checklist_before: frozenset[EnvironmentName] | None = None
    """The environments that wait for the required items; None: only a service's last ones."""
    freeze: FreezeMeaning = FreezeMeaning.BLOCKS
    keeps_order: bool = True
    """Whether the environments before must have had the same candidate."""
    requester_may_approve: bool = False
    author_may_approve: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """Where the version that is really served can be read: a JSON document with a member holding commit or version."""

    url: str
    member: str = "commit"
    within: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class DeployerChoice:
    """Which adapter deploys here, and its own settings, which only that adapter understands."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """A place where a service runs."""

    name: EnvironmentName
    deployer: DeployerChoice
    after: tuple[EnvironmentName, ...] = ()
    """The environments that must have had the same candidate before."""
    address: str | None = None
    verification: Verification | None = None


class Right(StrEnum):
    """What a role can be needed for."""

    PLAN = "plan"
    DEPLOY = "deploy"
    ROLL_BACK = "roll-back"
    LAUNCH = "launch"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Service:
    """Something deployable, with its environments in order."""

    name: ServiceName
    title: str
    channel: ChannelId
    environments: tuple[Environment, ...]
    repository: str | None = None
    """How the code host knows it: a path for a local repository, `owner/name` elsewhere."""
    two_people: bool = False
    """Whether the one who confirms a deployment must not be the one who asked for it."""
    rights: Mapping[Right, tuple[RoleName, ...]] = field(default_factory=dict)
    """The roles that a right needs here; none named: every member."""

    def environment(self, name: EnvironmentName) -> Environment | None:
        """The environment of that name."""
        return next((each for each in self.environments if each.name == name), None)

    @property
    def final(self) -> tuple[Environment, ...]:
        """The environments that nothing comes after: where customers are."""
        earlier = {name for each in self.environments for name in each.after}
        return tuple(each for each in self.environments if each.name not in earlier)

    def roles_for(self, right: Right) -> tuple[RoleName, ...]:
        """The roles that may; empty: every member may."""
        return self.rights.get(right, ())


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """A digest that is posted by the clock."""

    channel: ChannelId
    cron: str
    """Five fields, in `timezone`."""
    timezone: str
    services: tuple[ServiceName, ...] = ()
    """None named: all of them."""

    @property
    def key(self) -> str:
        """A stable name for this schedule."""
        told = json.dumps([self.channel, self.cron, self.timezone, sorted(self.services)])
        return f"digest-{self.channel}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class FreezeNotices:
    """When people are told about a freeze, besides its start and its end."""

    before: tuple[timedelta, ...] = (timedelta(days=1), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything a team has agreed, read from its reviewed file."""

    services: Mapping[ServiceName, Service]
    roles: Mapping[RoleName, Role]
    change_types: Mapping[ChangeTypeName, ChangeType]
    owners: RoleName
    """Who is told when the catalogue itself is in trouble."""
    owners_channel: ChannelId
    digests: tuple[DigestSchedule, ...] = ()
    freeze_notices: FreezeNotices = FreezeNotices()
    freeze_rights: tuple[RoleName, ...] = ()
    templates: str | None = None
    """A folder with a team's own message templates, absolute."""
    fingerprint: str = ""
    """A digest of the file's text: which agreement was in force."""

    def approvals_for(self, change: ChangeType, environment: EnvironmentName) -> tuple[ApprovalRule, ...]:
        """The approvals that a change of this type needs in that environment."""
        return change.approvals.get(environment, ())


def must_be_ticked_before(change: ChangeType, service: Service, environment: EnvironmentName) -> bool:
    """Whether the required checklist items must be done before this environment."""
    if change.checklist_before is not None:
        return environment in change.checklist_before
    return environment in {each.name for each in service.final}


def rules_digest(change: ChangeType, service: Service, environment: EnvironmentName) -> str:
    """What somebody agrees to, besides the candidate: a digest of the rules for this change in this environment.

    An approval is sealed with it, so that rules which ask for something else void what was said under the old ones.
    """
    told = {
        "approvals": sorted((rule.role, rule.quorum) for rule in change.approvals.get(environment, ())),
        "items": sorted((item.key, item.text, item.owner or "") for item in change.checklist if item.required)
        if must_be_ticked_before(change, service, environment)
        else [],
        "order": change.keeps_order,
        "freeze": change.freeze,
        "own": [change.requester_may_approve, change.author_may_approve],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
