"""Exceptions from freezes: who decides, how many there may be, and for how long each counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.rules.exception import counts_until, may_grant, must_not_grant, next_grant, owners_of
from bot.rules.freeze import FreezeException
from bot.rules.gate import Reason, gate
from bot.rules.people import SLIPWAY, Roles
from bot.rules.policy import ExceptionRules, FreezeMeaning
from bot.rules.sentence import AtRole
from tests.makers import NOW, a_change_type, a_freeze, a_plea, a_release, a_window, an_exception
from tests.people import BEN, CHANGE_MANAGER, INES, MAYA, OMAR, RELEASE_MANAGER, RUTH, roles
from tests.rules.test_gate import facts

DAY = timedelta(days=1)


# ---------------------------------------------------------------- who decides


def test_a_freezes_own_role_decides_and_nobody_else():
    owners = owners_of(a_freeze(owner=CHANGE_MANAGER), (RELEASE_MANAGER,))
    assert owners.include(RUTH.id, roles())
    assert not owners.include(MAYA.id, roles())  # who declared it, and may freeze


def test_without_a_role_whoever_declared_it_decides_and_those_who_may_freeze():
    owners = owners_of(a_freeze(declared_by=INES.id), (CHANGE_MANAGER,))
    assert {each.id for each in (MAYA, OMAR, RUTH, BEN, INES) if owners.include(each.id, roles())} == {RUTH.id, INES.id}


def test_where_every_member_may_freeze_every_member_decides():
    owners = owners_of(a_freeze(declared_by=SLIPWAY), ())
    assert owners.include(BEN.id, roles())
    assert owners.mentions == ()
    assert owners.known(roles()) == frozenset()


def test_nobody_declared_a_recurring_freeze_so_nobody_is_asked_for_having_done_it():
    owners = owners_of(a_freeze(declared_by=SLIPWAY), (CHANGE_MANAGER,))
    assert owners.known(roles()) == {RUTH.id}


def test_neither_who_asks_nor_the_requester_nor_an_author_grants_it():
    own = must_not_grant(INES.id, a_release(), a_change_type())
    assert own == {INES.id, MAYA.id, BEN.id}
    without = a_release(candidate=None)
    assert must_not_grant(INES.id, without, a_change_type()) == {INES.id, MAYA.id}
    lenient = a_change_type(requester_may_approve=True, author_may_approve=True)
    assert must_not_grant(INES.id, a_release(), lenient) == {INES.id}
    assert must_not_grant(INES.id, without, lenient) == {INES.id}


def test_who_stands_in_for_somebody_may_do_no_more_than_they_could():
    owners = owners_of(a_freeze(owner=RELEASE_MANAGER), ())
    held = Roles(roles().members, stand_ins={RELEASE_MANAGER: {OMAR.id: MAYA.id}})
    assert owners.include(OMAR.id, held)
    assert owners.principal(OMAR.id, held) == MAYA.id
    assert may_grant(owners, held, frozenset({MAYA.id})) == frozenset()
    assert may_grant(owners, held, frozenset({BEN.id})) == {MAYA.id, OMAR.id}


# ---------------------------------------------------------------- for how long


@pytest.mark.parametrize(
    ("starts", "ends", "lasts", "until"),
    [
        (NOW - DAY, NOW + 5 * DAY, DAY, NOW + DAY),
        (NOW - DAY, NOW + timedelta(hours=3), DAY, NOW + timedelta(hours=3)),
        (NOW + 3 * DAY, NOW + 9 * DAY, DAY, NOW + 4 * DAY),  # a day of the freeze, not of the time before it
    ],
)
def test_an_exception_counts_for_a_while_and_never_longer_than_its_freeze(starts, ends, lasts, until):
    freeze = a_freeze(window=a_window(starts_at=starts, ends_at=ends))
    assert counts_until(freeze, ExceptionRules(lasts=lasts), NOW) == until


def test_a_freeze_that_was_ended_leaves_nothing_to_pass():
    assert counts_until(a_freeze(ended_at=NOW + timedelta(hours=1)), ExceptionRules(), NOW) == NOW + timedelta(hours=1)


# ---------------------------------------------------------------- how many


def granted(at: datetime, **plea: object) -> FreezeException:
    return an_exception(plea=a_plea(**plea), granted=True, decided_by=RUTH.id, decided_at=at, ends_at=at + DAY)


TWO_IN_TEN_DAYS = ExceptionRules(budget=2, per=10 * DAY)


def test_without_a_budget_the_owners_grant_as_many_as_they_want():
    assert next_grant([granted(NOW - DAY)] * 50, ExceptionRules(), NOW) == NOW


def test_the_budget_is_free_again_once_the_oldest_has_fallen_out():
    days = (9, 5)
    assert next_grant([granted(NOW - each * DAY) for each in days], TWO_IN_TEN_DAYS, NOW) == NOW + DAY
    assert next_grant([granted(NOW - 10 * DAY), granted(NOW - DAY)], TWO_IN_TEN_DAYS, NOW) == NOW


def test_a_budget_that_was_lowered_waits_for_all_that_are_too_many():
    days = (9, 5, 3)
    assert next_grant([granted(NOW - each * DAY) for each in days], TWO_IN_TEN_DAYS, NOW) == NOW + 5 * DAY


def test_what_was_refused_waits_or_was_only_acknowledged_uses_nothing_up():
    others = [
        an_exception(),
        an_exception(granted=False, decided_by=RUTH.id, decided_at=NOW - DAY),
        granted(NOW - DAY, soft=True),
    ]
    assert next_grant([*others, granted(NOW - DAY)], TWO_IN_TEN_DAYS, NOW) == NOW


def test_a_budget_of_nothing_grants_never():
    assert next_grant([], ExceptionRules(budget=0), NOW) is None


# ---------------------------------------------------------------- what the gate makes of it

SOFT = a_freeze(window=a_window(hard=False))
GRANTED = granted(NOW)


def test_an_exception_opens_the_gate_and_at_its_end_the_freeze_blocks_again():
    frozen = facts(freezes=(a_freeze(),), exceptions=(GRANTED,))
    assert gate(frozen) == ()
    last, over = GRANTED.ends_at - timedelta(microseconds=1), GRANTED.ends_at
    assert gate(replace(frozen, now=last)) == ()
    assert [each.about for each in gate(replace(frozen, now=over))] == ["F-3"]


def test_an_exception_from_one_freeze_is_none_from_another():
    other = a_freeze(9, window=a_window(reason="Inventory"))
    assert [each.about for each in gate(facts(freezes=(a_freeze(), other), exceptions=(GRANTED,)))] == ["F-9"]


@pytest.mark.parametrize("exception", [an_exception(), an_exception(granted=False)], ids=["waiting", "refused"])
def test_what_was_not_granted_opens_nothing(exception):
    assert [each.about for each in gate(facts(freezes=(a_freeze(),), exceptions=(exception,)))] == ["F-3"]


def test_what_waits_for_an_answer_is_said_in_place_of_how_to_ask():
    (blocker,) = gate(facts(freezes=(a_freeze(),), exceptions=(an_exception(),)))
    assert str(blocker.step) == "@U0MAYA asked for an exception 2026-11-23 10:00 UTC: X-4 waits for an answer."
    (blocker,) = gate(facts(freezes=(a_freeze(),)))
    assert "ask for an exception with /freeze except R-12 <reason>" in str(blocker.step)


def test_a_soft_freeze_asks_whoever_deploys_to_acknowledge_it():
    (blocker,) = gate(facts(freezes=(SOFT,)))
    assert str(blocker.why).startswith("F-3 asks for care in production until")
    assert str(blocker.step) == "Whoever may deploy acknowledges it with /freeze except R-12 <reason>."
    assert gate(facts(freezes=(SOFT,), exceptions=(granted(NOW, soft=True),))) == ()


def test_what_was_acknowledged_as_one_kind_of_change_lets_no_other_kind_pass_a_hard_freeze():
    lenient = replace(a_change_type(), freeze=FreezeMeaning.ACKNOWLEDGE)
    acknowledged = facts(freezes=(a_freeze(),), exceptions=(granted(NOW, soft=True),))
    assert not [each for each in gate(replace(acknowledged, change=lenient)) if each.reason is Reason.FREEZE]
    assert [each.about for each in gate(acknowledged)] == ["F-3"]


def test_for_a_freeze_that_nobody_declared_nobody_is_named():
    (blocker,) = gate(facts(freezes=(a_freeze(declared_by=SLIPWAY, origin="weekends/2026-11-21"),)))
    assert blocker.lifted_by == ()
    (blocker,) = gate(facts(freezes=(a_freeze(declared_by=SLIPWAY, owner=CHANGE_MANAGER),)))
    assert blocker.lifted_by == (AtRole(CHANGE_MANAGER),)
