"""Everything else that people see: lists, the digest, App Home, forms, freezes, help, and short answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.approval import Word
from bot.rules.deployment import Attempt
from bot.rules.feasibility import unmet_for
from bot.rules.freeze import Freeze, FreezeId
from bot.rules.people import SLIPWAY, Roles
from bot.rules.release import ReleaseId
from bot.rules.sentence import AtRole, Code, refuse, say
from bot.verbs.ahead import FrozenThen
from bot.verbs.edit_release import Edited
from bot.verbs.except_freeze import Requested
from bot.verbs.plan_release import Planned
from bot.verbs.set_candidate import CandidateSet
from bot.verbs.speak import Said as Spoken
from bot.verbs.summaries import DigestContent, InboxContent
from bot.verbs.withdraw import Withdrawn
from handlers.buttons import OnRelease, decode
from handlers.names import CommandNames
from handlers.parsing import grammar
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint
from handlers.views import answers
from handlers.views.checklist import checklist_form
from handlers.views.digest import digest
from handlers.views.forms import edit_form, new_release_form, reject_form
from handlers.views.freezes import declared, ended, freeze_list, freeze_notice, prolonged
from handlers.views.help import help_page
from handlers.views.home import home_page
from handlers.views.lists import candidate_set, planned, release_list
from handlers.views.notice import direct, hint, line, notice
from handlers.views.text import Pen
from handlers.views.why import why_not
from tests.makers import (
    NOW,
    PAYMENTS,
    PRODUCTION,
    a_candidate,
    a_freeze,
    a_plan,
    a_plea,
    a_release,
    a_review,
    a_service,
    a_verdict,
    a_window,
    an_exception,
)
from tests.people import BEN, CHANGE_MANAGER, MAYA, OMAR, QA, RUTH, roles
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import (
    ASKED,
    CATALOGUE,
    FROZEN,
    LATER,
    OLD,
    PEN,
    PLANNED,
    READY,
    ROLLED_BACK,
    SCENES,
    brought,
    seen,
    the_catalogue,
)

# ---------------------------------------------------------------- why


def test_why_names_every_blocker_who_lifts_it_and_the_step():
    told = read(why_not(FROZEN, PEN)["blocks"]).replace("\N{EM SPACE}", " ")
    assert "🟢 *staging* is open: nothing blocks. To deploy: `/deploy R-12 to staging`" in told
    assert "•  Checklist: “Release notes are written” is not done · @S0RELMGRS\n" in told
    assert "  ↳ Tick it with `/release checklist R-12`." in told
    assert "  ↳ Opens by itself [2026-11-25 10:00]." in told


def test_a_gate_that_only_a_freeze_shuts_opens_by_itself():
    frozen = seen(READY.release, READY.places[0].facts.deployments, (a_freeze(),))
    assert "⏳ It opens by itself [2026-11-25 10:00]." in read(why_not(frozen, PEN, frozen.place(PRODUCTION))["blocks"])


def test_why_of_a_finished_or_lost_release_answers_as_well():
    assert "Nothing: Waits for its launch" in read(why_not(SCENES["deployed"], PEN)["blocks"])
    gone = seen(a_release(plan=a_plan(service=a_service().name, change_type=CATALOGUE.services[PAYMENTS].name)))
    assert "no longer has the change type" in read(why_not(gone, PEN)["blocks"])


# ---------------------------------------------------------------- lists


def test_a_list_says_of_each_release_what_it_waits_for():
    said = release_list([FROZEN, SCENES["planned"]], PEN, "Open releases")
    taken_by_slack(dict(said))
    told = read(said["blocks"])
    assert told.startswith("# Open releases (2)\n🧪 *R-12 Payments 2.4.0*  Instant refunds\n")
    assert "testing  ·  2 hours old  ·  by @Maya" in told
    assert "R-12 has no candidate yet · @Maya  [Show]" in told


def test_an_empty_list_says_how_to_begin():
    assert "there are none. Plan one with `/release new`." in read(release_list([], PEN, "Open releases")["blocks"])


def test_planning_into_a_freeze_warns():
    picture = seen(replace(PLANNED, plan=a_plan(target=NOW.date())))
    freeze = FrozenThen("F-3", "The annual sale", NOW, NOW + timedelta(days=2), soft=False)
    told = read(planned(Planned(picture, freeze), PEN)["blocks"])
    assert "R-12 Payments 2.4.0 is planned. Its card is in #C0PAYMENTS." in told
    assert (
        "❄️ Its target, Mon 23 Nov 2026, falls into F-3 (The annual sale), which freezes it from [2026-11-23 10:00] "
        "until [2026-11-25 10:00].\n~ To ask its owners for an exception: `/freeze except R-12 <reason>`"
    ) in told
    assert "`/release build R-12 <commit>`" in told


def test_editing_into_a_soft_freeze_that_has_no_number_yet_warns_as_well():
    picture = seen(replace(PLANNED, plan=a_plan(target=NOW.date())))
    freeze = FrozenThen("weekends", "Rest", NOW, NOW + timedelta(days=2), soft=True, numbered=False)
    told = read(answers.edited(Edited(picture, freeze), PEN)["blocks"])
    assert "falls into weekends (Rest), which asks for care from" in told
    assert "~ To acknowledge it, once it is near: `/freeze except R-12 <reason>`" in told


def test_planning_what_nobody_can_approve_says_so_and_what_would_help():
    found, *_ = unmet_for([replace(each.facts, roles=roles(qa=set())) for each in seen(PLANNED).places])
    told = read(planned(Planned(seen(PLANNED), None, (found,)), PEN)["blocks"])
    assert "🚧 R-12 can't be approved: there is nobody in `qa`. Put somebody into `qa`, or ask for another role" in told


def test_a_new_candidate_names_the_words_that_no_longer_count():
    told = read(candidate_set(CandidateSet(FROZEN, a_candidate("old"), FROZEN.release.verdicts), PEN)["blocks"])
    assert f"now proposes `e0996a3` in place of `{a_candidate('old').short}`" in told
    assert "•  @Omar had approved it as QA\n•  @Ruth had approved it as Change manager" in told


# ---------------------------------------------------------------- answers


def test_a_yes_and_a_no_are_confirmed_with_candidate_and_role():
    yes = read(answers.spoken(Spoken(READY, a_verdict(OMAR.id, QA)), PEN)["blocks"])
    assert "✅ Approved: R-12 Payments 2.4.0 `e0996a3` for *production*, as QA." in yes
    assert "`/release withdraw R-12`" in yes
    no = a_verdict(RUTH.id, CHANGE_MANAGER, Word.NO, reason="no runbook")
    assert "❌ Rejected: R-12" in read(answers.spoken(Spoken(READY, no), PEN)["blocks"])


def test_withdrawing_launching_cancelling_and_editing_are_confirmed():
    withdrawn = answers.withdrawn(Withdrawn(READY, READY.release.verdicts), PEN)
    assert "(approved as QA and approved as Change manager) no longer counts" in read(withdrawn["blocks"])
    assert "is released" in answers.launched(READY)["text"]
    assert "is cancelled" in answers.cancelled(READY)["text"]
    assert "is saved" in answers.edited(Edited(READY), PEN)["text"]


def test_a_refusal_is_a_sentence():
    said = notice(refuse("Only {role} can approve this.", role=AtRole(QA)), PEN)
    assert read(said["blocks"]) == "✋ Only @S0QA can approve this."


def test_a_hint_shows_the_nearest_command_and_the_help_in_this_workspaces_words():
    pen = Pen(PEN.roles, CommandNames(deploy="/ship"))
    told = read(hint(Hint(say("No {e}.", e=Code("prod")), "/deploy R-12 to production"), pen)["blocks"])
    assert (
        told
        == "🤔 No `prod`.\nDid you mean `/ship R-12 to production`?\n~ `/ship help` shows everything that can be typed."
    )


def test_a_line_for_one_person_leads_to_the_release():
    said = direct(say("{role} asks for you.", role=AtRole(QA)), PEN, READY.release.id)
    assert read(said["blocks"]) == "@S0QA asks for you.\n[Show R-12]"
    assert not buttons(direct(say("Hello."), PEN, None)["blocks"])
    assert line(say("Hello."), PEN)["text"] == "Hello."


# ---------------------------------------------------------------- checklist


def test_the_checklist_has_a_button_where_one_may_tick():
    view = checklist_form(seen(replace(PLANNED, checklist=FROZEN.release.checklist)), PEN, OMAR.id)
    assert read(view["blocks"]) == (
        "*R-12 Payments 2.4.0*  ·  0 of 3 done  ·  2 required to go\n"
        "---\n"
        "⬜ *Release notes are written*\n@S0RELMGRS  ·  required\n"
        "⬜ *The regression tests have passed*\n@S0QA  ·  required  [Tick]\n[Tick with a note]\n"
        "⬜ *Dashboards are open*\n@Maya  ·  optional  [Tick]\n[Tick with a note]"
    )


def test_a_tick_shows_who_and_when_and_can_be_taken_back():
    release = replace(PLANNED, checklist=tuple(each.ticked(OMAR.id, NOW) for each in PLANNED.checklist))
    told = read(checklist_form(seen(release), PEN, OMAR.id)["blocks"])
    assert "✅ *The regression tests have passed*\nticked by @Omar [2026-11-23 10:00]  [Untick]" in told
    assert "✅ everything required is done" in told


def test_a_role_that_cannot_be_looked_up_keeps_the_button_so_that_pressing_says_why():
    unknown = seen(PLANNED, held=Roles(unknown={QA: "no answer"}))
    assert "Tick" in buttons(checklist_form(unknown, PEN, BEN.id)["blocks"])


def test_an_ended_release_has_nothing_to_tick():
    from bot.rules.release import Ending

    over = seen(replace(PLANNED, cancelled=Ending(MAYA.id, NOW)))
    assert not buttons(checklist_form(over, PEN, OMAR.id)["blocks"])
    assert "nothing to tick" in read(checklist_form(seen(replace(PLANNED, checklist=())), PEN, OMAR.id)["blocks"])


# ---------------------------------------------------------------- forms


def test_the_form_for_a_new_release_is_filled_in_as_far_as_the_line_went():
    view = new_release_form(CATALOGUE, service=PAYMENTS, version="2.4.0", ref="main")
    taken_by_slack(view)
    assert read(view["blocks"]).startswith(
        "Service *: <Payments> of Payments\nVersion *: <2.4.0>\nCommit or branch: <main>\nChange type *: <Feature> of"
    )


def test_the_edit_form_shows_the_plan_and_carries_its_revision():
    view = edit_form(
        seen(a_release(plan=a_plan(target=NOW.date(), depends_on=(READY.release.id,)), revision=7)), CATALOGUE
    )
    taken_by_slack(view)
    told = read(view["blocks"])
    assert "Title *: <Instant refunds>" in told
    assert "Target date: <2026-11-23>" in told
    assert "Depends on: <R-12>" in told
    assert decode(view["private_metadata"], OnRelease) == OnRelease(READY.release.id, revision=7)


def test_the_reject_form_says_what_is_rejected():
    view = reject_form(READY, OnRelease(READY.release.id, PRODUCTION))
    assert "You reject *R-12 Payments 2.4.0* `e0996a3` for *production*." in read(view["blocks"])


# ---------------------------------------------------------------- freezes


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("declared", "🗓️ *F-3*: *production* will be frozen from [2026-11-23 10:00] until [2026-11-25 10:00]."),
        ("coming", "⏳ *F-3* is coming: *production* will be frozen from"),
        ("started", "❄️ *F-3* has begun: *production* is frozen until [2026-11-25 10:00]."),
        ("extended", "🗓️ *F-3* has another end: *production* is frozen until"),
        ("ended", "☀️ *F-3* is over: *production* is no longer frozen."),
    ],
)
def test_a_freeze_is_told_at_every_moment(moment, says):
    said = freeze_notice(a_freeze(), moment, PEN)
    assert says in read(said["blocks"])
    assert "@Maya: The annual sale" in read(said["blocks"])
    assert "The annual sale" in said["text"]


def test_a_freeze_that_was_ended_before_it_began_was_called_off():
    off = a_freeze(window=a_window(starts_at=NOW + timedelta(days=1)), ended_at=NOW, ended_by=RUTH.id)
    assert "was called off, ended by @Ruth: *production* will not be frozen." in read(
        freeze_notice(off, "ended", PEN)["blocks"]
    )


def test_a_freezes_scope_is_told_in_words():
    def scoped(**fields: object) -> Freeze:
        return a_freeze(window=a_window(**fields))

    everything = freeze_notice(scoped(environments=frozenset()), "started", PEN)
    assert "every environment is frozen" in text(everything["text"])
    one = freeze_notice(scoped(services=frozenset({PAYMENTS})), "started", PEN)
    assert "*production* of *payments* is frozen" in one["text"]


def test_the_list_of_freezes_tells_those_in_force_from_those_ahead():
    ahead = a_freeze(4, window=a_window(starts_at=NOW + timedelta(days=3), ends_at=NOW + timedelta(days=4)))
    told = read(freeze_list([a_freeze(), ahead], LATER, PEN)["blocks"])
    assert "❄️ *F-3*  *production*  ·  hard\nin force until [2026-11-25 10:00]  ·  @Maya: The annual sale" in told
    assert "🗓️ *F-4*  *production*  ·  hard\nfrom [2026-11-26 10:00] until [2026-11-27 10:00]" in told
    assert "`/freeze end F-3`" in told
    assert "Nothing is frozen" in freeze_list([], LATER, PEN)["text"]


def test_the_list_names_what_a_freeze_comes_from_that_nobody_declared():
    weekend = a_freeze(declared_by=SLIPWAY, origin="weekends/2026-11-21T00:00", window=a_window(hard=False))
    told = read(freeze_list([weekend], LATER, PEN)["blocks"])
    assert "❄️ *F-3*  *production*  ·  soft\nin force until [2026-11-25 10:00]  ·  *weekends*: The annual sale" in told


def test_the_list_says_who_may_pass_and_who_asks_to():
    granted = an_exception(granted=True, decided_by=RUTH.id, decided_at=NOW, ends_at=NOW + timedelta(days=1))
    waiting = an_exception(5, plea=a_plea(release=ReleaseId(13), by=BEN.id))
    refused = an_exception(6, granted=False, decided_by=RUTH.id, decided_at=NOW, answer="It can wait")
    over = an_exception(7, granted=True, decided_by=RUTH.id, decided_at=NOW, ends_at=NOW + timedelta(hours=1))
    elsewhere = an_exception(8, plea=a_plea(freeze=FreezeId(9)))
    told = read(freeze_list([a_freeze()], LATER, PEN, [granted, waiting, refused, over, elsewhere])["blocks"])
    assert (
        "The annual sale\n"
        "\N{EM SPACE}\N{EM SPACE}↳ R-12 passes until [2026-11-24 10:00], granted by @Ruth (X-4)\n"
        "\N{EM SPACE}\N{EM SPACE}↳ @Ben asks for an exception for R-13 (X-5)\n"
        "---"
    ) in told


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("declared", "will ask for care from"),
        ("coming", "will ask for care from"),
        ("started", "*production* asks for care until"),
        ("extended", "*production* asks for care until"),
        ("ended", "*production* no longer asks for care."),
    ],
)
def test_a_soft_freeze_asks_for_care(moment, says):
    soft = a_freeze(window=a_window(hard=False))
    told = read(freeze_notice(soft, moment, PEN)["blocks"])
    assert says in told
    assert "frozen" not in told.replace("rollbacks are never frozen", "")
    assert ("to acknowledge it: `/freeze except R-12 <reason>`" in told) is (moment in {"coming", "started"})
    assert "asks for care until" in read(declared(soft, LATER, PEN)["blocks"])


def test_who_declares_ends_or_extends_is_answered():
    assert "`/freeze end F-3`" in read(declared(a_freeze(), LATER, PEN)["blocks"])
    assert "*F-3* is ended" in ended(a_freeze())["text"]
    assert "*F-3* ends [2026-11-25 10:00] now" in text(prolonged(a_freeze())["text"])


# ---------------------------------------------------------------- digest

CONTENT = DigestContent(
    since=NOW - timedelta(days=1),
    until=NOW,
    services=(PAYMENTS,),
    shipped=(OLD,),
    rolled_back=(ROLLED_BACK,),
    failed=(replace(brought(34, Attempt.FAILED), detail="disk <full>"),),
    launched=(),
    waiting=(FROZEN, SCENES["planned"]),
    running=(brought(40, Attempt.RUNNING),),
    freezes=(a_freeze(),),
)
QUIET = DigestContent(NOW - timedelta(days=1), NOW, (PAYMENTS,), (), (), (), (), (), (), ())


def test_the_digest_tells_what_happened_what_waits_and_what_is_ahead():
    said = digest(CONTENT, PEN, CATALOGUE)
    taken_by_slack(dict(said))
    assert read(said["blocks"]) == (
        "# Release digest\n"
        "~ [2026-11-22 10:00] until [2026-11-23 10:00]\n"
        "*🚀 Shipped (1)*\n"
        "•  payments *2.3.9* `51de2b8` to production, @Maya, [2026-11-23 10:03]\n"
        "*↩️ Rolled back (1)*\n"
        "•  payments in production back to *2.3.9* `51de2b8`, @Maya: it is slow\n"
        "*❌ Failed (1)*\n"
        "•  ❌ D-34 with *2.4.0* `e0996a3` in production: failed · @Maya · [2026-11-23 10:03]: disk <full>\n"
        "*⏳ On the way*\n"
        "•  🚀 D-40 with *2.4.0* `e0996a3` in production: running · @Maya · [2026-11-23 10:00]\n"
        "*🧭 Waiting (2)*\n"
        "•  🧪 *R-12 Payments 2.4.0* Instant refunds: May go to staging: `/deploy R-12 to staging`\n"
        "•  📝 *R-12 Payments 2.4.0* Instant refunds: R-12 has no candidate yet · @Maya\n"
        "*❄️ Freezes*\n"
        "•  *F-3* *production*, [2026-11-23 10:00] until [2026-11-25 10:00]: The annual sale"
    )
    assert said["text"] == "Release digest: 1 shipped, 1 rolled back, 1 failed, 1 on the way, 2 waiting, 1 freeze."


def test_a_quiet_day_is_said_in_one_line():
    assert "☀️ Nothing was shipped" in read(digest(QUIET, PEN, CATALOGUE)["blocks"])
    assert digest(QUIET, PEN, CATALOGUE)["text"] == "Release digest: nothing to tell."


def test_reviews_that_are_owed_are_in_the_digest():
    told = digest(replace(QUIET, reviews=(a_review(),)), PEN, CATALOGUE)
    assert told["text"] == "Release digest: 1 review owed."
    shown = read(told["blocks"])
    assert "*🚨 Reviews that are owed (1)*" in shown
    assert (
        "•  🚨 *D-40* broke the glass of production in payments · @Ines · its review is due [2026-11-26 10:00]" in shown
    )
    assert "Nothing was shipped" not in shown


def test_a_launched_release_is_in_the_digest():
    from bot.rules.release import Ending

    launched = seen(replace(READY.release, launched=Ending(MAYA.id, NOW)), (OLD,))
    told = read(digest(replace(QUIET, launched=(launched,)), PEN, CATALOGUE)["blocks"])
    assert "•  R-12 Payments 2.4.0 Instant refunds, @Maya, [2026-11-23 10:00]" in told


def test_a_digest_of_some_services_names_them():
    two = the_catalogue(services={PAYMENTS: a_service(), "search": a_service()})
    assert read(digest(QUIET, PEN, two)["blocks"]).startswith("# Release digest: Payments\n")


def test_a_team_writes_its_own_digest_and_what_is_put_in_stays_harmless(tmp_path):
    (tmp_path / "digest.j2").write_text(
        "# Hello {{ title }}\n\n{% for each in failed %}{{ at(each.order.confirmed_by) }} {{ each.detail }} "
        "{{ each.ended_at }} {{ command('/release list') }}{% endfor %}\n",
        "utf-8",
    )
    said = digest(CONTENT, PEN, the_catalogue(templates=str(tmp_path)))
    assert read(said["blocks"]) == "# Hello Release digest\n@Maya disk <full> [2026-11-23 10:03] `/release list`"
    assert "<full>" not in said["blocks"][1]["text"]["text"]


@pytest.mark.parametrize(
    "broken",
    [
        "{% for x in %}",
        "{{ nothing_of_the_kind }}",
        "{{ 1 / 0 }}",
        "{{ shipped[0].order.nothing.more }}",
        "{{ shipped() }}",
        "{{ ''.__class__.__mro__ }}",
        "{% include 'another.j2' %}",
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1") + "{{",
    ],
)
def test_a_template_that_does_not_work_is_replaced_by_ours_and_the_log_says_so(tmp_path, caplog, broken):
    (tmp_path / "digest.j2").write_text(broken, "utf-8")
    with caplog.at_level(logging.WARNING):
        said = digest(CONTENT, PEN, the_catalogue(templates=str(tmp_path)))
    assert said == digest(CONTENT, PEN, CATALOGUE)
    assert "digest.j2" in caplog.text


# ---------------------------------------------------------------- App Home


def test_home_is_the_inbox():
    inbox = InboxContent(
        OMAR.id,
        LATER,
        ((FROZEN, QA),),
        ((FROZEN, FROZEN.release.checklist[1]),),
        (READY,),
        (brought(40, Attempt.RUNNING),),
        (a_freeze(),),
    )
    view = home_page(inbox, PEN)
    taken_by_slack(view)
    told = read(view["blocks"])
    for part in (
        "~ 2 things wait for you.",
        "*Waiting for your approval*  (1)\n🧪 *R-12 Payments 2.4.0*  Instant refunds\n",
        "`e0996a3` for *production*, as QA",
        "[Approve] [Reject] [Show]",
        "*Your checklist*  (1)\n⬜ The regression tests have passed\nR-12 Payments 2.4.0  [Tick]",
        "*Releases that you asked for*  (1)\n🟢 *R-12 Payments 2.4.0*",
        "*Running deployments*  (1)\n🚀 D-40",
        "*Freezes*  (1)\n❄️ *F-3*",
    ):
        assert part in told


def test_home_says_in_whose_place_an_approval_is_wanted():
    held = replace(roles(), stand_ins={QA: {BEN.id: OMAR.id}})
    standing_in = seen(ASKED, (OLD,), held=held)
    told = read(home_page(InboxContent(BEN.id, LATER, ((standing_in, QA),), (), (), (), ()), PEN)["blocks"])
    assert "`e0996a3` for *production*, as QA, in the place of @Omar\n" in told


def test_home_shows_what_was_asked_of_my_freezes():
    asked = Requested(FROZEN, an_exception(), a_freeze())
    view = home_page(InboxContent(RUTH.id, LATER, (), (), (), (), (), exceptions=(asked,)), PEN)
    taken_by_slack(view)
    told = read(view["blocks"])
    assert "~ 1 thing waits for you." in told
    assert "*Exceptions that wait for you*  (1)\n🙋 @Maya asks that *R-12 Payments 2.4.0* may pass *F-3*" in told
    assert "[Grant] [Refuse] [Show]" in told


def test_an_empty_home_is_friendly():
    told = read(home_page(InboxContent(BEN.id, LATER, (), (), (), (), ()), PEN)["blocks"])
    assert "☀️ Nothing waits for you." in told
    assert "[Plan a release]" in told


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("family", Family)
def test_help_has_every_form_in_this_workspaces_words(family):
    pen = Pen(names=CommandNames("/rel", "/ship", "/undo", "/hold"))
    told = read(help_page(family, pen)["blocks"])
    for usage in grammar.of(family):
        assert f"`{pen.names.here(usage.form)}`" in told
        assert f"`{pen.names.here(usage.example)}`" in told
    assert "/release" not in told
