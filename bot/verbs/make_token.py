"""Make a token: what lets somebody speak from a terminal, also while Slack is away. It is told once, to its owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.ports import Clock, Records, TokenSigner
from bot.rules.audit import Happened
from bot.rules.people import Actor
from bot.rules.sentence import REPEATED, Code, Refused, Repeated, When, refuse
from bot.rules.token import LONGEST, USUAL, Token

SWITCHED_OFF = refuse(
    "There are no personal tokens here yet. Whoever runs Slipway has to set {setting} first, and start it anew.",
    setting=Code("SLIPWAY_TOKEN_KEY"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A token and what it is written as, which nobody can be told again."""

    token: Token
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MakeToken:
    """Make one, for oneself. Without a signer nothing can be signed, so there are none."""

    records: Records
    signer: TokenSigner | None
    now: Clock

    async def __call__(self, until: datetime | None, *, by: Actor) -> Made | Refused | Repeated:
        """It lasts until then, or as long as is usual."""
        if self.signer is None:
            return SWITCHED_OFF
        now = self.now()
        expires_at = until or now + USUAL
        if expires_at <= now:
            return refuse("That token would expire {end}, which is over.", end=When(expires_at))
        if expires_at - now > LONGEST:
            return refuse(
                "That token would last until {end}. One lasts {days} days at most; then it is made anew.",
                end=When(expires_at),
                days=LONGEST.days,
            )
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            token = await page.add_token(by.id, now, expires_at)
            await page.put_on_record(
                Happened(
                    "make token",
                    by.id,
                    by.surface,
                    now,
                    subject=token.name,
                    detail={"expires_at": expires_at.isoformat()},
                )
            )
            await page.commit()
        return Made(token, self.signer.sign(token))
