"""What a team has agreed: services, environments, roles, change types; the catalogue's content, frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

from bot.rules.hours import Hours
from bot.rules.people import PersonId, RoleName
from bot.rules.quiet import QuietHours
from bot.rules.watch import MetricsSource, Watch

if TYPE_CHECKING:
    from datetime import datetime

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
    note: str = ""
    """How it is done, in a sentence."""
    link: str | None = None
    """Where it is done, or described."""
    due: timedelta | None = None
    """So long before the release's target date it should be done."""
    check: str | None = None
    """The name of the automatic check that ticks it. People can't, unless it has an owner as well."""
    reopens: bool = False
    """Whether a new candidate opens it again."""
    only_for: frozenset[ChangeTypeName] = frozenset()
    """The change types that it is for, where a service asks for it; none named: all of them."""


class FreezeMeaning(StrEnum):
    """What a freeze means to a change type."""

    BLOCKS = "blocks"
    ACKNOWLEDGE = "acknowledge"
    """A hard freeze is a soft one to it: somebody who may deploy acknowledges it, with a reason."""
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
    requester_may_confirm: bool = True
    author_may_confirm: bool = True
    approver_may_confirm: bool = True
    """Whether whoever approved a candidate may be the one who starts its deployment."""
    two_people: bool | None = None
    """Whether deploying it takes two people; None: as the environment and the service say."""
    bake: Mapping[EnvironmentName, timedelta] = field(default_factory=dict)
    """How long it must have stood in the environments before, in place of what the environment itself asks for."""
    any_hour: bool = False
    """Whether an environment's allowed hours don't hold it back."""
    approvals_last: timedelta | None = None
    """How long an approval counts; None: for as long as what it was given for is proposed."""
    ships_itself: frozenset[EnvironmentName] = frozenset()
    """The environments to which it is deployed by itself as soon as nothing blocks (continuous deployment)."""


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
class Timeouts:
    """How long each step of a deployment may take before Slipway no longer just waits.

    The defaults of `start` and `stop` are a judgement: long enough for a slow target, short enough for a night on call.
    Six hours are what GitHub gives a job at most.
    """

    start: timedelta = timedelta(minutes=15)
    """Until the target has taken it. Past it, the outcome is unknown."""
    run: timedelta = timedelta(hours=6)
    """Until the target is done. Past it, the target is asked to stop; where it can't, the outcome is unknown."""
    stop: timedelta = timedelta(minutes=5)
    """Until a target that was asked to stop has. Past it, the outcome is unknown."""
    silence: timedelta = timedelta(hours=1)
    """Until a target that doesn't answer is heard again. Past it, the outcome is unknown."""


class Promotion(StrEnum):
    """How a candidate comes to an environment once nothing blocks it there any more."""

    OFFER = "offer"
    """Those who may deploy are offered it."""
    ITSELF = "itself"
    """It is brought there by itself, whatever kind of change it is."""
    NO = "no"
    """Nothing is said: whoever wants it there asks."""


class Protection(StrEnum):
    """What lets a workflow at the code host go on that stands before an environment and asks."""

    STARTED = "started"
    """Only that Slipway has started it."""
    GATE = "gate"
    """That its commit's gate is open; whoever started it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A place where a service runs."""

    name: EnvironmentName
    deployer: DeployerChoice
    after: tuple[EnvironmentName, ...] = ()
    """The environments that must have had the same candidate before."""
    address: str | None = None
    verification: Verification | None = None
    bake: timedelta = timedelta(0)
    """How long a candidate must have stood in each environment before this one."""
    hours: Hours | None = None
    """When it may be deployed to; None: always."""
    two_people: bool | None = None
    """Whether deploying here takes two people; None: as the service says."""
    timeouts: Timeouts = Timeouts()
    promote: Promotion = Promotion.OFFER
    watch: Watch | None = None
    """How a deployment is watched once it is there; None: what was seen served is good at once."""
    protection: Protection = Protection.STARTED


