"""The shape of `slipway.yaml`: what may be written where. Descriptions are what an editor shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.catalogue.values import (
    Address,
    Approvals,
    Bake,
    Branch,
    Budget,
    Channel,
    Duration,
    DurationOrNone,
    Durations,
    FreezeWord,
    Group,
    ItemText,
    Limit,
    Line,
    Looks,
    Member,
    Moment,
    Name,
    Note,
    OtherwiseWord,
    PlainBranch,
    PromotionWord,
    ProtectionWord,
    Query,
    Reason,
    Reference,
    References,
    Rule,
    Sigmas,
    Spans,
    TagName,
    Times,
    Title,
    TypedName,
    Variable,
    Zone,
)
from bot.catalogue.words import duration
from bot.rules.policy import FreezeMeaning, Promotion, Protection
from bot.rules.watch import Otherwise

MOST_ITEMS = 40


def _unless_given(text: str, description: str) -> Any:
    """A duration that is the one in this text unless another is given; an editor is shown the text."""
    return Field(default=duration(text), description=description, json_schema_extra={"default": text})


class Part(BaseModel):
    """Any part of the file: nothing unknown in it, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Owners(Part):
    """Who looks after this file, and is told when something is wrong with it."""

    role: Reference = Field(description="The role whose people own this file.")
    channel: Channel = Field(description="The channel (its id) where they are told when an edit is wrong.")


class RoleEntry(Part):
    """A role: a Slack user group, or a list of people, or both."""

    title: Title | None = Field(default=None, description="What people read; the name, prettified, unless given.")
    group: Group | None = Field(default=None, description="A Slack user group's id: its members hold the role.")
    people: list[Member] = Field(default=[], description="Slack ids of people who hold the role.")

    @model_validator(mode="after")
    def _holds_somebody(self) -> RoleEntry:
        if not self.group and not self.people:
            raise ValueError(
                "Nobody can hold this role: give it a “group” (a user group's id) or “people” (their ids)."
            )
        twice = next((each for each in self.people if self.people.count(each) > 1), None)
        if twice:
            raise ValueError(f"{twice} is listed twice among the people; once is enough.")
        return self


class VerifyEntry(Part):
    """Where the version that is really served can be read, as JSON."""

    url: Address = Field(description="Answers with a JSON object.")
    member: Line = Field(default="commit", description="The member of that object with the commit or the version.")
    within: Duration = _unless_given("30s", "How long the new version may take to show there.")


def _verify(given: Any) -> Any:
    return {"url": given} if isinstance(given, str) else given


def _item(given: Any) -> Any:
    return {"text": given} if isinstance(given, str) else given


class HoursEntry(Part):
    """Allowed hours of a week."""

    at: Spans = Field(
        description="When: “mon-fri 09:00-16:00”, “daily 22:00-06:00” (until the next morning), or several."
    )
    timezone: Zone | None = Field(default=None, description="The time zone of “at”; the default one unless given.")


def _hours(given: Any) -> Any:
    if isinstance(given, str | list):
        return {"at": given}
    if isinstance(given, dict | HoursEntry | None):
        return given
    raise ValueError("Write the hours as a text, such as “mon-fri 09:00-16:00”, or as a list of such texts.")


