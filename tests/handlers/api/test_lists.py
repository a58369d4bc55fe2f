"""Releases, deployments, environments and freezes, as machines read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from bot.rules.deployment import Step, StepState
from bot.rules.freeze import Window
from bot.verbs.lock import Wish
from tests.handlers.api.machine import KEY, Machine
from tests.makers import FEATURE, PAYMENTS, PRODUCTION, STAGING
from tests.people import INES, MAYA, OMAR


def moment(text: str) -> datetime:
    assert text.endswith("Z"), "moments are in UTC"
    return datetime.fromisoformat(text)


async def pages(machine: Machine, path: str, what: str, **asked: str) -> list[list[str]]:
    """The numbers on each page, by following the links."""
    found, query = [], asked
    while True:
        reply = await machine.asks(path, **query)
        assert reply.status == 200, reply.text
        found.append([each[what] for each in reply.told[f"{what}s"]])
        if reply.told["next"] is None:
            assert "Link" not in reply.headers
            return found
        assert f"cursor={reply.told['next']}" in reply.headers["Link"]
        assert reply.headers["Link"].endswith('>; rel="next"')
        query = {**asked, "cursor": reply.told["next"]}


# ------------------------------------------------------------ releases


async def test_releases_are_listed_the_newest_first_and_page_by_page(machine: Machine):
    shop = machine.shop
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"):
        await shop.planned(None, version)

    assert await pages(machine, "/releases", "release", limit="2") == [["R-5", "R-4"], ["R-3", "R-2"], ["R-1"]]
    assert await pages(machine, "/releases", "release", limit="5") == [["R-5", "R-4", "R-3", "R-2", "R-1"]]


async def test_open_releases_and_others_can_be_asked_for(machine: Machine):
    shop = machine.shop
    first = await shop.planned(None, "1.0.0")
    await shop.planned(None, "1.1.0")
    await shop.cancel_release(first, "Not wanted", by=shop.by(MAYA))

    assert await pages(machine, "/releases", "release", open="true") == [["R-2"]]
    assert await pages(machine, "/releases", "release", open="false") == [["R-1"]]
    cancelled = (await machine.asks("/releases/R-1")).told["cancelled"]
    assert (cancelled["by"], cancelled["reason"]) == ({"id": MAYA.id, "name": "Maya"}, "Not wanted")


async def test_a_release_is_told_with_its_words_gates_and_deployments(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")

    told = (await machine.asks("/releases/r1")).told

    assert (told["release"], told["stage"], told["open"]) == ("R-1", "deployed", True)
    assert told["candidate"]["commit"] == shop.a
    (word,) = told["words"]
    assert (word["person"]["id"], word["role"], word["word"], word["counts"]) == (OMAR.id, "qa", "approved", True)
    assert [(each["environment"], each["open"]) for each in told["gates"]] == [("staging", True), ("production", True)]
    assert [each["deployment"] for each in told["deployments"]] == ["D-1"]


async def test_a_word_to_a_candidate_that_was_replaced_no_longer_counts(machine: Machine):
    shop = machine.shop
    number = await shop.approved(shop.a, "1.0.0")
    await shop.set_candidate(number, shop.b, None, by=shop.by(MAYA))

    told = (await machine.asks("/releases/1")).told

    assert [each["counts"] for each in told["words"]] == [False]
    assert "approval:qa" in [each["key"] for gate in told["gates"] for each in gate["blockers"]]


async def test_a_release_without_a_candidate_has_none(alone: Machine):
    await alone.shop.planned(None, "1.0.0", FEATURE)
    told = (await alone.asks("/releases/R-1")).told
    assert (told["candidate"], told["stage"]) == (None, "planning")


async def test_there_is_no_release_of_that_number(alone: Machine):
    reply = await alone.asks("/releases/R-7")
    assert (reply.status, reply.detail) == (404, "There is no release R-7. /release list shows the open ones.")


# ------------------------------------------------------------ deployments


async def test_deployments_are_listed_with_rollbacks_the_newest_first_and_page_by_page(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "1.1.0")
    await shop.rolled_back()

    assert await pages(machine, "/deployments", "deployment", limit="1") == [["D-3"], ["D-2"], ["D-1"]]
    back = (await machine.asks("/deployments/D-3")).told
    assert (back["kind"], back["version"], back["state"]) == ("rollback", "1.0.0", "succeeded")
    assert (back["replaces"], back["reason"]) == ("D-2", "It burns")
    assert back["confirmed_by"] == {"id": INES.id, "name": "Ines"}
    assert moment(back["ended_at"]) >= moment(back["confirmed_at"])


async def test_deployments_of_one_place_since_a_moment_can_be_asked_for(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")
    since = shop.at.isoformat()
    await shop.deployed(await shop.approved(shop.b, "1.1.0"), STAGING)

    assert await pages(machine, "/deployments", "deployment", since=since) == [["D-2"]]
    assert await pages(machine, "/deployments", "deployment", environment="production") == [["D-1"]]
    assert await pages(machine, "/deployments", "deployment", service="payments", environment="staging") == [["D-2"]]


async def test_the_steps_of_the_target_are_told(machine: Machine):
    shop = machine.shop
    started = await shop.started(await shop.approved(shop.a, "1.0.0"))
    steps = (Step("Migrate", StepState.DONE, "https://ci.example.com/1"), Step("Switch", StepState.RUNNING))
    async with shop.records.open() as page:
        there = await page.deployment(started.id)
        assert there is not None
        await page.keep_deployment(replace(there, steps=steps))
        await page.commit()

    told = (await machine.asks("/deployments/d1")).told

    assert told["steps"] == [
        {"name": "Migrate", "state": "done", "link": "https://ci.example.com/1"},
        {"name": "Switch", "state": "running", "link": None},
    ]


async def test_a_service_that_nobody_knows_is_a_slip_unless_it_has_a_history(alone: Machine):
    shop = alone.shop
    await shop.shipped(shop.a, "1.0.0")
    for path in ("/deployments", "/releases", "/environments", "/freezes", "/freezes.ics"):
        reply = await alone.asks(path, service="paymnts")
        assert (reply.status, list(reply.complaints)) == (422, ["service"]), path

    shop.catalogue = replace(shop.catalogue, services={})
    assert (await alone.asks("/deployments", service="payments")).told["deployments"][0]["deployment"] == "D-1"
    assert (await alone.asks("/releases", service="payments")).told["releases"][0]["problem"]
    assert (await alone.asks("/releases/R-1")).told["gates"] == []


async def test_there_is_no_deployment_of_that_number(alone: Machine):
    reply = await alone.asks("/deployments/D-7")
    assert (reply.status, reply.detail) == (404, "There is no deployment D-7.")


# ------------------------------------------------------------ environments


async def test_what_runs_where_is_told_in_the_order_of_the_catalogue(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")

    staging, production = (await machine.asks("/environments")).told["environments"]

    assert (staging["environment"], staging["final"], staging["runs"]) == ("staging", False, None)
    assert (production["environment"], production["final"]) == ("production", True)
    runs = production["runs"]
    assert (runs["deployment"], runs["release"], runs["version"]) == ("D-1", "R-1", "1.0.0")
    assert (runs["candidate"]["commit"], runs["older_than"]) == (shop.a, None)


async def test_an_environment_that_was_rolled_back_says_what_it_is_older_than(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")
    await shop.shipped(shop.b, "1.1.0")
    await shop.rolled_back()

    runs = (await machine.asks("/environments", service="payments")).told["environments"][1]["runs"]

    assert (runs["deployment"], runs["version"]) == ("D-3", "1.0.0")
    assert runs["older_than"] == {"deployment": "D-2", "release": "R-2", "version": "1.1.0", "commit": shop.b}


async def test_who_holds_a_place_what_is_on_its_way_and_what_waits_is_told(machine: Machine):
    shop = machine.shop
    await shop.started(await shop.approved(shop.a, "1.0.0"))
    second = await shop.approved(shop.b, "1.1.0")
    await shop.read_vetoes(second)
    await shop.ask_deploy(second, PRODUCTION, by=shop.by(MAYA))
    await shop.confirm_deploy(second, PRODUCTION, by=shop.by(MAYA))
    until = shop.at + timedelta(hours=2)
    await shop.lock(Wish(PAYMENTS, PRODUCTION, "The database is moved", until), by=shop.by(INES))

    production = (await machine.asks("/environments")).told["environments"][1]

    assert production["on_its_way"]["deployment"] == "D-1"
    assert [(each["deployment"], each["state"]) for each in production["waiting"]] == [("D-2", "queued")]
    lock = production["lock"]
    assert (lock["lock"], lock["held_by"]["name"], lock["reason"]) == ("L-1", "Ines", "The database is moved")
    assert (moment(lock["until"]), lock["release"]) == (until, None)
    shop.at = until
    assert (await machine.asks("/environments")).told["environments"][1]["lock"] is None


# ------------------------------------------------------------ freezes


async def two_freezes(machine: Machine) -> None:
    """One of production now, one of staging tomorrow."""
    shop = machine.shop
    now, tomorrow = shop.at, shop.at + timedelta(days=1)
    for start, environment, reason in ((now, PRODUCTION, "The annual sale"), (tomorrow, STAGING, "New machines")):
        window = Window(start, start + timedelta(hours=5), reason, frozenset({environment}))
        await shop.start_freeze(window, by=shop.by(MAYA))


async def test_freezes_in_force_and_to_come_are_told(machine: Machine):
    await two_freezes(machine)

    sale, machines = (await machine.asks("/freezes")).told["freezes"]

    assert (sale["freeze"], sale["in_force"], sale["reason"]) == ("F-1", True, "The annual sale")
    assert (sale["environments"], sale["services"], sale["hard"]) == (["production"], [], True)
    assert sale["declared_by"] == {"id": MAYA.id, "name": "Maya"}
    assert moment(sale["starts_at"]).tzinfo == UTC
    assert (machines["freeze"], machines["in_force"]) == ("F-2", False)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"in_force": "true"}, ["F-1"]),
        ({"in_force": "false"}, ["F-2"]),
        ({"environment": "staging"}, ["F-2"]),
        ({"environment": "production", "service": "payments"}, ["F-1"]),
        ({"environment": "elsewhere"}, []),
    ],
)
async def test_freezes_can_be_narrowed_down(machine: Machine, asked, expected):
    await two_freezes(machine)
    told = (await machine.asks("/freezes", **asked)).told
    assert [each["freeze"] for each in told["freezes"]] == expected


async def test_the_calendar_is_read_with_a_token_or_with_its_key(machine: Machine):
    await two_freezes(machine)

    by_token = await machine.asks("/freezes.ics")
    by_key = await machine.sends(f"/freezes.ics?key={KEY}")

    assert (by_token.status, by_key.status) == (200, 200)
    assert by_token.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert by_token.headers["Cache-Control"] == "no-store"
    for reply in (by_token, by_key):
        events = icalendar.Calendar.from_ical(reply.text).walk("VEVENT")
        assert len(events) == 2
        assert "The annual sale" in str(events[0]["SUMMARY"])


async def test_a_wrong_key_of_the_calendar_is_not_made_good_by_a_token(alone: Machine):
    assert (await alone.asks("/freezes.ics", key="wrong-0123456789abcdef")).status == 404
