"""The checklist as people see it: how a line is done, until when, who ticked it and what they say about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.rules.checklist import Evidence, Item
from bot.rules.people import SLIPWAY, Roles
from bot.rules.policy import Reminders
from bot.rules.release import Ending
from bot.verbs.look import Picture
from bot.verbs.summaries import InboxContent
from handlers.views.card import release_card
from handlers.views.checklist import checklist_form, note_form
from handlers.views.home import home_page
from tests.makers import NOW, a_plan, a_release
from tests.people import MAYA, OMAR, QA
from tests.views.reading import buttons, read, taken_by_slack
from tests.views.scene import LATER, PEN, seen, the_catalogue

RUN = "https://ci.example.com/runs/4711"
LINE = Item("regression", "The regression tests have passed", QA, required=True)


def with_lines(*items: Item, target: date | None = None, **fields) -> Picture:
    """R-12 with exactly these lines, in a team whose days begin in Berlin."""
    catalogue = the_catalogue(reminders=Reminders(timezone="Europe/Berlin"))
    release = a_release(checklist=items, plan=a_plan(target=target), **fields)
    picture = seen(release, catalogue=catalogue)
    return replace(picture, release=release)  # without the lines that the ready-made catalogue would add


def shown(picture: Picture, viewer=OMAR) -> str:
    view = checklist_form(picture, PEN, viewer.id)
    taken_by_slack(view)
    return read(view["blocks"]).partition("---\n")[2]


def test_a_line_says_how_it_is_done_and_where():
    line = replace(LINE, note="Run the suite against staging.", link="https://wiki.example.com/regression")
    assert shown(with_lines(line)) == (
        "⬜ *The regression tests have passed*\n"
        "@S0QA  ·  required\n"
        "How: Run the suite against staging.  ·  "
        "wiki.example.com/regression (https://wiki.example.com/regression)  [Tick]\n"
        "[Tick with a note]"
    )


def test_a_line_says_when_it_is_due_by_the_clock_of_the_teams_own_zone():
    line = replace(LINE, due=timedelta(hours=12))
    assert "required  ·  due [2026-11-24 11:00]" in shown(with_lines(line, target=date(2026, 11, 25)))


def test_a_line_that_should_have_been_done_by_now_says_so():
    line = replace(LINE, due=timedelta(hours=12))
    late = with_lines(line, target=date(2026, 11, 24))
    assert late.seen_at == LATER
    assert "required  ·  ⏰ *overdue* since [2026-11-23 11:00]" in shown(late)
    done = with_lines(line.ticked(OMAR.id, NOW), target=date(2026, 11, 24))
    assert "overdue" not in shown(done)


def test_without_a_target_date_nothing_is_due():
    assert "due" not in shown(with_lines(replace(LINE, due=timedelta(hours=12))))


def test_a_tick_shows_what_was_said_with_it_and_leads_to_it():
    line = LINE.ticked(OMAR.id, NOW, Evidence("214 of <214> are green", RUN))
    assert shown(with_lines(line), MAYA) == (
        "✅ *The regression tests have passed*\n"
        "ticked by @Omar [2026-11-23 10:00]\n"
        f"“214 of <214> are green”  ·  ci.example.com/runs/4711 ({RUN})"
    )


def test_a_line_that_was_opened_again_shows_what_was_said_the_last_time():
    line = LINE.ticked(OMAR.id, NOW, Evidence("All green")).reopened()
    assert "@S0QA  ·  required\nlast time: “All green”  [Tick]" in shown(with_lines(line))


def test_what_only_a_check_ticks_has_no_button_and_says_what_it_waits_for():
    line = replace(LINE, owner=None, check="regression")
    for viewer in (OMAR, MAYA):
        assert shown(with_lines(line), viewer) == (
            "⬜ *The regression tests have passed*\nwaits for the check `regression`  ·  required"
        )
    ticked = line.ticked(SLIPWAY, NOW, Evidence(link=RUN))
    assert shown(with_lines(ticked)) == (
        "✅ *The regression tests have passed*\n"
        "ticked by the check `regression` [2026-11-23 10:00]\n"
        f"ci.example.com/runs/4711 ({RUN})"
    )


def test_what_its_owner_may_tick_too_says_so_and_shows_whether_it_was_by_hand():
    line = replace(LINE, check="regression")
    assert "@S0QA  ·  waits for the check `regression`, or a tick by hand  ·  required  [Tick]" in shown(
        with_lines(line)
    )
    assert "ticked by @Omar [2026-11-23 10:00], by hand  [Untick]" in shown(with_lines(line.ticked(OMAR.id, NOW)))


def test_a_note_is_asked_for_where_one_may_tick_and_nothing_is_ticked_yet():
    ended = Ending(MAYA.id, NOW)
    for nobody in (
        with_lines(LINE.ticked(OMAR.id, NOW)),
        with_lines(LINE, cancelled=ended),
        replace(with_lines(LINE), roles=Roles({QA: frozenset()})),
    ):
        assert "Tick with a note" not in buttons(checklist_form(nobody, PEN, OMAR.id)["blocks"])


def test_the_form_for_a_note_says_which_line_it_is_and_how_it_is_done():
    line = replace(LINE, note="Run the suite against staging.")
    view = note_form(with_lines(line), line)
    taken_by_slack(view)
    assert read(view["blocks"]) == (
        "⬜ *The regression tests have passed*\n"
        "R-12 Payments 2.4.0\n"
        "How: Run the suite against staging.\n"
        "Note: <>\n"
        "Link: <>\n"
        "[◀ Back to the checklist]"
    )
    again = note_form(with_lines(line), line, filled=Evidence("Green", RUN), problem="Somebody was faster.")
    told = read(again["blocks"])
    assert told.startswith("✋ Somebody was faster.\n")
    assert "Note: <Green>\n" in told
    assert f"Link: <{RUN}>\n" in told


def test_the_card_names_what_is_overdue_first():
    lines = [replace(LINE, key=f"line-{n}", text=f"Line {n}") for n in range(4)]
    lines[3] = replace(lines[3], due=timedelta(hours=12))
    card = read(release_card(with_lines(*lines, target=date(2026, 11, 24)), PEN)["blocks"])
    assert ("0 of 4 done\n⬜ Line 3 · QA · ⏰ *overdue*\n⬜ Line 0 · QA\n⬜ Line 1 · QA\n… and 1 more") in card


def test_home_says_when_my_lines_are_due():
    line = replace(LINE, due=timedelta(hours=12))
    picture = with_lines(line, target=date(2026, 11, 25))
    home = home_page(InboxContent(OMAR.id, LATER, (), ((picture, line),), (), (), ()), PEN)
    told = read(home["blocks"])
    assert "⬜ The regression tests have passed\nR-12 Payments 2.4.0  ·  due [2026-11-24 11:00]  [Tick]" in told
