"""Make a machine token: what lets a program read through the API. It is told once, to whoever makes it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.ports import Clock, Records
from bot.rules.audit import Happened
from bot.rules.machine_token import LONGEST, LONGEST_LABEL, USUAL, Grant, MachineToken, Scope, digest_of, written
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, Refused, Repeated, When, refuse


@dataclass(frozen=True, slots=True)
class MadeForMachine:
    """A token and what it is written as, which nobody can be told again."""

    token: MachineToken
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeMachineToken:
    """Make one, with the scopes that it needs and no others."""

    records: Records
    now: Clock
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What else the record is to keep: on the host, who sat there."""

    async def __call__(
        self, label: str, scopes: Collection[Scope], until: datetime | None = None, *, by: Actor
    ) -> MadeForMachine | Refused | Repeated:
        """It lasts until then, or as long as is usual. Its secret is kept nowhere."""
        now = self.now()
        expires_at = until or now + USUAL
        refused = _unfit(label, scopes, expires_at, now)
        if refused is not None:
            return refused
        text = written(secrets.token_hex(32))
        grant = Grant(label.strip(), frozenset(scopes), digest_of(text), by.id, now, expires_at)
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            token = await page.add_machine_token(grant)
            await page.put_on_record(
                Happened(
                    "make machine token",
                    by.id,
                    by.surface,
                    now,
                    subject=token.name,
                    detail={
                        "label": grant.label,
                        "scopes": sorted(grant.scopes),
                        "expires_at": expires_at.isoformat(),
                        **self.detail,
                    },
                )
            )
            await page.commit()
        return MadeForMachine(token, text)


def _unfit(label: str, scopes: Collection[Scope], expires_at: datetime, now: datetime) -> Refused | None:
    """Why no such token is made."""
    if not label.strip() or not label.strip().isprintable() or len(label.strip()) > LONGEST_LABEL:
        return refuse(
            "A token needs a name on one line that says what it is for, at most {most} characters long, such as "
            "“deploy pipeline”.",
            most=LONGEST_LABEL,
        )
    if not scopes:
        return refuse("A token without a scope opens nothing. There are {scopes}.", scopes=", ".join(Scope))
    if expires_at <= now:
        return refuse("That token would expire {end}, which is over.", end=When(expires_at))
    if expires_at - now > LONGEST:
        return refuse(
            "That token would last until {end}. One lasts {days} days at most; then it is made anew.",
            end=When(expires_at),
            days=LONGEST.days,
        )
    return None
