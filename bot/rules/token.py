"""A personal token: what lets somebody speak from a terminal in their own name, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from bot.rules.people import PersonId
from bot.rules.sentence import At, Code, Refused, When, refuse

TokenId = NewType("TokenId", int)

USUAL = timedelta(days=30)
"""How long a token lasts where nobody says how long."""

LONGEST = timedelta(days=92)
"""A token that is older than a quarter has been forgotten, or copied."""

ANOTHER = Code("/deploy token")
"""What makes a new one."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is known to its owner alone."""

    id: TokenId
    person: PersonId
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: PersonId | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`K-3`."""
        return f"K-{self.id}"

    def good(self, at: datetime) -> bool:
        """Whether it lets its owner speak at that moment."""
        return self.revoked_at is None and at < self.expires_at

    def no_longer(self, at: datetime) -> Refused | None:
        """Why it no longer lets anybody speak; None if it does."""
        if self.revoked_at is not None and self.revoked_by is not None:
            return refuse(
                "Your token {name} was revoked {at} by {who}. {another}, in Slack, makes a new one.",
                name=self.name,
                at=When(self.revoked_at),
                who=At(self.revoked_by),
                another=ANOTHER,
            )
        if at >= self.expires_at:
            return refuse(
                "Your token {name} expired {at}. {another}, in Slack, makes a new one.",
                name=self.name,
                at=When(self.expires_at),
                another=ANOTHER,
            )
        return None
