"""The card: what everybody sees of a release, and the buttons that make sense."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.rules.checklist import Item
from bot.rules.people import Roles
from bot.rules.policy import ChangeTypeName, ServiceName
from bot.rules.release import Ending, ReleaseId
from handlers.buttons import OnRelease, OnService, decode
from handlers.views.card import release_card
from tests.makers import (
    FEATURE,
    NOW,
    PAYMENTS,
    PRODUCTION,
    STAGING,
    a_change_type,
    a_plan,
    a_release,
    a_seal,
    a_verdict,
)
from tests.people import INES, MAYA, OMAR, QA, roles
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import AGREED, CATALOGUE, OLD, PEN, PLANNED, SCENES, seen, the_catalogue


def shown(scene: str) -> str:
    return read(release_card(SCENES[scene], PEN)["blocks"])


def test_a_release_that_is_being_tested_and_frozen_reads_like_this():
    assert shown("outdated and frozen") == (
        "# R-12 Payments 2.4.0 · Instant refunds\n"
        "~ 🧪 *Testing*  ·  Feature  ·  asked for by @Maya [2026-11-23 10:00]\n"
        "Refunds reach the customer within a minute.\n"
        "~ *Requirements:* PAY-311\n"
        "~ ✓ planning → ✓ building → *● testing* → preparing  ○  ○  ○  ○\n"
        "*Candidate*\n"
        "`e0996a3` from `main`\n"
        "by @Ben\n"
        "set by @Maya [2026-11-23 10:20]\n"
        "*Checklist*\n"
        "0 of 3 done\n"
        "⬜ Release notes are written · Release manager\n"
        "⬜ The regression tests have passed · QA\n"
        "*Approvals for production*\n"
        "⬜ *QA* · waiting for @S0QA\n"
        "✅ *Change manager* · @Ruth approved [2026-11-23 11:00]\n"
        "~@Omar approved as QA~ · no longer counts: that was `c00dbbc`, and `e0996a3` is proposed now\n"
        "*Environments*\n"
        "🟢 *staging*  ·  nothing runs yet  ·  gate open\n"
        "🔴 *production*  ·  runs *2.3.9* `51de2b8`  ·  5 things block\n"
        "      •  @S0QA approved something else; this candidate needs its own approval.\n"
        "      •  Checklist: “Release notes are written” is not done · @S0RELMGRS\n"
        "      •  Checklist: “The regression tests have passed” is not done · @S0QA\n"
        "      •  … and 2 more\n"
        "---\n"
        "[Approve] [Reject] [Withdraw] [Checklist] [Deploy] [Why not?] [Ask them]"
    )


def test_a_planned_release_says_how_to_go_on():
    card = shown("planned")
    assert "None yet: `/release build R-12 <commit>`" in card
    assert "things block" not in card


def test_a_rejection_shows_who_and_why_harmlessly():
    card = release_card(SCENES["rejected"], PEN)
    assert "❌ *QA* · @Omar rejected it [2026-11-23 10:00]: Refunds fail for <euro> & co" in read(card["blocks"])
    assert "<euro>" not in json.dumps(card)
    assert "*QA* · waiting" not in read(card["blocks"])  # nobody waits for the yes of a role that has just said no


def test_an_approval_shows_in_whose_place_with_which_words_and_until_when():
    lasting = the_catalogue(change_types={FEATURE: a_change_type(approvals_last=timedelta(days=14))})
    yes = a_verdict(INES.id, QA, on_behalf_of=OMAR.id, reason="Refunds work on staging")
    card = release_card(seen(a_release(verdicts=(yes,)), (OLD,), catalogue=lasting, held=roles(qa={OMAR, INES})), PEN)
    assert (
        "✅ *QA* · @Ines approved in the place of @Omar [2026-11-23 10:00]: “Refunds work on staging” · "
        "counts until [2026-12-07 10:00]\n"
    ) in read(card["blocks"])


def test_what_ships_itself_says_so_and_what_a_check_ticks_says_by_which():
    by_itself = the_catalogue(change_types={FEATURE: a_change_type(ships_itself=frozenset({PRODUCTION, STAGING}))})
    green = Item("tests", "All tests are green", None, required=True, check="tests")
    card = read(release_card(seen(a_release(checklist=(green,)), (OLD,), catalogue=by_itself), PEN)["blocks"])
    assert "Feature  ·  ships itself to staging and production  ·  asked for by @Maya" in card
    assert "⬜ All tests are green · by the check `tests`" in card


@pytest.mark.parametrize(
    ("scene", "labels"),
    [
        ("planned", ["Checklist"]),
        ("asked", ["Approve", "Reject", "Checklist", "Deploy", "Why not?", "Ask them"]),
        ("rejected", ["Approve", "Reject", "Withdraw", "Checklist", "Deploy", "Why not?", "Ask them"]),
        ("ready", ["Reject", "Withdraw", "Checklist", "Deploy"]),
        ("on its way", ["Checklist"]),
        ("failed", ["Reject", "Withdraw", "Checklist", "Deploy"]),
        ("unknown", ["Checklist", "Why not?"]),
        ("watched", ["Checklist", "Roll back"]),
        ("deployed", ["Checklist", "Launch", "Roll back"]),
        ("rolled back", ["Reject", "Withdraw", "Checklist", "Why not?", "Ask them"]),
    ],
)
def test_a_button_shows_only_while_it_makes_sense(scene, labels):
    assert list(buttons(release_card(SCENES[scene], PEN)["blocks"])) == labels


def test_what_blocks_everything_is_asked_about_with_a_button():
    waiting = seen(a_release(plan=a_plan(change_type=ChangeTypeName("feature"))), (), ())
    shut = replace(waiting, places=tuple(each for each in waiting.places if each.name == PRODUCTION))
    assert list(buttons(release_card(shut, PEN)["blocks"]))[-2:] == ["Why not?", "Ask them"]


def test_ask_them_is_about_the_environment_that_the_card_explains():
    on = decode(buttons(release_card(SCENES["asked"], PEN)["blocks"])["Ask them"]["value"], OnRelease)
    assert isinstance(on, OnRelease)
    assert (on.release, on.environment, on.item) == (ReleaseId(12), PRODUCTION, None)


def test_approve_and_reject_carry_exactly_what_is_on_the_screen():
    found = buttons(release_card(SCENES["asked"], PEN)["blocks"])
    for label in ("Approve", "Reject"):
        on = decode(found[label]["value"], OnRelease)
        assert isinstance(on, OnRelease)
        assert (on.release, on.environment, on.seal) == (ReleaseId(12), PRODUCTION, a_seal())


def test_deploy_leads_to_the_next_environment():
    first = decode(buttons(release_card(SCENES["asked"], PEN)["blocks"])["Deploy"]["value"], OnRelease)
    then = decode(buttons(release_card(SCENES["ready"], PEN)["blocks"])["Deploy"]["value"], OnRelease)
    assert isinstance(first, OnRelease)
    assert isinstance(then, OnRelease)
    assert (first.environment, then.environment) == (STAGING, PRODUCTION)


def test_the_way_back_carries_what_stands_there():
    on = decode(buttons(release_card(SCENES["deployed"], PEN)["blocks"])["Roll back"]["value"], OnService)
    assert isinstance(on, OnService)
    assert (on.service, on.environment, on.standing) == (PAYMENTS, PRODUCTION, 40)


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        ("on its way", "🚀 *production*  ·  runs *2.3.9* `51de2b8`  ·  D-40 is on its way"),
        ("watched", "🔬 *production*  ·  *2.4.0* `e0996a3` is there and watched (D-40)"),
        ("unknown", "❓ *production*  ·  runs *2.3.9* `51de2b8`  ·  nobody can tell how D-40 ended"),
        ("deployed", "✅ *production*  ·  runs *2.4.0* `e0996a3`, this candidate, since [2026-11-23 10:03]"),
        ("failed", "❌ D-40 with *2.4.0* `e0996a3` in production: failed · @Maya · [2026-11-23 10:03]"),
        ("rolled back", "🔴 *production*  ·  is back on *2.3.9* `51de2b8`  ·  1 thing blocks"),
        ("rolled back", "✓ deployed → *● rolled back*"),
        ("ready", "3 of 3 done ✅"),
    ],
)
def test_each_environment_says_what_stands_there(scene, says):
    assert says in shown(scene)


def test_an_approver_who_lost_the_role_is_shown_as_such():
    nobody = Roles({name: frozenset() for name in PEN.roles})
    assert "~@Omar approved as QA~ · can't count in that role now" in read(
        release_card(seen(AGREED, held=nobody), PEN)["blocks"]
    )


def test_endings_say_who_when_and_why_and_leave_nothing_to_press():
    cancelled = seen(replace(PLANNED, cancelled=Ending(MAYA.id, NOW, "The customer left")))
    card = release_card(cancelled, PEN)["blocks"]
    assert "cancelled by @Maya [2026-11-23 10:00]: The customer left" in read(card)
    assert buttons(card) == {}
    launched = release_card(seen(replace(AGREED, launched=Ending(MAYA.id, NOW)), (OLD,)), PEN)["blocks"]
    assert "launched by @Maya" in read(launched)
    assert "waiting for" not in read(launched)


def test_a_service_that_has_left_the_catalogue_is_said_on_the_card():
    gone = seen(a_release(plan=a_plan(service=ServiceName("ledger"))))
    card = release_card(gone, PEN)
    taken_by_slack(dict(card))
    assert "The catalogue no longer has the service `ledger`" in read(card["blocks"])
    assert list(buttons(card["blocks"])) == ["Checklist"]


def test_target_and_dependencies_are_in_the_head():
    plan = a_plan(target=date(2026, 11, 27), depends_on=(ReleaseId(3), ReleaseId(5)))
    card = read(release_card(seen(a_release(plan=plan)), PEN)["blocks"])
    assert "target *Fri 27 Nov 2026*  ·  depends on R-3 and R-5" in card


def test_a_title_that_only_repeats_service_and_version_is_left_out():
    plain = seen(a_release(plan=a_plan(title="Payments 2.4.0")))
    assert read(release_card(plain, PEN)["blocks"]).startswith("# R-12 Payments 2.4.0\n")


def test_the_notification_says_what_the_release_waits_for():
    assert text(release_card(SCENES["ready"], PEN)["text"]) == (
        "R-12 Payments 2.4.0: ready. May go to production: `/deploy R-12 to production`"
    )
    assert "Nobody can tell how D-40 ended" in release_card(SCENES["unknown"], PEN)["text"]
    assert "D-40 is there, and is watched." in release_card(SCENES["watched"], PEN)["text"]


def test_the_same_facts_draw_the_same_card():
    later = replace(SCENES["ready"], seen_at=SCENES["ready"].seen_at.replace(hour=23))
    assert release_card(later, PEN) == release_card(SCENES["ready"], PEN)


def test_the_card_of_an_unknown_change_type_still_stands():
    strange = seen(a_release(plan=a_plan(change_type=ChangeTypeName("rewrite"))), catalogue=CATALOGUE)
    assert "rewrite" in read(release_card(strange, PEN)["blocks"])
