"""Summaries: what a digest and somebody's App Home show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.ports import Clock, Reading, Records
from bot.rules.absence import Absence
from bot.rules.approval import barred, rejections
from bot.rules.checklist import Item, left_to_do
from bot.rules.deployment import Attempt, Deployment, Kind
from bot.rules.freeze import Freeze
from bot.rules.lock import Lock
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import Right, ServiceName
from bot.rules.review import Review
from bot.rules.stage import Stage
from bot.verbs.except_freeze import Requested
from bot.verbs.look import Look, Picture
from bot.verbs.standing_back import StandsBack, standing_back
from bot.verbs.trains import TrainSeen, see

_AT_NO_CERTAIN_MOMENT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DigestContent:
    """What a digest tells of these services over that time."""

    since: datetime
    until: datetime
    services: tuple[ServiceName, ...]
    shipped: tuple[Deployment, ...]
    """Successes in final environments, newest first, rollbacks not included."""
    rolled_back: tuple[Deployment, ...]
    failed: tuple[Deployment, ...]
    """Failed, cancelled or with an unknown outcome."""
    launched: tuple[Picture, ...]
    waiting: tuple[Picture, ...]
    """Open releases, oldest first; each shows what it waits for and for whom."""
    running: tuple[Deployment, ...]
    freezes: tuple[Freeze, ...]
    """In force or coming, the first to start first."""
    locks: tuple[Lock, ...] = ()
    """Those that seem forgotten, the oldest first."""
    reviews: tuple[Review, ...] = ()
    """Those that are still owed, the first one due first."""
    behind: tuple[StandsBack, ...] = ()
    """Environments that stand on an older version since a rollback."""

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        done = (self.shipped, self.rolled_back, self.failed, self.launched)
        going_on = (self.waiting, self.running, self.freezes, self.locks, self.reviews, self.behind)
        return not any((*done, *going_on))


@dataclass(frozen=True, slots=True)
class InboxContent:
    """What one person finds in App Home."""

    person: PersonId
    seen_at: datetime
    approvals: tuple[tuple[Picture, RoleName], ...]
    """Releases that wait for this person's approval, and in which role."""
    items: tuple[tuple[Picture, Item], ...]
    """Checklist lines that this person can do, the one that is due first first."""
    mine: tuple[Picture, ...]
    running: tuple[Deployment, ...]
    freezes: tuple[Freeze, ...]
    absences: tuple[Absence, ...] = ()
    """This person's own, and those for which they stand in, now and ahead."""
    exceptions: tuple[Requested, ...] = ()
    """What was asked of freezes and waits for this person."""
    locks: tuple[Lock, ...] = ()
    """In force, this person's own first."""
    reviews: tuple[Review, ...] = ()
    """Deployments that broke the glass, and that this person is to review."""
    behind: tuple[StandsBack, ...] = ()
    """Environments that stand on an older version since a rollback, which this person can do something about."""
    trains: tuple[TrainSeen, ...] = ()
    """Those on their way, those that wait for a word first."""


