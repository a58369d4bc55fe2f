"""Left alone: until when somebody has quiet hours, so that reminders wait for their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.ports import Agreed, Clock, Directory, DirectoryError
from bot.rules.people import PersonId


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Asked when a reminder is about to be sent, so that it is right however long that had to wait."""

    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, person: PersonId) -> datetime | None:
        """When this person may be reminded again; None if they may be now."""
        quiet, now = self.agreed().quiet_hours, self.now()
        if quiet is None:
            return None
        return quiet.until(now, quiet.timezone or await self._zone(person))

    async def _zone(self, person: PersonId) -> str:
        """Where they are, as far as that can be learned; else the catalogue's own zone."""
        try:
            return (await self.directory.person(person)).tz
        except DirectoryError:
            return self.agreed().reminders.timezone
