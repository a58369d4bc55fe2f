"""Readings that are kept as long as the test."""

from __future__ import annotations

from collections.abc import Iterable

from bot.ports import RecordsError
from bot.rules.people import PersonId, RoleName
from integrations.readings import PersonRead, Read, RoleRead


class FakeReadings:
    """Keeps what it is told; `away` is the database gone."""

    def __init__(self) -> None:
        self.away = False
        self.writes = 0
        self._roles: dict[RoleName, RoleRead] = {}
        self._people: dict[PersonId, PersonRead] = {}

    async def roles(self, names: Iterable[RoleName]) -> dict[RoleName, RoleRead]:
        self._there()
        return {name: self._roles[name] for name in names if name in self._roles}

    async def people(self, ids: Iterable[PersonId]) -> dict[PersonId, PersonRead]:
        self._there()
        return {each: self._people[each] for each in ids if each in self._people}

    async def keep(self, readings: Iterable[Read]) -> None:
        self._there()
        self.writes += 1
        for each in readings:
            if isinstance(each, RoleRead):
                before: Read | None = self._roles.get(each.role)
                if before is None or before.read_at <= each.read_at:
                    self._roles[each.role] = each
            else:
                before = self._people.get(each.person.id)
                if before is None or before.read_at <= each.read_at:
                    self._people[each.person.id] = each

    def _there(self) -> None:
        if self.away:
            raise RecordsError("the disk is full")
