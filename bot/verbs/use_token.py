"""Use a token: who speaks from a terminal. Whether they still may act is looked up now, however young the token is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.ports import Clock, ConflictError, Directory, Records, RecordsError, TokenSigner
from bot.rules.approval import may_act
from bot.rules.people import Person
from bot.rules.sentence import Refused, refuse
from bot.rules.token import ANOTHER, Token
from bot.verbs.make_token import SWITCHED_OFF

USED_ANEW = timedelta(minutes=1)
"""That it was used is noted at most so often: a script may use it all the time."""


@dataclass(frozen=True, slots=True)
class UseToken:
    """Know who speaks."""

    records: Records
    directory: Directory
    signer: TokenSigner | None
    now: Clock

    async def __call__(self, text: str) -> Person | Refused:
        """Its owner, as they are now. DirectoryError if nobody can tell how they are."""
        if self.signer is None:
            return SWITCHED_OFF
        signed = self.signer.read(text)
        if signed is None:
            return refuse(
                "This is no token of mine, or a part of it is missing. {another}, in Slack, makes a new one.",
                another=ANOTHER,
            )
        now = self.now()
        async with self.records.read() as reading:
            token = await reading.token(signed.id)
        if token is None or (token.person, token.made_at) != (signed.person, signed.made_at):
            return refuse(
                "I don't know this token: it is from another Slipway. {another}, in Slack, makes a new one.",
                another=ANOTHER,
            )
        no_longer = token.no_longer(now)
        if no_longer is not None:
            return no_longer
        person = await self.directory.person(token.person)
        may_not = may_act(person)
        if may_not is not None:
            return may_not
        if token.used_at is None or now - token.used_at >= USED_ANEW:
            # A note that helps to see which tokens are in use: nobody is kept from acting since it can't be kept.
            with suppress(ConflictError, RecordsError):
                await self._note(token, now)
        return person

    async def _note(self, token: Token, now: datetime) -> None:
        async with self.records.open() as page:
            found = await page.token(token.id)
            if found is not None and found.good(now):
                await page.keep_token(replace(found, used_at=now))
                await page.commit()
