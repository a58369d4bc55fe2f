"""Wanted freezes by property: whatever rules, calendars, people and the clock do, what is wanted is frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.rules.freeze import Freeze, FreezeId, Window
from bot.rules.people import SLIPWAY
from bot.rules.wanted import Alter, CallOff, Declare, Known, Wanted, in_question, occasion, source_of, steps
from tests.makers import NOW
from tests.people import MAYA

HOUR = timedelta(hours=1)
ORIGINS = ("weekends/2026-11-27T17:00", "company/sale", "company/demo/20261201T080000Z", "gone/audit")
hours = st.integers(-30, 60)


class Freezes(RuleBasedStateMachine):
    """Freezes as a team has them for some days."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.freezes: dict[FreezeId, Freeze] = {}
        self.by_hand: set[FreezeId] = set()
        self.wanted: dict[str, Wanted] = {}
        self.unread: set[str] = set()
        self.in_step = True

    # ------------------------------------------------------------ what people and calendars do

    @rule(origin=st.sampled_from(ORIGINS), starts=hours, lasts=st.integers(1, 40), hard=st.booleans())
    def is_wanted(self, origin, starts, lasts, hard):
        start = self.now + starts * HOUR
        window = Window(start, start + lasts * HOUR, "Because", hard=hard)
        if window.ends_at > self.now:  # others don't touch the time that is looked at
            self.wanted[origin] = Wanted(origin, window)
            self.in_step = False

    @rule(origin=st.sampled_from(ORIGINS))
    def is_wanted_no_more(self, origin):
        self.wanted.pop(origin, None)
        self.in_step = False

    @rule(name=st.sampled_from(["company", "gone"]))
    def can_or_can_not_be_read(self, name):
        self.unread ^= {name}
        self.in_step = False

    @rule(passed=st.integers(1, 20))
    def time_goes_by(self, passed):
        self.now += passed * HOUR
        self.wanted = {name: each for name, each in self.wanted.items() if each.window.ends_at > self.now}
        self.in_step = False

    @precondition(lambda self: any(each.over_at > self.now for each in self.freezes.values()))
    @rule(data=st.data(), to=st.integers(1, 30))
    def somebody_ends_one_or_moves_its_end(self, data, to):
        freeze = data.draw(st.sampled_from([each for each in self.freezes.values() if each.over_at > self.now]))
        end = max(self.now, freeze.window.starts_at) + to * HOUR
        if data.draw(st.booleans()):
            freeze = replace(freeze, ended_at=self.now, ended_by=MAYA.id)
        else:
            freeze = replace(freeze, window=replace(freeze.window, ends_at=end))
            self.by_hand.add(freeze.id)
        self.freezes[freeze.id] = replace(freeze, revision=freeze.revision + 1)
        self.in_step = False

    # ------------------------------------------------------------ what is done about it

    def asked_for(self) -> list[Wanted]:
        return [each for each in self.wanted.values() if source_of(each.origin) not in self.unread]

    def planned(self, by_hand=frozenset()):
        known = Known({"company"}, self.unread)
        return list(steps(self.asked_for(), list(self.freezes.values()), known, self.now, by_hand=by_hand))

    @rule()
    def all_is_brought_in_step(self):
        before = dict(self.freezes)
        doubtful = set(in_question(self.planned()))
        for step in self.planned(self.by_hand & doubtful):
            self.take(step)
        self.in_step = True
        for freeze in before.values():
            self.is_treated_well(freeze, self.freezes[freeze.id])

    def take(self, step):
        match step:
            case Declare(wanted=wanted):
                assert wanted.origin not in {each.origin for each in self.freezes.values()}
                number = FreezeId(len(self.freezes) + 1)
                self.freezes[number] = Freeze(number, wanted.window, SLIPWAY, self.now, origin=wanted.origin)
                return
            case Alter(freeze=freeze, wanted=wanted):
                after = replace(freeze, window=wanted.window)
            case CallOff(freeze=freeze):
                after = replace(freeze, ended_at=self.now, ended_by=SLIPWAY)
        self.freezes[after.id] = replace(after, revision=after.revision + 1)

    # ------------------------------------------------------------ what holds

    def is_treated_well(self, before: Freeze, after: Freeze):
        if before.id in self.by_hand or before.over_at <= self.now or source_of(before.origin) in self.unread:
            assert after == before
        if before.window.starts_at <= self.now:
            assert after.window.starts_at == before.window.starts_at

    @invariant()
    def bringing_in_step_twice_changes_nothing(self):
        if self.in_step:
            assert self.planned(self.by_hand) == []

    @invariant()
    def whatever_is_wanted_is_frozen_unless_people_said_otherwise(self):
        for wanted in self.asked_for() if self.in_step else ():
            its = [each for each in self.freezes.values() if occasion(each.origin) == wanted.origin]
            newest = max(its, key=lambda each: each.id)
            if newest.id in self.by_hand or newest.ended_by == MAYA.id:
                assert wanted.window.starts_at < newest.window.ends_at
                continue
            assert newest.over_at == wanted.window.ends_at
            assert newest.window.hard is wanted.window.hard
            assert newest.active(max(self.now, wanted.window.starts_at))

    @invariant()
    def nothing_else_is_frozen_ahead(self):
        asked_for = {each.origin for each in self.asked_for()}
        for freeze in self.freezes.values() if self.in_step else ():
            ahead = freeze.over_at > self.now and freeze.window.starts_at > self.now
            if ahead and freeze.id not in self.by_hand and source_of(freeze.origin) not in self.unread:
                assert occasion(freeze.origin) in asked_for


TestFreezes = Freezes.TestCase
TestFreezes.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
