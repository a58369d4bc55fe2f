"""Revoke a token: whoever has it can speak with it no longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.ports import Clock, Records
from bot.rules.audit import Happened
from bot.rules.people import SLIPWAY, Actor
from bot.rules.sentence import REPEATED, Code, Refused, Repeated, When, refuse
from bot.rules.token import Token, TokenId


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Revoke one's own; on the host, in Slipway's name, any."""

    records: Records
    now: Clock
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What else the record is to keep: on the host, who sat there."""

    async def __call__(self, token_id: TokenId, *, by: Actor) -> Token | Refused | Repeated:
        """From now on it counts no longer."""
        now = self.now()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            token = await page.token(token_id)
            if token is None or by.id not in {token.person, SLIPWAY}:
                return refuse(
                    "You have no token {name}. {command} shows yours.",
                    name=f"K-{token_id}",
                    command=Code("/deploy token list"),
                )
            if token.revoked_at is not None:
                return refuse("{name} was revoked {at} already.", name=token.name, at=When(token.revoked_at))
            token = await page.keep_token(replace(token, revoked_at=now, revoked_by=by.id))
            await page.put_on_record(
                Happened(
                    "revoke token",
                    by.id,
                    by.surface,
                    now,
                    subject=token.name,
                    detail={"person": token.person, **self.detail},
                )
            )
            await page.commit()
        return token
