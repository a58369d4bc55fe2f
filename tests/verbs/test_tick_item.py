"""Tick an item: with what others should see, by whom it is theirs to tick, and never over what a check decides."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.notices import ThreadLine
from bot.ports import ConflictError
from bot.rules.absence import Leave
from bot.rules.checklist import LONGEST_LINK, LONGEST_NOTE, Evidence
from bot.rules.people import Actor, Person, PersonId, Surface
from bot.rules.policy import ItemRule
from bot.rules.sentence import Refused
from bot.verbs.look import Picture
from tests.grounds import database_ground
from tests.makers import HOTFIX
from tests.people import BEN, MAYA, OMAR, QA, RUTH
from tests.verbs.workshop import Workshop

RUN = "https://ci.example.com/runs/4711"
SHOWN = Evidence("214 of 214 are green", RUN)
LINES = (
    ItemRule("regression", "The regression tests have passed", QA),
    ItemRule("scan", "The scan has found nothing", check="scan"),
    ItemRule("load", "It holds under load", QA, check="load"),
    ItemRule("dashboards", "Dashboards are open", required=False),
)


@pytest.fixture
def shop():
    shop = Workshop()
    shop.agrees_on(HOTFIX, checklist=LINES)
    return shop


async def test_a_note_and_a_link_are_seen_by_everybody_and_are_on_the_record(shop):
    release = await shop.planned(shop.a, "1.0.0")
    seen = await shop.tick_item(release, "regression", True, SHOWN, by=shop.by(OMAR))
    assert isinstance(seen, Picture)
    item = await shop.line(release, "regression")
    assert (item.ticked_by, item.evidence) == (OMAR.id, SHOWN)
    assert said(shop)[-1] == (
        "@U0OMAR ticked “The regression tests have passed”: “214 of 214 are green” (ci.example.com/runs/4711)."
    )
    (entry,) = await entries(shop, "tick")
    assert entry.detail == {"text": item.text, "note": SHOWN.note, "link": RUN}


async def test_what_was_said_stays_with_a_line_that_is_opened_again_until_it_is_ticked_anew(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "regression", True, SHOWN, by=shop.by(OMAR))
    await shop.tick_item(release, "regression", False, by=shop.by(OMAR))
    opened = await shop.line(release, "regression")
    assert not opened.done
    assert opened.evidence == SHOWN
    await shop.tick_item(release, "regression", True, by=shop.by(OMAR))
    assert (await shop.line(release, "regression")).evidence.empty


async def test_a_note_comes_never_in_the_place_of_somebody_elses(shop):
    """Two have the form open at once: the second one hears that it was not kept, instead of losing it unseen."""
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "regression", True, SHOWN, by=shop.by(OMAR))
    late = await shop.tick_item(release, "regression", True, Evidence("All good"), by=shop.by(OMAR))
    assert isinstance(late, Refused)
    assert "@U0OMAR ticked “The regression tests have passed”" in str(late.why)
    assert "your note was not kept" in str(late.why)
    assert (await shop.line(release, "regression")).evidence == SHOWN


async def test_the_same_said_twice_is_said_once(shop):
    release = await shop.planned(shop.a, "1.0.0")
    for _ in range(2):
        assert isinstance(await shop.tick_item(release, "regression", True, SHOWN, by=shop.by(OMAR)), Picture)
    assert len(await entries(shop, "tick")) == 1


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (Evidence("x" * (LONGEST_NOTE + 1)), "A note has at most 500 characters, and this one has 501"),
        (Evidence(link="ci.example.com/runs/4711"), "begins with https://"),
        (Evidence(link="javascript:alert(1)"), "begins with https://"),
        (Evidence(link="https://"), "begins with https://"),
        (Evidence(link="https://ci.example.com/|a|<b>"), "begins with https://"),
        (Evidence(link="https://ci.example.com/ runs"), "begins with https://"),
        (Evidence(link="https://ci.example.com/\u202egpj.exe"), "begins with https://"),
        (Evidence(link=f"https://ci.example.com/{'x' * LONGEST_LINK}"), "at most 1000 characters"),
    ],
)
async def test_what_nobody_could_read_or_follow_is_refused_and_changes_nothing(shop, evidence, why):
    release = await shop.planned(shop.a, "1.0.0")
    refused = await shop.tick_item(release, "regression", True, evidence, by=shop.by(OMAR))
    assert isinstance(refused, Refused)
    assert why in str(refused.why)
    assert not (await shop.line(release, "regression")).done


async def test_the_longest_note_and_link_are_taken(shop):
    release = await shop.planned(shop.a, "1.0.0")
    most = Evidence("x" * LONGEST_NOTE, "https://x.io/" + "y" * (LONGEST_LINK - len("https://x.io/")))
    assert isinstance(await shop.tick_item(release, "regression", True, most, by=shop.by(OMAR)), Picture)


@pytest.mark.parametrize("done", [True, False])
async def test_what_only_a_check_ticks_nobody_ticks_and_opens_by_hand(shop, done):
    release = await shop.planned(shop.a, "1.0.0")
    if not done:
        await shop.reported("scan", shop.a)
    for person in (MAYA, OMAR):
        refused = await shop.tick_item(release, "scan", done, by=shop.by(person))
        assert isinstance(refused, Refused)
        assert "Nobody ticks “The scan has found nothing” by hand: the check scan does" in str(refused.why)
    assert (await shop.line(release, "scan")).done is not done


async def test_its_owner_ticks_by_hand_what_a_check_ticks_too_and_everybody_sees_that_it_was_by_hand(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "load", True, Evidence("The robot is on holiday"), by=shop.by(OMAR))
    assert said(shop)[-1] == (
        "@U0OMAR ticked “It holds under load” by hand, instead of the check load: “The robot is on holiday”."
    )
    (entry,) = await entries(shop, "tick")
    assert entry.detail["by_hand"] is True
    assert entry.detail["check"] == "load"
    refused = await shop.tick_item(release, "load", False, by=shop.by(BEN))
    assert isinstance(refused, Refused)


async def test_who_stands_in_for_the_owner_ticks_with_both_names_on_the_record(shop):
    release = await shop.planned(shop.a, "1.0.0")
    await shop.go_away(Leave(OMAR.id, shop.at, shop.at + timedelta(days=7), RUTH.id), by=shop.by(OMAR))
    await shop.tick_item(release, "regression", True, by=shop.by(RUTH))
    assert said(shop)[-1] == "@U0RUTH in the place of @U0OMAR ticked “The regression tests have passed”."
    (entry,) = await entries(shop, "tick")
    assert (entry.by, entry.detail["on_behalf_of"]) == (RUTH.id, OMAR.id)


async def test_a_services_own_lines_are_ticked_like_the_others():
    shop = Workshop(checklist=(ItemRule("schema", "The schema is reviewed", QA),))
    release = await shop.planned(shop.a, "1.0.0")
    await shop.tick_item(release, "schema", True, by=shop.by(OMAR))
    assert (await shop.line(release, "schema")).done


async def test_twenty_people_tick_twenty_lines_at_once_and_no_tick_is_lost(database_url):
    people = [Person(PersonId(f"U0{number:04}"), f"Person {number}") for number in range(20)]
    async with database_ground(database_url) as ground:
        shop = Workshop(ground.records)
        shop.agrees_on(HOTFIX, checklist=tuple(ItemRule(f"line-{each}", f"Line {each}") for each in range(20)))
        release = await shop.planned(shop.a, "1.0.0")

        async def ticks(number: int) -> None:
            by = Actor(people[number], Surface.FORM)
            for _ in range(4):  # as often as a handler is run when somebody else was faster
                try:
                    outcome = await shop.tick_item(release, f"line-{number}", True, Evidence(f"{number}"), by=by)
                except ConflictError:
                    continue
                assert isinstance(outcome, Picture)
                return
            raise AssertionError(f"Person {number} never got through.")

        await asyncio.gather(*(ticks(number) for number in range(20)))
        items = (await shop.picture(release)).release.checklist
        assert [(each.ticked_by, each.evidence.note) for each in items] == [
            (person.id, str(number)) for number, person in enumerate(people)
        ]
        assert sorted(each.by for each in await entries(shop, "tick")) == [each.id for each in people]


def said(shop) -> list[str]:
    return [str(notice.sentence) for notice in shop.records.told if isinstance(notice, ThreadLine)]


async def entries(shop, verb: str) -> list:
    async with shop.records.read() as reading:
        return [each.happened for each in await reading.record() if each.happened.verb == verb]
