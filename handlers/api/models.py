"""Models: what answers are made of. The document at `/api/v1/openapi.json` is generated from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.rules.gate import Reason
from bot.rules.machine_token import Scope


class Model(BaseModel):
    """Part of an answer. What a docstring says of a member stands in the document."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def example(**members: Any) -> ConfigDict:
    """A model with an example, which a test holds to the model."""
    return ConfigDict(json_schema_extra={"examples": [members]})


def example_of(model: type[Model]) -> Any:
    """That model's example; None if it has none."""
    told: Any = model.model_config.get("json_schema_extra")
    return told["examples"][0] if told else None


class Complaint(Model):
    """One thing that is wrong with a request."""

    parameter: str
    """The parameter that is meant."""
    detail: str
    """What is wrong with it, and what would be right."""


class Problem(Model):
    """Why there is no answer (RFC 9457)."""

    model_config = example(
        type="about:blank",
        title="Forbidden",
        status=403,
        code="missing-scope",
        detail="M-3 (deploy pipeline) may not read this: it lacks the scope gate:read. It has freezes:read.",
        scope="gate:read",
    )

    type: Literal["about:blank"]
    title: str
    """The status in words."""
    status: int = Field(ge=400, le=599)
    code: str
    """What kind of problem it is: a word that stays the same."""
    detail: str
    """The sentence for people."""
    problems: list[Complaint] | None = None
    """Everything that is wrong with the request, by parameter."""
    scope: Scope | None = None
    """The scope that the token lacks."""
    reference: str | None = None
    """What Slipway's log calls this failure."""


class Person(Model):
    """Somebody."""

    id: str
    """Slack's id; `slipway` for what Slipway does by itself."""
    name: str | None
    """Their name, as Slipway heard it last; null where it never has."""


class Lifter(Model):
    """Who can lift a blocker: a person, or everybody in a role."""

    kind: Literal["person", "role"]
    id: str
    """The person's id, or the role's name in the catalogue."""
    name: str | None
    """The person's name, or the role's title."""
    people: list[Person]
    """Those of the role who can be asked now; the person themselves."""


class Blocker(Model):
    """One thing in the way."""

    kind: Reason
    """What kind of thing it is."""
    key: str
    """Its name among the blockers of an environment, the same as long as it is there."""
    sentence: str
    """What is in the way, for people."""
    lifted_by: list[Lifter]
    """Who can lift it; empty where only time, or something else, can."""
    step: str | None
    """How it is lifted."""
    opens_at: datetime | None
    """When it is over by itself; null if it never is."""


class Candidate(Model):
    """The exact thing that is proposed or deployed."""

    commit: str
    """The full SHA."""
    artifact: str | None
    """The artifact's digest, where one was named."""
    ref: str | None
    """The branch or tag that was named, for people."""