class Right(StrEnum):
    """What a role can be needed for."""

    PLAN = "plan"
    DEPLOY = "deploy"
    ROLL_BACK = "roll-back"
    LAUNCH = "launch"
    FREEZE = "freeze"
    BREAK_GLASS = "break-glass"
    """Going ahead past the gate. Unlike the others, nobody has it to whom it was not given."""


@dataclass(frozen=True, slots=True)
class TagRule:
    """How a version is marked at the code host once it is out."""

    name: str = "v{version}"
    """The tag's name, with `{version}`, and `{service}` where several services share a repository."""
    environment: EnvironmentName | None = None
    """It is out once it is there; None: at its launch."""
    release: bool = True
    """Whether a release with notes is published as well."""


@dataclass(frozen=True, slots=True)
class PullRequestRule:
    """What open pull requests are told at the code host."""

    environments: tuple[EnvironmentName, ...]
    branch: str = "main"
    """Those against this branch."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something deployable, with its environments in order."""

    name: ServiceName
    title: str
    channel: ChannelId
    environments: tuple[Environment, ...]
    repository: str | None = None
    """How the code host knows it: a path for a local repository, `owner/name` elsewhere."""
    candidate_from: str | None = None
    """The branch whose newest commit releases propose by themselves, with `{version}` in it or not; None: none."""
    two_people: bool = False
    """Whether the one who confirms a deployment must not be the one who asked for it."""
    rights: Mapping[Right, tuple[RoleName, ...]] = field(default_factory=dict)
    """The roles that a right needs here; none named: every member."""
    checklist: tuple[ItemRule, ...] = ()
    """What this service asks for besides what the change type does."""
    tag: TagRule | None = None
    """How its versions are marked at the code host; None: not at all."""
    pull_requests: PullRequestRule | None = None
    """What its open pull requests are told; None: nothing."""

    def environment(self, name: EnvironmentName) -> Environment | None:
        """The environment of that name."""
        return next((each for each in self.environments if each.name == name), None)

    def branch_of(self, version: str) -> str | None:
        """The branch whose newest commit a release of that version proposes by itself; None if it never does."""
        return self.candidate_from and self.candidate_from.replace("{version}", version)

    @property
    def final(self) -> tuple[Environment, ...]:
        """The environments that nothing comes after: where customers are."""
        earlier = {name for each in self.environments for name in each.after}
        return tuple(each for each in self.environments if each.name not in earlier)

    def roles_for(self, right: Right) -> tuple[RoleName, ...]:
        """The roles that may; empty: every member may, except that nobody may break the glass."""
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
class FreezeScope:
    """What a freeze is for. An empty set means all."""

    environments: frozenset[EnvironmentName] = frozenset()
    services: frozenset[ServiceName] = frozenset()
    change_types: frozenset[ChangeTypeName] = frozenset()


@dataclass(frozen=True, slots=True)
class RecurringFreeze:
    """A freeze that comes again and again, by the clock on the wall of its zone."""

    name: str
    reason: str
    starts: datetime
    """When it begins first: naive, as the clock on the wall shows it."""
    ends: datetime
    """When that first one is over; each later one lasts as long by the clock on the wall."""
    rule: str
    """How it recurs: an RRULE of iCalendar (RFC 5545), such as `FREQ=WEEKLY;BYDAY=FR`."""
    timezone: str
    scope: FreezeScope = FreezeScope()
    hard: bool = True
    owner: RoleName | None = None
    """The role that grants exceptions; None: those who may freeze."""


@dataclass(frozen=True, slots=True)
class CalendarSource:
    """A calendar in iCalendar's form whose events are freezes: an address, or a file."""

    name: str
    source: str
    """`https://…`, or an absolute path."""
    scope: FreezeScope = FreezeScope()
    hard: bool = True
    """Whether its events block; and whether not being able to read it does."""
    owner: RoleName | None = None
    timezone: str = "UTC"
    """The zone of its all-day events and of its times without one."""


