"""Notices survive the outbox: what is read is the very same thing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from bot import notices
from bot.notices import (
    CardChanged,
    ChannelLine,
    DeploymentChanged,
    DigestDue,
    DirectLine,
    ExceptionWanted,
    FreezeTold,
    Notice,
    ReviewWanted,
    ThreadLine,
    TrainAsks,
    TrainChanged,
    Wanted,
    WatchTold,
)
from bot.rules.sentence import AllOf, At, AtRole, Code, InPlaceOf, Link, Sentence, When
from integrations.database.notices import read, written

words = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = some.from_regex(r"[a-z_]{1,6}", fullmatch=True)
numbers = some.integers(1, 2**40)
first, last = (datetime(year, 1, 1) for year in (2000, 2100))  # noqa: DTZ001 - Hypothesis wants its bounds naive
moments = some.datetimes(first, last, timezones=some.just(UTC)).map(lambda moment: moment.replace(fold=0))
plain = some.one_of(
    words, some.builds(At, words), some.builds(AtRole, words), some.builds(Code, words), some.builds(Link, words, words)
)
parts = some.one_of(
    plain,
    some.integers(),
    some.builds(InPlaceOf, some.none() | words),
    some.builds(When, moments),
    some.builds(AllOf, some.lists(plain, max_size=3).map(tuple)),
)
sentences = some.dictionaries(names, parts, max_size=4).map(
    lambda given: Sentence(" ".join(f"{{{name}}}" for name in given), tuple(given.items()))
)
anything = some.one_of(
    some.builds(CardChanged, numbers),
    some.builds(DeploymentChanged, numbers, numbers),
    some.builds(WatchTold, numbers, numbers),
    some.builds(ThreadLine, numbers, sentences, some.booleans(), some.none() | words),
    some.builds(TrainChanged, numbers, numbers),
    some.builds(TrainAsks, words, numbers),
    some.builds(DirectLine, words, sentences, some.none() | numbers),
    some.builds(ExceptionWanted, words, numbers),
    some.builds(ReviewWanted, words, numbers),
    some.builds(Wanted, words, numbers, words, words, words),
    some.builds(ChannelLine, words, sentences),
    some.builds(FreezeTold, words, numbers, some.sampled_from(["declared", "coming", "started", "extended", "ended"])),
    some.builds(DigestDue, words, some.lists(words, max_size=3).map(tuple)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_a_notice_is_read_as_it_was_written(notice: Notice) -> None:
    kind, body = written(notice)
    again = read(kind, json.loads(json.dumps(body)))
    assert again == notice
    assert type(again) is type(notice)
    assert repr(again).replace("TzInfo(0)", "datetime.timezone.utc") == repr(notice)


def test_every_kind_of_notice_is_tried_here() -> None:
    assert {kind.__name__ for kind in get_args(notices.Notice)} == {
        "CardChanged", "DeploymentChanged", "ThreadLine", "DirectLine", "Wanted", "ChannelLine", "FreezeTold",
        "DigestDue", "ExceptionWanted", "ReviewWanted",
        "TrainChanged", "TrainAsks", "WatchTold",
    }  # fmt: skip
