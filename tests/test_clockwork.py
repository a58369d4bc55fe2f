"""Clockwork: what is due is done, each by its name, and at the hour of the team's own clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.clockwork import IMPOSSIBLE, IN_STEP, KEPT, TIDYING, Clockwork, schedules_of
from bot.rules.policy import ChannelId, DigestSchedule, Reminders
from tests.makers import NOW, a_catalogue

DIGEST = DigestSchedule(ChannelId("C0PAYMENTS"), "0 9 * * 1-5", "Europe/Berlin")


class Watched:
    """Whatever the clock can set going, and what it did set going."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.clockwork = Clockwork(self.post, self.find, self, self.keep_in_step, self.remind, self.tidy)
        self.clockwork.engine = self

    async def post(self, key, due) -> None:
        self.done.append(f"digest {key}")

    async def find(self) -> None:
        self.done.append("looked for what is impossible")

    async def keep_in_step(self) -> None:
        self.done.append("brought the freezes in step")

    async def remind(self) -> None:
        self.done.append("reminded of what was rolled back")

    async def tidy(self) -> int:
        self.done.append("tidied what deployers keep")
        return 0

    async def prune(self, before) -> int:
        self.done.append(NOW - before)
        return 0


@pytest.mark.parametrize(
    ("key", "done"),
    [
        (TIDYING.key, [KEPT, KEPT, "tidied what deployers keep"]),
        (IMPOSSIBLE, ["looked for what is impossible"]),
        (IN_STEP.key, ["brought the freezes in step", "reminded of what was rolled back"]),
        (DIGEST.key, [f"digest {DIGEST.key}"]),
    ],
)
async def test_each_schedule_does_its_own_thing_and_nothing_else(key, done):
    watched = Watched()
    await watched.clockwork(key, NOW)
    assert watched.done == done


def test_what_is_impossible_is_looked_for_before_the_day_begins_where_the_team_is():
    agreed = a_catalogue(digests=(DIGEST,), reminders=Reminders(timezone="America/New_York"))
    (looking,) = [each for each in schedules_of(agreed) if each.key == IMPOSSIBLE]
    assert (looking.cron, looking.timezone) == ("40 5 * * *", "America/New_York")


def test_every_schedule_has_a_name_of_its_own():
    keys = [each.key for each in schedules_of(a_catalogue(digests=(DIGEST,)))]
    assert len(keys) == len(set(keys)) == 4
    assert timedelta(days=92) < KEPT, "what is told once must be noted for longer than the longest freeze"
