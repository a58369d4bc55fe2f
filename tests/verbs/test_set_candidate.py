"""Set a candidate: what was said about another one no longer counts, and whose work it is, is told."""

from __future__ import annotations

from bot.notices import ThreadLine
from bot.rules.gate import Reason
from tests.makers import PRODUCTION
from tests.people import BEN, OMAR
from tests.verbs.workshop import REPOSITORY


async def test_what_was_voided_publicly_stays_void_when_the_old_candidate_comes_back(shop):
    release = await shop.approved(shop.a, "1.0.0")
    assert await shop.blockers(release) == []
    there = await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert [each.person for each in there.voided] == [OMAR.id]
    await shop.set_candidate(release, shop.a, by=shop.by(BEN))
    assert await shop.blockers(release, Reason.APPROVAL)
    await shop.approve(release, PRODUCTION, None, by=shop.by(OMAR))
    assert await shop.blockers(release) == []


async def test_an_author_whom_nobody_recognises_is_told_in_the_thread(shop):
    """Ben commits under an address that isn't his here: nobody can be barred, and whoever approves must know."""
    unknown = "123+ben@users.noreply.example.com"
    mine = shop.code.commit(REPOSITORY, "Ben's own", parents=[shop.a], email=unknown)
    release = await shop.planned(mine, "1.0.0")
    assert f"Nobody in this workspace has the address {unknown}" in said_in_the_thread(shop)[-2]
    await shop.set_candidate(release, shop.b, by=shop.by(OMAR))
    await shop.set_candidate(release, mine, by=shop.by(OMAR))
    assert sum(unknown in line for line in said_in_the_thread(shop)) == 2


async def test_of_authors_who_are_known_nothing_of_the_kind_is_told(shop):
    await shop.planned(shop.b, "1.0.0")
    assert not [line for line in said_in_the_thread(shop) if "has the address" in line]


def said_in_the_thread(shop) -> list[str]:
    return [str(notice.sentence) for notice in shop.records.told if isinstance(notice, ThreadLine)]
