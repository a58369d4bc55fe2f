"""Ask for a release train: a private preview of its order, each gate and what would change; nothing starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Agreed, Ask, Changes, Clock, CodeHost, CodeHostError, Directory, Page, Records
from bot.rules.audit import Happened
from bot.rules.candidate import Seal
from bot.rules.deployment import UNDER_WAY
from bot.rules.gate import Blocker, Reason
from bot.rules.on_record import looked_up
from bot.rules.people import Actor, PersonId, Roles
from bot.rules.policy import Catalogue, EnvironmentName, Right, ServiceName
from bot.rules.release import Release, ReleaseId, r
from bot.rules.sentence import Code, Refused, refuse
from bot.rules.train import FEWEST, MOST, in_order, sealed
from bot.verbs.ask_deploy import the_place
from bot.verbs.look import Picture, Place, no_such_release, take_all
from bot.verbs.rights import lacks


@dataclass(frozen=True, slots=True)
class Stop:
    """One release as it would go: after those, and with this in its way besides them."""

    picture: Picture
    place: Place
    after: tuple[ReleaseId, ...]
    blockers: tuple[Blocker, ...]

    @property
    def release(self) -> Release:
        """The release."""
        return self.picture.release

    @property
    def waits(self) -> bool:
        """Whether something else is on its way there, whose end it would wait for."""
        return not self.blockers and any(each.reason is Reason.HELD for each in self.place.blockers)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A train as it would go, in its order."""

    environment: EnvironmentName
    stops: tuple[Stop, ...]
    seal: Seal
    command: str
    """What confirms it."""

    @property
    def open(self) -> bool:
        """Whether nothing is in the way of any of them."""
        return not any(each.blockers for each in self.stops)


@dataclass(frozen=True, slots=True)
class TrainPreview:
    """What would happen. `changes`: for each release what would come along, or why that can't be read."""

    train: Assembled
    changes: Mapping[ReleaseId, Changes | str]


@dataclass(frozen=True, slots=True)
class AskTrain:
    """Ask; nothing starts."""

    records: Records
    directory: Directory
    agreed: Agreed
    code_host: CodeHost
    now: Clock

    async def __call__(
        self, releases: Sequence[ReleaseId], environment: EnvironmentName, *, by: Actor
    ) -> TrainPreview | Refused:
        """Look, and remember who asked: where two people are wanted, this is the first."""
        agreed, roles, now = self.agreed(), await self.directory.roles(), self.now()
        async with self.records.open() as page:
            train = await assemble(page, releases, environment, agreed, roles=roles, now=now, by=by.id)
            if isinstance(train, Refused):
                return train
            await page.keep_ask(Ask(train.stops[0].release.id, environment, train.seal, by.id, now))
            for stop in train.stops:
                candidate = stop.release.candidate
                await page.put_on_record(
                    Happened(
                        "ask to deploy",
                        by.id,
                        by.surface,
                        now,
                        release=stop.release.id,
                        candidate=candidate.identity if candidate else None,
                        subject=environment,
                        detail={
                            "seal": stop.place.facts.seal,
                            "train": [each.release.name for each in train.stops],
                            "blockers": [str(each.why) for each in stop.blockers],
                            **looked_up(stop.place.facts, stop.blockers),
                        },
                    )
                )
            await page.commit()
        changes = {stop.release.id: await self._changes(stop) for stop in train.stops}
        return TrainPreview(train, changes)

    async def _changes(self, stop: Stop) -> Changes | str:
        facts = stop.place.facts
        candidate = facts.release.candidate
        if candidate is None:
            return ""
        if facts.service.repository is None:
            return "The catalogue names no repository for this service."
        old = facts.standing.order.candidate.commit if facts.standing else None
        try:
            return await self.code_host.between(facts.service.repository, old, candidate.commit, limit=1)
        except CodeHostError as error:
            return str(error)


