"""Run a train: one release after the other, each as an ordinary deployment whose gate is asked when its turn comes.

Each call is one move, decided by what is on the record: a kill in between starts nothing twice, since a deployment and
the car that it belongs to are written in one transaction. At the first thing that goes wrong it stands still and asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.notices import DirectLine, ThreadLine, TrainAsks
from bot.ports import (
    DONE,
    Agreed,
    Clock,
    CodeHostError,
    Directory,
    HeldError,
    Next,
    Page,
    Reading,
    Records,
    Work,
    again,
)
from bot.rules.audit import Happened
from bot.rules.deployment import Attempt, Deployment, DeploymentId, Kind
from bot.rules.people import SLIPWAY, Actor, Person, PersonId, Roles, Surface
from bot.rules.policy import Right
from bot.rules.release import ReleaseId
from bot.rules.rollback import last_touch
from bot.rules.sentence import AllOf, At, AtRole, Code, Refused, Sentence, When, in_a_row, say
from bot.rules.train import (
    Arrive,
    Car,
    Halt,
    LeaveLine,
    Passage,
    Start,
    TakeBack,
    Train,
    TrainId,
    Wait,
    brought_since,
    changed_since,
    next_move,
    why_stuck,
)
from bot.verbs.confirm_deploy import Aboard, ConfirmDeploy
from bot.verbs.next_in_line import ALL_THAT_MATTERS, let_the_next_go, withdrawn
from bot.verbs.rights import lacks
from bot.verbs.roll_back import RollBack, RollingBack
from bot.verbs.trains import TrainSeen, see, tell_train

LOOK_UP = timedelta(seconds=30)
"""So often it looks by itself; whatever ends says so."""
SOON = timedelta(seconds=1)

Forwards = Wait | Start | LeaveLine | Halt | Arrive
"""Every move but taking something back."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A release beside what has come to stand there: `why` it can't go, None if it takes nothing of that back."""

    release: ReleaseId
    brought: DeploymentId
    why: Sentence | None = None
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class RunTrain:
    """One move of a train."""

    records: Records
    directory: Directory
    agreed: Agreed
    confirm: ConfirmDeploy
    roll_back: RollBack
    now: Clock

    async def __call__(self, key: int) -> Next:
        """Do the one thing that is due."""
        async with self.records.read() as reading:
            train = await reading.train(TrainId(key))
            if train is None or train.over:
                return DONE
            move = next_move(train, (await see(reading, train)).how)
            if not train.asks and isinstance(move, Wait):
                return again(LOOK_UP)
            brought = await _brought_meanwhile(reading, train, move.car) if isinstance(move, Start) else None
        # Asked of the code host before anything is held.
        compared = await self._compared(train, move.car, brought) if isinstance(move, Start) and brought else None
        roles = await self.directory.roles()
        async with self.records.open() as page:
            train = await page.train(TrainId(key))
            assert train is not None, "trains are never deleted"
            if train.over:
                return DONE
            seen = await see(page, train)
            move = next_move(train, seen.how)
            back: RollingBack | None = None
            if isinstance(move, TakeBack):
                following, back = await self._take_back(page, train, move.car, roles)
            else:
                following = await self._make(page, seen, move, roles, compared)
            await page.commit()
        if back is not None:
            await self._warn(back)
        return following

    async def _make(self, page: Page, seen: TrainSeen, move: Forwards, roles: Roles, compared: Compared | None) -> Next:
        train = seen.train
        match move:
            case Wait():
                return await self._remind(page, seen) if train.asks else again(LOOK_UP)
            case Start(car):
                return await self._start(page, train, car, roles, compared)
            case LeaveLine(car):
                return await self._leave_line(page, train, car)
            case Halt(car):
                return await self._halt(page, seen, car)
            case Arrive():
                return await self._arrive(page, seen)

    # ------------------------------------------------------------ one release at a time

    async def _compared(self, train: Train, car: Car, brought: Deployment) -> Compared:
        """Whether what was waited for stays, once the release is there."""
        async with self.records.read() as reading:
            release = await reading.release(car.release)
        service = self.agreed().services.get(car.service)
        if release is None or release.candidate is None or service is None or service.repository is None:
            return Compared(car.release, brought.id)
        try:
            between = await self.roll_back.code_host.between(
                service.repository, brought.order.candidate.commit, release.candidate.commit, limit=1
            )
        except CodeHostError as error:
            why = say(
                "I can't read whether {release} has what {other} brought to {environment} meanwhile: {why}",
                release=car.name,
                other=brought.name,
                environment=train.environment,
                why=str(error),
            )
            return Compared(car.release, brought.id, why)
        if not between.backwards and not between.lost:
            return Compared(car.release, brought.id)
        why = say(
            "{release} doesn't have everything that {other} ({version}) brought to {environment} meanwhile, and would "
            "take that back.",
            release=car.name,
            other=brought.name,
            version=brought.order.version,
            environment=train.environment,
        )
        return Compared(car.release, brought.id, why, for_good=True)

    async def _start(self, page: Page, train: Train, car: Car, roles: Roles, compared: Compared | None) -> Next:
        release = await page.release(car.release)
        assert release is not None, "releases are never deleted"
        candidate = release.candidate
        if candidate is None or candidate.identity != car.candidate or release.plan.version != car.version:
            why = say(
                "{release} has another candidate now than when {train} was confirmed.",
                release=release.name,
                train=train.name,
            )
            return await self._note(page, train, replace(car, trouble=why, for_good=True))
        meanwhile = changed_since(train, await _history(page, train, car))
        if meanwhile is not None and not meanwhile.order.candidate.is_same_as(candidate):
            why = say(
                "{name} ({version}) has changed {environment} since {train} was confirmed.",
                name=meanwhile.name,
                version=meanwhile.order.version,
                environment=train.environment,
                train=train.name,
            )
            return await self._note(page, train, replace(car, trouble=why, for_good=True))
        brought = await _brought_meanwhile(page, train, car)
        if brought is not None and not brought.order.candidate.is_same_as(candidate):
            if compared is None or (compared.release, compared.brought) != (car.release, brought.id):
                return again(timedelta(0))
            if compared.why is not None:
                return await self._note(page, train, replace(car, trouble=compared.why, for_good=compared.for_good))
        try:
            done = await self.confirm.aboard(
                page,
                release,
                train.environment,
                train.name,
                by=_in_the_name_of(train.departure.confirmed_by),
                roles=roles,
            )
        except HeldError:
            return again(SOON)
        if isinstance(done, Aboard):
            return await self._note(page, train, replace(car, deployment=done.deployment.id, adopted=done.adopted))
        return await self._note(page, train, replace(car, trouble=done))

    async def _take_back(self, page: Page, train: Train, car: Car, roles: Roles) -> tuple[Next, RollingBack | None]:
        """What comes next, and the rollback that has started, if one has."""
        assert car.deployment is not None, "else there was nothing to take back"
        assert train.decided_by is not None, "somebody has decided so"
        service = self.agreed().services.get(car.service)
        if service is None or service.environment(train.environment) is None:
            why = say("The catalogue no longer says how to deploy to {place}.", place=train.environment)
            return await self._note(page, train, replace(car, trouble=why)), None
        history = await page.deployments(service=car.service, environment=train.environment, limit=ALL_THAT_MATTERS)
        tried = [each for each in history if each.order.kind is Kind.ROLLBACK and each.order.replaces == car.deployment]
        by_hand = next((each for each in tried if not each.over or each.attempt is Attempt.SUCCEEDED), None)
        if by_hand is not None and by_hand.attempt is not Attempt.UNKNOWN:
            return await self._note(page, train, replace(car, rollback=by_hand.id)), None
        brought = next((each for each in history if each.id == car.deployment), None)
        before = brought.order.replaces if brought is not None else None
        last = last_touch(history)
        not_allowed = lacks(Right.ROLL_BACK, service, train.decided_by, roles)
        done = not_allowed or await self.roll_back.on(
            page,
            service,
            train.environment,
            # Not simply the last good version: after a way back that failed, that is what is to be taken away.
            wanted=f"D-{before}" if before is not None else None,
            seen=last.id if last in tried else car.deployment,
            reason=f"{train.name} is rolled back.",
            by=_in_the_name_of(train.decided_by),
        )
        if isinstance(done, Refused):
            return await self._note(page, train, replace(car, trouble=done.why)), None
        return await self._note(page, train, replace(car, rollback=done.deployment.id)), done

    async def _warn(self, done: RollingBack) -> None:
        """Tell the thread what can't be undone, as with any rollback: after its start, which waits for no code host."""
        order = done.deployment.order
        place = self.agreed().services.get(order.service)
        async with self.records.read() as reading:
            history = await reading.deployments(
                service=order.service, environment=order.environment, limit=ALL_THAT_MATTERS
            )
        standing = next((each for each in history if each.id == order.replaces), None)
        if place is not None and standing is not None:
            await self.roll_back.warn(place, history, standing, done.target)

    async def _leave_line(self, page: Page, train: Train, car: Car) -> Next:
        assert car.deployment is not None, "else it would not wait in line"
        await page.release(car.release)
        waiting = await page.deployment(car.deployment)
        if waiting is not None and waiting.waits:
            await withdrawn(page, waiting, f"{train.name} goes without it.", at=self.now())
            await let_the_next_go(page, car.service, train.environment)
        return again(timedelta(0))

    async def _note(self, page: Page, train: Train, car: Car) -> Next:
        """Keep what has become of that release; what comes next is another move."""
        await page.keep_train(train.with_car(car))
        await tell_train(page, train)
        return again(timedelta(0))

    # ------------------------------------------------------------ people

    async def _halt(self, page: Page, seen: TrainSeen, car: Car) -> Next:
        """It stands still, and asks."""
        now = self.now()
        why = why_stuck(seen.train, car, seen.how)
        train = await page.keep_train(replace(seen.train, asks_since=now))
        await self._record(page, "train stands still", train, car, {"why": str(why)})
        told = (
            say("{train} stands still.", train=train.name),
            why,
            say(
                "{who}, how does it go on? {words}.",
                who=At(train.departure.confirmed_by),
                words=AllOf(_words(replace(seen, train=train))),
            ),
        )
        await page.tell(ThreadLine(car.release, in_a_row(told, " "), loud=True))
        await tell_train(page, train)
        await page.tell(TrainAsks(train.departure.confirmed_by, train.id))
        return again(self.agreed().reminders.ask_again_after)

    async def _remind(self, page: Page, seen: TrainSeen) -> Next:
        """Nobody has said anything: who confirmed it hears of it again, and then everybody who may decide."""
        train, now = seen.train, self.now()
        assert train.asks_since is not None, "it asks"
        every = self.agreed().reminders.ask_again_after
        asked = (now - train.asks_since) // every
        car = seen.stuck or train.cars[0]
        if asked and await page.first_time(f"{train.name} asks {train.asks_since.isoformat()} {asked}"):
            told = say(
                "{train} has stood still since {since} and waits for a word: {words}.",
                train=train.name,
                since=When(train.asks_since),
                words=AllOf(_words(seen)),
            )
            await page.tell(DirectLine(train.departure.confirmed_by, told, car.release))
            service = self.agreed().services.get(car.service)
            roles = service.roles_for(Right.DEPLOY) if service else ()
            if asked > 1 and roles:
                called = say(
                    "{roles}, {train} still stands still and waits for a word: {words}.",
                    roles=AllOf(tuple(AtRole(each) for each in roles)),
                    train=train.name,
                    words=AllOf(_words(seen)),
                )
                await page.tell(ThreadLine(car.release, called))
        return again(train.asks_since + (asked + 1) * every - now)

    async def _arrive(self, page: Page, seen: TrainSeen) -> Next:
        now = self.now()
        train = await page.keep_train(replace(seen.train, ended_at=now))
        there = [each.name for each in train.cars if seen.passage(each) is Passage.THERE]
        back = [each.name for each in train.cars if seen.passage(each) is Passage.BACK]
        stayed = [each.name for each in train.cars if each.name not in {*there, *back}]
        for car in train.cars:
            await self._record(page, "train ended", train, car, {"there": there, "rolled back": back, "not": stayed})
            # What ships itself was left to the train until now.
            await page.nudge(Work.WATCH_RELEASE, car.release, "changed")
        told = say("{train} has ended: {what}.", train=train.name, what=_ending(train, there, back, stayed))
        await page.tell(DirectLine(train.departure.confirmed_by, told, train.cars[-1].release))
        await tell_train(page, train)
        return DONE

    async def _record(self, page: Page, verb: str, train: Train, car: Car, detail: dict[str, object]) -> None:
        await page.put_on_record(
            Happened(
                verb,
                SLIPWAY,
                Surface.ENGINE,
                self.now(),
                release=car.release,
                candidate=car.candidate,
                subject=train.name,
                detail={"environment": train.environment, **detail},
            )
        )


def _in_the_name_of(person: PersonId) -> Actor:
    """Slipway does it, by that person's word."""
    return Actor(Person(person, ""), Surface.ENGINE)


async def _history(page: Reading, train: Train, car: Car) -> list[Deployment]:
    return await page.deployments(service=car.service, environment=train.environment, limit=ALL_THAT_MATTERS)


async def _brought_meanwhile(page: Reading, train: Train, car: Car) -> Deployment | None:
    """What the train was to wait for, and stands there now."""
    return brought_since(train, await _history(page, train, car))


def _words(seen: TrainSeen) -> tuple[Code, ...]:
    """What can be typed to answer."""
    return tuple(Code(f"/deploy train {seen.train.name} {each}") for each in seen.answers)


def _ending(train: Train, there: list[str], back: list[str], stayed: list[str]) -> str:
    told = []
    if there:
        told.append(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} in {train.environment}")
    if back:
        told.append(f"{', '.join(back)} {'was' if len(back) == 1 else 'were'} rolled back")
    if stayed:
        told.append(f"{', '.join(stayed)} did not go")
    return "; ".join(told)