@dataclass(frozen=True, slots=True)
class ExceptionRules:
    """How far freezes can be negotiated."""

    lasts: timedelta = timedelta(days=1)
    """How long an exception counts once it is granted; never longer than its freeze."""
    budget: int | None = None
    """How many each service may be granted in `per`; None: as many as the owners grant."""
    per: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Reminders:
    """When people are reminded of what waits for them."""

    before_expiry: timedelta = timedelta(days=1)
    """So long before an approval expires, whoever gave it is told."""
    before_target: timedelta = timedelta(days=1)
    """So long before the target date (its first moment, in `timezone`) the people who are waited for are told."""
    ask_again_after: timedelta = timedelta(hours=4)
    """How soon the same people may be asked for the same thing again."""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class LockRules:
    """How long an environment may be held."""

    lasts: timedelta = timedelta(hours=2)
    """How long a lock holds whose holder says nothing else."""
    longest: timedelta = timedelta(days=3)
    """How far ahead its end may be; its holder can prolong it again and again."""
    remind_before: timedelta = timedelta(minutes=15)
    """So long before its end its holder is told."""
    forgotten_after: timedelta = timedelta(days=1)
    """After so long it is taken for forgotten: those who may deploy hear of it, and after twice as long the owners."""


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """What is owed once somebody has broken the glass."""

    by: RoleName | None = None
    """The role that reviews it; None: the owners of the catalogue."""
    within: timedelta = timedelta(days=3)


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
    recurring: tuple[RecurringFreeze, ...] = ()
    calendars: tuple[CalendarSource, ...] = ()
    exceptions: ExceptionRules = ExceptionRules()
    reminders: Reminders = Reminders()
    locks: LockRules = LockRules()
    quiet_hours: QuietHours | None = None
    """When nobody is reminded of anything; None: at no time."""
    reviews: ReviewRules = ReviewRules()
    metrics: MetricsSource | None = None
    """Where metrics are read; None: nowhere."""
    templates: str | None = None
    """A folder with a team's own message templates, absolute."""
    fingerprint: str = ""
    """A digest of the file's text: which agreement was in force."""

    def undisturbed(self, at: datetime) -> datetime:
        """The first moment from then on at which the team as a whole may be reminded of something."""
        quiet = self.quiet_hours
        return (quiet.until(at, self.reminders.timezone) if quiet is not None else None) or at

    def approvals_for(self, change: ChangeType, environment: EnvironmentName) -> tuple[ApprovalRule, ...]:
        """The approvals that a change of this type needs in that environment."""
        return change.approvals.get(environment, ())


def must_be_ticked_before(change: ChangeType, service: Service, environment: EnvironmentName) -> bool:
    """Whether the required checklist items must be done before this environment."""
    if change.checklist_before is not None:
        return environment in change.checklist_before
    return environment in {each.name for each in service.final}


def checklist_of(change: ChangeType, service: Service) -> tuple[ItemRule, ...]:
    """The template for this kind of change to this service: the change type's lines, then the service's own."""
    own = {item.key for item in change.checklist}
    asked = (item for item in service.checklist if not item.only_for or change.name in item.only_for)
    return change.checklist + tuple(item for item in asked if item.key not in own)


def bake_before(change: ChangeType, environment: Environment) -> timedelta:
    """How long this change must have stood in the environments before that one; no time where nothing comes before."""
    return change.bake.get(environment.name, environment.bake) if environment.after else timedelta(0)


def hours_for(change: ChangeType, environment: Environment) -> Hours | None:
    """When this change may be deployed there; None: always."""
    return None if change.any_hour else environment.hours


def takes_two_people(change: ChangeType, service: Service, environment: Environment) -> bool:
    """Whether the one who confirms must not be the one who asked: by the change type's word, else the environment's."""
    for said in (change.two_people, environment.two_people):
        if said is not None:
            return said
    return service.two_people


def goes_by_itself(change: ChangeType, service: Service, environment: Environment) -> bool:
    """Whether this change is brought there by itself once nothing blocks. What takes two people never is."""
    wanted = environment.name in change.ships_itself or environment.promote is Promotion.ITSELF
    return wanted and not takes_two_people(change, service, environment)
