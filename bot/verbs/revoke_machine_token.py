"""Revoke a machine token: whatever program has it reads nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.ports import Clock, Records
from bot.rules.audit import Happened
from bot.rules.machine_token import MachineToken, MachineTokenId
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, Code, Refused, Repeated, When, refuse


@dataclass(frozen=True, slots=True)
class RevokeMachineToken:
    """Revoke any, on the host."""

    records: Records
    now: Clock
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What else the record is to keep: who sat there."""

    async def __call__(self, token_id: MachineTokenId, *, by: Actor) -> MachineToken | Refused | Repeated:
        """From now on it opens nothing."""
        now = self.now()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            token = await page.machine_token(token_id)
            if token is None:
                return refuse(
                    "There is no token {name}. {command} shows all.",
                    name=f"M-{token_id}",
                    command=Code("slipway token list"),
                )
            if token.revoked_at is not None:
                return refuse("{name} was revoked {at} already.", name=token.name, at=When(token.revoked_at))
            token = await page.keep_machine_token(replace(token, revoked_at=now, revoked_by=by.id))
            await page.put_on_record(
                Happened(
                    "revoke machine token",
                    by.id,
                    by.surface,
                    now,
                    subject=token.name,
                    detail={"label": token.grant.label, **self.detail},
                )
            )
            await page.commit()
        return token