@dataclass(frozen=True, slots=True)
class Summaries:
    """Gather what is to be told."""

    look: Look
    records: Records
    now: Clock

    async def digest(
        self, services: tuple[ServiceName, ...] = (), over: timedelta = timedelta(days=1)
    ) -> DigestContent:
        """What happened over that time, what waits, and what is ahead."""
        until = self.now()
        since = until - over
        wanted = services or tuple(self.look.agreed().services)
        pictures = [each for each in await self.look.all_open() if each.release.plan.service in wanted]
        recently = [each for each in await self.look.several(limit=100) if each.release.plan.service in wanted]
        async with self.records.read() as page:
            recent = [each for each in await page.deployments(since=since, limit=200) if each.order.service in wanted]
            running = [each for each in await page.deployments(holding_only=True) if each.order.service in wanted]
            freezes = await page.freezes(not_over_at=until)
            locks = await page.locks(not_over_at=until)
            reviews = await page.reviews(open_only=True)
            known = self.look.agreed().services
            behind = await standing_back(page, [known[name] for name in wanted if name in known])
        finals = {
            (name, environment.name)
            for name, service in self.look.agreed().services.items()
            for environment in service.final
        }
        good = [
            each
            for each in recent
            if each.attempt is Attempt.SUCCEEDED and (each.order.service, each.order.environment) in finals
        ]
        return DigestContent(
            since=since,
            until=until,
            services=wanted,
            shipped=tuple(each for each in good if each.order.kind is Kind.DEPLOY),
            rolled_back=tuple(each for each in good if each.order.kind is Kind.ROLLBACK),
            failed=tuple(each for each in recent if each.attempt in {Attempt.FAILED, Attempt.CANCELLED} and each.begun)
            + tuple(each for each in running if each.attempt is Attempt.UNKNOWN),
            launched=tuple(
                each for each in recently if each.release.launched is not None and each.release.launched.at >= since
            ),
            waiting=tuple(pictures),
            running=tuple(each for each in running if each.attempt is not Attempt.UNKNOWN),
            freezes=tuple(
                each for each in freezes if not each.window.services or each.window.services.intersection(wanted)
            ),
            locks=tuple(
                each
                for each in locks
                if each.hold.service in wanted and until - each.locked_at >= self.look.agreed().locks.forgotten_after
            ),
            reviews=tuple(each for each in reviews if each.duty.service in wanted),
            behind=tuple(behind),
        )

    async def inbox(self, person: PersonId) -> InboxContent:
        """What waits for this person, and what goes on."""
        now, owners = self.now(), self.look.agreed().owners
        pictures, roles = await self.look.all_open(), await self.look.directory.roles()
        async with self.records.read() as page:
            running = await page.deployments(holding_only=True)
            freezes = await page.freezes(not_over_at=now)
            away = await page.absences(not_over_at=now)
            locks = sorted(await page.locks(not_over_at=now), key=lambda each: each.hold.by != person)
            requested = await _requested(page, pictures)
            reviews = await page.reviews(open_only=True)
            behind = await standing_back(page, self.look.agreed().services.values())
            theirs = {each.id for each in await page.releases(requested_by=person, limit=200)} if behind else set()
            trains = [await see(page, each) for each in await page.trains()]
        approvals, items = [], []
        for picture in pictures:
            role = wanted_role(picture, person)
            if role is not None:
                approvals.append((picture, role))
            items += [
                (picture, item) for item in left_to_do(picture.release.checklist) if waits_for(picture, item, person)
            ]
        items.sort(key=lambda each: each[0].due(each[1]) or _AT_NO_CERTAIN_MOMENT)
        mine = tuple(each for each in pictures if each.release.requested_by == person)
        concerned = tuple(each for each in away if person in {each.leave.person, each.leave.stand_in})
        waiting = tuple(each for each in requested if each.waits_for(person, self.look.agreed()))
        owed = tuple(each for each in reviews if each.owed_by(person, owners, roles, now))
        mended = tuple(
            each
            for each in behind
            if each.newer.order.release in theirs or roles.any_of(person, each.service.roles_for(Right.ROLL_BACK))
        )
        return InboxContent(
            person,
            now,
            tuple(approvals),
            tuple(items),
            mine,
            tuple(running),
            tuple(freezes),
            concerned,
            waiting,
            tuple(locks),
            owed,
            mended,
            tuple(sorted(trains, key=lambda each: not each.train.asks)),
        )


async def _requested(page: Reading, pictures: list[Picture]) -> list[Requested]:
    """What was asked of freezes for these releases and is not decided yet."""
    found = []
    for picture in pictures:
        waiting = picture.places[0].facts.exceptions if picture.places else ()
        for exception in (each for each in waiting if each.granted is None):
            freeze = await page.freeze(exception.plea.freeze)
            if freeze is not None:
                found.append(Requested(picture, exception, freeze))
    return found


def waits_for(picture: Picture, item: Item, person: PersonId) -> bool:
    """Whether it is this person's to do. What only a check ticks waits for nobody."""
    if item.owner is not None:
        return picture.roles.hold(person, item.owner)
    return item.check is None and picture.release.requested_by == person


def wanted_role(picture: Picture, person: PersonId) -> RoleName | None:
    """The role in which this release waits for this person's approval; None if it doesn't."""
    place = picture.asking
    if place is None or picture.stage in {Stage.CANCELLED, Stage.RELEASED}:
        return None
    facts, candidate, proposal = place.facts, picture.release.candidate, place.facts.proposal
    if candidate is None or proposal is None:
        return None
    own = barred(facts.change, facts.release.requested_by, candidate)
    refused = {each.person for each in rejections(facts.release.verdicts, proposal)}
    taken = {who for tally in place.tallies for verdict in tally.given for who in verdict.speakers}
    for tally in place.tallies:
        role = tally.rule.role
        speakers = {person, facts.roles.principal(person, role)}
        if tally.missing and facts.roles.hold(person, role) and not speakers & (own | refused | taken):
            return role
    return None
