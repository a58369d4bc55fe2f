"""Look: everything there is to see about a release, read at one moment and judged by the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.ports import Agreed, Clock, Directory, Reading, Records
from bot.rules.approval import Tally, void
from bot.rules.checklist import Item, merged
from bot.rules.deployment import UNDER_WAY, Deployment, Kind
from bot.rules.freeze import CalendarState, Freeze, FreezeException, unread
from bot.rules.gate import Blocker, Facts, Reason, gate
from bot.rules.lock import Lock
from bot.rules.people import PersonId, Roles
from bot.rules.policy import CalendarSource, Catalogue, ChangeType, EnvironmentName, Service, ServiceName, checklist_of
from bot.rules.release import Release, ReleaseId, parse_release_id
from bot.rules.rollback import newest_success, taken_away
from bot.rules.sentence import Code, Refused, Sentence, refuse, say
from bot.rules.stage import Stage, stage
from bot.rules.veto import Finding, Veto, VetoId

EVERY_OPEN_ONE = 1000
"""More releases than any team has open at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A release seen from one environment: the facts, and what they block."""

    facts: Facts
    blockers: tuple[Blocker, ...]

    @property
    def name(self) -> EnvironmentName:
        """The environment's name."""
        return self.facts.environment.name

    @property
    def open(self) -> bool:
        """Whether the gate is empty."""
        return not self.blockers

    @property
    def can_wait(self) -> bool:
        """Whether all that is in the way is another deployment on its way there, whose end can be waited for."""
        holder = self.facts.holder
        return (
            holder is not None
            and holder.attempt in UNDER_WAY
            and not self._is_on_its_way(holder)
            and all(each.reason is Reason.HELD for each in self.blockers)
        )

    def _is_on_its_way(self, holder: Deployment) -> bool:
        """Whether what holds the place is this very candidate of this release: nobody brings that twice."""
        release = self.facts.release
        return holder.order.release == release.id and holder.order.candidate.is_same_as(release.candidate)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """How far each approval rule has come here."""
        return self.facts.tallies

    @property
    def stands_here(self) -> bool:
        """Whether this very candidate is what stands in this environment."""
        there = self.facts.standing
        return there is not None and there.order.candidate.is_same_as(self.facts.release.candidate)


@dataclass(frozen=True, slots=True)
class Picture:
    """A release as one sees it now. `problem`: its service or change type has left the catalogue."""

    release: Release
    stage: Stage
    service: Service | None
    change: ChangeType | None
    places: tuple[Place, ...]
    """One for each environment of the service, in order."""
    deployments: tuple[Deployment, ...]
    """Its own deployments, newest first."""
    roles: Roles
    seen_at: datetime
    problem: Sentence | None = None
    timezone: str = "UTC"
    """Where its target date begins."""

    def due(self, item: Item) -> datetime | None:
        """When that line of its checklist should be done; None: at no certain moment."""
        return item.due_at(self.release.plan.target, ZoneInfo(self.timezone))

    def overdue(self, item: Item) -> bool:
        """Whether it should have been done by now, and isn't."""
        due = self.due(item)
        return due is not None and due <= self.seen_at and not item.done

    def place(self, environment: EnvironmentName) -> Place | None:
        """The view from that environment."""
        return next((each for each in self.places if each.name == environment), None)

    @property
    def next_place(self) -> Place | None:
        """Where this candidate goes next: the first environment, in order, where it doesn't stand yet."""
        return next((each for each in self.places if not each.stands_here), None)

    @property
    def asking(self) -> Place | None:
        """Where approvals are wanted: the first environment that asks for any and does not have the candidate."""
        return next((each for each in self.places if each.facts.approvals and not each.stands_here), None)

    @property
    def voided(self) -> int:
        """How many words no longer count, since the candidate or the rules are others now."""
        return sum(
            len(void(self.release.verdicts, each.facts.proposal))
            for each in self.places
            if each.facts.proposal is not None
        )


