"""A release train: several releases brought to one environment one after the other, in the order they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.rules.deployment import UNDER_WAY, Attempt, Deployment, DeploymentId
from bot.rules.people import PersonId
from bot.rules.policy import EnvironmentName, ServiceName
from bot.rules.release import ReleaseId, r
from bot.rules.sentence import AllOf, Refused, Sentence, refuse, say

TrainId = NewType("TrainId", int)

FEWEST = 2
MOST = 20
"""So many releases are a train."""


class Course(StrEnum):
    """Where a train goes: what people decided last."""

    AHEAD = "ahead"
    BACK = "back"
    """What it brought is rolled back, the last one first."""
    STOP = "stop"
    """What it brought stays, and nothing more is brought."""


class Answer(StrEnum):
    """What people can say to a train."""

    GO_ON = "go on"
    """Without what is stuck, and without what depends on it."""
    TRY_AGAIN = "try again"
    """What is stuck had not begun; whatever was in its way is gone."""
    STOP = "stop"
    ROLL_BACK = "roll back"


class Passage(StrEnum):
    """How it stands with one release aboard."""

    WAITS = "waits"
    GOING = "going"
    THERE = "there"
    STUCK = "stuck"
    LEFT = "left"
    """Left as it was, by somebody's word."""
    GOING_BACK = "going back"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Car:
    """One release aboard, exactly as it was confirmed."""

    release: ReleaseId
    service: ServiceName
    version: str
    candidate: str
    """The candidate's identity."""
    after: tuple[ReleaseId, ...] = ()
    """The releases aboard that must be there before it."""
    deployment: DeploymentId | None = None
    """What brings it there."""
    adopted: bool = False
    """Whether that was somebody else's doing: the train doesn't take it back."""
    rollback: DeploymentId | None = None
    """What takes it back."""
    trouble: Sentence | None = None
    """Why it could not begin when its turn came; None while nothing is known to be in the way."""
    for_good: bool = False
    """Whether that stays so, since it or its environment is no longer what was confirmed: trying again is in vain."""
    left: bool = False

    @property
    def name(self) -> str:
        """Its release's name."""
        return r(self.release)


@dataclass(frozen=True, slots=True)
class Departure:
    """A train as it was confirmed, before it has a number."""

    environment: EnvironmentName
    cars: tuple[Car, ...]
    """In the order in which they go."""
    confirmed_by: PersonId
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Train:
    """One train. What has become of each release is derived from the deployments; only decisions are kept."""

    id: TrainId
    departure: Departure
    cars: tuple[Car, ...]
    course: Course = Course.AHEAD
    decided_by: PersonId | None = None
    """Who chose the course; None: it is as it was confirmed."""
    asks_since: datetime | None = None
    """Since when it stands still and waits for somebody's word; None: it doesn't."""
    ended_at: datetime | None = None
    revision: int = 0

    @property
    def name(self) -> str:
        """`T-1`."""
        return f"T-{self.id}"

    @property
    def environment(self) -> EnvironmentName:
        """Where it goes."""
        return self.departure.environment

    @property
    def over(self) -> bool:
        """Whether nothing can follow any more."""
        return self.ended_at is not None

    @property
    def asks(self) -> bool:
        """Whether it waits for somebody's word."""
        return self.asks_since is not None and not self.over

    def car(self, release: ReleaseId) -> Car | None:
        """The car with that release."""
        return next((each for each in self.cars if each.release == release), None)

    def with_car(self, car: Car) -> Train:
        """The same train with that car as it is now."""
        return replace(self, cars=tuple(car if each.release == car.release else each for each in self.cars))

    def without(self, releases: Iterable[ReleaseId]) -> Train:
        """The same train, these left as they are."""
        gone = set(releases)
        return replace(
            self, cars=tuple(replace(each, left=True) if each.release in gone else each for each in self.cars)
        )


Deployments = Mapping[DeploymentId, Deployment]
"""The deployments that a train's cars name, as they are now."""


# ---------------------------------------------------------------- making one up


def in_order(
    wanted: Sequence[ReleaseId], depends_on: Mapping[ReleaseId, Iterable[ReleaseId]]
) -> tuple[ReleaseId, ...] | Refused:
    """Each after those aboard that it depends on, also by way of others aboard; else as typed. A circle is refused."""
    left, ordered = list(wanted), list[ReleaseId]()
    while left:
        ready = next((each for each in left if not set(depends_on.get(each, ())) & set(left)), None)
        if ready is None:
            return refuse(
                "{names} depend on each other in a circle, so none of them can go first.",
                names=AllOf(tuple(map(r, _circle(left, depends_on)))),
            )
        left.remove(ready)
        ordered.append(ready)
    return tuple(ordered)


def _circle(left: Sequence[ReleaseId], depends_on: Mapping[ReleaseId, Iterable[ReleaseId]]) -> list[ReleaseId]:
    """One circle among these, each of which depends on another of them."""
    way = [left[0]]
    while True:
        following = next(each for each in depends_on[way[-1]] if each in left)
        if following in way:
            return way[way.index(following) :]
        way.append(following)