async def assemble(
    page: Page,
    releases: Sequence[ReleaseId],
    environment: EnvironmentName,
    agreed: Catalogue,
    *,
    roles: Roles,
    now: datetime,
    by: PersonId,
) -> Assembled | Refused:
    """Put a train together from these releases, or say why they make none."""
    pictures = await _pictures(page, releases, agreed, roles=roles, now=now)
    if isinstance(pictures, Refused):
        return pictures
    places: dict[ReleaseId, Place] = {}
    services: dict[ServiceName, ReleaseId] = {}
    for number in releases:
        place = the_place(pictures[number], environment)
        if isinstance(place, Refused):
            return place
        service = place.facts.service
        not_allowed = lacks(Right.DEPLOY, service, by, roles)
        if not_allowed:
            return not_allowed
        if service.name in services:
            return refuse(
                "{one} and {other} are both of {service}; a train takes one release of each service.",
                one=r(services[service.name]),
                other=r(number),
                service=service.title,
            )
        services[service.name], places[number] = number, place
        elsewhere = await _elsewhere(page, place)
        if elsewhere:
            return elsewhere
    depends_on: dict[ReleaseId, tuple[ReleaseId, ...]] = {}
    for number, place in places.items():
        facts = place.facts
        missing = [each for each, there in facts.dependencies.items() if not there and each not in places]
        if missing:
            return _neither_there_nor_aboard(number, missing[0], releases, environment)
        depends_on[number] = tuple(each for each in facts.release.plan.depends_on if each in places)
    order = in_order(tuple(releases), depends_on)
    if isinstance(order, Refused):
        return order
    stops = tuple(_stop(pictures[number], places[number], depends_on[number]) for number in order)
    seal = sealed(environment, [(each.release.id, each.place.facts.seal or "", each.after) for each in stops])
    names = " ".join(r(number) for number in releases)
    return Assembled(environment, stops, Seal(seal), f"/deploy train confirm {names} to {environment}")


async def _pictures(
    page: Page, releases: Sequence[ReleaseId], agreed: Catalogue, *, roles: Roles, now: datetime
) -> dict[ReleaseId, Picture] | Refused:
    twice = next((each for each in releases if releases.count(each) > 1), None)
    if twice is not None:
        return refuse("{release} is named twice; once is enough.", release=r(twice))
    if len(releases) < FEWEST:
        return refuse(
            "A train takes two releases or more. For one there is {command}.",
            command=Code(f"/deploy {r(releases[0]) if releases else 'R-12'} to <environment>"),
        )
    if len(releases) > MOST:
        return refuse("A train takes at most {most} releases, and these are {many}.", most=MOST, many=len(releases))
    found: list[Release] = []
    # Locked in the order of their numbers, as everybody else does.
    for number in sorted(releases):
        release = await page.release(number)
        if release is None:
            return no_such_release(number)
        found.append(release)
    pictures = await take_all(page, found, agreed, roles=roles, now=now)
    return {each.release.id: each for each in pictures}


async def _elsewhere(page: Page, place: Place) -> Refused | None:
    """Whether that release is there already, on its way there, or aboard another train."""
    facts = place.facts
    release = facts.release
    if place.stands_here:
        return refuse(
            "{release} is in {environment} already; leave it out.", release=release.name, environment=place.name
        )
    line = await page.waiting(facts.service.name, place.name)
    there = (facts.holder, *line) if facts.holder is not None else line
    own = next((each for each in there if each.order.release == release.id), None)
    if own is not None:
        return refuse(
            "{release} is on its way to {environment} already, as {name} ({attempt}); leave it out.",
            release=release.name,
            environment=place.name,
            name=own.name,
            attempt=own.attempt.value,
        )
    for train in await page.trains(environment=place.name):
        car = train.car(release.id)
        if car is not None:
            return refuse(
                "{release} is aboard {train} already, which goes to {environment}: {command} shows it.",
                release=release.name,
                train=train.name,
                environment=place.name,
                command=Code(f"/deploy train {train.name}"),
            )
    return None


def _neither_there_nor_aboard(
    number: ReleaseId, missing: ReleaseId, releases: Sequence[ReleaseId], environment: EnvironmentName
) -> Refused:
    names = " ".join(r(each) for each in (missing, *releases))
    return refuse(
        "{release} depends on {other}, which is neither in {environment} nor aboard. Take it along: {command}.",
        release=r(number),
        other=r(missing),
        environment=environment,
        command=Code(f"/deploy train {names} to {environment}"),
    )


def _stop(picture: Picture, place: Place, after: tuple[ReleaseId, ...]) -> Stop:
    """What is in its way, apart from those that go before it, and from what it would wait for in line."""
    aboard = {r(each) for each in after}
    ahead = [each for each in place.blockers if each.reason is not Reason.DEPENDENCY or each.about not in aboard]
    held = [each for each in ahead if each.reason is Reason.HELD]
    others = [each for each in ahead if each.reason is not Reason.HELD]
    return Stop(picture, place, after, (*others, *(held if not _ends(place) else ())))


def _ends(place: Place) -> bool:
    """Whether what holds the place is on its way, so that its end can be waited for."""
    holder = place.facts.holder
    return holder is not None and holder.attempt in UNDER_WAY
