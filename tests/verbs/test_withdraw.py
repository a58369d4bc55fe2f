"""Withdraw: a rejection does not outlive the one who said it without a way to lift it."""

from __future__ import annotations

from bot.rules.gate import Reason
from bot.rules.sentence import Refused
from tests.makers import PRODUCTION
from tests.people import BEN, OMAR, RUTH, roles


async def test_the_rejection_of_somebody_who_left_is_lifted_by_those_who_hold_the_role_now(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reject(release, PRODUCTION, None, "No", by=shop.by(OMAR))
    shop.directory.held = roles(qa={RUTH})
    assert await shop.blockers(release, Reason.REJECTED), "losing a role loosens nothing"
    assert isinstance(await shop.withdraw(release, by=shop.by(BEN)), Refused)
    await shop.withdraw(release, by=shop.by(RUTH))
    assert await shop.blockers(release, Reason.REJECTED) == []


async def test_the_rejection_of_somebody_who_is_still_there_is_theirs_to_lift(shop):
    shop.directory.held = roles(qa={OMAR, RUTH})
    release = await shop.planned(shop.a, "1.0.0")
    await shop.reject(release, PRODUCTION, None, "No", by=shop.by(OMAR))
    assert isinstance(await shop.withdraw(release, by=shop.by(RUTH)), Refused)
    assert await shop.blockers(release, Reason.REJECTED)
