"""People: who they are and which roles they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.rules.people import Person, PersonId, RoleName, Roles


class DirectoryError(Exception):
    """The directory could not be asked; the message says why, for people.

    `away`: nobody answered. `busy`: somebody did, and asks to wait. Neither: it was refused, and would be again.
    """

    def __init__(self, message: str, *, away: bool = False, busy: bool = False) -> None:
        super().__init__(message)
        self.away = away
        self.busy = busy


class Directory(Protocol):
    """Who people are and which roles they hold."""

    async def person(self, person: PersonId) -> Person:
        """Look somebody up afresh. DirectoryError if that is impossible; an unknown id is a foreign person."""
        ...

    async def roles(self, names: Sequence[RoleName] | None = None) -> Roles:
        """Who holds these roles (None: all of the catalogue's). Never raises: what failed is in `unknown`."""
        ...

    async def by_email(self, email: str) -> PersonId | None:
        """The member with that address, to know a commit's author; None if there is none.

        DirectoryError if that can't be learned: an author who isn't recognised could approve what they wrote.
        """
        ...