def picture(
    release: Release,
    catalogue: Catalogue,
    *,
    roles: Roles,
    now: datetime,
    history: tuple[Deployment, ...],
    freezes: Sequence[Freeze],
    dependencies: dict[EnvironmentName, dict[ReleaseId, bool]],
    exceptions: Sequence[FreezeException] = (),
    unread: tuple[tuple[CalendarSource, str], ...] = (),
    locks: Sequence[Lock] = (),
    vetoes: Sequence[Veto] = (),
    findings: Mapping[VetoId, Finding] = MappingProxyType({}),
) -> Picture:
    """Judge what was read."""
    own = tuple(each for each in history if each.order.release == release.id)
    service = catalogue.services.get(release.plan.service)
    change = catalogue.change_types.get(release.plan.change_type)
    if service is None or change is None:
        gone = "service" if service is None else "change type"
        name = release.plan.service if service is None else release.plan.change_type
        ended = Stage.CANCELLED if release.cancelled else Stage.RELEASED if release.launched else Stage.PLANNING
        return Picture(
            release,
            ended,
            service,
            change,
            (),
            own,
            roles,
            now,
            say("The catalogue no longer has the {gone} {name}, so nothing can go ahead.", gone=gone, name=Code(name)),
            catalogue.reminders.timezone,
        )
    views = [
        Facts(
            release=release,
            service=service,
            environment=environment,
            change=change,
            roles=roles,
            now=now,
            deployments=history,
            freezes=tuple(freezes),
            dependencies=dependencies.get(environment.name, {}),
            exceptions=tuple(each for each in exceptions if each.plea.release == release.id),
            unread=unread,
            locks=tuple(each for each in locks if each.hold.service == service.name),
            vetoes=tuple(vetoes),
            findings=findings,
        )
        for environment in service.environments
    ]
    finals = {each.name for each in service.final}
    return Picture(
        release,
        stage(tuple(view for view in views if view.environment.name in finals)),
        service,
        change,
        tuple(Place(view, gate(view)) for view in views),
        own,
        roles,
        now,
        timezone=catalogue.reminders.timezone,
    )


async def take(page: Reading, release: Release, catalogue: Catalogue, *, roles: Roles, now: datetime) -> Picture:
    """Read what the rules need from this page, and judge it."""
    (taken,) = await take_all(page, [release], catalogue, roles=roles, now=now)
    return taken


async def take_all(
    page: Reading, releases: Sequence[Release], catalogue: Catalogue, *, roles: Roles, now: datetime
) -> list[Picture]:
    """The same for several: the page is asked as often for many of them as for one, per service."""
    known = [as_asked_now(each, catalogue) for each in releases]
    if not known:
        return []
    freezes = await page.freezes(not_over_at=now, limit=None)
    locks = await page.locks(not_over_at=now)
    exceptions = await page.exceptions(releases=[each.id for each in known], limit=EVERY_OPEN_ONE)
    doubtful = _unread(catalogue, await page.calendars(), now) if catalogue.calendars else ()
    wanted = {other for each in known if each.plan.service in catalogue.services for other in each.plan.depends_on}
    others = await page.releases(ids=sorted(wanted), limit=len(wanted)) if wanted else []
    histories = await _histories(page, {each.id: each for each in (*known, *others)}.values())
    vetoes, findings = await _vetoes(page, known)
    return [
        picture(
            each,
            catalogue,
            roles=roles,
            now=now,
            history=histories[each.id],
            freezes=freezes,
            dependencies=_dependencies(each, others, histories, catalogue),
            exceptions=exceptions,
            unread=doubtful,
            locks=locks,
            vetoes=vetoes[each.plan.service],
            findings=findings.get((each.plan.service, each.candidate.commit), {}) if each.candidate else {},
        )
        for each in known
    ]


async def _vetoes(
    page: Reading, releases: Sequence[Release]
) -> tuple[dict[ServiceName, tuple[Veto, ...]], dict[tuple[ServiceName, str], dict[VetoId, Finding]]]:
    """Each service's vetoes, and what was read of each candidate about them."""
    proposed: dict[ServiceName, list[str]] = {}
    for each in releases:
        proposed.setdefault(each.plan.service, []).extend([each.candidate.commit] if each.candidate else [])
    vetoes = {service: tuple(await page.vetoes(service)) for service in proposed}
    found: dict[tuple[ServiceName, str], dict[VetoId, Finding]] = {}
    for service, commits in proposed.items():
        for finding in await page.findings(service, commits) if vetoes[service] else ():
            found.setdefault((service, finding.commit), {})[finding.veto] = finding
    return vetoes, found


def with_change(seen: Picture, release: Release) -> Picture:
    """The same moment, with this change to the release: everything else was read before, and is judged anew."""
    assert seen.service is not None
    views = tuple(replace(each.facts, release=release) for each in seen.places)
    finals = {each.name for each in seen.service.final}
    return replace(
        seen,
        release=release,
        stage=stage(tuple(view for view in views if view.environment.name in finals)),
        places=tuple(Place(view, gate(view)) for view in views),
    )


async def _histories(page: Reading, releases: Iterable[Release]) -> dict[ReleaseId, tuple[Deployment, ...]]:
    """What each release's gates need: newest first, as the page gives it for one."""
    by_service: dict[ServiceName, list[ReleaseId]] = {}
    for each in releases:
        by_service.setdefault(each.plan.service, []).append(each.id)
    found: dict[ReleaseId, tuple[Deployment, ...]] = {}
    for service, numbers in by_service.items():
        everything = await page.history_for(service, *numbers)
        if len(numbers) == 1:
            found[numbers[0]] = everything
            continue
        shared = await page.history_for(service)
        ids = {each.id for each in shared}
        release_of = {each.id: each.order.release for each in everything}
        own: dict[ReleaseId, list[Deployment]] = {number: [] for number in numbers}
        for deployment in everything:
            # Between two questions somebody may have let go of a place: then it is no longer shared, and nobody's here.
            if deployment.id in ids:
                continue
            order = deployment.order
            taken_from = release_of.get(order.replaces) if order.kind is Kind.ROLLBACK and order.replaces else None
            for number in own.keys() & {order.release, taken_from}:
                own[number].append(deployment)
        for number in numbers:
            found[number] = tuple(sorted((*shared, *own[number]), key=lambda each: each.id, reverse=True))
    return found


