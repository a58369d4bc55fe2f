"""Trains: how one stands, from the newest facts, and who hears when that changes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import TrainChanged
from bot.ports import Page, Reading, Work
from bot.rules.deployment import Deployment, DeploymentId
from bot.rules.sentence import Code, Refused, refuse
from bot.rules.train import Answer, Car, Passage, Train, TrainId, answers, passage, stuck, to_take_back

NEWEST = 200
"""Among so many newest deployments of an environment are those of a train on its way."""


@dataclass(frozen=True, slots=True)
class TrainSeen:
    """A train and its deployments, as they are now."""

    train: Train
    how: dict[DeploymentId, Deployment]

    def passage(self, car: Car) -> Passage:
        """How it stands with that release."""
        return passage(car, self.how)

    def deployment(self, car: Car) -> Deployment | None:
        """What brings it there, or takes it back."""
        number = car.rollback if car.rollback is not None else car.deployment
        return self.how.get(number) if number is not None else None

    @property
    def stuck(self) -> Car | None:
        """What it stands still for."""
        return stuck(self.train, self.how) if self.train.asks else None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What can be said to it."""
        return answers(self.train, self.how)

    @property
    def to_take_back(self) -> tuple[Car, ...]:
        """What rolling all back would take back."""
        return tuple(
            each
            for each in reversed(self.train.cars)
            if to_take_back(each, self.how) and self.passage(each) is not Passage.BACK
        )


async def see(page: Reading, train: Train) -> TrainSeen:
    """The train with its deployments. None of them is locked: whatever acts on one looks at it again."""
    wanted = {number for car in train.cars for number in (car.deployment, car.rollback) if number is not None}
    how: dict[DeploymentId, Deployment] = {}
    for car in train.cars:
        if wanted & {car.deployment, car.rollback}:
            newest = await page.deployments(service=car.service, environment=train.environment, limit=NEWEST)
            how |= {each.id: each for each in newest if each.id in wanted}
    for number in wanted - how.keys():
        older = await page.deployment(number)
        if older is not None:
            how[number] = older
    return TrainSeen(train, how)


async def tell_train(page: Page, train: Train) -> None:
    """Its message is drawn anew in the thread of each of its releases."""
    for car in train.cars:
        await page.tell(TrainChanged(car.release, train.id))


async def let_the_train_go_on(page: Page, deployment: Deployment) -> None:
    """Something else has become of that deployment: the train that waits for it looks again."""
    train = await page.train_with(deployment.id)
    if train is not None and not train.over:
        await page.nudge(Work.RUN_TRAIN, train.id, "look")
        await tell_train(page, train)


def no_such_train(train: TrainId) -> Refused:
    """There is none of that number."""
    return refuse(
        "There is no train {name}. {command} shows those on their way.",
        name=f"T-{train}",
        command=Code("/deploy status"),
    )
