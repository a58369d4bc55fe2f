"""What the directory said: each role's people, and how each person was known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.rules.people import Person, PersonId, RoleName, Standing
from integrations.database.rows.sql import insert
from integrations.database.tables import people_as_read, roles_as_read
from integrations.readings import PersonRead, Read, RoleRead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Column, Connection, Table


def roles(connection: Connection, names: Sequence[RoleName]) -> dict[RoleName, RoleRead]:
    """What was last said of these roles."""
    found = connection.execute(select(roles_as_read).where(roles_as_read.c.role.in_(names)))
    return {
        RoleName(row.role): RoleRead(
            RoleName(row.role), frozenset(PersonId(each) for each in row.people), row.read_at, row.made_of, row.problem
        )
        for row in found
    }


def people(connection: Connection, ids: Sequence[PersonId]) -> dict[PersonId, PersonRead]:
    """What was last said of these people."""
    found = connection.execute(select(people_as_read).where(people_as_read.c.person.in_(ids)))
    return {
        PersonId(row.person): PersonRead(
            Person(PersonId(row.person), row.name, row.tz, Standing(row.standing)), row.read_at
        )
        for row in found
    }


def keep(connection: Connection, readings: Iterable[Read]) -> None:
    """Keep these, in an order that two processes have in common."""
    for each in sorted(readings, key=_name):
        match each:
            case RoleRead():
                told = {
                    "people": sorted(each.people),
                    "made_of": each.made_of,
                    "problem": each.problem,
                    "read_at": each.read_at,
                }
                _put(connection, roles_as_read, roles_as_read.c.role, each.role, told)
            case PersonRead(person=person):
                told = {
                    "name": person.name,
                    "tz": person.tz,
                    "standing": str(person.standing),
                    "read_at": each.read_at,
                }
                _put(connection, people_as_read, people_as_read.c.person, person.id, told)


def _name(read: Read) -> tuple[str, str]:
    return ("role", read.role) if isinstance(read, RoleRead) else ("person", read.person.id)


def _put(connection: Connection, table: Table, key: Column[Any], name: str, told: dict[str, Any]) -> None:
    statement = insert(connection, table).values({key.name: name, **told})
    newer = table.c.read_at <= statement.excluded.read_at
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=told, where=newer))
