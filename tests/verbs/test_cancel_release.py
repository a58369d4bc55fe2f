"""Cancel a release: a service that has left the catalogue gives nobody a right they did not have."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.policy import Right
from bot.rules.sentence import Refused
from tests.people import BEN, MAYA, RELEASE_MANAGER
from tests.verbs.workshop import Workshop


async def test_a_lost_service_lets_nobody_cancel_who_could_not_before():
    shop = Workshop(rights={Right.PLAN: (RELEASE_MANAGER,)})
    release = await shop.planned(shop.a, "1.0.0")
    assert isinstance(await shop.cancel_release(release, "Because", by=shop.by(BEN)), Refused)
    shop.catalogue = replace(shop.catalogue, services={})
    assert isinstance(await shop.cancel_release(release, "Because", by=shop.by(BEN)), Refused)
    assert not isinstance(await shop.cancel_release(release, "Because", by=shop.by(MAYA)), Refused)
