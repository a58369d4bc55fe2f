"""A directory without Slack: lists of people are taken as they stand, and user groups are unknown, which blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.ports import DirectoryError
from bot.rules.people import Person, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue, Role


@dataclass(frozen=True, slots=True)
class OfflineDirectory:
    """What the catalogue alone can tell. `why` says why nobody asks Slack."""

    catalogue: Catalogue
    why: str

    async def person(self, person: PersonId) -> Person:
        """Nobody knows more than the id."""
        raise DirectoryError(f"{person} can't be looked up: {self.why}.")

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Roles that are lists are known; one with a user group is not, whoever is listed besides."""
        known = self.catalogue.roles
        wanted = list(known) if names is None else list(names)
        unknown = {name: why for name in wanted if (why := self._why_unknown(known.get(name)))}
        return Roles({name: frozenset(known[name].people) for name in wanted if name not in unknown}, unknown)

    async def by_email(self, email: str) -> PersonId | None:
        """Nobody knows addresses either."""
        raise DirectoryError(f"{email} can't be looked up: {self.why}.")

    def _why_unknown(self, role: Role | None) -> str:
        if role is None:
            return "the catalogue has no such role"
        return f"its user group {role.group} is in Slack, and {self.why}" if role.group else ""
