"""Stand-ins: whoever asks who holds a role also hears who is away, and who acts in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.ports import Clock, Directory, Records
from bot.rules.absence import with_stand_ins
from bot.rules.people import Person, PersonId, RoleName, Roles


@dataclass(frozen=True, slots=True)
class WithStandIns:
    """A directory that knows of absences besides."""

    directory: Directory
    records: Records
    now: Clock

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh."""
        return await self.directory.person(person)

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Who may act in these roles at this moment."""
        roles = await self.directory.roles(names)
        now = self.now()
        async with self.records.read() as page:
            absences = await page.absences(not_over_at=now)
        return with_stand_ins(roles, absences, now)

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address."""
        return await self.directory.by_email(email)
