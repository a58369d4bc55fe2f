"""Trains: one row, and one more for each release aboard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, or_, select, update

from bot.rules.sentence import Sentence
from bot.rules.train import Car, Course, Departure, Train, TrainId
from integrations.database.rows.sql import change, conflict
from integrations.database.storable import all_storable
from integrations.database.tables import train_cars as cars
from integrations.database.tables import trains as table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from bot.rules.deployment import DeploymentId
    from bot.rules.policy import EnvironmentName

_SENTENCE = TypeAdapter(Sentence)
_FOR_GOOD = "for good"
"""Kept beside a trouble's sentence: whether it stays."""


def one(connection: Connection, number: TrainId, *, lock: bool) -> Train | None:
    """The train of that number; with `lock`, nobody else changes it before this transaction ends."""
    statement = select(table).where(table.c.id == number)
    row = connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()
    return _with_cars(connection, [row])[0] if row else None


def going(connection: Connection, *, environment: EnvironmentName | None, limit: int) -> list[Train]:
    """Those that are not over, newest first."""
    statement = select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id.desc()).limit(limit)
    if environment is not None:
        statement = statement.where(table.c.environment == environment)
    return _with_cars(connection, list(connection.execute(statement)))


def with_deployment(connection: Connection, deployment: DeploymentId) -> Train | None:
    """The train that this deployment brings on or takes back: of several that share it, the newest."""
    numbers = connection.execute(
        select(cars.c.train_id)
        .where(or_(cars.c.deployment_id == deployment, cars.c.rollback_id == deployment))
        .order_by(cars.c.train_id.desc())
        .limit(1)
    )
    number = numbers.scalar_one_or_none()
    return one(connection, TrainId(number), lock=False) if number is not None else None


def add(connection: Connection, departure: Departure) -> Train:
    """A new row, and those of its cars."""
    train = Train(TrainId(0), departure, departure.cars)
    values = {
        "environment": departure.environment,
        "confirmed_by": departure.confirmed_by,
        "confirmed_at": departure.confirmed_at,
        **_state(train),
    }
    number = connection.execute(insert(table).values(**values, revision=0).returning(table.c.id)).scalar_one()
    rows = [
        {"train_id": number, "position": position, **_ordered(car), **_went(car)}
        for position, car in enumerate(departure.cars, start=1)
    ]
    connection.execute(insert(cars), rows)
    return replace(train, id=TrainId(number))


def keep(connection: Connection, before: Train, after: Train) -> Train:
    """Write what differs from `before`, which is what was stored. ConflictError if `after` didn't grow from it."""
    if before.revision != after.revision:
        raise conflict(after.name)
    must_follow(before, after)
    old, new = _state(before), _state(after)
    revision = change(connection, table, before, {name: value for name, value in new.items() if value != old[name]})
    for position, (was, car) in enumerate(zip(before.cars, after.cars, strict=True), start=1):
        if was != car:
            connection.execute(
                update(cars).where(cars.c.train_id == after.id, cars.c.position == position).values(**_went(car))
            )
    return replace(after, revision=revision)


def must_follow(before: Train, after: Train) -> None:
    """Raise ValueError if what was confirmed is to be changed: that is a mistake of ours, and no conflict."""
    ordered = [_ordered(car) for car in after.cars] == [_ordered(car) for car in before.cars]
    if before.departure != after.departure or not ordered:
        raise ValueError(f"What was confirmed with {after.name} can't be changed.")


def _with_cars(connection: Connection, rows: list[Row[Any]]) -> list[Train]:
    found: dict[int, list[Car]] = {row.id: [] for row in rows}
    statement = select(cars).where(cars.c.train_id.in_(found)).order_by(cars.c.train_id, cars.c.position)
    for row in connection.execute(statement) if rows else ():
        found[row.train_id].append(_car(row))
    return [_read(row, tuple(found[row.id])) for row in rows]


def _state(train: Train) -> dict[str, Any]:
    return {
        "course": train.course,
        "decided_by": train.decided_by,
        "asks_since": train.asks_since,
        "ended_at": train.ended_at,
    }


def _ordered(car: Car) -> dict[str, Any]:
    return {
        "release_id": car.release,
        "service": car.service,
        "version": car.version,
        "candidate": car.candidate,
        "after": list(car.after),
    }


def _went(car: Car) -> dict[str, Any]:
    told = None
    if car.trouble is not None:
        told = all_storable({**_SENTENCE.dump_python(car.trouble, mode="json"), _FOR_GOOD: car.for_good})
    return {
        "deployment_id": car.deployment,
        "adopted": car.adopted,
        "rollback_id": car.rollback,
        "trouble": told,
        "left": car.left,
    }


def _car(row: Row[Any]) -> Car:
    told = dict(row.trouble) if row.trouble is not None else None
    for_good = bool(told.pop(_FOR_GOOD, False)) if told is not None else False
    return Car(
        release=row.release_id,
        service=row.service,
        version=row.version,
        candidate=row.candidate,
        after=tuple(row.after),
        deployment=row.deployment_id,
        adopted=row.adopted,
        rollback=row.rollback_id,
        trouble=_SENTENCE.validate_python(told) if told is not None else None,
        for_good=for_good,
        left=row.left,
    )


def _read(row: Row[Any], aboard: tuple[Car, ...]) -> Train:
    # As it was confirmed, nothing had become of anything aboard.
    ordered = tuple(Car(each.release, each.service, each.version, each.candidate, each.after) for each in aboard)
    return Train(
        id=row.id,
        departure=Departure(row.environment, ordered, row.confirmed_by, row.confirmed_at),
        cars=aboard,
        course=Course(row.course),
        decided_by=row.decided_by,
        asks_since=row.asks_since,
        ended_at=row.ended_at,
        revision=row.revision,
    )
