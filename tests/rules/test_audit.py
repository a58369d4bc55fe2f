"""The record's chain: whatever is changed, removed or put in between is found, at its place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.audit import GENESIS, chained, first_break
from tests.makers import a_happening


def a_record(length=6):
    entries, last = [], None
    for number in range(length):
        last = chained(a_happening("tick", subject=f"item {number}", detail={"n": number}), last)
        entries.append(last)
    return entries


def test_a_record_as_written_is_whole():
    entries = a_record()
    assert first_break(entries) is None
    assert first_break([]) is None
    assert entries[0].previous == GENESIS


@given(at=st.integers(0, 5))
def test_a_changed_entry_is_named(at):
    entries = a_record()
    entries[at] = replace(entries[at], happened=replace(entries[at].happened, subject="something else"))
    broken = first_break(entries)
    assert broken is not None
    assert (broken.number, broken.how) == (at + 1, "what it says is not what was written")


@given(at=st.integers(0, 4))
def test_a_removed_entry_is_named(at):
    entries = a_record()
    del entries[at]
    broken = first_break(entries)
    assert broken is not None
    assert broken.number == at + 1
    assert "missing" in broken.how


@given(at=st.integers(0, 4))
def test_a_rewritten_entry_breaks_the_chain_at_the_next_one(at):
    entries = a_record()
    before = entries[at - 1] if at else None
    entries[at] = chained(a_happening("approve"), before)
    broken = first_break(entries)
    assert broken is not None
    assert broken.number == at + 2
    assert "chained" in broken.how