def as_asked_now(release: Release, catalogue: Catalogue) -> Release:
    """The release with the checklist that the rules in force ask for: a reload never loosens it, and may add to it."""
    change = catalogue.change_types.get(release.plan.change_type)
    service = catalogue.services.get(release.plan.service)
    if change is None or service is None or not release.open:
        return release
    items = merged(release.checklist, checklist_of(change, service))
    return release if items == release.checklist else replace(release, checklist=items)


def _unread(
    catalogue: Catalogue, states: Sequence[CalendarState], now: datetime
) -> tuple[tuple[CalendarSource, str], ...]:
    """The calendars that nobody can say of what they hold now, each with why."""
    known = {each.name: each for each in states}
    found = []
    for source in catalogue.calendars:
        state = known.get(source.name)
        if state is None or unread(state, now):
            found.append((source, _why_unread(state)))
    return tuple(found)


def _why_unread(state: CalendarState | None) -> str:
    if state is not None and state.problem:
        return state.problem
    if state is None or state.read_at is None:
        return "it has not been read yet."
    return f"nobody has read it since {state.read_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC. Is Slipway running?"


def _dependencies(
    release: Release,
    others: Sequence[Release],
    histories: Mapping[ReleaseId, tuple[Deployment, ...]],
    catalogue: Catalogue,
) -> dict[EnvironmentName, dict[ReleaseId, bool]]:
    """For each environment, which of the releases that this one depends on are there already."""
    service = catalogue.services.get(release.plan.service)
    if service is None or not release.plan.depends_on:
        return {}
    result: dict[EnvironmentName, dict[ReleaseId, bool]] = {each.name: {} for each in service.environments}
    for other in others:
        if other.id not in release.plan.depends_on:
            continue
        history = histories[other.id]
        for environment, waits in result.items():
            brought = newest_success(other.candidate, environment, history)
            back = brought is not None and taken_away(brought, history)
            waits[other.id] = not back and (brought is not None or other.launched is not None)
    return result


@dataclass(frozen=True, slots=True)
class Look:
    """Look at one release, by number or by its service's name, or at all that are open."""

    records: Records
    directory: Directory
    agreed: Agreed
    now: Clock

    async def __call__(self, release: ReleaseId) -> Picture | Refused:
        """One release."""
        roles = await self.directory.roles()
        async with self.records.read() as page:
            found = await page.release(release)
            if found is None:
                return no_such_release(release)
            return await take(page, found, self.agreed(), roles=roles, now=self.now())

    async def all_open(self, service: ServiceName | None = None) -> list[Picture]:
        """Every open release, oldest first."""
        return await self.several(service=service, open_only=True, limit=EVERY_OPEN_ONE)

    async def several(
        self,
        *,
        service: ServiceName | None = None,
        open_only: bool = False,
        ended_only: bool = False,
        requested_by: PersonId | None = None,
        before: ReleaseId | None = None,
        limit: int = 50,
    ) -> list[Picture]:
        """Releases, oldest first; of more than `limit` the newest. `before`: only those with a smaller number."""
        roles = await self.directory.roles()
        async with self.records.read() as page:
            found = await page.releases(
                service=service,
                open_only=open_only,
                ended_only=ended_only,
                requested_by=requested_by,
                before=before,
                limit=limit,
            )
            agreed, now = self.agreed(), self.now()
            return await take_all(page, found[::-1], agreed, roles=roles, now=now)

    async def which(self, text: str) -> ReleaseId | Refused:
        """The release that `R-12`, `r12`, `12` or a service's name means.

        A service's name means its newest open release, where that is unambiguous.
        """
        number = parse_release_id(text)
        if number is not None:
            return number
        service = self.agreed().services.get(ServiceName(text.lower()))
        if service is None:
            return refuse(
                "I know no release and no service called {text}. A release is written like {example}.",
                text=Code(text),
                example=Code("R-12"),
            )
        async with self.records.read() as page:
            found = await page.releases(service=service.name, open_only=True, limit=10)
        if not found:
            return refuse(
                "{service} has no open release. Plan one with {command}.",
                service=service.title,
                command=Code(f"/release new {service.name}"),
            )
        if len(found) > 1:
            return refuse(
                "{service} has several open releases ({names}); please name one.",
                service=service.title,
                names=", ".join(each.name for each in found),
            )
        return found[0].id


def no_such_release(release: ReleaseId) -> Refused:
    """There is none of that number."""
    return refuse(
        "There is no release {name}. {command} shows the open ones.", name=f"R-{release}", command=Code("/release list")
    )
