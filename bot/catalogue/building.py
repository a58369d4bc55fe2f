"""From a file that is right to the agreement that the rules know, with everything that was left out filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.catalogue.file import (
    CatalogueFile,
    ChangeTypeEntry,
    Defaults,
    EnvironmentEntry,
    FreezeEntry,
    HoursEntry,
    ItemEntry,
    MetricEntry,
    PullRequestsEntry,
    ServiceEntry,
    ServiceItemEntry,
    TagEntry,
    TimeoutsEntry,
    WatchEntry,
)
from bot.catalogue.implied import DEFAULT_CHANGE_TYPES, LOCAL, item_key, order_of
from bot.rules.hours import Hours
from bot.rules.people import PersonId, RoleName
from bot.rules.policy import (
    ApprovalRule,
    CalendarSource,
    Catalogue,
    ChangeType,
    ChangeTypeName,
    ChannelId,
    DeployerChoice,
    DigestSchedule,
    Environment,
    EnvironmentName,
    ExceptionRules,
    FreezeMeaning,
    FreezeNotices,
    FreezeScope,
    ItemRule,
    LockRules,
    PullRequestRule,
    RecurringFreeze,
    Reminders,
    ReviewRules,
    Right,
    Role,
    Service,
    ServiceName,
    TagRule,
    Timeouts,
    Verification,
)
from bot.rules.quiet import QuietHours
from bot.rules.watch import Metric, MetricsSource, Watch

ABBREVIATION = 2
"""So short a name is one."""

USUAL_SIGMAS = 3.0
"""How far from the usual is too far, where nothing else is said."""


def build(file: CatalogueFile, *, base: Path, fingerprint: str) -> Catalogue:
    """The agreement. `base` is the folder that relative paths start from."""
    services = {ServiceName(name): _service(name, entry, file, base) for name, entry in file.services.items()}
    return Catalogue(
        services=services,
        roles={
            RoleName(name): Role(
                RoleName(name), entry.title or titled(name), entry.group, tuple(PersonId(each) for each in entry.people)
            )
            for name, entry in file.roles.items()
        },
        change_types={change.name: change for change in _change_types(file, services)},
        owners=RoleName(file.owners.role),
        owners_channel=ChannelId(file.owners.channel),
        digests=tuple(
            DigestSchedule(
                ChannelId(each.channel),
                each.at,
                each.timezone or file.defaults.timezone,
                tuple(ServiceName(name) for name in each.services),
            )
            for each in file.digests
        ),
        freeze_notices=FreezeNotices(tuple(sorted(set(file.freezes.notices_before), reverse=True))),
        freeze_rights=_roles(file.freezes.rights),
        recurring=_recurring(file),
        calendars=_calendars(file, base),
        exceptions=ExceptionRules(
            file.freezes.exceptions.lasts, file.freezes.exceptions.budget, file.freezes.exceptions.per
        ),
        reminders=Reminders(
            file.reminders.before_expiry,
            file.reminders.before_target,
            file.reminders.ask_again_after,
            file.defaults.timezone,
        ),
        locks=LockRules(file.locks.lasts, file.locks.longest, file.locks.remind_before, file.locks.forgotten_after),
        quiet_hours=QuietHours(tuple(file.quiet_hours.at), file.quiet_hours.timezone) if file.quiet_hours else None,
        reviews=ReviewRules(
            RoleName(file.break_glass.reviewed_by) if file.break_glass.reviewed_by else None, file.break_glass.within
        ),
        metrics=MetricsSource(file.metrics.url, file.metrics.timeout, file.metrics.bearer) if file.metrics else None,
        templates=str(located(file.templates, base)) if file.templates else None,
        fingerprint=fingerprint,
    )


def titled(name: str) -> str:
    """A name as a title: `change-manager` is `Change manager`, and `qa` is `QA`."""
    words = name.replace("-", " ").replace("_", " ")
    return words.upper() if len(words) <= ABBREVIATION else words[:1].upper() + words[1:]


def located(text: str, base: Path) -> Path:
    """A path of the file, absolute. One that can't be followed is left as it is: there will be nothing there."""
    path = Path(text)
    with suppress(RuntimeError):  # nobody on this machine has that name
        path = path.expanduser()
    with suppress(RuntimeError, OSError, ValueError):  # links in a circle, a name that is too long, a NUL in it
        return (base / path).resolve()
    return base / path


