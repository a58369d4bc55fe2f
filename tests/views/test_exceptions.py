"""Exceptions as people see them: the button, the form, the message to the owners before and after, and the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.exception import Owners
from bot.rules.freeze import FreezeId
from bot.rules.policy import ExceptionRules, FreezeMeaning
from bot.rules.release import Ending
from bot.rules.sentence import say
from bot.verbs.ask_deploy import Preview
from bot.verbs.except_freeze import Excepted, InTheWay, Pleaded, Requested
from handlers.buttons import OnException, OnPlea, OnRelease, decode, encode
from handlers.views.card import release_card
from handlers.views.deployments import preview
from handlers.views.exceptions import decided, except_form, exception_wanted, pleaded, refuse_form
from handlers.views.why import why_not
from tests.makers import (
    NOW,
    PRODUCTION,
    a_catalogue,
    a_change_type,
    a_freeze,
    a_release,
    a_window,
    an_exception,
)
from tests.people import CHANGE_MANAGER, MAYA, RUTH
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import AGREED, IN_STAGING, LATER, OLD, PEN, seen, the_catalogue

GRANTED = an_exception(
    granted=True, decided_by=RUTH.id, decided_at=NOW, ends_at=NOW + timedelta(days=1), revision=1, answer="Only tonight"
)
REFUSED = an_exception(granted=False, decided_by=RUTH.id, decided_at=NOW, revision=1, answer="It can wait")
SOFT = a_freeze(window=a_window(hard=False))
HISTORY = (IN_STAGING, OLD)
FROZEN = seen(AGREED, HISTORY, (a_freeze(),))
WAITING, FREEZE = an_exception(), a_freeze()
RULES = ExceptionRules(lasts=timedelta(hours=6))


def asked(exception=WAITING, release=AGREED, freeze=FREEZE) -> Requested:
    return Requested(seen(release, HISTORY, (freeze,), exceptions=(exception,)), exception, freeze)


def shown(told: Requested) -> str:
    said = exception_wanted(told, RULES)
    taken_by_slack(dict(said))
    return read(said["blocks"])


# ---------------------------------------------------------------- the private message to the owners


def test_an_owner_reads_who_asks_for_what_and_why_and_for_how_long_it_would_count():
    assert shown(asked()) == (
        "🙋 @Maya asks that *R-12 Payments 2.4.0* may pass *F-3* (X-4): Refunds must work before the sale\n"
        "~ *F-3*  *production* until [2026-11-25 10:00]  ·  @Maya: The annual sale  ·  "
        "R-12 proposes `e0996a3`\n"
        "~ Granted, it counts for this release alone, for 6 hours, and never longer than the freeze.\n"
        "[Grant] [Refuse] [Show]"
    )


def test_it_looks_the_same_however_often_it_is_drawn():
    later = replace(asked(), picture=replace(asked().picture, seen_at=LATER + timedelta(hours=3)))
    assert shown(later) == shown(asked())


def test_the_buttons_carry_what_was_on_the_screen():
    found = buttons(exception_wanted(asked(), RULES)["blocks"])
    for label in ("Grant", "Refuse"):
        assert decode(found[label]["value"], OnException) == OnException(4, 0)


def test_once_it_is_granted_it_says_by_whom_and_the_buttons_are_gone():
    assert shown(asked(GRANTED)) == (
        "✅ @Ruth granted it [2026-11-23 10:00]; it counts until [2026-11-24 10:00]: Only tonight\n"
        "@Maya asked that *R-12 Payments 2.4.0* may pass *F-3* (X-4): Refunds must work before the sale\n"
        "~ *F-3*  *production* until [2026-11-25 10:00]  ·  @Maya: The annual sale  ·  "
        "R-12 proposes `e0996a3`\n"
        "[Show]"
    )


def test_once_it_is_refused_it_says_by_whom_and_why():
    told = shown(asked(REFUSED))
    assert told.startswith("❌ @Ruth refused it [2026-11-23 10:00]: It can wait\n")
    assert "[Grant]" not in told


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (asked(release=replace(AGREED, cancelled=Ending(MAYA.id, NOW))), "R-12 has ended"),
        (asked(freeze=a_freeze(ended_at=NOW, ended_by=RUTH.id)), "F-3 is over"),
    ],
)
def test_what_needs_no_answer_any_more_says_so(told, why):
    read_ = shown(told)
    assert f"No answer is needed any more: {why}." in read_
    assert "[Grant]" not in read_


# ---------------------------------------------------------------- the answers


def test_whoever_decides_is_told_what_it_means():
    assert "✅ Granted: R-12 Payments 2.4.0 passes F-3 until [2026-11-24 10:00]. @Maya is told." in text(
        decided(asked(GRANTED), PEN)["text"]
    )
    assert "❌ Refused: R-12 Payments 2.4.0 does not pass F-3. @Maya is told." in text(
        decided(asked(REFUSED), PEN)["text"]
    )
    assert "*Next*" in read(decided(asked(GRANTED), PEN)["blocks"])


def test_whoever_asks_reads_what_came_of_each_freeze():
    owners = Owners((CHANGE_MANAGER,))
    other = a_freeze(5, window=a_window(hard=False))
    acknowledged = Excepted(replace(GRANTED, id=5), other, owners)
    told = Pleaded(
        FROZEN, (acknowledged,), (Excepted(an_exception(), a_freeze(), owners),), (say("F-6 is no matter."),)
    )
    said = pleaded(told, PEN)
    assert (
        "*R-12 Payments 2.4.0*\n"
        "✅ F-5 is acknowledged (X-5).\n"
        "🙋 I have asked @S0CHANGE to let it pass F-3 (X-4). You hear from me once that is decided.\n"
        "✋ F-6 is no matter.\n"
    ) in read(said["blocks"])
    assert said["text"] == "R-12 Payments 2.4.0: ✅ F-5 is acknowledged (X-5)."
    anybody = replace(told, acknowledged=(), asked=(Excepted(an_exception(), a_freeze(), Owners()),))
    assert "🙋 I have asked any other member to let it pass F-3" in read(pleaded(anybody, PEN)["blocks"])


# ---------------------------------------------------------------- the forms


def test_the_form_names_every_freeze_and_carries_exactly_those():
    view = except_form(
        InTheWay(FROZEN, ((a_freeze(), Owners((CHANGE_MANAGER,))), (replace(SOFT, id=5), Owners()))), PEN
    )
    taken_by_slack(view)
    told = read(view["blocks"])
    assert "❄️ *F-3*  *production*, from [2026-11-23 10:00] until [2026-11-25 10:00]: The annual sale\n" in told
    assert "↳ you ask @S0CHANGE for an exception" in told
    assert "↳ you acknowledge it" in told
    assert "Reason *: <>" in told
    assert (view["title"]["text"], view["submit"]["text"]) == ("Ask for an exception", "Ask")
    on = decode(view["private_metadata"], OnPlea)
    assert isinstance(on, OnPlea)
    assert (on.release, on.numbers) == (12, {FreezeId(3), FreezeId(5)})


def test_what_only_has_to_be_acknowledged_is_called_so():
    frozen = seen(AGREED, HISTORY, (SOFT,))
    view = except_form(InTheWay(frozen, ((SOFT, Owners()),)), PEN)
    assert (view["title"]["text"], view["submit"]["text"]) == ("Acknowledge", "Acknowledge")


def test_refusing_asks_for_the_reason():
    view = refuse_form(asked(), OnException(4, 0))
    taken_by_slack(view)
    assert read(view["blocks"]).startswith("🙋 @Maya asks that *R-12 Payments 2.4.0* may pass *F-3*")
    assert decode(view["private_metadata"], OnException) == OnException(4, 0)


@pytest.mark.parametrize("freezes", ["", "3,5", "3  5", "x", "-1", "3 ", "٣", "1" * 16])
def test_a_form_of_odd_freezes_is_not_read(freezes):
    assert not isinstance(decode(encode(OnPlea(12, freezes)), OnPlea), OnPlea)


# ---------------------------------------------------------------- the button


def labels(picture) -> list[str]:
    return list(buttons(why_not(picture, PEN)["blocks"]))


def test_what_a_freeze_blocks_has_a_button_that_asks_its_owners():
    assert labels(FROZEN)[-1] == "Ask for an exception"
    on = decode(buttons(why_not(FROZEN, PEN)["blocks"])["Ask for an exception"]["value"], OnRelease)
    assert isinstance(on, OnRelease)
    assert on.release == 12


def test_what_only_has_to_be_acknowledged_has_a_button_that_says_so():
    assert labels(seen(AGREED, HISTORY, (SOFT,)))[-1] == "Acknowledge"
    lenient = the_catalogue(
        change_types={**a_catalogue().change_types, "feature": a_change_type(freeze=FreezeMeaning.ACKNOWLEDGE)}
    )
    assert labels(seen(AGREED, HISTORY, (a_freeze(),), catalogue=lenient))[-1] == "Acknowledge"


@pytest.mark.parametrize(
    "picture",
    [
        seen(AGREED, HISTORY),
        seen(AGREED, HISTORY, (a_freeze(),), exceptions=(an_exception(),)),
        seen(AGREED, HISTORY, (a_freeze(),), exceptions=(GRANTED,)),
        seen(replace(AGREED, cancelled=Ending(MAYA.id, NOW)), HISTORY, (a_freeze(),)),
    ],
    ids=["not frozen", "waiting", "granted", "ended"],
)
def test_the_button_shows_only_while_it_makes_sense(picture):
    assert not {"Ask for an exception", "Acknowledge"} & set(labels(picture))


def test_what_was_refused_may_be_asked_for_again():
    assert labels(seen(AGREED, HISTORY, (a_freeze(),), exceptions=(REFUSED,)))[-1] == "Ask for an exception"


def previewed(picture) -> str:
    place = picture.place(PRODUCTION)
    assert place is not None
    said = preview(Preview(picture, place, None, "", OLD, OLD, "/deploy confirm R-12 to production"), PEN)
    taken_by_slack(dict(said))
    return read(said["blocks"])


def test_the_preview_ends_with_the_button():
    assert previewed(FROZEN).endswith("[Ask for an exception]")
    waiting = previewed(seen(AGREED, HISTORY, (a_freeze(),), exceptions=(an_exception(),)))
    assert "[Ask for an exception]" not in waiting
    assert "@Maya asked for an exception [2026-11-23 10:00]: X-4 waits for an answer." in waiting


# ---------------------------------------------------------------- an exception that counts


def test_the_card_and_the_preview_show_an_exception_that_counts():
    passing = seen(AGREED, HISTORY, (a_freeze(),), exceptions=(GRANTED,))
    told = "passes F-3 until [2026-11-24 10:00] by @Ruth's exception X-4"
    card = release_card(passing, PEN)
    taken_by_slack(dict(card))
    assert f"gate open\n      •  {told}\n" in read(card["blocks"])
    assert f"❄️ It {told}" in previewed(passing)
    acknowledged = replace(GRANTED, plea=replace(GRANTED.plea, soft=True), decided_by=MAYA.id)
    soft = seen(AGREED, HISTORY, (SOFT,), exceptions=(acknowledged,))
    assert "passes F-3 until [2026-11-24 10:00] by @Maya's acknowledgement X-4" in read(
        release_card(soft, PEN)["blocks"]
    )


def test_once_it_is_there_nobody_needs_to_know():
    there = seen(
        a_release(candidate=AGREED.candidate), (replace(IN_STAGING), OLD), (a_freeze(),), exceptions=(GRANTED,)
    )
    staging = read(release_card(there, PEN)["blocks"]).split("*staging*")[1].split("\n")
    assert "passes" not in staging[1]
    assert there.seen_at == LATER
