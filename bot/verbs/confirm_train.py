"""Confirm a release train: with every gate open but for what goes before on the train itself, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.notices import ThreadLine
from bot.ports import Agreed, Clock, Directory, Page, Records, Work
from bot.rules.audit import Happened
from bot.rules.on_record import looked_up
from bot.rules.people import Actor, PersonId
from bot.rules.policy import EnvironmentName, takes_two_people
from bot.rules.release import ReleaseId
from bot.rules.sentence import REPEATED, AllOf, At, Code, Refused, Repeated, refuse, say
from bot.rules.train import Car, Departure, Train
from bot.verbs.ask_train import Assembled, Stop, assemble
from bot.verbs.confirm_deploy import still_good
from bot.verbs.kept_apart import kept_apart
from bot.verbs.redraw import changed
from bot.verbs.trains import tell_train


@dataclass(frozen=True, slots=True)
class TrainConfirmed:
    """It goes: on the record, and followed to its end from here on."""

    train: Train


@dataclass(frozen=True, slots=True)
class TrainBlocked:
    """Something is in the way of at least one of them, so nothing was started."""

    train: Assembled


@dataclass(frozen=True, slots=True)
class ConfirmTrain:
    """Let it go."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(
        self, releases: Sequence[ReleaseId], environment: EnvironmentName, *, by: Actor
    ) -> TrainConfirmed | TrainBlocked | Refused | Repeated:
        """Every gate is asked here, and each once more when its turn comes."""
        roles = await self.directory.roles()
        async with self.records.open() as page:
            if not await page.first_time(by.intent):
                return REPEATED
            agreed, now = self.agreed(), self.now()
            found = await assemble(page, releases, environment, agreed, roles=roles, now=now, by=by.id)
            if isinstance(found, Refused):
                return found
            if not found.open:
                return TrainBlocked(found)
            refusals = (kept_apart(each.place.facts, by.id, found.command) for each in found.stops)
            apart = next(filter(None, refusals), None)
            if apart:
                return apart
            not_seen = await self._not_seen(page, found, by.id)
            if not_seen:
                return not_seen
            train = await page.add_train(Departure(environment, tuple(map(_car, found.stops)), by.id, now))
            names = tuple(each.release.name for each in found.stops)
            for stop in found.stops:
                await self._confirmed(page, train, stop, names, by)
            await tell_train(page, train)
            await page.start(Work.RUN_TRAIN, train.id)
            await page.commit()
        return TrainConfirmed(train)

    async def _confirmed(self, page: Page, train: Train, stop: Stop, names: tuple[str, ...], by: Actor) -> None:
        """On the record of each release, and in its thread."""
        release, facts = stop.release, stop.place.facts
        assert release.candidate is not None, "else its gate would not be open"
        await page.put_on_record(
            Happened(
                "confirm train",
                by.id,
                by.surface,
                facts.now,
                release=release.id,
                candidate=release.candidate.identity,
                subject=train.name,
                detail={
                    "environment": train.environment,
                    "seal": facts.seal,
                    "order": list(names),
                    **looked_up(facts, stop.blockers),
                },
            )
        )
        told = say(
            "{who} confirmed {train}: {names} go to {environment}, in this order.",
            who=At(by.id),
            train=train.name,
            names=AllOf(names),
            environment=train.environment,
        )
        await page.tell(ThreadLine(release.id, told))
        await changed(page, release.id)

    async def _not_seen(self, page: Page, train: Assembled, confirmer: PersonId) -> Refused | None:
        """Whether the train was looked at before, exactly as it is now, by those who should have."""
        asking = next((each for each in train.stops if _takes_two(each)), None)
        first = train.stops[0].release.id
        ask = await page.ask(first, train.environment, train.seal, not_by=confirmer if asking else None)
        look = Code(train.command.replace("train confirm", "train"))
        if ask is not None and all(still_good(ask, each.place.facts) for each in train.stops):
            # It counts once: what has come of it meanwhile is another thing to look at.
            if await page.first_time(f"{train.seal} looked at {ask.at.isoformat()}"):
                return None
        elif asking is not None:
            return refuse(
                "{service} asks for two people: somebody else has to ask with {command} first, then you can confirm.",
                service=asking.place.facts.service.title,
                command=look,
            )
        return refuse(
            "Please look first at what would change: {command}. A preview counts for an hour and for one start, "
            "and only for what it showed.",
            command=look,
        )


def _takes_two(stop: Stop) -> bool:
    facts = stop.place.facts
    return takes_two_people(facts.change, facts.service, facts.environment)


def _car(stop: Stop) -> Car:
    release = stop.release
    assert release.candidate is not None, "else its gate would not be open"
    return Car(
        release=release.id,
        service=release.plan.service,
        version=release.plan.version,
        candidate=release.candidate.identity,
        after=stop.after,
    )
