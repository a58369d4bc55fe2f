"""Parameters: what can be asked, read from an address strictly. A slip is answered by name, never left unnoticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from multidict import MultiMapping
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from bot.catalogue.words import NAME
from bot.rules.deployment import DeploymentId
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from handlers.api.models import Complaint

RELEASE = r"(?:[Rr]-?)?[0-9]{1,9}"
DEPLOYMENT = r"(?:[Dd]-?)?[0-9]{1,9}"
SHA = r"(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
MOST = 200

T = TypeVar("T")


def _matching(pattern: str, make: Callable[[str], T], sentence: str) -> Callable[[object], T]:
    """Reads what has that form; a ValueError with that sentence for all else. `{}` stands for what was given."""

    def read(value: object) -> T:
        text = str(value)
        if re.fullmatch(pattern, text, re.ASCII) is None:
            raise ValueError(sentence.replace("{}", text[:80]))
        return make(text)

    return read


def _digits(text: str) -> int:
    return int(re.sub(r"[^0-9]", "", text))


def _moment(value: object) -> datetime:
    # A "+" that was not encoded arrives as a blank, which stands nowhere else in a moment.
    text = str(value).replace(" ", "+")
    if re.fullmatch(MOMENT, text, re.ASCII):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"“{text[:80]}” is not a moment with its zone, such as 2026-11-23T10:00:00Z.")


def _yes_or_no(value: object) -> bool:
    if value not in {"true", "false"}:
        raise ValueError(f"“{str(value)[:80]}” is neither true nor false.")
    return value == "true"


def _counted(most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = str(value)
        if re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) is None or not 1 <= int(text) <= most:
            raise ValueError(f"“{text[:80]}” is not a number from 1 to {most}.")
        return int(text)

    return read


def _schema(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": [example]})


_A_NAME = "“{}” can't be a name here: those have lower-case letters, digits, “-”, “_” and “.”, at most 40."

AService = Annotated[ServiceName, BeforeValidator(_matching(NAME, ServiceName, _A_NAME)), _schema(NAME, "payments")]
AnEnvironment = Annotated[
    EnvironmentName, BeforeValidator(_matching(NAME, EnvironmentName, _A_NAME)), _schema(NAME, "production")
]
ACommit = Annotated[
    str,
    BeforeValidator(
        _matching(
            SHA, str.lower, "“{}” is not the full SHA of a commit: 40 hexadecimal digits (or 64), and no branch or tag."
        )
    ),
    _schema(SHA, "4be2e86a2bd0cc3b7a1ae2bbb23dbd4d86b2b8c1"),
]
ARelease = Annotated[
    ReleaseId,
    BeforeValidator(
        _matching(RELEASE, lambda text: ReleaseId(_digits(text)), "“{}” is not a release; one looks like R-12.")
    ),
    _schema(RELEASE, "R-12"),
]
ADeployment = Annotated[
    DeploymentId,
    BeforeValidator(
        _matching(
            DEPLOYMENT, lambda text: DeploymentId(_digits(text)), "“{}” is not a deployment; one looks like D-40."
        )
    ),
    _schema(DEPLOYMENT, "D-40"),
]
AMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "pattern": f"^{MOMENT}$", "examples": ["2026-11-23T10:00:00Z"]}
    ),
]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no), WithJsonSchema({"type": "boolean"})]
ALimit = Annotated[
    int, BeforeValidator(_counted(MOST)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST})
]
AnEntry = Annotated[
    int,
    BeforeValidator(_matching("[0-9]{1,15}", int, "“{}” is not the number of an entry.")),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 10**15 - 1}),
]


class Parameters(BaseModel):
    """What an endpoint can be asked. A member whose name stands in the path is part of that."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def complaints(cls, given: Mapping[str, str]) -> Iterator[Complaint]:  # noqa: ARG003 - for those that look
        """What is wrong with these together, whatever each of them is."""
        yield from ()


class Nothing(Parameters):
    """Nothing can be asked."""


Asking = TypeVar("Asking", bound=Parameters)


def read(kind: type[Asking], path: Mapping[str, str], query: MultiMapping[str]) -> Asking | list[Complaint]:
    """What is asked; or everything that is wrong with it."""
    known = [name for name in kind.model_fields if name not in path]
    found = [_unknown(name, known) for name in dict.fromkeys(query) if name not in known]
    given = {name: value for name, value in query.items() if name in known}
    found += [
        Complaint(parameter=name, detail=f"“{name}” is given {len(query.getall(name))} times; once is enough.")
        for name in given
        if len(query.getall(name)) > 1
    ]
    # What a build's script left empty by mistake is not the same as what nobody asked.
    empty = [name for name, value in given.items() if not value]
    found += [Complaint(parameter=name, detail=f"“{name}” is empty.") for name in empty]
    found += kind.complaints(given)
    told: dict[str, Any] = {**given, **path}
    try:
        asked = kind.model_validate(told)
    except ValidationError as error:
        found += [each for each in map(_complaint, error.errors()) if each.parameter not in empty]
        return found
    return found or asked


def _unknown(name: str, known: list[str]) -> Complaint:
    near = get_close_matches(name, known, n=1)
    if near:
        return Complaint(parameter=name, detail=f"“{name}” is unknown here; did you mean “{near[0]}”?")
    there = f"There is {', '.join(known)}." if known else "Nothing can be asked for here."
    return Complaint(parameter=name, detail=f"“{name}” is unknown here. {there}")


def _complaint(error: Any) -> Complaint:
    name = str(error["loc"][0])
    if error["type"] == "missing":
        return Complaint(parameter=name, detail=f"“{name}” is missing.")
    return Complaint(parameter=name, detail=str(error["ctx"]["error"]))
