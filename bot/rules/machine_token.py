"""A machine token: what lets a program read through the API, as far as its scopes go, for a while.

It speaks for nobody, and is another thing than a personal token (`bot/rules/token.py`). Only its digest is kept: it is
made of 256 random bits, so that nobody finds it by trying, and a plain SHA-256 gives nothing of it away.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from bot.rules.people import PersonId
from bot.rules.sentence import Code, Refused, When, refuse

MachineTokenId = NewType("MachineTokenId", int)

PREFIX = "slipwayapi_"
"""What every machine token begins with, so that it is known wherever it lies about."""

USUAL = timedelta(days=90)
"""How long one lasts where nobody says how long."""

LONGEST = timedelta(days=366)
"""One that is older than a year has been forgotten, or copied."""

LONGEST_LABEL = 60

ANOTHER = Code("slipway token make")
"""What makes a new one, on the host."""

_WRITTEN = re.compile(re.escape(PREFIX) + r"[0-9a-f]{64}")
_IN_SIGHT = re.compile(re.escape(PREFIX) + r"\w+")


class Scope(StrEnum):
    """What a machine may read."""

    GATE = "gate:read"
    RELEASES = "releases:read"
    DEPLOYMENTS = "deployments:read"
    ENVIRONMENTS = "environments:read"
    FREEZES = "freezes:read"
    AUDIT = "audit:read"


MEANINGS = MappingProxyType(
    {
        Scope.GATE: "whether a commit or a release may go to an environment now, and what blocks it",
        Scope.RELEASES: "releases: plan, candidate, stage, checklist, words, gates",
        Scope.DEPLOYMENTS: "deployments and rollbacks, with their outcomes",
        Scope.ENVIRONMENTS: "what runs where, locks, and what is on its way",
        Scope.FREEZES: "freezes in force and to come, also as a calendar",
        Scope.AUDIT: "the whole record with its digests, and the evidence of each release",
    }
)
"""What each scope opens, in words."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is given: to which machine, how far, and until when. `digest` stands for the token itself."""

    label: str
    """What it is for, in the words of whoever made it: `deploy pipeline`."""
    scopes: frozenset[Scope]
    digest: str = field(repr=False)
    made_by: PersonId
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MachineToken:
    """What is known of one."""

    id: MachineTokenId
    grant: Grant
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: PersonId | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`M-3`."""
        return f"M-{self.id}"

    def good(self, at: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and at < self.grant.expires_at

    def no_longer(self, at: datetime) -> Refused | None:
        """Why it opens nothing any more; None if it does."""
        if self.revoked_at is not None:
            return refuse(
                "This token, {name}, was revoked {at}. {another} makes a new one, on Slipway's host.",
                name=self.name,
                at=When(self.revoked_at),
                another=ANOTHER,
            )
        if at >= self.grant.expires_at:
            return refuse(
                "This token, {name}, expired {at}. {another} makes a new one, on Slipway's host.",
                name=self.name,
                at=When(self.grant.expires_at),
                another=ANOTHER,
            )
        return None


def written(randomness: str) -> str:
    """How a token of these 64 random hexadecimal digits is written."""
    text = f"{PREFIX}{randomness}"
    assert is_one(text), "a token has 256 random bits"
    return text


def is_one(text: str) -> bool:
    """Whether this is written as such a token is."""
    return _WRITTEN.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """What is kept in place of a token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def masked(text: str) -> str:
    """Somebody's words, without any token that may stand in them."""
    return _IN_SIGHT.sub(f"{PREFIX}…", text)
