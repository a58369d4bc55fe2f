"""The gate, for any CI: may this commit go to this environment now, and if not, why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.freeze import Window
from bot.rules.people import Roles
from bot.verbs.lock import Wish
from tests.handlers.api.machine import Machine, Reply
from tests.makers import FEATURE, HOTFIX, PAYMENTS, PRODUCTION, QA
from tests.people import GUS, INES, MAYA, OMAR
from tests.verbs.workshop import Workshop


async def gate(machine: Machine, commit: str, environment: str = "production", **more: str) -> Reply:
    return await machine.asks("/gate", service="payments", environment=environment, commit=commit, **more)


async def test_an_approved_commit_may_go(machine: Machine):
    shop = machine.shop
    await shop.approved(shop.a, "1.0.0")

    reply = await gate(machine, shop.a)

    assert reply.status == 200
    assert (reply.told["open"], reply.told["blockers"]) == (True, [])
    assert (reply.told["release"], reply.told["version"], reply.told["commit"]) == ("R-1", "1.0.0", shop.a)
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_commit_that_may_not_go_is_told_everything_in_the_way_and_who_can_lift_it(machine: Machine):
    shop = machine.shop
    await shop.planned(shop.a, "1.0.0", FEATURE)

    told = (await gate(machine, shop.a)).told

    assert told["open"] is False
    assert [each["key"] for each in told["blockers"]] == ["approval:qa", "approval:change-manager", "order:staging"]
    qa = told["blockers"][0]
    assert qa == {
        "kind": "approval",
        "key": "approval:qa",
        "sentence": "The approval of qa is missing.",
        "lifted_by": [
            {"kind": "role", "id": "qa", "name": "Qa", "people": [{"id": OMAR.id, "name": "Omar"}]},
        ],
        "step": "Press Approve, or type /release approve R-1 production.",
        "opens_at": None,
    }
    assert told["blockers"][2]["step"] == "Deploy it there first: /ship R-1 to staging."


async def test_each_environment_has_a_gate_of_its_own(machine: Machine):
    shop = machine.shop
    await shop.planned(shop.a, "1.0.0", FEATURE)
    assert (await gate(machine, shop.a, "staging")).told["open"] is True


async def test_what_stands_there_already_says_so(machine: Machine):
    shop = machine.shop
    await shop.shipped(shop.a, "1.0.0")
    told = (await gate(machine, shop.a)).told
    assert (told["open"], told["stands_there"]) == (True, True)


async def test_a_freeze_says_when_it_is_over_by_itself(machine: Machine):
    shop = machine.shop
    await shop.planned(shop.a, "1.0.0", FEATURE)
    shop.agrees_on(FEATURE, approvals={})
    end = shop.at + timedelta(hours=5)
    window = Window(shop.at, end, "The annual sale", environments=frozenset({"staging"}))
    await shop.start_freeze(window, by=shop.by(MAYA))

    told = (await gate(machine, shop.a, "staging")).told

    (freeze,) = told["blockers"]
    assert freeze["kind"] == "freeze"
    assert "The annual sale" in freeze["sentence"]
    assert freeze["opens_at"] == told["opens_at"] == end.isoformat().replace("+00:00", "Z")


async def test_a_commit_that_nobody_has_planned_goes_nowhere(machine: Machine):
    shop = machine.shop
    await shop.planned(shop.a, "1.0.0")

    told = (await gate(machine, shop.b)).told

    assert (told["open"], told["release"], told["commit"]) == (False, None, shop.b)
    (blocker,) = told["blockers"]
    assert blocker["kind"] == "candidate"
    assert blocker["sentence"] == f"No open release of Payments proposes {shop.b[:7]}."
    assert f"/release build R-1 {shop.b}" in blocker["step"]


async def test_a_commit_whose_release_was_cancelled_goes_nowhere_and_is_told_why(machine: Machine):
    shop = machine.shop
    number = await shop.approved(shop.a, "1.0.0")
    await shop.cancel_release(number, "Not wanted", by=shop.by(MAYA))

    (blocker,) = (await gate(machine, shop.a)).told["blockers"]

    assert "R-1, which did, was cancelled" in blocker["sentence"]


async def test_of_two_releases_of_one_commit_the_one_that_may_go_answers(machine: Machine):
    shop = machine.shop
    await shop.approved(shop.a, "1.0.0")
    await shop.planned(shop.a, "1.0.1", FEATURE)
    told = (await gate(machine, shop.a)).told
    assert (told["open"], told["release"]) == (True, "R-1")


async def test_a_release_can_be_asked_about_without_its_commit(machine: Machine):
    shop = machine.shop
    await shop.approved(shop.a, "1.0.0")
    reply = await machine.asks("/gate", release="r1", environment="production")
    assert (reply.told["open"], reply.told["commit"]) == (True, shop.a)


async def test_a_release_that_proposes_another_commit_does_not_let_this_one_pass(machine: Machine):
    shop = machine.shop
    await shop.approved(shop.a, "1.0.0")

    told = (await gate(machine, shop.b, release="R-1")).told

    assert told["open"] is False
    assert told["blockers"][0]["sentence"] == f"R-1 proposes {shop.a[:7]}, and not {shop.b[:7]}."
    assert told["artifact"] is None


async def test_the_commit_may_be_written_in_capitals(alone: Machine):
    shop = alone.shop
    await shop.approved(shop.a, "1.0.0")
    assert (await gate(alone, shop.a.upper())).told["open"] is True


@pytest.mark.parametrize(
    ("asked", "parameter", "sentence"),
    [
        ({"service": "paymnts"}, "service", "The catalogue has no service paymnts. It has payments."),
        ({"environment": "prod"}, "environment", "Payments has no environment prod. It has staging and production."),
        ({"release": "R-99"}, "release", "There is no release R-99. /release list shows the open ones."),
        ({"release": "R-1", "service": "search"}, "service", "R-1 is a release of payments, and not of search."),
    ],
)
async def test_a_name_that_is_not_there_is_told_with_its_parameter(alone: Machine, asked, parameter, sentence):
    shop = alone.shop
    await shop.approved(shop.a, "1.0.0")
    question = {"service": "payments", "environment": "production", "commit": shop.a, **asked}

    reply = await alone.asks("/gate", **question)

    assert reply.status == 422
    assert reply.detail == sentence
    assert (reply.told["code"], reply.complaints) == ("no-such-name", {parameter: sentence})


async def test_a_release_whose_change_type_left_the_catalogue_is_told_so(alone: Machine):
    shop = alone.shop
    await shop.planned(shop.a, "1.0.0", FEATURE)
    _forgets(shop)

    by_commit = await gate(alone, shop.a)
    by_release = await alone.asks("/gate", release="R-1", environment="production")

    assert (by_commit.status, list(by_commit.complaints)) == (422, ["commit"])
    assert (by_release.status, list(by_release.complaints)) == (422, ["release"])


def _forgets(shop: Workshop) -> None:
    kept = {HOTFIX: shop.catalogue.change_types[HOTFIX]}
    shop.catalogue = replace(shop.catalogue, change_types=kept)


async def test_somebody_whose_name_was_never_heard_is_written_by_their_id(alone: Machine):
    shop = alone.shop
    await shop.planned(shop.a, "1.0.0", FEATURE)
    shop.directory.held = Roles({QA: frozenset({GUS.id})})

    told = (await gate(alone, shop.a)).told

    qa = next(each for each in told["blockers"] if each["key"] == "approval:qa")
    assert qa["lifted_by"][0]["people"] == [{"id": GUS.id, "name": None}]


async def test_a_lock_names_who_holds_it(machine: Machine):
    shop = machine.shop
    await shop.approved(shop.a, "1.0.0")
    await shop.lock(Wish(PAYMENTS, PRODUCTION, "The database is moved", shop.at + timedelta(hours=2)), by=shop.by(INES))

    (blocker,) = (await gate(machine, shop.a)).told["blockers"]

    assert (blocker["kind"], blocker["lifted_by"][0]["name"]) == ("locked", "Ines")
    assert "The database is moved" in blocker["sentence"]
