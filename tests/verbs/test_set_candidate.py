"""Set a candidate: what was said about another one no longer counts, and whose work it is, is told."""

from __future__ import annotations

from dataclasses import replace

from bot.notices import ThreadLine
from bot.rules.audit import Happened
from bot.rules.checklist import Evidence
from bot.rules.gate import Reason
from bot.rules.people import SLIPWAY
from bot.rules.policy import ItemRule
from bot.rules.release import ReleaseId
from tests.makers import HOTFIX, PRODUCTION
from tests.people import BEN, MAYA, OMAR, QA
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


# ---------------------------------------------------------------- its checklist

LINES = (
    ItemRule("manual", "It was tried by hand", QA, reopens=True),
    ItemRule("notes", "Release notes are written"),
    ItemRule("regression", "The regression tests have passed", check="regression"),
    ItemRule("load", "It holds under load", QA, check="load"),
)


async def all_ticked(shop) -> ReleaseId:
    """Everything is done for the first candidate: two lines by hand, two by checks."""
    shop.agrees_on(HOTFIX, checklist=LINES)
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "manual", True, Evidence("On a phone"), by=shop.by(OMAR))
    await shop.tick_item(release, "notes", True, by=shop.by(MAYA))
    for check in ("regression", "load"):
        await shop.reported(check, shop.a)
    return release


async def open_lines(shop, release: ReleaseId) -> list[str]:
    return [item.key for item in (await shop.picture(release)).release.checklist if not item.done]


async def test_a_new_candidate_opens_the_lines_that_ask_for_it_and_those_that_checks_tick(shop):
    release = await all_ticked(shop)
    assert await open_lines(shop, release) == []
    done = await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert await open_lines(shop, release) == ["manual", "regression", "load"]
    assert [item.key for item in done.reopened] == ["manual", "regression", "load"]
    assert (
        "To be done again for this candidate: “It was tried by hand”, “The regression tests have passed” and "
        "“It holds under load”."
    ) in said_in_the_thread(shop)
    assert (await recorded(shop, "set candidate"))[-1].detail["reopened"] == ["manual", "regression", "load"]
    assert (await shop.line(release, "manual")).evidence.note == "On a phone"


async def test_what_has_passed_for_the_new_candidate_already_is_ticked_at_once(shop):
    release = await all_ticked(shop)
    await shop.reported("regression", shop.b, link="https://ci.example.com/runs/9")
    await shop.reported("load", shop.b, passed=False)
    done = await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert await open_lines(shop, release) == ["manual", "load"]
    assert [item.key for item in done.reopened] == ["manual", "load"]
    line = await shop.line(release, "regression")
    assert (line.ticked_by, line.evidence.link) == (SLIPWAY, "https://ci.example.com/runs/9")
    assert f"regression passed for {shop.b[:7]}: ticked “The regression tests have passed”." in said_in_the_thread(shop)
    newest = (await recorded(shop, "tick"))[-1]
    assert (newest.by, newest.subject, newest.candidate) == (SLIPWAY, "regression", shop.b)


async def test_the_old_candidate_comes_back_with_what_its_checks_had_said_and_nothing_else(shop):
    release = await all_ticked(shop)
    await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    await shop.set_candidate(release, shop.a, by=shop.by(BEN))
    assert await open_lines(shop, release) == ["manual"]


async def test_a_line_opens_again_if_the_catalogue_says_so_since(shop):
    release = await all_ticked(shop)
    notes = replace(LINES[1], reopens=True)
    shop.agrees_on(HOTFIX, checklist=(LINES[0], notes, *LINES[2:]))
    await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert "notes" in await open_lines(shop, release)


async def test_where_nothing_was_ticked_nothing_is_said_about_it(shop):
    shop.agrees_on(HOTFIX, checklist=LINES)
    release = await shop.planned(shop.a, "1.0.0")
    done = await shop.set_candidate(release, shop.b, by=shop.by(BEN))
    assert done.reopened == ()
    assert not [line for line in said_in_the_thread(shop) if "To be done again" in line]


async def recorded(shop, verb: str) -> list[Happened]:
    async with shop.records.read() as reading:
        return [each.happened for each in await reading.record() if each.happened.verb == verb]


def said_in_the_thread(shop) -> list[str]:
    return [str(notice.sentence) for notice in shop.records.told if isinstance(notice, ThreadLine)]
