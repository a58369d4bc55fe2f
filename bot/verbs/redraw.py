"""Redraw: bring a release's card up to date, for somebody who acted on an old one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import CardChanged
from bot.ports import Records
from bot.rules.release import ReleaseId


@dataclass(frozen=True, slots=True)
class Redraw:
    """Draw the card anew; nothing on the record changes."""

    records: Records

    async def __call__(self, release: ReleaseId) -> None:
        """Ask for it."""
        async with self.records.open() as page:
            if await page.release(release) is not None:
                await page.tell(CardChanged(release))
                await page.commit()