def _one_kind(given: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    if len(given) != 1:
        raise ValueError("Name exactly one kind of deployer, with its settings below it.")
    return given


class TimeoutsEntry(Part):
    """How long each step of a deployment may take."""

    start: Duration = _unless_given("15m", "Until the target has taken it; past that, its outcome is unknown.")
    run: Duration = _unless_given(
        "6h", "Until the target is done; past that it is asked to stop, or its outcome is unknown if it can't be."
    )
    stop: Duration = _unless_given("5m", "Until a target that was asked to stop has; past that, unknown.")
    silence: Duration = _unless_given("1h", "Until a target that doesn't answer is heard again; past that, unknown.")


class HealthEntry(Part):
    """An address that must answer with 2xx while a deployment is watched."""

    url: Address = Field(description="Answers with 2xx while all is well.")
    lasting: Looks = Field(default=2, description="So many looks in a row it must not, to be bad.")


class MetricEntry(Part):
    """One number that is looked at, and when it is bad."""

    query: Query = Field(
        description="In PromQL; it must give one number. {service}, {environment}, {version} and {commit} are filled "
        'in within double quotes: rate(errors_total{job="{service}"}[5m]).'
    )
    above: Limit | None = Field(default=None, description="Bad above this.")
    below: Limit | None = Field(default=None, description="Bad below this.")
    z_score: Sigmas | None = Field(
        default=None,
        description="Bad so many standard deviations away from the mean of the hours before; 3 where neither “above” "
        "nor “below” is given, else not looked at unless given. Beside one limit only its direction counts.",
    )
    against: Duration = _unless_given("24h", "How long the hours before are, up to the deployment's beginning.")
    lasting: Looks = Field(default=2, description="So many looks in a row it must be bad.")

    @model_validator(mode="after")
    def _can_be_good(self) -> MetricEntry:
        if self.above is not None and self.below is not None and self.above < self.below:
            raise ValueError("Every value would be bad: “above” must not be smaller than “below”.")
        return self


def _health(given: Any) -> Any:
    return {"url": given} if isinstance(given, str) else given


class WatchEntry(Part):
    """How a deployment is watched once it is there, before it counts as good."""

    lasts: Duration = Field(description="How long; the environment is held meanwhile.")
    every: Duration = _unless_given("30s", "How often everything is looked at.")
    health: Annotated[HealthEntry, BeforeValidator(_health)] | None = Field(
        default=None, description="An address that must answer with 2xx; the address, or its settings."
    )
    metrics: dict[Name, MetricEntry] = Field(
        default={}, description="The numbers that are looked at, each by its name."
    )
    otherwise: OtherwiseWord = Field(
        default=Otherwise.ASK,
        description="What follows if something is bad: “ask” who confirmed it; “roll-back” at once; “tell”, and it "
        "stays.",
    )
    unreadable: OtherwiseWord = Field(
        default=Otherwise.ASK,
        description="What follows if something could not be looked at until the end: the same words. It never counts "
        "as good.",
    )


class MetricsEntry(Part):
    """Where metrics are read: Prometheus, or what answers in its way."""

    url: Address = Field(description="Its address, without /api/v1.")
    timeout: Duration = _unless_given("10s", "How long an answer may take.")
    bearer: Variable | None = Field(
        default=None, description="The name of the environment variable that holds the token, if one is needed."
    )


class EnvironmentEntry(Part):
    """A place where the service runs, and what deploys there."""

    deployer: Annotated[dict[str, dict[str, Any]], AfterValidator(_one_kind)] = Field(
        description="One kind of deployer and its settings, such as {command: {program: [./deploy, '{commit}']}}."
    )
    after: References | None = Field(
        default=None,
        description="The environments that must have had the same candidate before; the previous one unless given. "
        "[] for none.",
    )
    address: Address | None = Field(default=None, description="Where people find it; shown as a link.")
    verify: Annotated[VerifyEntry, BeforeValidator(_verify)] | None = Field(
        default=None, description="Where the version that is really served can be read; an address, or its settings."
    )
    bake: DurationOrNone | None = Field(
        default=None,
        description="How long it must have stood in each environment before this one; the default unless given. "
        "0h for not at all.",
    )
    hours: Annotated[HoursEntry, BeforeValidator(_hours)] | None = Field(
        default=None,
        description="When it may be deployed to: “mon-fri 09:00-16:00”, a list of such texts, or {at: …, timezone: …}; "
        "always unless given.",
    )
    two_people: bool | None = Field(
        default=None, description="Whether deploying here takes two people; as the service says unless given."
    )
    timeouts: TimeoutsEntry | None = Field(
        default=None, description="How long each step of a deployment may take; the usual unless given."
    )
    promote: PromotionWord = Field(
        default=Promotion.OFFER,
        description="What happens once nothing blocks here any more: “offer” it to those who may deploy; bring it here "
        "by “itself”, whatever kind of change it is; “no” for nothing.",
    )
    watch: WatchEntry | None = Field(
        default=None,
        description="How a deployment is watched once it is there; unless given, what was seen served is good at once.",
    )
    protection_rule: ProtectionWord = Field(
        default=Protection.STARTED,
        description="What lets a workflow go on that asks Slipway, as a deployment protection rule of GitHub's: that "
        "Slipway “started” it, or that the “gate” of its commit is open.",
    )


class ItemEntry(Part):
    """One line of a checklist."""

    text: ItemText = Field(description="What must have been done.")
    owner: Reference | None = Field(
        default=None, description="The role that sees to it; anybody unless given, or only its check if it has one."
    )
    required: bool = Field(default=True, description="Whether the deployment waits for it.")
    key: Name | None = Field(default=None, description="A short name that stays when the text is reworded.")
    note: Note | None = Field(default=None, description="How it is done, in a sentence.")
    link: Address | None = Field(default=None, description="Where it is done, or described.")
    due: Duration | None = Field(
        default=None, description="So long before the release's target date it should be done; people are reminded."
    )
    check: ItemText | None = Field(
        default=None, description="The name of the automatic check that ticks it once it passes for the candidate."
    )
    reopens: bool = Field(default=False, description="Whether a new candidate opens it again.")


class ServiceItemEntry(ItemEntry):
    """One line that a service adds to the checklist of its releases."""

    only_for: References = Field(default=[], description="The change types that it is for; all of them unless given.")


class TagEntry(Part):
    """How a version is marked at GitHub once it is out."""

    name: TagName = Field(
        default="v{version}", description="The tag's name, with {version} in it; {service} may be there, too."
    )
    environment: Reference | None = Field(
        default=None, description="The version is out once it is in this environment; at its launch unless given."
    )
    release: bool = Field(default=True, description="Whether a release with notes is published there as well.")


def _tag(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


class PullRequestsEntry(Part):
    """What open pull requests carry at GitHub: a status for each of these environments."""

    environments: References = Field(
        min_length=1,
        description="The environments whose freezes and gate they show, each as slipway/<service>/<environment>.",
    )
    branch: PlainBranch = Field(default="main", description="The branch that they are to be merged into.")


def _pull_requests(given: Any) -> Any:
    return {"environments": given} if isinstance(given, str | list) else given


Rights = dict[Literal["plan", "deploy", "roll-back", "launch", "break-glass"], References]


class ServiceEntry(Part):
    """Something deployable."""

    title: Title | None = Field(default=None, description="What people read; the name, prettified, unless given.")
    channel: Channel | None = Field(
        default=None, description="The channel (its id) with its releases' cards; the owners' channel unless given."
    )
    repository: Line | None = Field(
        default=None,
        description="owner/name or the address of one at GitHub, or a path (beginning with ./ or /) to a local one.",
    )
    candidate_from: Branch | None = Field(
        default=None,
        description="A branch: a push to it makes its newest commit the candidate, while nobody has approved. It may "
        "have {version} in it, as in release/{version}. Nothing is proposed by itself unless given.",
    )
    environments: dict[TypedName, EnvironmentEntry] = Field(
        min_length=1, description="In order, from the first one tried to where customers are."
    )
    two_people: bool | None = Field(
        default=None, description="Whether the one who confirms a deployment must not be the one who asked for it."
    )
    rights: Rights = Field(
        default={},
        description="The roles that may plan, deploy, roll back, launch, break the glass; adds to the defaults.",
    )
    checklist: list[Annotated[ServiceItemEntry, BeforeValidator(_item)]] = Field(
        default=[],
        max_length=MOST_ITEMS,
        description="What this service asks for besides the change type's checklist; each a text, or a mapping.",
    )
    tag: Annotated[TagEntry, BeforeValidator(_tag)] | None = Field(
        default=None,
        description="The tag, and the release, that each version gets at GitHub once it is out: the tag's name, or its "
        "settings. None unless given.",
    )
    pull_requests: Annotated[PullRequestsEntry, BeforeValidator(_pull_requests)] | None = Field(
        default=None,
        description="The environments that open pull requests carry a status for at GitHub, or the settings of that. "
        "None unless given.",
    )


class ChangeTypeEntry(Part):
    """What a kind of change must bring along."""

    title: Title | None = Field(default=None, description="What people read; the name, prettified, unless given.")
    approvals: dict[Reference, Approvals] = Field(
        default={}, description="For each environment the roles that must approve: [qa, change-manager] or {qa: 2}."
    )
    checklist: list[Annotated[ItemEntry, BeforeValidator(_item)]] = Field(
        default=[], max_length=MOST_ITEMS, description="Each a text, or a mapping with text, owner, required and more."
    )
    checklist_before: References | None = Field(
        default=None,
        description="The environments that wait for the required items; a service's last ones unless given.",
    )
    freeze: FreezeWord = Field(
        default=FreezeMeaning.BLOCKS,
        description="What a freeze means to it: “blocks”; “acknowledge” if it takes a word and a reason to go on; "
        "“passes” for what freezes make room for.",
    )
    keeps_order: bool = Field(default=True, description="Whether it must go through the environments in order.")
    requester_may_approve: bool = Field(default=False, description="Whether who planned the release may approve it.")
    author_may_approve: bool = Field(default=False, description="Whether who wrote the code may approve it.")
    requester_may_confirm: bool = Field(
        default=True, description="Whether who planned the release may start its deployments."
    )
    author_may_confirm: bool = Field(default=True, description="Whether who wrote the code may start its deployments.")
    approver_may_confirm: bool = Field(default=True, description="Whether who approved it may start its deployments.")
    two_people: bool | None = Field(
        default=None,
        description="Whether deploying it takes two people; as the environment and the service say unless given.",
    )
    bake: Bake | None = Field(
        default=None,
        description="How long it must have stood in the environments before, in place of what the environment says: "
        "1h for every environment, or {production: 1h}. 0h for not at all.",
    )
    any_hour: bool = Field(default=False, description="Whether allowed hours don't hold it back.")
    approvals_last: Duration | None = Field(
        default=None, description="How long an approval counts; as long as the same is proposed unless given."
    )
    ships_itself: References = Field(
        default=[], description="The environments that it is deployed to by itself as soon as nothing blocks."
    )


class Defaults(Part):
    """What holds for every service that says nothing else."""

    rights: Rights = Field(
        default={},
        description="The roles that may plan, deploy, roll back, launch; every member unless given. And those that may "
        "break the glass (break-glass); nobody unless given.",
    )
    two_people: bool = Field(default=False, description="Whether deploying takes two people.")
    bake: DurationOrNone | None = Field(
        default=None,
        description="How long it must have stood in each environment before the next one; no time unless given.",
    )
    timezone: Zone = Field(default="UTC", description="The time zone of every time in this file.")


class ExceptionsEntry(Part):
    """How far freezes can be negotiated."""

    lasts: Duration = _unless_given("1d", "How long an exception counts; never longer than its freeze.")
    budget: Budget | None = Field(
        default=None,
        description="How many each service may be granted in “per”; as many as the owners grant unless given.",
    )
    per: Duration = _unless_given("90d", "The time that the budget is for.")


class FreezeEntry(Part):
    """What is frozen, how hard, and who can let something pass."""

    environments: References = Field(default=[], description="The environments that it freezes; all unless given.")
    services: References = Field(default=[], description="The services that it freezes; all unless given.")
    change_types: References = Field(default=[], description="The change types that it freezes; all unless given.")
    soft: bool = Field(default=False, description="Whether it only asks for a word and a reason, instead of blocking.")
    owner: Reference | None = Field(
        default=None, description="The role that grants exceptions; those who may freeze unless given."
    )
    timezone: Zone | None = Field(default=None, description="The time zone of its times; the default one unless given.")


class RecurringEntry(FreezeEntry):
    """A freeze that comes again and again."""

    reason: Reason = Field(description="Why, as people read it when they are stopped.")
    starts: Moment = Field(description="When it begins for the first time, by the clock on the wall.")
    ends: Moment = Field(description="When that first time is over; each later one lasts as long.")
    rule: Rule = Field(description="How it recurs: an RRULE of iCalendar, such as FREQ=WEEKLY.")


class CalendarEntry(FreezeEntry):
    """A calendar (iCalendar) whose events are freezes; at an address or in a file."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["address"]}, {"required": ["file"]}]})

    address: Address | None = Field(default=None, description="Where it is: the address in iCal format.")
    file: Line | None = Field(default=None, description="Where it is: a path that begins at the folder of this file.")


class Freezes(Part):
    """Who may freeze, when people are told, and the freezes that nobody declares by hand."""

    rights: References = Field(
        default=[], description="The roles that may start, extend and end a freeze; every member unless given."
    )
    notices_before: Durations = Field(
        default=[timedelta(days=1), timedelta(hours=1)],
        description="How long before a freeze people are told, as in [1d, 1h].",
        json_schema_extra={"default": ["1d", "1h"]},
    )
    exceptions: ExceptionsEntry = Field(default=ExceptionsEntry(), description="How far freezes can be negotiated.")
    recurring: dict[Name, RecurringEntry] = Field(
        default={}, description="Freezes that come again and again, each with its name."
    )
    calendars: dict[Name, CalendarEntry] = Field(
        default={}, description="Calendars whose events are freezes, each with its name."
    )


class RemindersEntry(Part):
    """When people are reminded of what waits for them."""

    before_expiry: Duration = _unless_given(
        "1d", "How long before an approval expires whoever gave it is told, and can give it anew."
    )
    before_target: Duration = _unless_given(
        "1d", "How long before a release's target date the people who are waited for are told."
    )
    ask_again_after: Duration = _unless_given("4h", "How soon the same people may be asked for the same thing again.")


class LocksEntry(Part):
    """How long an environment may be held."""

    lasts: Duration = _unless_given("2h", "How long a lock holds whose holder says nothing else.")
    longest: Duration = _unless_given("3d", "How far ahead its end may be; its holder can prolong it again.")
    remind_before: Duration = _unless_given("15m", "How long before its end its holder is told.")
    forgotten_after: Duration = _unless_given(
        "1d", "After how long people are asked whether it is still needed; after twice as long, the owners are told."
    )

    @model_validator(mode="after")
    def _can_be_set(self) -> LocksEntry:
        if self.lasts > self.longest:
            raise ValueError("A lock would last longer than the longest that may be set: make “longest” longer.")
        return self


class BreakGlassEntry(Part):
    """What is owed once somebody has gone ahead past the gate in an emergency."""

    reviewed_by: Reference | None = Field(
        default=None, description="The role that reviews it; the owners of this file unless given."
    )
    within: Duration = _unless_given("3d", "How soon it is to be reviewed.")


class DigestEntry(Part):
    """A digest that is posted by the clock."""

    channel: Channel = Field(description="The channel (its id) it goes to.")
    at: Times = Field(description="When: “mon-fri 09:00”, “daily 17:30”, or five fields of cron.")
    timezone: Zone | None = Field(default=None, description="The time zone of “at”; the default one unless given.")
    services: References = Field(default=[], description="The services it is about; all of them unless given.")


class CatalogueFile(Part):
    """What a team has agreed on releasing: services, roles, kinds of change."""

    version: Literal[1] = Field(description="The version of this format: 1.")
    owners: Owners = Field(description="Who looks after this file.")
    roles: dict[Name, RoleEntry] = Field(min_length=1, description="Who may do what: names for groups of people.")
    services: dict[TypedName, ServiceEntry] = Field(min_length=1, description="What is deployed, and where.")
    change_types: dict[Name, ChangeTypeEntry] | None = Field(
        default=None,
        min_length=1,
        description="The kinds of change; feature, bugfix and hotfix with the owners' approval unless given.",
    )
    defaults: Defaults = Field(default=Defaults(), description="What holds for every service that says nothing else.")
    freezes: Freezes = Field(
        default=Freezes(), description="Who may freeze, when people are told, what is frozen by itself."
    )
    reminders: RemindersEntry = Field(
        default=RemindersEntry(), description="When people are reminded of what waits for them."
    )
    locks: LocksEntry = Field(default=LocksEntry(), description="How long an environment may be held.")
    quiet_hours: Annotated[HoursEntry, BeforeValidator(_hours)] | None = Field(
        default=None,
        description="When nobody is reminded of anything, each by their own clock: “daily 19:00-08:00”, a list of such "
        "texts, or {at: …, timezone: …} for everybody's being that of one zone. What is urgent is told all the same.",
    )
    break_glass: BreakGlassEntry = Field(
        default=BreakGlassEntry(), description="What is owed once somebody has gone ahead past the gate."
    )
    metrics: MetricsEntry | None = Field(default=None, description="Where metrics are read.")
    digests: list[DigestEntry] = Field(default=[], description="Digests that are posted by the clock.")
    templates: Line | None = Field(default=None, description="A folder with the team's own message templates.")