def sealed(environment: EnvironmentName, cars: Iterable[tuple[ReleaseId, str, Iterable[ReleaseId]]]) -> str:
    """What stands for a whole train on a preview: its releases with their seals, in order, and who waits for whom."""
    told = [environment, [[release, seal, sorted(after)] for release, seal, after in cars]]
    return "train " + hashlib.sha256(json.dumps(told).encode()).hexdigest()[:20]


# ---------------------------------------------------------------- how it stands


def passage(car: Car, how: Deployments) -> Passage:
    """How it stands with that release."""
    rollback = how.get(car.rollback) if car.rollback is not None else None
    deployment = how.get(car.deployment) if car.deployment is not None else None
    if rollback is not None and rollback.attempt is Attempt.SUCCEEDED:
        return Passage.BACK
    if rollback is not None and (rollback.waits or rollback.attempt in UNDER_WAY):
        return Passage.GOING_BACK
    if car.left:
        return Passage.LEFT
    if rollback is not None or car.trouble is not None:
        return Passage.STUCK
    if deployment is None:
        return Passage.WAITS
    if deployment.waits:
        # Passed over: it was free, and this one wasn't ready.
        return Passage.STUCK if deployment.detail else Passage.GOING
    if deployment.attempt in UNDER_WAY:
        return Passage.GOING
    return Passage.THERE if deployment.attempt is Attempt.SUCCEEDED else Passage.STUCK


def stuck(train: Train, how: Deployments) -> Car | None:
    """What stops it: the first release, in the order of its course, that can't go its way."""
    return next((car for car in _course(train) if not car.left and _is_stuck(train, car, how)), None)


def _course(train: Train) -> Iterable[Car]:
    return reversed(train.cars) if train.course is Course.BACK else train.cars


def _is_stuck(train: Train, car: Car, how: Deployments) -> bool:
    if train.course is Course.BACK:
        return to_take_back(car, how) and passage(car, how) is Passage.STUCK and _tried_back(car, how)
    return passage(car, how) is Passage.STUCK


def _tried_back(car: Car, how: Deployments) -> bool:
    """Whether taking it back was tried, and came to nothing."""
    rollback = how.get(car.rollback) if car.rollback is not None else None
    return car.trouble is not None or rollback is not None


def to_take_back(car: Car, how: Deployments) -> bool:
    """Whether the train brought it there, or may have: then a way back leads over it."""
    deployment = how.get(car.deployment) if car.deployment is not None else None
    if deployment is None or car.adopted:
        return False
    return deployment.touched or deployment.attempt in UNDER_WAY


def why_stuck(train: Train, car: Car, how: Deployments) -> Sentence:
    """Why that release can't go its way."""
    if car.trouble is not None:
        return car.trouble
    number = car.rollback if train.course is Course.BACK and car.rollback is not None else car.deployment
    deployment = how.get(number) if number is not None else None
    if deployment is None:
        return say("{release} can't go on.", release=car.name)
    if deployment.waits:
        return say("{name} was passed over: {why}", name=deployment.name, why=deployment.detail)
    ended = "has an unknown outcome" if deployment.attempt is Attempt.UNKNOWN else "is " + deployment.attempt.value
    if deployment.attempt is Attempt.FAILED:
        ended = "has failed"
    if not deployment.detail:
        return say("{name} {ended}.", name=deployment.name, ended=ended)
    return say("{name} {ended}: {why}", name=deployment.name, ended=ended, why=deployment.detail)


# ---------------------------------------------------------------- where it goes


@dataclass(frozen=True, slots=True)
class Wait:
    """Something of it is on its way: its end is waited for."""


@dataclass(frozen=True, slots=True)
class Start:
    """This release's turn has come."""

    car: Car


@dataclass(frozen=True, slots=True)
class TakeBack:
    """This one is rolled back next."""

    car: Car


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """It waits in line although it isn't wanted there any more."""

    car: Car


@dataclass(frozen=True, slots=True)
class Halt:
    """This one is stuck: the train stands still, and people are asked."""

    car: Car


@dataclass(frozen=True, slots=True)
class Arrive:
    """Nothing is left to do."""


Move = Wait | Start | TakeBack | LeaveLine | Halt | Arrive


def next_move(train: Train, how: Deployments) -> Move:
    """The one thing to do next, from what is known. A train that asks only waits."""
    if train.asks:
        return Wait()
    unwanted = next((car for car in train.cars if _waits_in_vain(train, car, how)), None)
    if unwanted is not None:
        return LeaveLine(unwanted)
    return _back(train, how) if train.course is Course.BACK else _ahead(train, how)


def _waits_in_vain(train: Train, car: Car, how: Deployments) -> bool:
    deployment = how.get(car.deployment) if car.deployment is not None else None
    unwanted = car.left or train.course is not Course.AHEAD
    return unwanted and deployment is not None and deployment.waits and not car.adopted


