"""Buttons: what a button carries: whom it is about, and what was on the screen when it was drawn.

Slack never lets a button expire, and everybody who can read the channel can read its value: so it names what was
seen, decides nothing, and holds no secret. What comes back is decoded strictly; anything else is a refusal, never a
traceback.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import TypeVar

from bot.rules.candidate import Seal
from bot.rules.deployment import DeploymentId
from bot.rules.freeze import ExceptionId, FreezeId
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused, say
from bot.rules.train import TrainId

VALUE = 2000
"""So much a button can carry."""
OPTION = 150
"""So much an option of a menu or a checkbox can carry."""
_HIGHEST = 2**53
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""A zero byte or half of a character is nothing that we ever wrote, and no database takes it."""


@dataclass(frozen=True, slots=True)
class OnRelease:
    """A press about a release."""

    release: ReleaseId
    environment: EnvironmentName | None = None
    seal: Seal | None = None
    """The seal that was on the screen."""
    revision: int | None = None
    """The release's revision that was on the screen."""
    item: str | None = None
    """The checklist item's key."""


@dataclass(frozen=True, slots=True)
class OnDeployment:
    """A press about a deployment."""

    deployment: DeploymentId
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class OnService:
    """A press about a service's environment: the way back."""

    service: ServiceName
    environment: EnvironmentName | None = None
    standing: DeploymentId | None = None
    """What stood there on the screen."""
    wanted: str | None = None
    """The version to go back to."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OnFreeze:
    """A press about a freeze."""

    freeze: FreezeId
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class OnPlea:
    """A form in which a release asks freezes to let it pass."""

    release: ReleaseId
    freezes: str
    """The numbers of those that were on the screen: `3 5`."""

    @property
    def numbers(self) -> frozenset[FreezeId]:
        """The same as numbers."""
        return frozenset(FreezeId(int(each)) for each in self.freezes.split())


@dataclass(frozen=True, slots=True)
class OnException:
    """A press about what was asked of a freeze."""

    exception: ExceptionId
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class OnTrain:
    """A press about a train."""

    train: TrainId
    revision: int | None = None


Carried = OnRelease | OnDeployment | OnService | OnFreeze | OnPlea | OnException | OnTrain
Kind = TypeVar("Kind", OnRelease, OnDeployment, OnService, OnFreeze, OnPlea, OnException, OnTrain)

_LETTERS = MappingProxyType(
    {OnRelease: "r", OnDeployment: "d", OnService: "s", OnFreeze: "f", OnPlea: "p", OnException: "x", OnTrain: "t"}
)
_NUMBERS = frozenset({"release", "deployment", "freeze", "exception", "train", "standing", "revision"})
_SUBJECTS = frozenset({"release", "deployment", "freeze", "exception", "train", "service", "freezes"})
_SEVERAL = re.compile(r"[0-9]{1,15}(?: [0-9]{1,15})*")


def encode(carried: Carried, limit: int = VALUE) -> str:
    """As compact as it gets: a letter for the kind, then the values in their order, the empty ones at the end left out.

    A reason that is too long is cut: it is a convenience, everything else is needed.
    """
    text = _written(carried)
    while len(text) > limit and isinstance(carried, OnService) and carried.reason:
        # A character takes up to six once it is escaped, so this never cuts more than it must.
        shorter = carried.reason[: -max(1, (len(text) - limit) // 6)]
        carried = replace(carried, reason=shorter or None)
        text = _written(carried)
    if len(text) > limit:
        raise ValueError(f"A button can carry {limit} characters; {carried!r} needs {len(text)}.")
    return text


def decode(value: str, kind: type[Kind]) -> Kind | Refused:
    """What the button carries, if it is of that kind and nothing in it is odd."""
    if len(value) > VALUE:
        return _odd()
    try:
        row = json.loads(value)
    except (ValueError, RecursionError):
        return _odd()
    if not isinstance(row, list) or not row or row[0] != _LETTERS[kind] or len(row) - 1 > len(fields(kind)):
        return _odd()
    names = [each.name for each in fields(kind)]
    given = dict(zip(names, row[1:], strict=False))
    if not all(_fits(name, given.get(name)) for name in names):
        return _odd()
    return kind(**given)


def _fits(name: str, value: object) -> bool:
    if value is None:
        return name not in _SUBJECTS
    if name in _NUMBERS:
        return type(value) is int and 0 <= value <= _HIGHEST
    if name == "freezes":
        return isinstance(value, str) and _SEVERAL.fullmatch(value) is not None
    # Half a character or a zero byte is nothing that we ever wrote, and no database takes it.
    return (
        isinstance(value, str)
        and bool(value)
        and not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in value)
    )


def _written(carried: Carried) -> str:
    row: list[str | int | None] = [_LETTERS[type(carried)], *(getattr(carried, each.name) for each in fields(carried))]
    while row[-1] is None:
        row.pop()
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False)


def _odd() -> Refused:
    return Refused(
        say(
            "I can't read what this button was about; it may be from an older version of me. "
            "Nothing was changed. Please use the newest message instead."
        ),
        stale=True,
    )
