"""Edit a release: what was approved is what was on the screen, the version included."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.gate import Reason
from bot.rules.sentence import Refused
from bot.verbs.edit_release import Edited
from tests.makers import PRODUCTION
from tests.people import MAYA, OMAR


async def test_a_version_that_was_edited_is_not_what_was_approved(shop):
    """The version is handed to the deploying program, is what a rollback names, and what verification accepts."""
    release = await shop.approved(shop.a, "1.0.0")
    assert await shop.blockers(release, Reason.APPROVAL) == []
    before = (await shop.picture(release)).release
    edited = await shop.edit_release(release, replace(before.plan, version="6.6.6"), before.revision, by=shop.by(MAYA))
    assert isinstance(edited, Edited)
    assert await shop.blockers(release, Reason.APPROVAL)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_a_title_that_was_edited_voids_nothing(shop):
    release = await shop.approved(shop.a, "1.0.0")
    before = (await shop.picture(release)).release
    await shop.edit_release(release, replace(before.plan, title="Refunds"), before.revision, by=shop.by(MAYA))
    assert await shop.blockers(release, Reason.APPROVAL) == []


async def test_the_version_of_another_open_release_cannot_be_taken(shop):
    await shop.planned(shop.a, "1.0.0")
    other = await shop.planned(shop.b, "2.0.0")
    before = (await shop.picture(other)).release
    refused = await shop.edit_release(other, replace(before.plan, version="1.0.0"), None, by=shop.by(MAYA))
    assert isinstance(refused, Refused)
    assert "R-1 is planned as 1.0.0 already" in str(refused.why)
