"""Anything goes: random people do random things with the real verbs, and no promise is ever broken.

After every step the gate is compared with a small reference (`tests/verbs/reference.py`); the record's chain is whole;
nothing that was refused has left a trace; at most one deployment is on its way to each environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.rules.absence import Absence, Leave
from bot.rules.audit import first_break
from bot.rules.deployment import Attempt as State
from bot.rules.deployment import Deployment, DeploymentId
from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.gate import Reason
from bot.rules.people import Person, RoleName, Roles
from bot.rules.policy import ItemRule
from bot.rules.release import ReleaseId
from bot.rules.sentence import Refused
from bot.verbs.ask_deploy import Preview
from bot.verbs.confirm_deploy import Blocked, Confirmed
from bot.verbs.launch import Picture
from bot.verbs.lift_veto import Lifted
from bot.verbs.plan_release import Planned
from bot.verbs.roll_back import RollingBack
from bot.verbs.set_candidate import CandidateSet
from bot.verbs.speak import Said
from bot.verbs.withdraw import Withdrawn
from tests.makers import FEATURE, PAYMENTS, PRODUCTION, STAGING, a_change_type, a_plan
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, ON_CALL, QA, RELEASE_MANAGER, RUTH
from tests.verbs.reference import LASTS, PLACES, Attempt, Plan, Reference, Word
from tests.verbs.workshop import LENA, Workshop

T = TypeVar("T")
ACTORS = (MAYA, OMAR, RUTH, BEN, INES)
SAME = {
    Reason.ENDED: "ended",
    Reason.REJECTED: "rejected",
    Reason.APPROVAL: "approval",
    Reason.CHECKLIST: "checklist",
    Reason.ORDER: "order",
    Reason.FREEZE: "freeze",
    Reason.HELD: "held",
    Reason.ROLLED_BACK: "been there",
    Reason.OVERTAKEN: "been there",
    Reason.VETOED: "vetoed",
}
"""Our reasons, by what the reference calls them."""

people = st.sampled_from(ACTORS)
numbers = st.integers(1, 3)
places = st.sampled_from([STAGING, PRODUCTION])
some_hours = st.integers(1, 80).map(lambda hours: timedelta(hours=hours))


class AnythingGoes(RuleBasedStateMachine):
    """One team, one service, up to three releases of four commits."""

    @initialize()
    def a_team(self) -> None:
        self.runner = asyncio.Runner()
        self.shop = Workshop()
        lines = (
            ItemRule("notes", "Release notes are written", RELEASE_MANAGER),
            ItemRule("regression", "The regression tests have passed", QA),
            ItemRule("dashboards", "Dashboards are open", None, required=False),
        )
        self.shop.catalogue.change_types[FEATURE] = a_change_type(checklist=lines, approvals_last=LASTS)
        held = {QA: {OMAR, RUTH}, CHANGE_MANAGER: {RUTH, INES}, RELEASE_MANAGER: {MAYA}, ON_CALL: {INES}}
        self.reference = Reference({role: {each.id for each in members} for role, members in held.items()})
        self._look_up_roles()
        self.commits = (self.shop.a, self.shop.b, self.shop.c, self.shop.d)
        for which in (0, 1):
            self.plans(MAYA, which)
        self.the_team_does_its_part(1)
        self.the_target_goes_on(PRODUCTION, False)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()

    # ------------------------------------------------------------ doing things

    def do(self, verb: Coroutine[Any, Any, T]) -> T:
        """Do it. What is refused must not leave a trace."""
        before = self.shop.records._contents
        done = self.runner.run(verb)
        if isinstance(done, Refused | Blocked):
            assert self.shop.records._contents is before, f"refused, and something has changed: {done}"
        return done

    @property
    def open_plans(self) -> int:
        return sum(not plan.over for plan in self.reference.plans.values())

    @rule(who=people, which=st.integers(0, 3))
    def plans(self, who, which) -> None:
        if len(self.reference.plans) >= 3:
            return
        version = f"{len(self.reference.plans) + 1}.0.0"
        wanted = a_plan(version=version, change_type=FEATURE, title=version)
        done = self.do(self.shop.plan_release(wanted, self.commits[which], by=self.shop.by(who)))
        assert isinstance(done, Planned)
        self.reference.plans[done.picture.release.id] = Plan(who.id, *self._commit(which))
        self._read()

    @rule(who=people, number=numbers, which=st.integers(0, 3))
    def proposes_something_else(self, who, number, which) -> None:
        done = self.do(self.shop.set_candidate(ReleaseId(number), self.commits[which], by=self.shop.by(who)))
        if isinstance(done, CandidateSet):
            plan = self.reference.plans[number]
            plan.commit, plan.author = self._commit(which)
            plan.candidate += 1
            self._read()

    @rule(who=people, number=numbers)
    def approves(self, who, number) -> None:
        done = self.do(self.shop.approve(ReleaseId(number), PRODUCTION, None, by=self.shop.by(who)))
        if isinstance(done, Said):
            self._said(number, done, yes=True)

    @rule(who=people, number=numbers)
    def rejects(self, who, number) -> None:
        done = self.do(self.shop.reject(ReleaseId(number), PRODUCTION, None, "It burns", by=self.shop.by(who)))
        if isinstance(done, Said):
            self._said(number, done, yes=False)

    @rule(who=people, number=numbers)
    def withdraws(self, who, number) -> None:
        done = self.do(self.shop.withdraw(ReleaseId(number), by=self.shop.by(who)))
        if isinstance(done, Withdrawn):
            taken = {(each.person, each.at) for each in done.verdicts}
            for word in self.reference.plans[number].words:
                word.taken_back = word.taken_back or (word.person, word.at) in taken

    @rule(who=people, number=numbers, key=st.sampled_from(["notes", "regression", "dashboards"]), done=st.booleans())
    def ticks(self, who, number, key, done) -> None:
        seen = self.do(self.shop.tick_item(ReleaseId(number), key, done, by=self.shop.by(who)))
        if not isinstance(seen, Refused):
            ticked = self.reference.plans[number].ticked
            (ticked.add if done else ticked.discard)(key)

    @rule(number=numbers, place=places)
    def brings_it_there(self, number, place) -> None:
        """Somebody asks and confirms. It starts exactly if the reference knows of nothing in the way.

        If only another one is on its way there, it waits its turn; here it is withdrawn again.
        """
        asked = self.do(self.shop.ask_deploy(ReleaseId(number), place, by=self.shop.by(MAYA)))
        done = self.do(self.shop.confirm_deploy(ReleaseId(number), place, by=self.shop.by(MAYA)))
        if number not in self.reference.plans:
            assert isinstance(asked, Refused)
            assert isinstance(done, Refused)
            return
        assert isinstance(asked, Preview)
        why_not = self.reference.why_not(number, place, self.shop.at)
        holder = self.reference.attempts.get(self.reference.on_its_way(place) or 0)
        plan = self.reference.plans[number]
        other = holder is not None and (holder.release, holder.commit) != (number, plan.commit)
        if other and why_not == {"held"}:
            event(f"it waits its turn in {place}")
            assert isinstance(done, Confirmed), done
            assert done.deployment.waits
            gone = self.do(self.shop.cancel_deploy(done.deployment.id, by=self.shop.by(MAYA)))
            assert isinstance(gone, Deployment)
            return
        assert isinstance(done, Confirmed) == (not why_not), (done, why_not)
        if isinstance(done, Confirmed):
            assert not done.deployment.waits
            event(f"it starts in {place}")
            order = done.deployment.order
            self._begun(done.deployment.id, Attempt(number, order.candidate.commit, place, False, order.replaces))

    @rule(number=numbers)
    def the_team_does_its_part(self, number) -> None:
        """What a sensible team does one after the other: random steps alone would hardly ever come so far."""
        for who in (OMAR, INES, RUTH):
            self.approves(who, number)
        self.ticks(MAYA, number, "notes", True)
        for who in (OMAR, RUTH):
            self.ticks(who, number, "regression", True)
        self.brings_it_there(number, STAGING)
        self.the_target_goes_on(STAGING, False)
        self.brings_it_there(number, PRODUCTION)

    @rule(number=numbers)
    def production_burns(self, number) -> None:
        """A release reaches customers, and on-call takes it away again."""
        self.the_team_does_its_part(number)
        self.the_target_goes_on(PRODUCTION, False)
        self.rolls_back(INES, PRODUCTION)
        self.the_target_goes_on(PRODUCTION, False)

    @rule(number=numbers, place=places)
    def confirms_what_nobody_looked_at(self, number, place) -> None:
        """A preview counts for one start: without one nothing starts, however open the gate is."""
        self.shop.at += timedelta(hours=2)
        done = self.do(self.shop.confirm_deploy(ReleaseId(number), place, by=self.shop.by(MAYA)))
        assert isinstance(done, Refused | Blocked)

    @rule(place=places, fails=st.booleans())
    def the_target_goes_on(self, place, fails) -> None:
        """What is on its way comes to its end, good or bad."""
        number = self.reference.on_its_way(place)
        if number is None:
            return
        self.shop.target.script = type(self.shop.target.script)(code=int(fails))
        ended = self.runner.run(self.shop.followed(self.runner.run(self.shop.deployment(DeploymentId(number)))))
        assert ended.attempt in {State.SUCCEEDED, State.FAILED}, ended.attempt
        self.reference.ended(number, ended.attempt is State.SUCCEEDED, self.commits)
        self._read()

    @rule(who=people, place=places)
    def rolls_back(self, who, place) -> None:
        done = self.do(self.shop.roll_back(PAYMENTS, place, None, None, "It burns", by=self.shop.by(who)))
        if isinstance(done, RollingBack):
            event("it is rolled back")
            may = {MAYA.id, INES.id}
            assert may & self.reference.acts_for(who.id, self.shop.at), "only they may roll back"
            holder = self.reference.on_its_way(place)
            assert done.deployment.waits == (holder is not None)
            if holder is not None:
                self._stopped(holder, done, who)
                return
            order = done.deployment.order
            commit = order.candidate.commit
            self._begun(done.deployment.id, Attempt(order.release, commit, place, True, order.replaces))

    def _stopped(self, holder: int, back: RollingBack, who: Person) -> None:
        """What was on its way was asked to stop, and hadn't begun: it never was. The way back is withdrawn here."""
        assert back.stops is not None
        assert back.stops.id == holder
        assert isinstance(self.do(self.shop.cancel_deploy(back.deployment.id, by=self.shop.by(who))), Deployment)
        ended = self.runner.run(self.shop.followed(back.stops))
        assert ended.attempt is State.CANCELLED, ended
        del self.reference.attempts[holder]
        self._read()

    @rule(who=people, number=numbers)
    def lifts_a_veto(self, who, number) -> None:
        done = self.do(self.shop.lift_veto(f"V-{number}", None, "It was the disk", by=self.shop.by(who)))
        if isinstance(done, Lifted):
            event("a veto is lifted")
            assert {MAYA.id, INES.id} & self.reference.acts_for(who.id, self.shop.at), "only they may roll back"
            self.reference.vetoes[number - 1].lifted = True

    @rule(who=people, hours=some_hours)
    def freezes_production(self, who, hours) -> None:
        if len(self.reference.freezes) >= 3:
            return
        window = Window(self.shop.at, self.shop.at + hours, "The annual sale", frozenset({PRODUCTION}))
        done = self.do(self.shop.start_freeze(window, by=self.shop.by(who)))
        assert isinstance(done, Freeze) == (MAYA.id in self.reference.acts_for(who.id, self.shop.at))
        if isinstance(done, Freeze):
            self.reference.freezes[done.id] = (done.window.starts_at, done.window.ends_at)

    @rule(number=st.integers(1, 3))
    def ends_the_freeze(self, number) -> None:
        done = self.do(self.shop.end_freeze(FreezeId(number), by=self.shop.by(MAYA)))
        if isinstance(done, Freeze):
            start, _ = self.reference.freezes[number]
            self.reference.freezes[number] = (start, done.over_at)

    @rule(who=people, role=st.sampled_from([QA, CHANGE_MANAGER]), joins=st.booleans())
    def joins_or_leaves_a_group(self, who, role, joins) -> None:
        (self.reference.holds[role].add if joins else self.reference.holds[role].discard)(who.id)
        self._look_up_roles()

    @rule(who=people, other=people, hours=some_hours)
    def goes_away(self, who, other, hours) -> None:
        leave = Leave(who.id, self.shop.at, self.shop.at + hours, other.id)
        done = self.do(self.shop.go_away(leave, by=self.shop.by(who)))
        if isinstance(done, Absence):
            told = done.leave
            self.reference.absences.append((who.id, other.id, told.starts_at, told.ends_at))

    @rule(who=people)
    def comes_back(self, who) -> None:
        done = self.do(self.shop.come_back(who.id, by=self.shop.by(who)))
        if not isinstance(done, Refused):
            self.reference.absences = [each for each in self.reference.absences if each[0] != who.id]

    @rule(hours=some_hours)
    def time_passes(self, hours) -> None:
        self.shop.at += hours

    @precondition(lambda self: self.open_plans > 1)
    @rule(who=people, number=numbers)
    def gives_one_up(self, who, number) -> None:
        done = self.do(self.shop.cancel_release(ReleaseId(number), "Not worth it", by=self.shop.by(who)))
        if isinstance(done, Picture):
            self.reference.plans[number].over = True

    # ------------------------------------------------------------ what must be true

    @invariant()
    def the_gate_says_what_the_reference_says(self) -> None:
        if not hasattr(self, "reference"):
            return
        for number in self.reference.plans:
            picture = self.runner.run(self.shop.picture(ReleaseId(number)))
            for place in PLACES:
                found = {SAME[each.reason] for each in picture.place(place).blockers}
                assert found == self.reference.why_not(number, place, self.shop.at), (number, place)

    @invariant()
    def the_record_is_whole(self) -> None:
        if hasattr(self, "shop"):
            assert first_break(self.shop.records._contents.entries) is None

    @invariant()
    def at_most_one_is_on_its_way_to_each_place(self) -> None:
        if hasattr(self, "shop"):
            holding = [
                each.order.environment for each in self.shop.records._contents.deployments.values() if each.holds
            ]
            assert len(holding) == len(set(holding))

    # ------------------------------------------------------------ keeping the reference

    def _read(self) -> None:
        """Slipway has found out what each candidate carries."""
        for number in self.reference.plans:
            self.runner.run(self.shop.read_vetoes(ReleaseId(number)))

    def _commit(self, which: int) -> tuple[str, str]:
        return self.commits[which], LENA if which == 0 else BEN.id

    def _said(self, number: int, done: Said, *, yes: bool) -> None:
        plan, verdict = self.reference.plans[number], done.verdict
        if yes:
            assert not {verdict.person, verdict.on_behalf_of} & {plan.requester}, "nobody ships on their own word"
        holder = verdict.on_behalf_of or verdict.person
        assert holder in self.reference.holds[verdict.role]
        plan.words.append(Word(verdict.person, verdict.on_behalf_of, verdict.role, yes, plan.candidate, verdict.at))

    def _begun(self, number: int, attempt: Attempt) -> None:
        assert number not in self.reference.attempts
        self.reference.attempts[number] = attempt

    def _look_up_roles(self) -> None:
        self.shop.directory.held = Roles(
            {RoleName(role): frozenset(members) for role, members in self.reference.holds.items()}
        )


AnythingGoes.TestCase.settings = settings(
    max_examples=50, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnythingGoes = AnythingGoes.TestCase