def _ahead(train: Train, how: Deployments) -> Move:
    stands = {car.release: passage(car, how) for car in train.cars}
    if {Passage.GOING, Passage.GOING_BACK} & set(stands.values()):
        return Wait()
    if train.course is Course.STOP:
        return Arrive()
    blocked = stuck(train, how)
    if blocked is not None:
        return Halt(blocked)
    for car in train.cars:
        if stands[car.release] is Passage.WAITS and all(stands[each] is Passage.THERE for each in car.after):
            return Start(car)
    return Arrive()


def _back(train: Train, how: Deployments) -> Move:
    if any(passage(car, how) is Passage.GOING_BACK for car in train.cars):
        return Wait()
    for car in reversed(train.cars):
        if car.left or not to_take_back(car, how) or passage(car, how) is Passage.BACK:
            continue
        return Halt(car) if _tried_back(car, how) else TakeBack(car)
    return Arrive()


def changed_since(train: Train, history: Iterable[Deployment]) -> Deployment | None:
    """What has changed its environment behind its back. `history`: of one of its services, newest first.

    What had been confirmed before the train was, and has come to its good end since, it was to wait for.
    """
    since = train.departure.confirmed_at
    return next((each for each in _ended_since(train, history) if not _awaited(each, since)), None)


def brought_since(train: Train, history: Iterable[Deployment]) -> Deployment | None:
    """What the train was to wait for and stands there now: nobody has seen yet whether its release has that too."""
    newest = next(iter(_ended_since(train, history)), None)
    return newest if newest is not None and _awaited(newest, train.departure.confirmed_at) else None


def _ended_since(train: Train, history: Iterable[Deployment]) -> list[Deployment]:
    since = train.departure.confirmed_at
    return [each for each in history if each.touched and (each.ended_at or each.order.confirmed_at) >= since]


def _awaited(deployment: Deployment, since: datetime) -> bool:
    return deployment.attempt is Attempt.SUCCEEDED and deployment.order.confirmed_at < since


# ---------------------------------------------------------------- what people say


def answers(train: Train, how: Deployments) -> tuple[Answer, ...]:
    """What can be said to it now."""
    return tuple(_answers(train, how))


def _answers(train: Train, how: Deployments) -> Iterator[Answer]:
    if train.over:
        return
    blocked = stuck(train, how) if train.asks else None
    if train.asks:
        yield Answer.GO_ON
    if blocked is not None and train.course is Course.AHEAD and blocked.deployment is None and not blocked.for_good:
        yield Answer.TRY_AGAIN
    if train.course is not Course.STOP:
        yield Answer.STOP
    back = any(to_take_back(car, how) and passage(car, how) is not Passage.BACK for car in train.cars)
    if back and (train.course is not Course.BACK or train.asks):
        yield Answer.ROLL_BACK


def answered(train: Train, answer: Answer, how: Deployments, by: PersonId) -> Train:
    """The train after somebody's word. What it did before is as it was."""
    blocked = stuck(train, how)
    going = replace(train, decided_by=by, asks_since=None)
    match answer:
        case Answer.STOP:
            return replace(going, course=Course.STOP)
        case Answer.ROLL_BACK:
            # What was left out on the way there is taken back as well, if the train may have changed anything there.
            cars = tuple(
                replace(each, left=False, trouble=None, for_good=False, rollback=_still(each, how))
                for each in train.cars
            )
            return replace(going, course=Course.BACK, cars=cars)
        case Answer.TRY_AGAIN:
            if blocked is None:
                return going
            return going.with_car(replace(blocked, trouble=None))
        case Answer.GO_ON:
            if blocked is None:
                return going
            back = train.course is Course.BACK
            return going.without(needed_by(train, blocked) if back else dependents(train, blocked))


def _still(car: Car, how: Deployments) -> DeploymentId | None:
    """What takes it back, unless that came to nothing and is to be tried again."""
    return car.rollback if passage(car, how) in {Passage.BACK, Passage.GOING_BACK} else None


def dependents(train: Train, car: Car) -> frozenset[ReleaseId]:
    """That release, and those aboard that need it, directly or by way of others."""
    found = {car.release}
    for each in train.cars:
        if found.intersection(each.after):
            found.add(each.release)
    return frozenset(found)


def needed_by(train: Train, car: Car) -> frozenset[ReleaseId]:
    """That release, and those aboard that it needs, directly or by way of others: it stays, so they have to."""
    found = {car.release}
    for each in reversed(train.cars):
        if each.release in found:
            found.update(each.after)
    return frozenset(found)


__all__ = [
    "Answer",
    "Arrive",
    "Car",
    "Course",
    "Departure",
    "Halt",
    "LeaveLine",
    "Move",
    "Passage",
    "Start",
    "TakeBack",
    "Train",
    "TrainId",
    "Wait",
    "answered",
    "answers",
    "brought_since",
    "changed_since",
    "dependents",
    "in_order",
    "needed_by",
    "next_move",
    "passage",
    "sealed",
    "stuck",
    "to_take_back",
    "why_stuck",
]
