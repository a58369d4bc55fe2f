"""Replaying a policy: what another catalogue would have made of what really happened."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.gate import Reason
from tests.makers import NOW
from tests.verbs.office import DOINGS, ROAD, SHIP, Office

LONG_AGO = NOW - timedelta(days=1)
ACTS = st.lists(st.tuples(st.integers(0, len(DOINGS) - 1), *(st.integers(0, top) for top in (2, 4, 59))), max_size=25)


@settings(max_examples=60, deadline=None)
@given(ACTS, ACTS)
def test_replaying_the_rules_that_were_in_force_changes_nothing(before, after):
    async def played():
        office = Office()
        await office.do(*before[:8], *ROAD, *before[8:], *SHIP, *after)
        replayed = await office.replay(office.catalogue, LONG_AGO)
        assert [(each.release, each.environment, each.reasons, each.blocked_by) for each in replayed.others] == []
        for each in replayed.attempts:
            # Word for word what people read then, but for why Slack could not be asked.
            told = [str(blocker.why) for blocker in each.blockers if blocker.reason is not Reason.UNREADABLE]
            assert told == [sentence for sentence in each.blocked_by if "I can't look up" not in sentence]

    asyncio.run(played())
