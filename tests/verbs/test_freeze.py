"""Freeze: what has been told once is not told again, however long the freeze lasts."""

from __future__ import annotations

from bot.clockwork import KEPT
from bot.verbs.freeze import LONGEST


def test_what_was_told_of_a_freeze_is_remembered_for_longer_than_any_freeze_lasts():
    assert KEPT > LONGEST
