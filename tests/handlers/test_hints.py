"""Hints: whatever somebody types, the answer is a command or the nearest one that would have worked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handlers.names import CommandNames
from handlers.parsing import commands as c
from handlers.parsing import grammar
from handlers.parsing.grammar import Family
from handlers.parsing.hints import Hint, parse
from handlers.parsing.known import Known
from handlers.views.notice import hint
from handlers.views.text import Pen
from tests.handlers.test_parsing import KNOWN, understood
from tests.views.reading import read, taken_by_slack

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

LINES = Path(__file__).with_name("wrong_commands.tsv").read_text("utf-8").splitlines()
WRONG = [tuple(line.split("\t")) for line in LINES if not line.startswith("#")]
COPIED = "Please put your own words in place of"


def test_the_corpus_is_large_and_says_nothing_twice():
    assert len(WRONG) >= 200
    assert len({typed for typed, _ in WRONG}) == len(WRONG)


@pytest.mark.parametrize(("typed", "nearest"), WRONG)
def test_a_wrong_command_is_answered_with_the_nearest_that_works(typed, nearest):
    told = understood(typed)
    assert isinstance(told, Hint)
    assert told.nearest == nearest
    assert str(told.why)
    after = understood(nearest)
    assert not isinstance(after, Hint) or str(after.why).startswith(COPIED)
    taken_by_slack(dict(hint(told, Pen())))


def test_a_copied_placeholder_is_not_taken_for_a_reason():
    told = understood("/release reject R-12 &lt;reason&gt;")
    assert isinstance(told, Hint)
    assert COPIED in str(told.why)


@pytest.mark.parametrize(
    "typed",
    [
        "/deploy R-12 to production",
        "/deploy",
        "/deploy hlep",
        "/deploy R-12",
        "/deploy x y z",
        "/deploy train",
        "/deploy train R-12 R-13",
        "/deploy trian R-12 R-13 to production",
        "/deploy train T-1 x",
    ],
)
def test_a_slip_never_suggests_to_start_something(typed):
    told = understood(typed)
    assert not isinstance(told, c.StartDeploy | c.StartTrain)
    assert not isinstance(told, Hint) or "confirm" not in told.nearest


def test_a_hint_is_in_this_workspaces_words():
    told = understood("/deploy R-12 prod")
    assert isinstance(told, Hint)
    shown = read(hint(told, Pen(names=CommandNames(deploy="/ship")))["blocks"])
    assert "Did you mean `/ship R-12 to production`?" in shown
    assert "/deploy" not in shown


@pytest.mark.parametrize("family", Family)
def test_with_an_empty_catalogue_there_is_an_answer_as_well(family):
    nothing = Known({}, KNOWN.now)
    for usage in grammar.of(family):
        assert parse(family, usage.example.partition(" ")[2], nothing) is not None
    assert isinstance(parse(Family.ROLLBACK, "payments", nothing), Hint)


VOCABULARY = st.sampled_from(
    [
        *(word for usage in grammar.USAGES for word in usage.example.split()),
        *("payments", "Web", "production", "prod", "R-12", "D-40", "F-3", "until", "monday", "07:00", "2h", "<reason>"),
        *('"two words"', "“smart", "—", "&lt;", "<@U1|ben>", "<!here>", "🚀", "for", "in", "now", "all", "\u202e"),
    ]
)
LIKELY = st.lists(VOCABULARY, max_size=9).map(" ".join)
ANYTHING = st.text(max_size=120)


@UNHURRIED
@given(st.sampled_from(list(Family)), st.one_of(LIKELY, ANYTHING))
@example(Family.RELEASE, "\0")
@example(Family.FREEZE, "start production until " + "9" * 400 + "h x")
@example(Family.RELEASE, "show " + "9" * 5000)
@example(Family.DEPLOY, '"' * 501)
@example(Family.RELEASE, "<" * 2000 + ">" * 2000)
@example(Family.ROLLBACK, "\ud800 \udfff")
def test_any_text_is_a_command_or_a_hint_that_slack_can_show(family, text):
    told = parse(family, text, KNOWN)
    if isinstance(told, Hint):
        assert told.nearest.startswith("/")
        if "\ud800" not in text:
            taken_by_slack(dict(hint(told, Pen())))
    else:
        assert type(told).__module__ == c.__name__


@UNHURRIED
@given(LIKELY, st.sampled_from(list(Family)))
def test_the_nearest_command_really_works(text, family):
    told = parse(family, text, KNOWN)
    if isinstance(told, Hint):
        after = understood(told.nearest)
        assert not isinstance(after, Hint) or str(after.why).startswith(COPIED)
