"""Tidy deployers: each is told what is at work, and those that keep nothing are left alone."""

from __future__ import annotations

from bot.ports import Tidies
from bot.verbs.tidy_deployers import TidyDeployers
from tests.twins import FakeDeployer, Script
from tests.verbs.workshop import Workshop


class Tidy(FakeDeployer):
    """Notes what it is told."""

    at_work: tuple[int, ...] = ()

    async def tidy(self, at_work):
        self.at_work = tuple(each.id for each in at_work)
        return 3


async def test_what_holds_its_environment_is_at_work_and_what_has_ended_is_not():
    shop, keeper = Workshop(), Tidy()
    tidy = TidyDeployers(shop.records, {"fake": FakeDeployer(), "keeper": keeper})
    await shop.shipped(shop.a, "1.0.0")
    shop.target.script = Script(waits=True)
    lost = await shop.with_an_unknown_outcome(await shop.approved(shop.b, "2.0.0"))
    assert not isinstance(FakeDeployer(), Tidies)
    assert await tidy() == 3
    assert keeper.at_work == (lost.id,), "nobody knows whether it has ended"
