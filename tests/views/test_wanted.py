"""Wanted: the private message that asks somebody for what blocks, as they read it before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.notices import Wanted
from bot.rules.people import SLIPWAY
from bot.rules.release import ReleaseId
from bot.verbs.ask_them import Called
from bot.verbs.look import Picture
from handlers.views.wanted import called, wanted
from tests.makers import NOW, PRODUCTION, a_freeze, a_release, a_verdict, a_window
from tests.people import CHANGE_MANAGER, MAYA, OMAR, QA, RUTH
from tests.views.reading import read, taken_by_slack
from tests.views.scene import AGREED, ASKED, IN_STAGING, OLD, PEN, REJECTED, seen


def asked(picture: Picture, blocker: str, by: str = MAYA.id, whom: str = OMAR.id) -> str:
    said = wanted(Wanted(whom, ReleaseId(12), PRODUCTION, blocker, by), picture, PEN)
    taken_by_slack(said)
    return read(said["blocks"])


def test_for_an_approval_it_can_be_given_right_there():
    assert asked(seen(ASKED, (OLD,)), "approval:qa") == (
        "📣 @Maya asks you to look at *R-12 Payments 2.4.0* Instant refunds, and to approve or reject it for "
        "*production*.\n"
        "The approval of @S0QA is missing.\n"
        "~ `e0996a3` for *production*  ·  4 other things block\n"
        "[Approve] [Reject] [Show]"
    )


def test_for_a_line_of_the_checklist_it_opens_the_checklist():
    told = asked(seen(ASKED, (OLD,)), "checklist:regression")
    assert told.startswith("📣 @Maya asks you to see to the checklist of *R-12 Payments 2.4.0* Instant refunds.\n")
    assert told.endswith("~ Tick it with `/release checklist R-12`.\n[Checklist] [Show]")


@pytest.mark.parametrize(("hard", "buttons"), [(True, "[Show]"), (False, "[Acknowledge] [Show]")])
def test_a_soft_freeze_can_be_acknowledged_right_there(hard, buttons):
    frozen = seen(AGREED, (IN_STAGING, OLD), (a_freeze(window=a_window(hard=hard)),))
    told = asked(frozen, "freeze:F-3")
    assert told.startswith(
        "📣 @Maya asks you whether *R-12 Payments 2.4.0* Instant refunds may go to *production*.\nF-3 "
    )
    assert "nothing else blocks" in told
    assert told.endswith(f"\n{buttons}")


def test_anything_else_is_a_request_for_help():
    told = asked(seen(REJECTED, (OLD,)), f"rejected:qa/{OMAR.id}")
    assert told.startswith(
        "📣 @Maya asks you to help *R-12 Payments 2.4.0* Instant refunds on its way to *production*."
    )
    assert "Set a new candidate, or have the rejection withdrawn." in told


def test_slipway_itself_asks_when_the_day_comes():
    assert asked(seen(ASKED, (OLD,)), "approval:qa", by=SLIPWAY).startswith("📣 I ask you to look at *R-12")


def test_once_it_is_done_it_says_thank_you_and_the_buttons_are_gone():
    yes = a_release(verdicts=(a_verdict(OMAR.id, QA, at=NOW + timedelta(minutes=5)),))
    assert asked(seen(yes, (OLD,)), "approval:qa") == (
        "✅ *R-12 Payments 2.4.0* for *production*: you have approved it. Thank you.\n[Show]"
    )
    ticked = replace(yes, checklist=AGREED.checklist)
    assert "what you were asked for is done" in asked(seen(ticked, (OLD,)), "checklist:regression")


def test_whoever_had_them_asked_reads_who_has_been():
    place = seen(ASKED, (OLD,)).place(PRODUCTION)
    assert place is not None
    blocker = next(each for each in place.blockers if each.about == CHANGE_MANAGER)
    people = (RUTH.id, OMAR.id)
    by_message, in_thread = Called(blocker, people), Called(blocker, (), in_thread=True)
    assert read(called((by_message,), PEN)["blocks"]).startswith(
        "📣 I have asked @Ruth and @Omar in a private message.\n"
    )
    assert read(called((in_thread,), PEN)["blocks"]).startswith("📣 I have asked @S0CHANGE in the thread.\n")
    both = read(called((by_message, in_thread, Called(blocker, (RUTH.id,))), PEN)["blocks"])
    assert both.startswith("📣 I have asked @Ruth and @Omar in a private message.\n📣 I have asked @S0CHANGE")
