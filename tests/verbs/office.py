"""An office: a workshop with every kind of rule, in which people do things at random. Much is refused, as in life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.rules.check import CheckResult
from bot.rules.freeze import FreezeId
from bot.rules.hours import Hours, Span
from bot.rules.people import Person, Roles
from bot.rules.policy import ItemRule, RecurringFreeze, Right
from bot.rules.release import ReleaseId
from bot.verbs.decide_exception import DecideException
from bot.verbs.except_freeze import ExceptFreeze
from bot.verbs.freeze import EndFreeze
from bot.verbs.lock import Wish
from bot.verbs.look import Picture
from bot.verbs.replay_policy import ReplayPolicy
from bot.verbs.report_check import ReportCheck
from bot.verbs.sync_freezes import SyncFreezes
from bot.verbs.tick_item import TickItem
from tests.makers import FEATURE, HOTFIX, PAYMENTS, PRODUCTION, STAGING, a_plan, a_window, an_environment
from tests.people import BEN, INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH, roles
from tests.twins.calendars import FakeCalendars
from tests.verbs.workshop import Workshop

NOTES = ItemRule("notes", "Release notes are written", RELEASE_MANAGER)
TESTS = ItemRule("tests", "The tests have passed", QA, reopens=True)
SCAN = ItemRule("scan", "The scan is clean", QA, check="scan")
TEA = RecurringFreeze(
    "tea",
    "Everybody is at tea",
    datetime(2026, 11, 20, 15, 0),  # noqa: DTZ001 - as the clock on the wall shows it
    datetime(2026, 11, 20, 17, 0),  # noqa: DTZ001 - the same
    "FREQ=DAILY",
    "Europe/Berlin",
)
WORKING_HOURS = Hours((Span(frozenset(range(5)), time(8), time(18)),), "Europe/Berlin")

Act = tuple[int, int, int, int]
"""What is done, to which release, by whom, and how."""


class Office(Workshop):
    """Payments, with a checklist that CI helps with, bake time, hours, approvals that expire and a daily freeze."""

    def __init__(self) -> None:
        production = an_environment(PRODUCTION, after=(STAGING,), bake=timedelta(minutes=30), hours=WORKING_HOURS)
        rights = {Right.ROLL_BACK: (RELEASE_MANAGER, ON_CALL), Right.BREAK_GLASS: (ON_CALL,)}
        super().__init__(environments=(an_environment(STAGING), production), rights=rights)
        self.agrees_on(FEATURE, checklist=(NOTES, TESTS, SCAN), approvals_last=timedelta(days=2))
        self.agrees_on(HOTFIX, checklist=(NOTES, SCAN), any_hour=True)
        self.catalogue = replace(self.catalogue, recurring=(TEA,), freeze_rights=(RELEASE_MANAGER, ON_CALL))
        self.calendars = FakeCalendars()
        common = (self.records, self.directory, lambda: self.catalogue, lambda: self.at)
        self.tick_item, self.end_freeze = TickItem(*common), EndFreeze(*common)
        self.except_freeze, self.decide_exception = ExceptFreeze(*common), DecideException(*common)
        self.report_check = ReportCheck(self.records, lambda: self.catalogue, lambda: self.at)
        self.sync_freezes = SyncFreezes(self.records, self.calendars, lambda: self.catalogue, lambda: self.at)
        self.replay = ReplayPolicy(self.records, self.calendars, lambda: self.at)
        self.versions = 0

    async def do(self, *acts: Act) -> None:
        """One after the other."""
        await self.sync_freezes()
        for what, which, who, how in acts:
            doing = DOINGS[what % len(DOINGS)]
            await doing(self, ReleaseId(1 + which % 3), (MAYA, OMAR, RUTH, BEN, INES)[who % 5], how)
            if how % 7:  # now and then nobody has got round to it
                for number in (1, 2, 3):
                    await self.read_vetoes(ReleaseId(number))

    def ref(self, how: int) -> str:
        """One of the commits."""
        return (self.a, self.b, self.c)[how % 3]


async def plan(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    office.versions += 1
    wanted = a_plan(version=f"1.{office.versions}", change_type=(FEATURE, HOTFIX)[how % 2], title="Something")
    await office.plan_release(wanted, office.ref(how), by=office.by(MAYA))


async def build(office: Office, release: ReleaseId, _: Person, how: int) -> None:
    await office.set_candidate(release, office.ref(how), by=office.by(MAYA))


async def tick(office: Office, release: ReleaseId, person: Person, how: int) -> None:
    await office.tick_item(release, ("notes", "tests", "scan")[how % 3], how % 5 != 0, by=office.by(person))


async def report(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    await office.report_check(CheckResult(PAYMENTS, office.ref(how), "scan", how % 4 != 0, office.at))


async def approve(office: Office, release: ReleaseId, person: Person, _: int) -> None:
    await office.approve(release, PRODUCTION, None, by=office.by(person))


async def reject(office: Office, release: ReleaseId, person: Person, _: int) -> None:
    await office.reject(release, PRODUCTION, None, "No", by=office.by(person))


async def withdraw(office: Office, release: ReleaseId, person: Person, _: int) -> None:
    await office.withdraw(release, by=office.by(person))


async def ask(office: Office, release: ReleaseId, person: Person, how: int) -> None:
    await office.ask_deploy(release, (STAGING, PRODUCTION)[how % 2], by=office.by(person))


async def deploy(office: Office, release: ReleaseId, _: Person, how: int) -> None:
    where = (STAGING, PRODUCTION)[how % 2]
    await office.ask_deploy(release, where, by=office.by(MAYA))
    await office.confirm_deploy(release, where, by=office.by(MAYA))


async def follow(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    async with office.records.read() as reading:
        running = await reading.deployments(holding_only=True)
    for each in running:
        await office.followed(each, moves=(3, 20)[how % 2])


async def roll_back(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    await office.roll_back(PAYMENTS, (STAGING, PRODUCTION)[how % 2], None, None, "It burns", by=office.by(INES))


async def lift(office: Office, release: ReleaseId, person: Person, how: int) -> None:
    veto, mend = f"V-{release}", (None, office.ref(how), office.d)[how % 3]
    if how % 4:
        await office.lift_veto(veto, mend, "So be it", by=office.by(person))
    else:
        await office.name_culprits(veto, [office.ref(how)], "This one", by=office.by(person))


async def freeze(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    start = office.at + timedelta(hours=how % 3)
    window = a_window(starts_at=start, ends_at=start + timedelta(hours=5), hard=how % 2 == 0)
    await office.start_freeze(window, by=office.by(MAYA))


async def thaw(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    async with office.records.read() as reading:
        coming = await reading.freezes(not_over_at=office.at)
    for each in coming[:1]:
        if how % 2:
            await office.end_freeze(FreezeId(each.id), by=office.by(MAYA))
        else:
            until = each.over_at + timedelta(minutes=(-20, 90)[how // 2 % 2])
            await office.extend_freeze(each.id, until, by=office.by(MAYA))


async def plead(office: Office, release: ReleaseId, person: Person, _: int) -> None:
    await office.except_freeze(release, "It can't wait", by=office.by(person))


async def decide(office: Office, release: ReleaseId, person: Person, how: int) -> None:
    async with office.records.read() as reading:
        asked = [each for each in await reading.exceptions(releases=[release]) if each.granted is None]
    for each in asked:
        await office.decide_exception(each.id, None, "So be it", granted=how % 3 != 0, by=office.by(person))


async def wait(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    office.at += timedelta(hours=(1, 5, 12, 49)[how % 4])
    await office.sync_freezes()


async def edit(office: Office, release: ReleaseId, _: Person, how: int) -> None:
    seen = await office.look(release)
    if isinstance(seen, Picture):
        others = tuple(each for each in (ReleaseId(1),) if how % 3 and each != release)
        wanted = replace(seen.release.plan, change_type=(FEATURE, HOTFIX)[how % 2], depends_on=others)
        await office.edit_release(release, wanted, None, by=office.by(MAYA))


async def staff(office: Office, _: ReleaseId, __: Person, how: int) -> None:
    """QA is Omar, or Ben, or nobody knows."""
    known = {name: people for name, people in roles().members.items() if name != QA}
    away = Roles(known, {QA: "Slack does not answer me"})
    office.directory.held = (roles(), roles(qa={BEN}), away)[how % 3]


async def launch(office: Office, release: ReleaseId, _: Person, __: int) -> None:
    await office.launch(release, by=office.by(MAYA))


async def cancel(office: Office, release: ReleaseId, _: Person, __: int) -> None:
    await office.cancel_release(release, "Not wanted", by=office.by(MAYA))


async def lock(office: Office, release: ReleaseId, person: Person, how: int) -> None:
    only = release if how % 3 == 0 else None
    wish = Wish(PAYMENTS, (STAGING, PRODUCTION)[how % 2], "The database moves", release=only, take_over=how % 4 == 0)
    await office.lock(wish, by=office.by(person))


async def unlock(office: Office, _: ReleaseId, person: Person, how: int) -> None:
    await office.unlock(PAYMENTS, (STAGING, PRODUCTION)[how % 2], "It is done", by=office.by(person))


async def break_glass(office: Office, release: ReleaseId, _: Person, how: int) -> None:
    where, reason = (STAGING, PRODUCTION)[how % 2], "It can't wait for anybody"
    await office.break_glass.look(release, where, reason, by=office.by(INES))
    await office.break_glass(release, where, reason, by=office.by(INES))


DOINGS: tuple[Callable[[Office, ReleaseId, Person, int], Awaitable[None]], ...] = (
    plan,
    build,
    tick,
    report,
    approve,
    reject,
    withdraw,
    ask,
    deploy,
    follow,
    roll_back,
    lift,
    freeze,
    thaw,
    plead,
    decide,
    wait,
    edit,
    staff,
    launch,
    cancel,
    lock,
    unlock,
    break_glass,
)
"""Everything that can be done, by its number in an act."""


def act(doing: Callable[[Office, ReleaseId, Person, int], Awaitable[None]], who: int = 0, how: int = 0) -> Act:
    """That, to R-1."""
    return DOINGS.index(doing), 0, who, how


ROAD = (
    act(plan),
    act(report, how=3),
    act(tick),
    act(tick, how=1),
    act(tick, how=3),
    act(tick, who=1, how=1),
    act(deploy),
    act(follow, how=1),
    act(wait),
    act(approve, who=1),
    act(approve, who=2),
)
"""A feature on its good way: planned, clean by CI, ticked, in staging for an hour, approved."""
SHIP = (act(deploy, how=1), act(follow, how=1))
"""And to production."""
SQUEEZE = (act(freeze), act(plead), act(decide, who=4, how=1), *SHIP)
"""And to production although it is frozen, by an exception."""
