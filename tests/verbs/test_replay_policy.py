"""Replaying a policy: what another catalogue would have made of what really happened."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.freeze import FreezeId
from bot.rules.gate import Reason
from bot.rules.hours import Hours, Span
from bot.rules.people import Roles
from bot.rules.policy import ApprovalRule, ItemRule
from bot.rules.release import ReleaseId
from bot.verbs.freeze import EndFreeze
from bot.verbs.replay_policy import ReplayPolicy
from bot.verbs.tick_item import TickItem
from tests.makers import (
    FEATURE,
    HOTFIX,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_plan,
    a_window,
    an_environment,
)
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, QA, RELEASE_MANAGER, RUTH, roles
from tests.verbs.workshop import Workshop

LONG_AGO = NOW - timedelta(days=1)


class Office(Workshop):
    """A workshop with checklists, hours, bake time and expiry, and with everything that can be done at random."""

    def __init__(self) -> None:
        super().__init__(
            environments=(
                an_environment(STAGING),
                an_environment(
                    PRODUCTION,
                    after=(STAGING,),
                    bake=timedelta(minutes=30),
                    hours=Hours((Span(frozenset(range(5)), time(8), time(18)),), "Europe/Berlin"),
                ),
            ),
        )
        items = (ItemRule("notes", "Release notes are written", RELEASE_MANAGER), ItemRule("tests", "Tests pass", QA))
        self.agrees_on(FEATURE, checklist=items, approvals_last=timedelta(days=2))
        self.agrees_on(HOTFIX, checklist=items[:1], any_hour=True)
        self.tick_item = TickItem(self.records, self.directory, lambda: self.catalogue, lambda: self.at)
        self.end_freeze = EndFreeze(self.records, self.directory, lambda: self.catalogue, lambda: self.at)
        self.replay = ReplayPolicy(self.records, lambda: self.at)
        self.versions = 0

    async def does(self, what: int, which: int, who: int, how: int) -> None:
        """Something, by somebody, to some release. Much of it is refused, as in life."""
        release, person = ReleaseId(1 + which % 3), (MAYA, OMAR, RUTH, BEN, INES)[who % 5]
        place, ref = (STAGING, PRODUCTION)[how % 2], (self.a, self.b, self.c)[how % 3]
        match what:
            case 0:
                self.versions += 1
                change = (FEATURE, HOTFIX)[how % 2]
                plan = a_plan(version=f"1.{self.versions}", change_type=change, title="Something")
                await self.plan_release(plan, ref, by=self.by(MAYA))
            case 1:
                await self.set_candidate(release, ref, by=self.by(MAYA))
            case 2:
                await self.tick_item(release, ("notes", "tests")[how % 2], how % 5 != 0, by=self.by(person))
            case 3:
                await self.approve(release, PRODUCTION, None, by=self.by(person))
            case 4:
                await self.reject(release, PRODUCTION, None, "No", by=self.by(person))
            case 5:
                await self.withdraw(release, by=self.by(person))
            case 6:
                await self.ask_deploy(release, place, by=self.by(person))
            case 7:
                await self.ask_deploy(release, place, by=self.by(MAYA))
                await self.confirm_deploy(release, place, by=self.by(MAYA))
            case 8:
                async with self.records.read() as reading:
                    running = await reading.deployments(holding_only=True)
                for each in running:
                    await self.followed(each, moves=(3, 20)[how % 2])
            case 9:
                await self.roll_back(PAYMENTS, place, None, None, "It burns", by=self.by(INES))
            case 10:
                start = self.at + timedelta(hours=how % 3)
                window = a_window(starts_at=start, ends_at=start + timedelta(hours=5), hard=how % 2 == 0)
                await self.start_freeze(window, by=self.by(MAYA))
            case 11:
                await self.end_freeze(FreezeId(1 + which % 3), by=self.by(MAYA))
            case 12:
                self.at += timedelta(hours=(1, 5, 12, 49)[how % 4])
            case 13:
                seen = await self.look(release)
                if hasattr(seen, "release"):
                    others = tuple(each for each in (ReleaseId(1),) if how % 3 and each != release)
                    change = (FEATURE, HOTFIX)[how % 2]
                    plan = replace(seen.release.plan, change_type=change, depends_on=others)
                    await self.edit_release(release, plan, None, by=self.by(MAYA))
            case 14:
                known = {name: people for name, people in roles().members.items() if name != QA}
                away = Roles(known, {QA: "Slack does not answer me"})
                self.directory.held = (roles(), roles(qa={BEN}), away)[how % 3]
            case 15:
                await self.launch(release, by=self.by(MAYA))
            case _:
                await self.cancel_release(release, "Not wanted", by=self.by(MAYA))


ACTS = st.tuples(*(st.integers(0, top) for top in (16, 2, 4, 59)))
ROAD = [(0, 0, 0, 0), (2, 0, 0, 2), (2, 0, 1, 1), (7, 0, 0, 0), (8, 0, 0, 1), (12, 0, 0, 0), (3, 0, 1, 0), (3, 0, 2, 0)]
"""A feature on its good way: planned, ticked, in staging for an hour, approved."""


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=40), st.lists(ACTS, max_size=15))
def test_replaying_the_rules_that_were_in_force_changes_nothing(before, after):
    async def played():
        office = Office()
        for act in (*before[:10], *ROAD, *before[10:], (7, 0, 0, 1), (8, 0, 0, 1), *after):
            await office.does(*act)
        replayed = await office.replay(office.catalogue, LONG_AGO)
        assert [(each.release, each.environment, each.reasons, each.blocked_by) for each in replayed.others] == []
        for each in replayed.attempts:
            # Word for word what people read then, but for why Slack could not be asked.
            told = [str(blocker.why) for blocker in each.blockers if blocker.reason is not Reason.UNREADABLE]
            assert told == [sentence for sentence in each.blocked_by if "I can't look up" not in sentence]

    asyncio.run(played())
