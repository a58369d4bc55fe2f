"""The kinds of values in `slipway.yaml`: each with its check, and with what an editor should know about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Strict, Tag, WithJsonSchema

from bot.catalogue import clock, recurrence, words
from bot.rules.hours import Span
from bot.rules.policy import FreezeMeaning, Promotion, Protection
from bot.rules.watch import Otherwise


def _one_or_more(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _schema(pattern: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", **more})


def _one_or_more_schema(pattern: str, **more: Any) -> WithJsonSchema:
    one = {"type": "string", "pattern": f"^{pattern}$"}
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, **more}]})


Name = Annotated[str, AfterValidator(words.name), _schema(words.NAME)]
TypedName = Annotated[str, AfterValidator(words.typed_name), _schema(words.NAME)]
Channel = Annotated[str, AfterValidator(words.channel), _schema(words.CHANNEL)]
Group = Annotated[str, AfterValidator(words.group), _schema(words.GROUP)]
Member = Annotated[str, AfterValidator(words.person), _schema(words.PERSON)]
Address = Annotated[str, AfterValidator(words.address), _schema("https?://.+", format="uri")]
Duration = Annotated[timedelta, BeforeValidator(words.duration), _schema(words.DURATION)]
DurationOrNone = Annotated[
    timedelta, BeforeValidator(lambda given: words.duration(given, may_be_none=True)), _schema(words.DURATION)
]
Times = Annotated[str, AfterValidator(clock.times), WithJsonSchema({"type": "string", "examples": ["mon-fri 09:00"]})]
Spans = Annotated[
    list[Annotated[Span, BeforeValidator(clock.hours)]],
    BeforeValidator(_one_or_more),
    Field(min_length=1),
    _one_or_more_schema(clock.HOURS, minItems=1),
]
Moment = Annotated[datetime, BeforeValidator(clock.moment), _schema(clock.MOMENT, examples=["2026-12-18 17:00"])]
Rule = Annotated[str, AfterValidator(recurrence.rule), _schema(recurrence.RULE, examples=["FREQ=WEEKLY"])]
Zone = Annotated[str, AfterValidator(clock.zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]


Title = Annotated[str, AfterValidator(lambda text: words.line(text, 75)), Field(json_schema_extra={"maxLength": 75})]
ItemText = Annotated[
    str, AfterValidator(lambda text: words.line(text, 150)), Field(json_schema_extra={"maxLength": 150})
]
Query = Annotated[str, AfterValidator(words.query)]
Variable = Annotated[str, AfterValidator(words.variable), _schema(words.VARIABLE)]
Limit = Annotated[float, Field(allow_inf_nan=False)]
Sigmas = Annotated[float, Field(gt=0, le=100)]
Looks = Annotated[int, Strict(), Field(ge=1, le=100)]
OtherwiseWord = Annotated[Otherwise, WithJsonSchema({"type": "string", "enum": [each.value for each in Otherwise]})]
Line = Annotated[str, AfterValidator(lambda text: words.line(text, 500))]
TagName = Annotated[
    str,
    AfterValidator(lambda text: words.tag(words.line(text, 100))),
    Field(json_schema_extra={"maxLength": 100, "examples": ["v{version}", "{service}-{version}"]}),
]
PlainBranch = Annotated[
    str, AfterValidator(words.plain_branch), WithJsonSchema({"type": "string", "examples": ["main"]})
]
Branch = Annotated[str, AfterValidator(words.branch), _schema(words.BRANCH, examples=["main", "release/{version}"])]
Reference = Annotated[str, _schema(words.NAME)]
"""A name that is defined elsewhere in the file; whether it is will be seen when all of it is read."""
Reason = Annotated[str, AfterValidator(lambda text: words.line(text, 300)), Field(json_schema_extra={"maxLength": 300})]
Note = Reason
References = Annotated[list[str], BeforeValidator(_one_or_more), _one_or_more_schema(words.NAME, uniqueItems=True)]
Durations = Annotated[list[Duration], BeforeValidator(_one_or_more), _one_or_more_schema(words.DURATION)]
Quorum = Annotated[int, Strict(), Field(ge=1, le=50)]
Budget = Annotated[int, Strict(), Field(ge=0, le=1000)]
PromotionWord = Annotated[Promotion, WithJsonSchema({"type": "string", "enum": [each.value for each in Promotion]})]
ProtectionWord = Annotated[Protection, WithJsonSchema({"type": "string", "enum": [each.value for each in Protection]})]
FreezeWord = Annotated[
    FreezeMeaning, WithJsonSchema({"type": "string", "enum": [each.value for each in FreezeMeaning]})
]


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
Bake = Annotated[
    Annotated[DurationOrNone, Tag("text")] | Annotated[dict[Reference, DurationOrNone], Tag("mapping")],
    Discriminator(lambda given: "mapping" if isinstance(given, dict) else "text"),
]
"""For every environment, or for each of those named."""
