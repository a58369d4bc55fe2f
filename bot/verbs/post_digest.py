"""Post a digest: put it into its channel, by the clock or because somebody asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.notices import DigestDue
from bot.ports import Agreed, Records
from bot.rules.people import Actor
from bot.rules.policy import ChannelId, ServiceName
from bot.rules.sentence import REPEATED, Repeated


@dataclass(frozen=True, slots=True)
class PostDigest:
    """Ask for a digest to be posted; it is written from the newest facts when it is sent."""

    records: Records

    async def __call__(self, channel: ChannelId, services: tuple[ServiceName, ...], *, by: Actor) -> Repeated | None:
        """Post it once for this intent."""
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            await page.tell(DigestDue(channel, services))
            await page.commit()
        return None


@dataclass(frozen=True, slots=True)
class ScheduledDigest:
    """What a digest's schedule does: post it once for each tick, by the wall clock of its zone."""

    records: Records
    agreed: Agreed

    async def __call__(self, key: str, due: datetime) -> None:
        """Post the digest of that schedule; a schedule that has left the catalogue posts nothing."""
        digest = next((each for each in self.agreed().digests if each.key == key), None)
        if digest is None:
            return
        wall = due.astimezone(ZoneInfo(digest.timezone)).strftime("%Y-%m-%d %H:%M")
        async with self.records.open() as page:
            if await page.first_time(f"{key} {wall}"):
                await page.tell(DigestDue(digest.channel, digest.services))
                await page.commit()
