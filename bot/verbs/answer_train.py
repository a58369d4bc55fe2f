"""Answer a train: it goes on, tries again, stops, or everything that it brought is rolled back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.notices import ThreadLine, TrainAsks
from bot.ports import Agreed, Clock, Directory, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.people import Actor, PersonId, RoleName, Roles
from bot.rules.policy import Catalogue, Right, Service, ServiceName
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, Sentence, refuse, say
from bot.rules.train import Answer, Train, TrainId, answered
from bot.verbs.rights import lacks, lacks_role
from bot.verbs.trains import TrainSeen, no_such_train, see, tell_train


@dataclass(frozen=True, slots=True)
class Answered:
    """It is decided; the train goes its way from here on."""

    train: Train
    answer: Answer


@dataclass(frozen=True, slots=True)
class AnswerTrain:
    """Say how it goes on."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, train_id: TrainId, answer: Answer, seen_revision: int | None, *, by: Actor
    ) -> Answered | Refused | Repeated:
        """`seen_revision`: the train as it was on the screen; None when it was typed."""
        agreed, roles = self.agreed(), await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            train = await page.train(train_id)
            if train is None:
                return no_such_train(train_id)
            if seen_revision is not None and seen_revision != train.revision:
                return Refused(
                    say(
                        "{train} has gone on since you looked, so nothing was done. {command} shows how it stands.",
                        train=train.name,
                        command=Code(f"/deploy train {train.name}"),
                    ),
                    stale=True,
                )
            seen = await see(page, train)
            if answer not in seen.answers:
                return _no_answer(seen, answer)
            not_allowed = may_not(seen, answer, by.id, roles, agreed)
            if not_allowed:
                return not_allowed
            after = await page.keep_train(answered(train, answer, seen.how, by.id))
            await self._told(page, seen, after, answer, by)
            await page.nudge(Work.RUN_TRAIN, train.id, answer)
            await page.commit()
        return Answered(after, answer)

    async def _told(self, page: Page, seen: TrainSeen, after: Train, answer: Answer, by: Actor) -> None:
        told = _what_follows(seen, after, answer, by.id)
        for car in after.cars:
            await page.put_on_record(
                Happened(
                    "answer train",
                    by.id,
                    by.surface,
                    self.now(),
                    release=car.release,
                    candidate=car.candidate,
                    subject=after.name,
                    detail={"environment": after.environment, "answer": answer, "left": car.left},
                )
            )
            await page.tell(ThreadLine(car.release, told))
        await tell_train(page, after)
        if seen.train.asks:
            await page.tell(TrainAsks(after.departure.confirmed_by, after.id))


def may_not(seen: TrainSeen, answer: Answer, person: PersonId, roles: Roles, agreed: Catalogue) -> Refused | None:
    """Why this person may not say so: going on takes who may deploy, going back who may roll back, stopping either."""
    if answer is Answer.STOP:
        return _may_not_stop(seen.train, person, roles, agreed)
    right = Right.ROLL_BACK if answer is Answer.ROLL_BACK else Right.DEPLOY
    concerned = seen.to_take_back if answer is Answer.ROLL_BACK else seen.train.cars
    for car in concerned:
        service = agreed.services.get(car.service)
        if service is None:
            return _has_left(car.service)
        not_allowed = lacks(right, service, person, roles)
        if not_allowed:
            return not_allowed
    return None


def _may_not_stop(train: Train, person: PersonId, roles: Roles, agreed: Catalogue) -> Refused | None:
    """To stop it harms nobody: whoever confirmed it may, and who may deploy or roll back any of it."""
    if person == train.departure.confirmed_by:
        return None
    known = [service for car in train.cars if (service := agreed.services.get(car.service)) is not None]
    needed = [_stoppers(each) for each in known]
    if not all(needed):
        return None
    every = tuple(dict.fromkeys(role for each in needed for role in each))
    return lacks_role(every or (agreed.owners,), f"stop {train.name}", person, roles)


def _stoppers(service: Service) -> tuple[RoleName, ...]:
    rights = [service.roles_for(right) for right in (Right.DEPLOY, Right.ROLL_BACK)]
    return tuple(role for each in rights for role in each) if all(rights) else ()


def _has_left(service: ServiceName) -> Refused:
    return refuse("The catalogue no longer has the service {name}.", name=Code(service))


def _no_answer(seen: TrainSeen, answer: Answer) -> Refused:
    train = seen.train
    if train.over:
        return refuse(
            "{train} has ended. What it brought is rolled back one by one: {command}.",
            train=train.name,
            command=Code(f"/rollback {train.cars[-1].service} in {train.environment}"),
        )
    if not seen.answers:
        return refuse("{train} is stopping already.", train=train.name)
    return refuse(
        "{train} can't {answer} now. What can be said to it: {words}.",
        train=train.name,
        answer=answer.value,
        words=AllOf(tuple(Code(f"/deploy train {train.name} {each}") for each in seen.answers)),
    )


def _what_follows(seen: TrainSeen, after: Train, answer: Answer, by: PersonId) -> Sentence:
    who, train = At(by), after.name
    match answer:
        case Answer.STOP:
            return say("{who} stops {train}: what it brought stays, and nothing more goes.", who=who, train=train)
        case Answer.TRY_AGAIN:
            car = seen.stuck
            return say(
                "{who} has {train} try {release} again.", who=who, train=train, release=car.name if car else "it"
            )
        case Answer.ROLL_BACK:
            names = tuple(each.name for each in seen.to_take_back)
            return say(
                "{who} rolls {train} back: {names}, one after the other.", who=who, train=train, names=AllOf(names)
            )
        case Answer.GO_ON:
            left = tuple(each.name for each in after.cars if each.left and not _was_left(seen.train, each.name))
            if not left:
                return say("{who} lets {train} go on.", who=who, train=train)
            return say("{who} lets {train} go on without {names}.", who=who, train=train, names=AllOf(left))


def _was_left(before: Train, name: str) -> bool:
    return any(each.left for each in before.cars if each.name == name)
