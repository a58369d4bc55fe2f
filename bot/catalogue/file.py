"""The shape of `slipway.yaml`: what may be written where. Descriptions are what an editor shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    WithJsonSchema,
    model_validator,
)

from bot.catalogue import words
from bot.rules.policy import FreezeMeaning

MOST_ITEMS = 40


def _one_or_more(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _schema(pattern: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", **more})


Name = Annotated[str, AfterValidator(words.name), _schema(words.NAME)]
TypedName = Annotated[str, AfterValidator(words.typed_name), _schema(words.NAME)]
Channel = Annotated[str, AfterValidator(words.channel), _schema(words.CHANNEL)]
Group = Annotated[str, AfterValidator(words.group), _schema(words.GROUP)]
Member = Annotated[str, AfterValidator(words.person), _schema(words.PERSON)]
Address = Annotated[str, AfterValidator(words.address), _schema("https?://.+", format="uri")]
Duration = Annotated[timedelta, BeforeValidator(words.duration), _schema(words.DURATION)]
Times = Annotated[str, AfterValidator(words.times), WithJsonSchema({"type": "string", "examples": ["mon-fri 09:00"]})]
Zone = Annotated[str, AfterValidator(words.zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]
Title = Annotated[str, AfterValidator(lambda text: words.line(text, 75)), Field(json_schema_extra={"maxLength": 75})]
ItemText = Annotated[
    str, AfterValidator(lambda text: words.line(text, 150)), Field(json_schema_extra={"maxLength": 150})
]
Line = Annotated[str, AfterValidator(lambda text: words.line(text, 500))]
Reference = Annotated[str, _schema(words.NAME)]
"""A name that is defined elsewhere in the file; whether it is will be seen when all of it is read."""
_NAMES = {"type": "array", "items": {"type": "string", "pattern": f"^{words.NAME}$"}, "uniqueItems": True}
References = Annotated[
    list[str],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{words.NAME}$"}, _NAMES]}),
]
Durations = Annotated[
    list[Duration],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": f"^{words.DURATION}$"}}),
]
Quorum = Annotated[int, Strict(), Field(ge=1, le=50)]


def _form(given: Any) -> str | None:
    return "list" if isinstance(given, list | str) else "mapping" if isinstance(given, dict) else None


Approvals = Annotated[
    Annotated[References, Tag("list")] | Annotated[dict[Reference, Quorum], Tag("mapping")],
    Discriminator(
        _form,
        custom_error_type="approvals_form",
        custom_error_message="Name the roles that must approve: [qa, change-manager], or {qa: 2} for two people.",
    ),
]


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
    within: Duration = Field(
        default=timedelta(seconds=30), description="How long the new version may take to show there."
    )


def _verify(given: Any) -> Any:
    return {"url": given} if isinstance(given, str) else given


def _item(given: Any) -> Any:
    return {"text": given} if isinstance(given, str) else given


def _one_kind(given: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    if len(given) != 1:
        raise ValueError("Name exactly one kind of deployer, with its settings below it.")
    return given


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


Rights = dict[Literal["plan", "deploy", "roll-back", "launch"], References]
FreezeWord = Annotated[
    FreezeMeaning, WithJsonSchema({"type": "string", "enum": [each.value for each in FreezeMeaning]})
]


class ServiceEntry(Part):
    """Something deployable."""

    title: Title | None = Field(default=None, description="What people read; the name, prettified, unless given.")
    channel: Channel | None = Field(
        default=None, description="The channel (its id) with its releases' cards; the owners' channel unless given."
    )
    repository: Line | None = Field(
        default=None,
        description="How the code host knows it: owner/name, or a path (beginning with ./ or /) to a local one.",
    )
    environments: dict[TypedName, EnvironmentEntry] = Field(
        min_length=1, description="In order, from the first one tried to where customers are."
    )
    two_people: bool | None = Field(
        default=None, description="Whether the one who confirms a deployment must not be the one who asked for it."
    )
    rights: Rights = Field(
        default={}, description="The roles that may plan, deploy, roll back, launch; adds to the defaults."
    )


class ItemEntry(Part):
    """One line of a checklist."""

    text: ItemText = Field(description="What must have been done.")
    owner: Reference | None = Field(default=None, description="The role that sees to it; anybody unless given.")
    required: bool = Field(default=True, description="Whether the deployment waits for it.")
    key: Name | None = Field(default=None, description="A short name that stays when the text is reworded.")


class ChangeTypeEntry(Part):
    """What a kind of change must bring along."""

    title: Title | None = Field(default=None, description="What people read; the name, prettified, unless given.")
    approvals: dict[Reference, Approvals] = Field(
        default={}, description="For each environment the roles that must approve: [qa, change-manager] or {qa: 2}."
    )
    checklist: list[Annotated[ItemEntry, BeforeValidator(_item)]] = Field(
        default=[], max_length=MOST_ITEMS, description="Each a text, or a mapping with text, owner, required."
    )
    checklist_before: References | None = Field(
        default=None,
        description="The environments that wait for the required items; a service's last ones unless given.",
    )
    freeze: FreezeWord = Field(
        default=FreezeMeaning.BLOCKS,
        description="What a freeze means to it: “blocks”, or “passes” for what freezes make room for.",
    )
    keeps_order: bool = Field(default=True, description="Whether it must go through the environments in order.")
    requester_may_approve: bool = Field(default=False, description="Whether who planned the release may approve it.")
    author_may_approve: bool = Field(default=False, description="Whether who wrote the code may approve it.")


class Defaults(Part):
    """What holds for every service that says nothing else."""

    rights: Rights = Field(
        default={}, description="The roles that may plan, deploy, roll back, launch; every member unless given."
    )
    two_people: bool = Field(default=False, description="Whether deploying takes two people.")
    timezone: Zone = Field(default="UTC", description="The time zone of every time in this file.")


class Freezes(Part):
    """Who may freeze, and when people are told."""

    rights: References = Field(
        default=[], description="The roles that may start, extend and end a freeze; every member unless given."
    )
    notices_before: Durations = Field(
        default=[timedelta(days=1), timedelta(hours=1)],
        description="How long before a freeze people are told, as in [1d, 1h].",
    )


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
    freezes: Freezes = Field(default=Freezes(), description="Who may freeze, and when people are told.")
    digests: list[DigestEntry] = Field(default=[], description="Digests that are posted by the clock.")
    templates: Line | None = Field(default=None, description="A folder with the team's own message templates.")