def _roles(names: list[str]) -> tuple[RoleName, ...]:
    return tuple(RoleName(name) for name in names)


def _service(name: str, entry: ServiceEntry, file: CatalogueFile, base: Path) -> Service:
    order = order_of({each: place.after for each, place in entry.environments.items()})
    repository = entry.repository
    if repository and repository.startswith(LOCAL):
        repository = str(located(repository, base))
    return Service(
        name=ServiceName(name),
        title=entry.title or titled(name),
        channel=ChannelId(entry.channel or file.owners.channel),
        environments=tuple(
            _environment(each, place, order[each], file.defaults) for each, place in entry.environments.items()
        ),
        repository=repository,
        candidate_from=entry.candidate_from,
        two_people=file.defaults.two_people if entry.two_people is None else entry.two_people,
        rights={Right(right): _roles(roles) for right, roles in (file.defaults.rights | entry.rights).items()},
        checklist=tuple(_item(each) for each in entry.checklist),
        tag=_tag(entry.tag) if entry.tag else None,
        pull_requests=_pull_requests(entry.pull_requests) if entry.pull_requests else None,
    )


def _pull_requests(entry: PullRequestsEntry) -> PullRequestRule:
    return PullRequestRule(tuple(EnvironmentName(each) for each in entry.environments), entry.branch)


def _tag(entry: TagEntry) -> TagRule:
    return TagRule(entry.name, EnvironmentName(entry.environment) if entry.environment else None, entry.release)


def _environment(name: str, entry: EnvironmentEntry, after: tuple[str, ...], defaults: Defaults) -> Environment:
    kind, settings = next(iter(entry.deployer.items()))
    verify = entry.verify
    bake = defaults.bake if entry.bake is None else entry.bake
    return Environment(
        name=EnvironmentName(name),
        deployer=DeployerChoice(kind, settings),
        after=tuple(EnvironmentName(each) for each in after),
        address=entry.address,
        verification=Verification(verify.url, verify.member, verify.within) if verify else None,
        bake=bake or timedelta(0),
        hours=_hours(entry.hours, defaults) if entry.hours else None,
        two_people=entry.two_people,
        timeouts=_timeouts(entry.timeouts) if entry.timeouts else Timeouts(),
        promote=entry.promote,
        protection=entry.protection_rule,
        watch=_watch(entry.watch) if entry.watch else None,
    )


def _watch(entry: WatchEntry) -> Watch:
    health = entry.health
    return Watch(
        lasts=entry.lasts,
        every=entry.every,
        health=health.url if health else None,
        health_lasting=health.lasting if health else 2,
        metrics=tuple(_metric(name, each) for name, each in entry.metrics.items()),
        otherwise=entry.otherwise,
        unreadable=entry.unreadable,
    )


def _metric(name: str, entry: MetricEntry) -> Metric:
    limited = entry.above is not None or entry.below is not None
    return Metric(
        name=name,
        query=entry.query,
        above=entry.above,
        below=entry.below,
        z_score=USUAL_SIGMAS if entry.z_score is None and not limited else entry.z_score,
        against=entry.against,
        lasting=entry.lasting,
    )


def _timeouts(entry: TimeoutsEntry) -> Timeouts:
    return Timeouts(entry.start, entry.run, entry.stop, entry.silence)


def _hours(entry: HoursEntry, defaults: Defaults) -> Hours:
    return Hours(tuple(entry.at), entry.timezone or defaults.timezone)


