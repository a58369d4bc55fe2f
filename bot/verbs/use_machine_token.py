"""Use a machine token: which program asks, and how far it may read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.ports import Clock, ConflictError, Records, RecordsError
from bot.rules.machine_token import ANOTHER, MachineToken, digest_of, is_one
from bot.rules.sentence import Refused, refuse

USED_ANEW = timedelta(minutes=1)
"""That it was used is noted at most so often: a program may use it all the time."""

_UNKNOWN = refuse(
    "I don't know this token: it is from another Slipway, or a part of it is missing. {another} makes one, on "
    "Slipway's host.",
    another=ANOTHER,
)


@dataclass(frozen=True, slots=True)
class UseMachineToken:
    """Know it by its digest: the token itself is kept nowhere."""

    records: Records
    now: Clock

    async def __call__(self, text: str) -> MachineToken | Refused:
        """What it opens; or why nothing."""
        if not is_one(text):
            return _UNKNOWN
        now = self.now()
        async with self.records.read() as reading:
            token = await reading.machine_token_by(digest_of(text))
        if token is None:
            return _UNKNOWN
        no_longer = token.no_longer(now)
        if no_longer is not None:
            return no_longer
        if _stale(token, now):
            # A note that helps to see which tokens are in use: nobody waits for an answer since it can't be kept.
            with suppress(ConflictError, RecordsError):
                await self._note(token, now)
        return token

    async def _note(self, token: MachineToken, now: datetime) -> None:
        async with self.records.open() as page:
            found = await page.machine_token(token.id)
            if found is not None and found.good(now) and _stale(found, now):
                await page.keep_machine_token(replace(found, used_at=now))
                await page.commit()


def _stale(token: MachineToken, now: datetime) -> bool:
    return token.used_at is None or now - token.used_at >= USED_ANEW
