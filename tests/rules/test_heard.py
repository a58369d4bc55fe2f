"""What a target says by itself: words overtake each other on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from bot.rules.deployment import Heard, Phase
from tests.makers import NOW

STARTED = Heard(Phase.RUNNING, NOW, "Building")
SHIPPING = Heard(Phase.RUNNING, NOW + timedelta(seconds=5), "Shipping")
DONE = Heard(Phase.SUCCEEDED, NOW + timedelta(seconds=4), "Done")


def test_in_whatever_order_they_arrive_the_end_is_what_is_known():
    for order in permutations((STARTED, SHIPPING, DONE)):
        known = None
        for word in order:
            known = word if word.supersedes(known) else known
        assert known == DONE


def test_the_same_word_again_is_no_news():
    assert not STARTED.supersedes(STARTED)
    assert not replace(STARTED, words="Something else").supersedes(STARTED)


def test_of_two_ends_the_later_counts_since_work_can_be_done_again():
    again = replace(DONE, phase=Phase.FAILED, at=DONE.at + timedelta(seconds=1))
    assert again.supersedes(DONE)
    assert not DONE.supersedes(again)