def _change_types(file: CatalogueFile, services: Mapping[ServiceName, Service]) -> list[ChangeType]:
    places = {each.name for service in services.values() for each in service.environments}
    if file.change_types is not None:
        return [_change_type(name, entry, places) for name, entry in file.change_types.items()]
    # Nobody ships on their own word, not even in a team that has written no rules yet.
    owners = (ApprovalRule(RoleName(file.owners.role)),)
    where = {each.name: owners for service in services.values() for each in service.final}
    feature, bugfix, hotfix = (ChangeTypeName(name) for name in DEFAULT_CHANGE_TYPES)
    return [
        ChangeType(feature, "Feature", approvals=where),
        ChangeType(bugfix, "Bug fix", approvals=where),
        ChangeType(hotfix, "Hotfix", approvals=where, freeze=FreezeMeaning.PASSES, keeps_order=False),
    ]


def _change_type(name: str, entry: ChangeTypeEntry, places: Iterable[EnvironmentName]) -> ChangeType:
    before = entry.checklist_before
    bake = entry.bake if entry.bake is not None else {}
    return ChangeType(
        name=ChangeTypeName(name),
        title=entry.title or titled(name),
        approvals={EnvironmentName(place): _approvals(roles) for place, roles in entry.approvals.items()},
        checklist=tuple(_item(each) for each in entry.checklist),
        checklist_before=frozenset(EnvironmentName(each) for each in before) if before is not None else None,
        freeze=entry.freeze,
        keeps_order=entry.keeps_order,
        requester_may_approve=entry.requester_may_approve,
        author_may_approve=entry.author_may_approve,
        requester_may_confirm=entry.requester_may_confirm,
        author_may_confirm=entry.author_may_confirm,
        approver_may_confirm=entry.approver_may_confirm,
        two_people=entry.two_people,
        bake=dict.fromkeys(places, bake)
        if isinstance(bake, timedelta)
        else {EnvironmentName(place): length for place, length in bake.items()},
        any_hour=entry.any_hour,
        approvals_last=entry.approvals_last,
        ships_itself=frozenset(EnvironmentName(each) for each in entry.ships_itself),
    )


def _item(entry: ItemEntry) -> ItemRule:
    only_for = entry.only_for if isinstance(entry, ServiceItemEntry) else []
    return ItemRule(
        key=item_key(entry.key, entry.text),
        text=entry.text,
        owner=RoleName(entry.owner) if entry.owner else None,
        required=entry.required,
        note=entry.note or "",
        link=entry.link,
        due=entry.due,
        check=entry.check,
        reopens=entry.reopens,
        only_for=frozenset(ChangeTypeName(each) for each in only_for),
    )


def _recurring(file: CatalogueFile) -> tuple[RecurringFreeze, ...]:
    return tuple(
        RecurringFreeze(
            name=name,
            reason=entry.reason,
            starts=entry.starts,
            ends=entry.ends,
            rule=entry.rule,
            timezone=entry.timezone or file.defaults.timezone,
            scope=_scope(entry),
            hard=not entry.soft,
            owner=RoleName(entry.owner) if entry.owner else None,
        )
        for name, entry in file.freezes.recurring.items()
    )


def _calendars(file: CatalogueFile, base: Path) -> tuple[CalendarSource, ...]:
    return tuple(
        CalendarSource(
            name=name,
            source=entry.address or str(located(entry.file or "", base)),
            scope=_scope(entry),
            hard=not entry.soft,
            owner=RoleName(entry.owner) if entry.owner else None,
            timezone=entry.timezone or file.defaults.timezone,
        )
        for name, entry in file.freezes.calendars.items()
    )


def _scope(entry: FreezeEntry) -> FreezeScope:
    return FreezeScope(
        frozenset(EnvironmentName(each) for each in entry.environments),
        frozenset(ServiceName(each) for each in entry.services),
        frozenset(ChangeTypeName(each) for each in entry.change_types),
    )


def _approvals(roles: Any) -> tuple[ApprovalRule, ...]:
    quorums = roles if isinstance(roles, dict) else dict.fromkeys(roles, 1)
    return tuple(ApprovalRule(RoleName(role), quorum) for role, quorum in quorums.items())
