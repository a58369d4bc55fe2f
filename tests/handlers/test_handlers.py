"""Handlers: what is typed, pressed and sent in reaches its verb, and everybody is answered where they look."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

import handlers
from bot.notices import CardChanged, ChannelLine, DeploymentChanged, DigestDue, DirectLine, FreezeTold, ThreadLine
from bot.rules.candidate import Seal
from bot.rules.deployment import Attempt, DeploymentId, Kind
from bot.rules.freeze import FreezeId
from bot.rules.people import Actor, Surface
from bot.rules.policy import ChannelId
from bot.rules.release import ReleaseId
from bot.rules.sentence import say
from handlers.buttons import OnRelease, OnService, encode
from handlers.names import CommandNames
from handlers.talk import AT_HOME
from tests.handlers.counter import Counter, a_counter
from tests.makers import CHANNEL, NOW, PAYMENTS, PRODUCTION, STAGING, a_window
from tests.people import BEN, GUS, INES, MAYA, OMAR, RUTH
from tests.views.reading import buttons, read

ONE = ReleaseId(1)


async def planned(counter: Counter) -> None:
    assert "R-1 Payments 2.4.0 is planned" in await counter.types(MAYA, "/release new payments 2.4.0 main")


async def agreed_upon(counter: Counter) -> None:
    await planned(counter)
    for who in (OMAR, RUTH):
        await counter.types(who, "/release approve R-1")
    for who, item in ((MAYA, "notes"), (OMAR, "regression")):
        await counter.presses(who, "tick", encode(OnRelease(ONE, item=item)), view="modal")


async def brought(counter: Counter, place: str) -> None:
    """Confirmed, and seen to its end as the follower would."""
    await counter.types(MAYA, f"/deploy R-1 to {place}")
    assert "has started" in await counter.types(MAYA, f"/deploy confirm R-1 to {place}")
    async with counter.records.open() as page:
        (running,) = await page.deployments(holding_only=True)
        ended = replace(running, attempt=Attempt.RUNNING, started_at=counter.now)
        ended = await page.keep_deployment(ended)
        ended = await page.keep_deployment(replace(ended, attempt=Attempt.VERIFYING))
        await page.keep_deployment(replace(ended, attempt=Attempt.SUCCEEDED, ended_at=counter.now))
        await page.commit()


def pressed(said: object, label: str) -> dict[str, str]:
    return buttons(list(said.blocks))[label]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- planning


async def test_a_line_with_all_three_words_needs_no_form(counter):
    await planned(counter)
    card = read(list((await counter.card()).blocks))
    assert "# R-1 Payments 2.4.0\n" in card
    assert "from `main`" in card


async def test_less_than_three_words_open_the_form_filled_in_so_far(counter):
    form = await counter.types(MAYA, "/release new payments 2.4.0")
    assert "Version *: <2.4.0>" in form
    answer = await counter.sends(
        MAYA, "new", service="payments", version="2.4.0", ref="main", change_type="feature", title="Instant refunds"
    )
    assert "R-1 Payments 2.4.0 is planned" in answer


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"version": "2 4"}, "A version has letters"),
        ({"version": ""}, "A version has letters"),
        ({"title": "   "}, "A title is needed"),
        ({"depends_on": "R-3 and more"}, "Write releases like"),
        ({"target": "someday"}, "no date"),
    ],
)
async def test_what_is_wrong_in_a_form_is_said_beside_its_field_and_nothing_is_planned(counter, wrong, says):
    filled = {"service": "payments", "version": "2.4.0", "change_type": "feature", "title": "Refunds", **wrong}
    answer = await counter.sends(MAYA, "new", **filled)
    assert json.loads(answer)["response_action"] == "errors"
    assert says in answer
    assert list(json.loads(answer)["errors"]) == list(wrong)
    assert counter.told() == []


async def test_a_plan_is_edited_in_a_form_and_a_newer_one_is_not_overwritten_unseen(counter):
    await planned(counter)
    form = await counter.types(MAYA, "/release edit R-1")
    assert "Title *: <Payments 2.4.0>" in form
    seen = encode(OnRelease(ONE, revision=0))
    filled = {"version": "2.4.1", "change_type": "feature", "title": "Instant refunds", "depends_on": ""}
    assert "is saved" in await counter.sends(MAYA, "edit", seen, **filled)
    assert "2.4.1" in read(list((await counter.card()).blocks))
    again = await counter.sends(MAYA, "edit", seen, **{**filled, "title": "Another"})
    assert "is saved" not in again
    assert "Another" not in read(list((await counter.card()).blocks))


async def test_an_empty_catalogue_has_nothing_to_plan():
    counter = a_counter(services={})
    assert "no services" in await counter.types(MAYA, "/release new")


# ---------------------------------------------------------------- looking


async def test_a_release_is_shown_listed_and_explained(counter):
    await planned(counter)
    assert "# R-1 Payments 2.4.0" in await counter.types(BEN, "/release show payments")
    assert "R-1 Payments 2.4.0" in await counter.types(BEN, "/release list")
    assert "there are none" in await counter.types(BEN, "/release list mine")
    assert "The approval of @Omar is missing" in await counter.types(BEN, "/release why r1 production")
    assert "# What blocks R-1" in await counter.presses(BEN, "why", encode(OnRelease(ONE)))
    assert "# R-1 Payments" in await counter.presses(BEN, "show", encode(OnRelease(ONE)))


async def test_a_release_is_shown_with_what_happened_last(counter):
    await planned(counter)
    for _ in range(6):
        await counter.types(OMAR, "/release reject R-1 it <burns>")
        await counter.types(OMAR, "/release withdraw R-1")
    shown = await counter.types(BEN, "/release show R-1")
    assert "@Omar  reject production" in shown
    assert ": it <burns>" in shown
    assert "… and 3 earlier: `/release audit R-1`" in shown
    assert shown.index("*Timeline*") < shown.index("[Approve]")
    assert "*Timeline*" not in read(list((await counter.card()).blocks)), "the living card has its thread"


async def test_a_guest_may_look_and_not_act(counter):
    await planned(counter)
    for line in (
        "/release",
        "/release show R-1",
        "/release list",
        "/deploy status",
        "/freeze list",
        "/release shwo R-1",
    ):
        assert "guest" not in await counter.types(GUS, line)
    for line in (
        "/release approve R-1",
        "/release new payments 2.5.0 main",
        "/release digest here",
        "/deploy R-1 to staging",
        "/deploy break-glass R-1 to staging it burns, and this mends it",
        "/deploy review D-1 the alarm came late",
    ):
        assert "guest" in await counter.types(GUS, line)
    assert "guest" in await counter.presses(GUS, "approve", encode(OnRelease(ONE)))


async def test_an_unknown_line_is_answered_with_the_nearest(counter):
    assert "Did you mean `/release approve R-1`?" in await counter.types(OMAR, "/release aprove R-1")


@pytest.mark.parametrize("command", ["/release", "/deploy", "/rollback", "/freeze"])
async def test_a_bare_command_is_help(counter, command):
    assert f"# {command} help" in await counter.types(BEN, command)


async def test_renamed_commands_answer_in_their_own_words():
    counter = a_counter(CommandNames("/rel", "/ship", "/undo", "/hold"))
    assert "`/rel build R-12 1a2b3c4`" in await counter.types(BEN, "/rel")
    await counter.types(MAYA, "/rel new payments 2.4.0 main")
    assert "`/ship confirm R-1 to staging`" in await counter.types(MAYA, "/ship R-1 to staging")
    assert "Did you mean `/hold list`?" in await counter.types(MAYA, "/hold lst")
    assert sorted(counter.boundary.registered.commands) == ["/hold", "/rel", "/ship", "/undo"]


async def test_a_release_that_does_not_exist_is_said_everywhere(counter):
    for line in (
        "/release show R-9",
        "/release why R-9",
        "/release checklist R-9",
        "/release edit R-9",
        "/release audit R-9",
    ):
        assert "There is no release R-9" in await counter.types(MAYA, line)
    for action in ("approve", "reject", "withdraw", "checklist", "tick", "show", "why", "launch"):
        nowhere = encode(OnRelease(ReleaseId(9), PRODUCTION, Seal("0" * 20), item="notes"))
        assert "There is no release R-9" in await counter.presses(MAYA, action, nowhere)


@pytest.mark.parametrize(
    "value", ["", "{}", "null", '["r"]', '["r","1"]', '["s","payments"]', "[" * 900, '["r",1,2,3,4,5,6,7]']
)
@pytest.mark.parametrize(
    "action", ["approve", "reject", "tick", "checklist", "deploy", "way_back", "roll_back", "launch"]
)
async def test_a_button_that_cannot_be_read_changes_nothing(counter, action, value):
    if action in {"way_back", "roll_back"} and value.startswith('["s"'):
        return_answer = await counter.presses(MAYA, action, value)
        assert ("nothing to roll back" if action == "way_back" else "what was on your screen") in return_answer
    else:
        assert "can't read what this button was about" in await counter.presses(MAYA, action, value)
    assert counter.told() == []


# ---------------------------------------------------------------- saying yes and no


async def test_approve_reject_and_withdraw_from_the_card(counter):
    await planned(counter)
    yes = pressed(await counter.card(), "Approve")["value"]
    assert "✅ Approved: R-1 Payments 2.4.0" in await counter.presses(OMAR, "approve", yes)
    back = pressed(await counter.card(), "Withdraw")["value"]
    assert "↩️ Taken back" in await counter.presses(OMAR, "withdraw", back)
    no = pressed(await counter.card(), "Reject")["value"]
    assert "You reject *R-1 Payments 2.4.0*" in await counter.presses(RUTH, "reject", no)
    assert "Please say why" in await counter.sends(RUTH, "reject", no, reason="  ")
    assert "❌ Rejected" in await counter.sends(RUTH, "reject", no, reason="The runbook is missing")
    assert "The runbook is missing" in read(list((await counter.card()).blocks))


async def test_an_old_card_says_what_changed_and_is_redrawn(counter):
    await planned(counter)
    old = await counter.card()
    await counter.types(BEN, "/release build R-1 old")
    told = len(counter.told())
    assert "has changed since you looked" in await counter.presses(OMAR, "approve", pressed(old, "Approve")["value"])
    assert "has changed since you looked" in await counter.sends(
        OMAR, "reject", pressed(old, "Reject")["value"], reason="x"
    )
    assert counter.told()[told:] == [CardChanged(ONE), CardChanged(ONE)]


async def test_a_new_candidate_names_who_must_be_asked_again(counter):
    await planned(counter)
    await counter.types(OMAR, "/release approve R-1")
    assert "@Omar had approved it as Qa" in await counter.types(MAYA, "/release build R-1 old")


# ---------------------------------------------------------------- checklist


async def test_the_checklist_draws_itself_anew_after_each_press(counter):
    await planned(counter)
    form = await counter.types(OMAR, "/release checklist R-1")
    assert "[Tick]" in form
    value = encode(OnRelease(ONE, item="regression"))
    assert "ticked by @Omar" in await counter.presses(OMAR, "tick", value, view="modal")
    after = await counter.presses(OMAR, "untick", value, view="modal")
    assert "⬜ *The regression tests have passed*" in after


async def test_who_may_not_tick_is_told_and_nothing_is_ticked(counter):
    await planned(counter)
    value = encode(OnRelease(ONE, item="regression"))
    assert "Only @Omar can tick" in await counter.presses(BEN, "tick", value, view="modal")
    assert "0 of 3 done" in read(list((await counter.card()).blocks))


async def test_a_line_is_ticked_with_a_note_in_a_form_that_turns_back_into_the_list(counter):
    await planned(counter)
    value = encode(OnRelease(ONE, item="regression"))
    form = await counter.presses(OMAR, "note", value, view="modal")
    assert "⬜ *The regression tests have passed*\nR-1 Payments 2.4.0\nNote: <>\nLink: <>" in form
    assert "0 of 3 done" in await counter.presses(OMAR, "page", value, view="modal")
    after = await counter.sends(OMAR, "note", value, note=" 214 of 214 are green ", link="https://ci.example.com/4711")
    assert "✅ *The regression tests have passed*\nticked by @Omar" in after
    assert "“214 of 214 are green”  ·  ci.example.com/4711" in after
    assert counter.screen.shown[-1][0] == "views.update"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"note": "  ", "link": ""}, "Please write a note or give a link"),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"link": "ci.example.com"}, "begins with https://"),
    ],
)
async def test_what_is_wrong_with_a_note_is_said_beside_its_field_and_nothing_is_ticked(counter, wrong, says):
    await planned(counter)
    told = len(counter.told())
    answer = await counter.sends(OMAR, "note", encode(OnRelease(ONE, item="regression")), **wrong)
    assert json.loads(answer)["response_action"] == "errors"
    assert says in answer
    assert len(counter.told()) == told


async def test_a_note_that_cannot_be_taken_comes_back_with_what_was_written(counter):
    await planned(counter)
    value = encode(OnRelease(ONE, item="regression"))
    refused = await counter.sends(BEN, "note", value, note="All green", link="")
    assert "✋ Only @Omar can tick" in refused
    assert "Note: <All green>" in refused
    await counter.presses(OMAR, "tick", value, view="modal")
    late = await counter.sends(OMAR, "note", value, note="All green", link="")
    assert "so your note was not kept" in late
    assert "Note: <All green>" in late


async def test_a_note_on_a_line_or_a_release_that_there_is_not_is_refused(counter):
    await planned(counter)
    for value, says in (
        (encode(OnRelease(ONE, item="nothing")), "has no line `nothing`"),
        (encode(OnRelease(ReleaseId(9), item="notes")), "There is no release R-9"),
        ("nonsense", "I can't read what this button was about"),
    ):
        assert says in await counter.presses(OMAR, "note", value, view="modal")
        assert says in await counter.sends(OMAR, "note", value, note="All green")


# ---------------------------------------------------------------- deploying


async def test_the_road_to_production_and_back(counter):
    await agreed_upon(counter)
    preview = await counter.presses(MAYA, "deploy", pressed(await counter.card(), "Deploy")["value"])
    assert "`/deploy confirm R-1 to staging`" in preview
    assert not [each for each in counter.told() if isinstance(each, DeploymentChanged)], "nothing has started"
    await brought(counter, "staging")
    await brought(counter, "production")
    card = await counter.card()
    assert {"Launch", "Roll back"} <= buttons(list(card.blocks)).keys()
    assert "so there is nothing to go back to" in await counter.presses(
        INES, "way_back", pressed(card, "Roll back")["value"]
    )
    assert "🟢 *production*  ·  *2.4.0*" in await counter.types(BEN, "/deploy status")
    assert "🎉 R-1 Payments 2.4.0 is released" in await counter.presses(
        MAYA, "launch", pressed(card, "Launch")["value"]
    )


async def test_a_closed_gate_starts_nothing(counter):
    await planned(counter)
    await counter.types(MAYA, "/deploy R-1 to production")
    answer = await counter.types(MAYA, "/deploy confirm R-1 to production")
    assert "✋ Nothing was started" in answer
    assert "The approval of @Ruth is missing" in answer


async def test_a_deploy_button_without_a_place_is_refused(counter):
    await planned(counter)
    assert "doesn't say where to" in await counter.presses(MAYA, "deploy", encode(OnRelease(ONE)))


async def test_a_deployment_is_stopped_by_its_number(counter):
    await agreed_upon(counter)
    await counter.types(MAYA, "/deploy R-1 to staging")
    await counter.types(MAYA, "/deploy confirm R-1 to staging")
    assert "D-1" in await counter.types(MAYA, "/deploy cancel D-1")
    assert "D-99" in await counter.types(MAYA, "/deploy cancel D-99")


async def two_versions(counter: Counter) -> None:
    """2.4.0 stands in production; 2.3.9 stood there before."""
    await agreed_upon(counter)
    await brought(counter, "staging")
    await brought(counter, "production")
    async with counter.records.open() as page:
        (there, *_) = await page.deployments(environment=PRODUCTION)
        before = replace(there.order.candidate, commit="b" * 40)
        order = replace(there.order, candidate=before, version="2.3.9", kind=Kind.DEPLOY)
        newer = await page.add_deployment(order)
        running = await page.keep_deployment(replace(newer, attempt=Attempt.RUNNING))
        checked = await page.keep_deployment(replace(running, attempt=Attempt.VERIFYING))
        await page.keep_deployment(replace(checked, attempt=Attempt.SUCCEEDED, ended_at=counter.now))
        await page.commit()


async def test_a_rollback_asks_once_and_its_question_becomes_its_answer(counter):
    await two_versions(counter)
    question = await counter.types(INES, "/rollback payments in production checkout is slow")
    assert "*production* would go from *2.3.9*" in question
    assert "~ Reason: checkout is slow" in question
    seen = encode(OnService(PAYMENTS, PRODUCTION, DeploymentId(3), "D-2", "checkout is slow"))
    answer = await counter.presses(INES, "roll_back", seen)
    assert "↩️ D-4 has started: *production* goes back to *2.4.0*" in answer
    assert counter.screen.shown[-1][1]["replace_original"] is True
    async with counter.records.read() as page:
        assert (await page.deployments(limit=1))[0].order.reason == "checkout is slow"


async def test_an_old_question_about_a_rollback_is_asked_anew(counter):
    await two_versions(counter)
    answer = await counter.presses(INES, "roll_back", encode(OnService(PAYMENTS, PRODUCTION, DeploymentId(2))))
    assert "has changed since you looked" in answer
    assert "# Roll back Payments in production?" in answer


async def test_now_rolls_back_at_once_for_those_who_may(counter):
    await two_versions(counter)
    assert "Only" in await counter.types(BEN, "/rollback payments now it burns")
    assert "D-4 has started" in await counter.types(INES, "/rollback payments now it burns")


# ---------------------------------------------------------------- freezes


async def test_a_freeze_is_declared_listed_extended_and_ended(counter):
    assert "*F-1*" in await counter.types(MAYA, "/freeze start production until tomorrow 07:00 The annual sale")
    assert "The annual sale" in await counter.types(BEN, "/freeze list")
    assert "*F-1* ends [2026-11-30 06:00] now" in await counter.types(MAYA, "/freeze extend F-1 until mon 07:00")
    assert "❄️ F-1" in await counter.types(BEN, "/deploy status payments")
    assert "*F-1* is ended" in await counter.types(MAYA, "/freeze end F-1")
    assert "Nothing is frozen" in await counter.types(BEN, "/freeze list")


async def test_times_are_read_in_the_typists_own_zone(counter):
    await counter.types(MAYA, "/freeze start production until tomorrow 07:00 In Berlin")
    async with counter.records.read() as page:
        (freeze,) = await page.freezes()
    assert freeze.window.ends_at.isoformat() == "2026-11-24T06:00:00+00:00"
    assert freeze.window.environments == {PRODUCTION}


# ---------------------------------------------------------------- the rest of a release's life


async def test_a_release_is_cancelled_with_a_reason(counter):
    await planned(counter)
    assert "is cancelled" in await counter.types(MAYA, "/release cancel R-1 the customer left")
    assert "has ended; its plan stays" in await counter.types(MAYA, "/release edit R-1")
    assert "cancelled by @Maya" in read(list((await counter.card()).blocks))


async def test_the_digest_is_private_unless_it_is_asked_for_here(counter):
    await planned(counter)
    told = len(counter.told())
    assert "*🧭 Waiting (1)*" in await counter.types(BEN, "/release digest")
    assert counter.told()[told:] == []
    assert "is being posted here" in await counter.types(BEN, "/release digest here", channel="C0GENERAL")
    assert counter.told()[told:] == [DigestDue(ChannelId("C0GENERAL"), ())]


async def test_the_evidence_is_handed_to_who_asked(counter):
    await planned(counter)
    assert "`R-1-evidence.json` is in your messages" in await counter.types(RUTH, "/release audit R-1")
    ((person, name, told),) = counter.files
    assert (person, name) == (RUTH.id, "R-1-evidence.json")
    assert json.loads(told)["release"] == "R-1"


# ---------------------------------------------------------------- App Home


async def test_home_is_drawn_when_it_is_opened(counter):
    await planned(counter)
    assert "*Waiting for your approval*  (1)" in await counter.opens_home(OMAR)
    assert await counter.opens_home(OMAR, tab="messages") == ""


async def test_an_act_in_home_is_answered_by_home_itself(counter):
    await planned(counter)
    value = pressed(await counter.card(), "Approve")["value"]
    assert "Waiting for your approval" not in await counter.presses(OMAR, "approve", value, view="home")
    assert [where for where, _ in counter.screen.shown[-1:]] == ["views.publish"]
    ticked = await counter.presses(OMAR, "tick", encode(OnRelease(ONE, item="regression")), view="home")
    assert "☀️ Nothing waits for you." in ticked


async def test_a_refusal_in_home_is_said_and_home_is_drawn_as_it_is_now(counter):
    await planned(counter)
    old = pressed(await counter.card(), "Approve")["value"]
    await counter.types(BEN, "/release build R-1 old")
    answer = await counter.presses(OMAR, "approve", old, view="home")
    assert "has changed since you looked" in answer
    assert "# Your releases" in answer


async def test_a_form_that_was_opened_from_home_draws_it_anew_when_it_is_sent(counter):
    await planned(counter)
    value = pressed(await counter.card(), "Reject")["value"]
    await counter.presses(OMAR, "reject", value, view="home")
    form = next(view for where, view in reversed(counter.screen.shown) if where.startswith("views."))
    assert form["private_metadata"].endswith(AT_HOME)
    answer = await counter.sends(OMAR, "reject", form["private_metadata"], reason="No")
    assert "❌ Rejected" in answer
    assert "# Your releases" in answer
    await counter.presses(MAYA, "new", "new", view="home")
    assert counter.screen.shown[-1][1]["private_metadata"] == AT_HOME


# ---------------------------------------------------------------- announcements


async def test_every_notice_becomes_its_message(counter):
    await agreed_upon(counter)
    await counter.types(MAYA, "/deploy R-1 to staging")
    await counter.types(MAYA, "/deploy confirm R-1 to staging")
    await counter.verbs.start_freeze(a_window(), by=Actor(MAYA, Surface.COMMAND, "f"))
    drawn = {}
    for notice in (
        CardChanged(ONE),
        DeploymentChanged(ONE, DeploymentId(1)),
        ThreadLine(ONE, say("It failed."), loud=True),
        DirectLine(OMAR.id, say("Please look."), ONE),
        ChannelLine(ChannelId("C0OWNERS"), say("Mend it.")),
        FreezeTold(CHANNEL, FreezeId(1), "started"),
        DigestDue(CHANNEL, (PAYMENTS,)),
    ):
        drawn[type(notice)] = await counter.announce(notice)
    card, deployment, line, direct, owners, freeze, digest = drawn.values()
    assert (card.channel, card.living, card.thread_of) == (CHANNEL, "card:R-1", None)
    assert (deployment.living, deployment.thread_of) == ("deployment:D-1", "card:R-1")
    assert (line.text, line.thread_of, line.broadcast, line.living) == ("It failed.", "card:R-1", True, None)
    assert (direct.channel, pressed(direct, "Show R-1")["action_id"]) == (OMAR.id, "show")
    assert (owners.channel, owners.text) == ("C0OWNERS", "Mend it.")
    assert "has begun" in freeze.text
    assert "R-1 Payments 2.4.0" in read(list(digest.blocks))


@pytest.mark.parametrize(
    "notice",
    [
        CardChanged(ReleaseId(9)),
        DeploymentChanged(ReleaseId(9), DeploymentId(9)),
        ThreadLine(ReleaseId(9), say("Hello.")),
        FreezeTold(CHANNEL, FreezeId(9), "ended"),
    ],
)
async def test_what_is_gone_has_nothing_to_tell(counter, notice):
    assert await counter.announce(notice) is None


async def test_the_card_of_a_service_that_left_the_catalogue_goes_to_the_owners(counter):
    await planned(counter)
    counter.announce = replace(counter.announce, agreed=lambda: replace(counter.catalogue, services={}))
    assert (await counter.card()).channel == "C0OWNERS"


# ---------------------------------------------------------------- the table of contents


def test_everything_that_is_named_is_listened_to(counter):
    registered = counter.boundary.registered
    assert sorted(registered.commands) == sorted(handlers.COMMANDS)
    assert sorted(registered.actions) == sorted(handlers.ACTIONS)
    assert sorted(registered.views) == sorted(handlers.VIEWS)
    assert set(handlers.EVENTS) <= set(registered.events)


async def test_the_same_moment_is_drawn_the_same_however_often(counter):
    await planned(counter)
    first = await counter.card()
    counter.now = NOW + timedelta(hours=5)
    assert (await counter.card()).digest == first.digest
    assert STAGING in read(list(first.blocks))
