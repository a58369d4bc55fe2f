"""A workshop: every verb over records that last as long as the test, with a clock that the test moves."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from bot.ports import Records
from bot.rules.check import CheckResult
from bot.rules.checklist import Item
from bot.rules.deployment import Attempt, Deployment, DeploymentId
from bot.rules.gate import Blocker, Reason
from bot.rules.people import Actor, Person, PersonId, RoleName, Roles, Surface
from bot.rules.policy import ChangeType, ChangeTypeName, EnvironmentName, Right
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.answer_train import AnswerTrain
from bot.verbs.approve import Approve
from bot.verbs.ask_deploy import AskDeploy
from bot.verbs.ask_them import AskThem
from bot.verbs.ask_train import AskTrain
from bot.verbs.audit import Evidence
from bot.verbs.away import ComeBack, GoAway
from bot.verbs.break_glass import BreakGlass
from bot.verbs.cancel_deploy import CancelDeploy
from bot.verbs.cancel_release import CancelRelease
from bot.verbs.candidates import Candidates
from bot.verbs.comment import Comment
from bot.verbs.confirm_deploy import Blocked, ConfirmDeploy, Confirmed
from bot.verbs.confirm_train import ConfirmTrain
from bot.verbs.decide_exception import DecideException
from bot.verbs.edit_release import EditRelease
from bot.verbs.except_freeze import ExceptFreeze
from bot.verbs.follow_deploy import FollowDeploy
from bot.verbs.freeze import EndFreeze, ExtendFreeze, StartFreeze, WatchFreeze
from bot.verbs.keep import Keep
from bot.verbs.launch import Launch
from bot.verbs.lift_veto import Lifted, LiftVeto
from bot.verbs.lock import LockPlace
from bot.verbs.look import Look, Picture
from bot.verbs.name_culprits import NameCulprits
from bot.verbs.next_in_line import NextInLine
from bot.verbs.pass_over import PassOver
from bot.verbs.plan_release import PlanRelease
from bot.verbs.read_vetoes import ReadVetoes
from bot.verbs.reject import Reject
from bot.verbs.report_check import ReportCheck, Reported
from bot.verbs.review import ReviewDeploy, WatchReview
from bot.verbs.roll_back import RollBack, RollingBack
from bot.verbs.run_train import RunTrain
from bot.verbs.set_candidate import SetCandidate
from bot.verbs.settle import SettleDeploy
from bot.verbs.stand_ins import WithStandIns
from bot.verbs.summaries import Summaries
from bot.verbs.tag_version import TagVersion
from bot.verbs.tick_item import TickItem
from bot.verbs.unlock import Unlock
from bot.verbs.watch_deploy import WatchDeploy
from bot.verbs.watch_lock import WatchLock
from bot.verbs.watch_release import WatchRelease
from bot.verbs.withdraw import Withdraw
from tests.fakes import InMemoryRecords
from tests.makers import (
    FEATURE,
    HOTFIX,
    NOW,
    PAYMENTS,
    PRODUCTION,
    a_catalogue,
    a_change_type,
    a_plan,
    a_service,
)
from tests.people import BEN, EVERYBODY, INES, MAYA, OMAR, RUTH, roles
from tests.twins import FakeCalendars, FakeCodeHost, FakeDeployer, FakeMetrics, FakePublisher, FakeTarget, FakeVerifier

REPOSITORY = "/srv/payments"
LENA = PersonId("U0LENA")
"""Who wrote the first commit; she has left for another team and holds no role."""

N = TypeVar("N")
_presses = itertools.count(1)


class FakeDirectory:
    """Everybody in their roles, and the addresses of those who write code."""

    def __init__(self) -> None:
        self.held = roles()
        self.addresses = {"ben@example.com": BEN.id, "lena@example.com": LENA}

    async def person(self, person: PersonId) -> Person:
        return next(each for each in EVERYBODY if each.id == person)

    async def roles(self, names: tuple[RoleName, ...] | None = None) -> Roles:
        return self.held

    async def by_email(self, email: str) -> PersonId | None:
        return self.addresses.get(email)


class Workshop:
    """Payments, with four commits one after the other (`a` by Lena, `b` to `d` by Ben), and all that can be done.

    Whatever somebody does takes a second (`an_act_takes`), so that no two things happen at the same instant.
    """

    def __init__(self, records: Records | None = None, **service: Any) -> None:
        self.at = NOW
        self.an_act_takes = timedelta(seconds=1)
        self.records: Records = records or InMemoryRecords()
        self.directory = FakeDirectory()
        self.code = FakeCodeHost()
        self.a = self.code.commit(REPOSITORY, "a", email="lena@example.com")
        self.b = self.code.commit(REPOSITORY, "b", parents=[self.a])
        self.c = self.code.commit(REPOSITORY, "c", parents=[self.b])
        self.d = self.code.commit(REPOSITORY, "d", parents=[self.c])
        self.target, self.verifier = FakeTarget(), FakeVerifier()
        self.target.on_success = self.verifier.sees
        self.deployer = FakeDeployer(self.target)
        self.calendars, self.metrics = FakeCalendars(), FakeMetrics()
        self.publisher = FakePublisher(self.code)
        self.catalogue = a_catalogue(
            services={PAYMENTS: a_service(repository=REPOSITORY, **service)},
            change_types={
                FEATURE: a_change_type(checklist=()),
                HOTFIX: a_catalogue().change_types[HOTFIX],
            },
        )
        self._open()

    def _open(self) -> None:
        deployers = {"command": self.deployer}

        def now():
            return self.at

        self.people = WithStandIns(self.directory, self.records, now)
        common = (self.records, self.people, lambda: self.catalogue)
        candidates = Candidates(self.records, self.people, self.code)
        self.plan_release = PlanRelease(*common, candidates, now, self.calendars)
        self.set_candidate = SetCandidate(*common, candidates, now)
        self.edit_release = EditRelease(*common, now, self.calendars)
        self.cancel_release = CancelRelease(*common, now)
        self.launch = Launch(*common, now)
        self.approve = Approve(*common, now)
        self.reject = Reject(*common, now)
        self.withdraw = Withdraw(*common, now)
        self.comment, self.ask_them = Comment(self.records, now), AskThem(*common, now)
        self.go_away = GoAway(*common, now)
        self.come_back = ComeBack(*common, now)
        self.tick_item = TickItem(*common, now)
        self.ask_deploy = AskDeploy(*common, self.code, now)
        self.confirm_deploy = ConfirmDeploy(*common, now)
        self.read_vetoes = ReadVetoes(self.records, lambda: self.catalogue, self.code, now)
        self.watch_release = WatchRelease(*common, self.confirm_deploy, now, self.read_vetoes)
        self.name_culprits = NameCulprits(*common, self.code, now)
        self.lift_veto = LiftVeto(*common, self.code, now)
        self.cancel_deploy = CancelDeploy(self.records, self.people, deployers, lambda: self.catalogue, now)
        self.next_in_line = NextInLine(*common, self.code, now)
        self.pass_over = PassOver(*common, now)
        self.settle = SettleDeploy(*common, now)
        self.roll_back = RollBack(*common, deployers, self.code, now)
        self.keep = Keep(*common, now)
        watch = WatchDeploy(self.records, self.verifier, self.metrics, self.roll_back, lambda: self.catalogue, now)
        self.follow_deploy = FollowDeploy(
            self.records, deployers, self.verifier, self.next_in_line, watch, lambda: self.catalogue, now
        )
        self.break_glass = BreakGlass(*common, now)
        self.review_deploy, self.watch_review = ReviewDeploy(*common, now), WatchReview(*common, now)
        self.ask_train = AskTrain(*common, self.code, now)
        self.confirm_train = ConfirmTrain(*common, now)
        self.answer_train = AnswerTrain(*common, now)
        self.run_train = RunTrain(*common, self.confirm_deploy, self.roll_back, now)
        self.start_freeze = StartFreeze(*common, now)
        self.end_freeze = EndFreeze(*common, now)
        self.extend_freeze = ExtendFreeze(*common, now)
        self.except_freeze = ExceptFreeze(*common, now)
        self.decide_exception = DecideException(*common, now)
        self.watch_freeze = WatchFreeze(self.records, lambda: self.catalogue, now)
        self.lock, self.unlock = LockPlace(*common, now), Unlock(*common, now)
        self.watch_lock = WatchLock(self.records, lambda: self.catalogue, now)
        self.report_check = ReportCheck(self.records, lambda: self.catalogue, now)
        self.tag_version = TagVersion(self.records, self.publisher, self.code, lambda: self.catalogue, now)
        self.look = Look(*common, now)
        self.summaries = Summaries(self.look, self.records, now)
        self.evidence = Evidence(self.records, now)

    def by(self, person: Person) -> Actor:
        """This person acts once, which takes its time."""
        self.at += self.an_act_takes
        return Actor(person, Surface.COMMAND, f"press {next(_presses)}")

    def agrees_on(self, name: ChangeTypeName, **rules: Any) -> None:
        """From now on the catalogue has these rules for that change type."""
        change: ChangeType = replace(self.catalogue.change_types[name], **rules)
        self.catalogue = replace(self.catalogue, change_types={**self.catalogue.change_types, name: change})

    def reverts(self, commit: str, on: str | None = None) -> str:
        """Ben has reverted that commit, on top of `on` (of the commit itself, unless another is given)."""
        return self.code.commit(
            REPOSITORY, f"Revert {commit[:7]}", parents=[on or commit], body=f"This reverts commit {commit}."
        )

    # ------------------------------------------------------------ how it stands

    async def deployment(self, number: DeploymentId) -> Deployment:
        """A deployment as it is kept."""
        async with self.records.read() as reading:
            found = await reading.deployment(number)
        assert found is not None, f"there is no D-{number}"
        return found

    async def picture(self, release: ReleaseId) -> Picture:
        """A release as everybody sees it."""
        seen = await self.look(release)
        assert isinstance(seen, Picture), seen
        return seen

    async def blockers(
        self, release: ReleaseId, *reasons: Reason, environment: EnvironmentName = PRODUCTION
    ) -> list[Blocker]:
        """What stands in the way there, of these kinds (all kinds if none is named)."""
        place = (await self.picture(release)).place(environment)
        assert place is not None, f"there is no {environment}"
        return [each for each in place.blockers if not reasons or each.reason in reasons]

    async def line(self, release: ReleaseId, key: str) -> Item:
        """That line of its checklist."""
        item = (await self.picture(release)).release.item(key)
        assert item is not None, f"there is no line {key}"
        return item

    # ------------------------------------------------------------ how it comes to that

    async def planned(self, ref: str | None, version: str, change: ChangeTypeName = HOTFIX, **plan: Any) -> ReleaseId:
        """Maya has planned it."""
        wanted = a_plan(version=version, change_type=change, title=version, **plan)
        done = await self.plan_release(wanted, ref, by=self.by(MAYA))
        assert not isinstance(done, Refused), str(done.why)
        return done.picture.release.id

    async def approved(self, ref: str, version: str, change: ChangeTypeName = HOTFIX) -> ReleaseId:
        """It is planned, and everybody has agreed to production."""
        number = await self.planned(ref, version, change)
        for person in (OMAR,) if change == HOTFIX else (OMAR, RUTH):
            await self.approve(number, PRODUCTION, None, by=self.by(person))
        return number

    async def watched(self, release: ReleaseId, moves: int = 10) -> timedelta | None:
        """The watch over it has done what is due at this moment; how long it waits then, None if it is over."""
        for _ in range(moves):
            following = await self.watch_release(release)
            if following.done or following.after:
                return None if following.done else following.after
        raise AssertionError("the watch never comes to rest")

    async def told(self, kind: type[N]) -> list[N]:
        """What people were told of that kind, oldest first."""
        assert isinstance(self.records, InMemoryRecords)
        return [each for each in self.records.told if isinstance(each, kind)]

    async def started(self, release: ReleaseId, environment: EnvironmentName = PRODUCTION) -> Deployment:
        """Maya has looked, confirmed, and it has begun at the target. What it carries was read before."""
        await self.read_vetoes(release)
        await self.ask_deploy(release, environment, by=self.by(MAYA))
        done = await self.confirm_deploy(release, environment, by=self.by(MAYA))
        assert isinstance(done, Confirmed), _why_not(done)
        await self.follow_deploy(done.deployment.id)
        return await self.deployment(done.deployment.id)

    async def followed(self, deployment: Deployment, moves: int = 20) -> Deployment:
        """It is followed to its end, or for so many moves."""
        for _ in range(moves):
            if (await self.follow_deploy(deployment.id)).done:
                break
        return await self.deployment(deployment.id)

    async def deployed(self, release: ReleaseId, environment: EnvironmentName = PRODUCTION) -> Deployment:
        """It is there; two hours go by."""
        deployment = await self.followed(await self.started(release, environment))
        assert deployment.attempt is Attempt.SUCCEEDED, deployment.detail
        self.at += timedelta(hours=2)
        return deployment

    async def shipped(self, ref: str, version: str, change: ChangeTypeName = HOTFIX) -> ReleaseId:
        """It was planned, approved and brought to production."""
        number = await self.approved(ref, version, change)
        await self.deployed(number)
        return number

    async def reported(self, name: str, commit: str, *, passed: bool = True, **said: Any) -> Reported:
        """CI has said so, a second after whatever happened before."""
        self.at += self.an_act_takes
        result = CheckResult(PAYMENTS, commit, name, passed, self.at)
        done = await self.report_check(replace(result, **said))
        assert isinstance(done, Reported), str(done.why)
        return done

    async def rolled_back(self, wanted: str | None = None, environment: EnvironmentName = PRODUCTION) -> Deployment:
        """Ines has rolled it back, and it is done."""
        done = await self.roll_back(PAYMENTS, environment, wanted, None, "It burns", by=self.by(INES))
        assert isinstance(done, RollingBack), str(done.why)
        deployment = await self.followed(done.deployment)
        assert deployment.attempt is Attempt.SUCCEEDED, deployment.detail
        return deployment

    async def lifted(self, veto: str = "V-1", mend: str | None = None) -> Lifted:
        """Ines has lifted it."""
        done = await self.lift_veto(veto, mend, "It was the disk", by=self.by(INES))
        assert isinstance(done, Lifted), done
        return done

    async def with_an_unknown_outcome(self, release: ReleaseId) -> Deployment:
        """It began in production, and nobody can tell how it ended."""
        script, self.target.script = self.target.script, replace(self.target.script, waits=True)
        deployment = await self.started(release)
        self.target.loses_everything()
        self.target.script = script
        deployment = await self.followed(deployment, moves=1)
        assert deployment.attempt is Attempt.UNKNOWN, deployment.detail
        return deployment


def _why_not(done: object) -> str:
    match done:
        case Blocked(place=place):
            return str([str(each.why) for each in place.blockers])
        case Refused(why=why):
            return str(why)
        case _:
            return str(done)


EVERYBODY_MAY_DEPLOY = {Right.ROLL_BACK: (RoleName("release-manager"), RoleName("on-call"))}
"""Rights that name nobody who deploys: every member may."""
