"""Deployments: the preview before one, the message that follows it, and what runs where."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ports import Available, Changes, PullRequest
from bot.rules.deployment import Attempt, Step, StepState
from bot.rules.policy import CalendarSource, ServiceName
from bot.rules.sentence import say
from bot.verbs.ask_deploy import Preview
from bot.verbs.confirm_deploy import Blocked
from bot.verbs.roll_back import RollingBack, WayBack
from bot.verbs.standing_back import StandsBack
from handlers.buttons import OnService, decode
from handlers.names import CommandNames
from handlers.views.deployments import blocked, deployment_progress, preview, started, status
from handlers.views.text import Pen
from handlers.views.way_back import rolling_back, way_back
from handlers.views.why import why_not
from tests.makers import HOTFIX, NOW, PAYMENTS, PRODUCTION, a_freeze, a_plan, a_service, a_window
from tests.people import INES
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import (
    AGREED,
    CATALOGUE,
    CHANGES,
    COMMITS,
    FROZEN,
    IN_STAGING,
    OLD,
    OLDER,
    PEN,
    READY,
    ROLLED_BACK,
    brought,
    seen,
)

CONFIRM = "/deploy confirm R-12 to production"
PLACE = READY.place(PRODUCTION)
SHUT = FROZEN.place(PRODUCTION)
assert PLACE is not None
assert SHUT is not None


def test_the_preview_says_what_comes_along_what_it_replaces_and_how_to_confirm():
    said = preview(Preview(READY, PLACE, CHANGES, "", OLD, OLD, CONFIRM), PEN)
    taken_by_slack(dict(said))
    assert read(said["blocks"]) == (
        "# Deploy R-12 Payments 2.4.0 to production?\n"
        "*2.4.0* `e0996a3` would take the place of *2.3.9* `51de2b8`, there since [2026-11-23 10:03] (D-31).\n"
        "*2 commits would come along:*\n"
        f"•  {COMMITS[0].sha[:7]} (https://example.com/c/1) Refund within a minute — Ben Castillo\n"
        f"•  `{COMMITS[1].sha[:7]}` Show <states> & amounts — Lea Brandt\n"
        "🟢 *production* is open: nothing blocks.\n"
        "↩️ Last good version to fall back to: *2.3.9* `51de2b8`, brought back by `/rollback payments in production`\n"
        "To start it, type\n"
        "`/deploy confirm R-12 to production`"
    )
    assert "Nothing has started" in said["text"]
    assert not buttons(said["blocks"]), "starting is always a typed command"


def test_a_commit_leads_to_the_pull_request_that_it_came_by():
    there = "https://github.com/acme/payments/pull"
    squashed, merged, inside, open_elsewhere = (
        replace(COMMITS[0], subject=subject, url=None, pull=PullRequest(number, title, f"{there}/{number}"))
        for subject, number, title in (
            ("Refund within a minute (#12)", 12, "Refund <at once>"),
            ("Merge pull request #13 from acme/receipts", 13, "Show <receipts>"),
            ("Receipts have a number", 13, "Show <receipts>"),
            ("Follows what was begun (#12)", 14, "Follow"),
        )
    )
    changes = Changes((squashed, merged, inside, open_elsewhere), 4)

    said = preview(Preview(READY, PLACE, changes, "", OLD, OLD, CONFIRM), PEN)

    taken_by_slack(dict(said))
    told = read(said["blocks"])
    for line in (
        f"Refund within a minute (#12 ({there}/12)) — Ben Castillo",
        f"Show <receipts> (#13 ({there}/13)) — Ben Castillo",
        f"Receipts have a number (#13 ({there}/13)) — Ben Castillo",
        f"Follows what was begun (#12) (#14 ({there}/14)) — Ben Castillo",
    ):
        assert line in told


def test_a_closed_gate_is_in_the_preview_and_no_way_to_confirm_is():
    told = read(preview(Preview(FROZEN, SHUT, None, "The disk is full.", None, None, CONFIRM), PEN)["blocks"])
    assert "would be the first version there" in told
    assert "⚠️ I couldn't read the commits in between: The disk is full." in told
    assert "🔴 *production*  ·  5 things block" in told
    assert "F-3 freezes production until [2026-11-25 10:00]: The annual sale" in told
    assert CONFIRM not in told
    assert "There is no good version to fall back to" in told


def test_going_backwards_is_said():
    told = read(
        preview(Preview(READY, PLACE, Changes(COMMITS, 14, backwards=True), "", OLD, OLD, CONFIRM), PEN)["blocks"]
    )
    assert "⚠️ *This goes back: 14 commits would be lost*" in told
    assert "… and 12 more commits" in told


def test_where_two_people_are_wanted_the_preview_says_that_somebody_else_confirms():
    two = replace(PLACE, facts=replace(PLACE.facts, service=a_service(two_people=True)))
    assert "*Somebody else* confirms it" in read(
        preview(Preview(READY, two, CHANGES, "", OLD, OLD, CONFIRM), PEN)["blocks"]
    )


def test_renamed_commands_are_in_every_text():
    pen = Pen(PEN.roles, CommandNames("/rel", "/ship", "/undo", "/hold"))
    told = read(preview(Preview(READY, PLACE, CHANGES, "", OLD, OLD, CONFIRM), pen)["blocks"])
    assert "`/ship confirm R-12 to production`" in told
    assert "`/undo payments in production`" in told
    why = read(why_not(FROZEN, pen)["blocks"])
    assert "`/hold end F-3`" in why
    assert "`/rel approve R-12" in why
    assert "`/ship R-12 to staging`" in why
    assert "/deploy" not in why.replace("/deployed", "")


def test_a_soft_calendar_that_can_not_be_read_is_a_warning_wherever_the_gate_is_looked_at():
    """Nobody can say whether there is a freeze: that is no reason to stop, but one to ask."""
    soft = CalendarSource("holidays", "https://example.com/s3cr3t.ics", hard=False)
    hard = replace(soft, name="company", hard=True)
    facts = replace(PLACE.facts, unread=((soft, "example.com answered with status 404."),))
    place = replace(PLACE, facts=facts)
    warning = (
        "~ ⚠️ The calendar *holidays* can't be read, so a freeze may be missing: example.com answered with status 404."
    )

    for blocks in (
        preview(Preview(READY, place, CHANGES, "", OLD, OLD, CONFIRM), PEN)["blocks"],
        why_not(READY, PEN, place)["blocks"],
        why_not(FROZEN, PEN, replace(SHUT, facts=facts))["blocks"],
    ):
        taken_by_slack({"text": "x", "blocks": blocks})
        assert warning in read(blocks).splitlines()
    closed = replace(PLACE, facts=replace(facts, unread=((hard, "It is away."),)))
    assert "⚠️ The calendar" not in read(why_not(READY, PEN, closed)["blocks"])


def test_a_freeze_ahead_is_worth_a_line_and_one_that_lets_a_hotfix_pass_as_well():
    ahead = a_freeze(4, window=a_window(starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=2)))
    soon = seen(AGREED, (IN_STAGING, OLD), (ahead,))
    place = soon.place(PRODUCTION)
    assert place is not None
    told = read(preview(Preview(soon, place, CHANGES, "", OLD, OLD, CONFIRM), PEN)["blocks"])
    assert "❄️ F-4 begins [2026-11-24 10:00]: The annual sale" in told
    hotfix = seen(replace(AGREED, plan=a_plan(change_type=HOTFIX), checklist=()), (OLD,), (a_freeze(),))
    there = hotfix.place(PRODUCTION)
    assert there is not None
    passing = read(preview(Preview(hotfix, there, CHANGES, "", OLD, OLD, CONFIRM), PEN)["blocks"])
    assert "❄️ F-3 is in force; a Hotfix may pass" in passing


def test_a_confirmation_that_is_blocked_says_by_what():
    told = read(blocked(Blocked(FROZEN, SHUT), PEN)["blocks"])
    assert told.startswith("✋ Nothing was started: R-12 Payments 2.4.0 may not go to *production* yet.")
    assert "@S0QA approved something else" in told


@pytest.mark.parametrize(
    ("attempt", "fields", "says"),
    [
        (Attempt.STARTING, {}, "⏳ *Starting*\n▫️ Running\n▫️ Looking at what is served"),
        (Attempt.RUNNING, {"detail": "copying 3/7"}, "⏳ *Running*: copying 3/7\n▫️ Looking at what is served"),
        (Attempt.VERIFYING, {}, "✅ Ran\n⏳ *Looking at what is served*"),
        (Attempt.SUCCEEDED, {"served": "e0996a3"}, "✅ *Done* [2026-11-23 10:03], serving `e0996a3`"),
        (Attempt.FAILED, {"detail": "disk <full>"}, "❌ *Failed* [2026-11-23 10:03]: disk <full>"),
        (Attempt.CANCELLED, {}, "⏹️ *Cancelled* [2026-11-23 10:03]"),
        (Attempt.UNKNOWN, {}, "❓ *Nobody can tell how it ended*"),
        (Attempt.RUNNING, {"cancel_asked_by": INES.id}, "⏹️ @Ines asked to stop it"),
    ],
)
def test_a_deployment_tells_its_steps(attempt, fields, says):
    said = deployment_progress(replace(brought(40, attempt), **fields))
    taken_by_slack(dict(said))
    assert says in read(said["blocks"])
    assert "✅ Confirmed by @Maya [2026-11-23 10:00]" in read(said["blocks"])
    assert text(said["text"]) == f"D-40: 2.4.0 to production: {attempt}"


def test_the_targets_own_steps_are_shown_and_lead_to_where_they_can_be_watched():
    steps = (
        Step("Build", StepState.DONE, "https://ci.example.com/1"),
        Step("Ship & <check>", StepState.RUNNING, "file:///etc/passwd"),
        Step("Smoke", StepState.WAITING),
    )
    told = read(deployment_progress(replace(brought(40, Attempt.RUNNING), steps=steps))["blocks"])
    assert "⏳ *Running*" in told
    for line in ("✅ Build (https://ci.example.com/1)", "⏳ Ship & <check>", "▫️ Smoke"):
        assert line in told
    assert "passwd" not in told


def test_of_very_many_steps_what_failed_and_what_is_at_work_is_shown_and_the_rest_is_counted():
    steps = [Step(f"Step {number}", StepState.DONE) for number in range(200)]
    steps[120] = Step("The one that failed", StepState.FAILED)
    steps[199] = Step("The one at work", StepState.RUNNING)
    said = deployment_progress(replace(brought(40, Attempt.FAILED), steps=tuple(steps)))
    taken_by_slack(dict(said))
    told = read(said["blocks"])
    assert "❌ The one that failed" in told
    assert "⏳ The one at work" in told
    assert told.count("✅ Step") == 18
    assert "… and 180 more" in told


def test_a_deployment_can_be_watched_where_there_is_a_page():
    watched = replace(brought(40, Attempt.RUNNING), link="https://ci.example.com/40")
    assert buttons(deployment_progress(watched)["blocks"])["Watch"]["url"] == "https://ci.example.com/40"
    odd = replace(brought(40, Attempt.RUNNING), link="file:///etc/passwd")
    assert not buttons(deployment_progress(odd)["blocks"])


def test_a_rollback_in_the_thread_says_what_comes_back_and_why():
    told = read(deployment_progress(ROLLED_BACK)["blocks"])
    assert "Rolling back to *2.3.9* `51de2b8` → *production*" in told
    assert "~ Reason: it is slow" in told


def test_who_starts_or_rolls_back_is_told_how_to_stop_it():
    assert "`/deploy cancel D-40`" in read(started(brought(40, Attempt.STARTING), PEN)["blocks"])
    assert "goes back to *2.3.9*" in read(rolling_back(RollingBack(ROLLED_BACK, OLD), PEN)["blocks"])


def test_the_way_back_is_one_message_with_one_button_that_asks_once_more():
    told = WayBack(CATALOGUE.services[PAYMENTS], PRODUCTION, brought(40), OLD, CHANGES, "", (OLDER,))
    said = way_back(told, PEN, "checkout is slow")
    taken_by_slack(dict(said))
    shown = read(said["blocks"])
    assert "*production* would go from *2.4.0* `e0996a3` (D-40) back to *2.3.9* `51de2b8`." in shown
    assert "*Customers would lose 2 commits:*" in shown
    assert "~ Reason: checkout is slow" in shown
    assert "`/rollback payments in production to 2.3.8`" in shown
    (pressed,) = buttons(said["blocks"]).values()
    assert pressed["confirm"]["title"]["text"] == "Roll back to 2.3.9?"
    assert decode(pressed["value"], OnService) == OnService(
        PAYMENTS, PRODUCTION, brought(40).id, "D-31", "checkout is slow"
    )


def test_status_shows_what_runs_what_is_on_its_way_and_what_failed_last():
    other = a_service(ServiceName("search"))
    history = {PAYMENTS: (brought(40, Attempt.RUNNING), IN_STAGING, OLD), other.name: (brought(41, Attempt.FAILED),)}
    said = status([CATALOGUE.services[PAYMENTS], other], history, (a_freeze(),), PEN, locks=(), now=NOW)
    taken_by_slack(dict(said))
    told = read(said["blocks"])
    assert "🟢 *staging*  ·  *2.4.0* `e0996a3` since [2026-11-23 10:03] (D-39, R-12)" in told
    assert "🚀 D-40 with *2.4.0* `e0996a3` in production: running" in told
    assert "▫️ *production*  ·  nothing yet\n  last try: ❌ D-41" in told.replace("\N{EM SPACE}", " ")
    assert "❄️ F-3 until [2026-11-25 10:00]" in told


def test_an_environment_that_was_rolled_back_is_marked():
    told = status(
        [CATALOGUE.services[PAYMENTS]], {PAYMENTS: (ROLLED_BACK, brought(40), OLD)}, (), PEN, locks=(), now=NOW
    )
    assert "↩️ *production*  ·  *2.3.9* `51de2b8`" in read(told["blocks"])


def test_what_cant_be_undone_what_is_gone_and_what_nobody_has_seen_is_said_before_the_button():
    undone = say("⛔ {version} came with a migration that can't be undone.", version="2.4.0")
    told = WayBack(
        CATALOGUE.services[PAYMENTS],
        PRODUCTION,
        brought(40),
        OLD,
        CHANGES,
        "",
        (),
        Available(None, "The registry does not answer."),
        (OLDER,),
        (undone,),
        unseen=True,
    )
    said = way_back(told, PEN)
    taken_by_slack(dict(said))
    shown = read(said["blocks"])
    assert "⛔ 2.4.0 came with a migration that can't be undone." in shown
    assert "Nobody has seen this version served here" in shown
    assert "I can't tell whether what was deployed then is still there: The registry does not answer." in shown
    assert "No longer there, so not offered: 2.3.8" in shown


def test_the_status_says_what_stands_on_an_older_version():
    behind = StandsBack(CATALOGUE.services[PAYMENTS], PRODUCTION, ROLLED_BACK, brought(40))
    told = status(
        [CATALOGUE.services[PAYMENTS]],
        {PAYMENTS: (ROLLED_BACK, brought(40), OLD)},
        (),
        PEN,
        locks=(),
        behind=[behind],
        now=NOW,
    )
    taken_by_slack(dict(told))
    assert "⚠️ older than *2.4.0* `e0996a3`, which @Maya rolled back" in read(told["blocks"])
