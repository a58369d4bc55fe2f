"""Locks as people see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.deployment import Attempt
from bot.rules.release import ReleaseId
from bot.verbs.lock import Locked
from bot.verbs.summaries import InboxContent
from handlers.views.deployments import status
from handlers.views.digest import digest
from handlers.views.home import home_page
from handlers.views.locks import age, held, locked, unlocked
from tests.makers import NOW, PAYMENTS, PRODUCTION, STAGING, a_hold, a_lock
from tests.people import INES, MAYA
from tests.views.reading import read, taken_by_slack, text
from tests.views.scene import CATALOGUE, OLD, PEN, brought
from tests.views.test_lists_and_pages import QUIET

LATER = NOW + timedelta(minutes=90)


def test_a_lock_shows_who_for_how_long_until_when_and_why():
    assert text(held(a_lock(), LATER)) == "🔒 locked by @Maya for 1 hour, until [2026-11-23 12:00]: The database moves"
    only = a_lock(hold=a_hold(release=ReleaseId(12)))
    assert "until [2026-11-23 12:00], only R-12 may go there: The" in text(held(only, LATER))


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(0), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_how_old_it_is_is_told_in_its_largest_unit(length, shown):
    assert age(length) == shown


def test_whoever_locks_reads_what_that_means_and_how_to_let_go():
    said = locked(Locked(a_lock()), PEN)
    taken_by_slack(dict(said))
    assert read(said["blocks"]) == (
        "🔒 You have locked *production* of *payments*: nothing may go there until [2026-11-23 12:00]. "
        "The database moves\n"
        "~ To let go: `/deploy unlock payments production`  ·  to prolong it, lock it again  ·  rollbacks are never "
        "locked"
    )


def test_whoever_takes_it_over_prolongs_it_or_comes_too_late_for_something_reads_so():
    before = a_lock(2, hold=a_hold(by=INES.id))
    assert "You have taken *production* of *payments* over from @Ines, who is told" in read(
        locked(Locked(a_lock(), before), PEN)["blocks"]
    )
    assert "You go on holding *production*" in read(locked(Locked(a_lock(), a_lock()), PEN)["blocks"])
    running = locked(Locked(a_lock(), None, brought(40, Attempt.RUNNING)), PEN)
    assert "On its way there already, and not stopped by that:\n🚀 D-40" in read(running["blocks"])


def test_whoever_unlocks_anothers_reads_that_they_are_told():
    assert text(unlocked(a_lock(), MAYA.id)["text"]) == "🔓 *production* of *payments* is unlocked."
    assert text(unlocked(a_lock(), INES.id)["text"]) == "🔓 *production* of *payments* is unlocked. @Maya is told."


def test_what_runs_where_shows_who_holds_it():
    said = status([CATALOGUE.services[PAYMENTS]], {PAYMENTS: (OLD,)}, (), PEN, locks=(a_lock(),), now=LATER)
    taken_by_slack(dict(said))
    staging, production = read(said["blocks"]).split("*production*")
    assert "🔒" not in staging
    assert "🔒 locked by @Maya for 1 hour" in production
    assert STAGING in staging
    assert PRODUCTION


def test_home_shows_ones_own_locks_first_and_how_to_let_go():
    own = a_lock(4, hold=a_hold(environment=STAGING, by=INES.id))
    page = home_page(InboxContent(INES.id, LATER, (), (), (), (), (), locks=(own, a_lock())), PEN)
    shown = read(page["blocks"])
    assert "*Locks*  (2)" in shown
    assert shown.count("To let go: `/deploy unlock payments staging`") == 1
    assert shown.count("To let go") == 1


def test_the_digest_tells_of_old_locks():
    old = replace(QUIET, locks=(a_lock(locked_at=NOW - timedelta(days=2)),))
    said = digest(old, PEN, CATALOGUE)
    taken_by_slack(dict(said))
    assert "*🔒 Old locks*\n•  payments production 🔒 locked by @Maya for 2 days" in read(said["blocks"])
    assert said["text"] == "Release digest: 1 old lock."
