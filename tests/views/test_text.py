"""Text: what is written into Slack's mrkdwn, and what is kept out of it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rules.people import SLIPWAY, PersonId, RoleName
from bot.rules.policy import Role
from bot.rules.sentence import AllOf, At, AtRole, Code, Link, When, say
from handlers.names import CommandNames
from handlers.views.text import Pen, at, clip, code, cut, day, escape, link, span, when, words
from tests.people import BEN, MAYA, OMAR

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QA = RoleName("qa")


def test_exactly_three_characters_are_escaped():
    assert escape("""Tom & "Ann's" <b> *bold*""") == """Tom &amp; "Ann's" &lt;b&gt; *bold*"""


def test_nobody_can_call_a_channel_from_a_reason():
    told = Pen().write(say("{who}: {reason}", who=At(BEN.id), reason="<!channel> <@U0MAYA> <http://x|y>"))
    assert told == "<@U0BEN>: &lt;!channel&gt; &lt;@U0MAYA&gt; &lt;http://x|y&gt;"


def test_the_words_of_a_template_are_escaped_as_well():
    assert Pen().write(say("a < b & {c}", c="d")) == "a &lt; b &amp; d"


def test_every_part_of_a_sentence_becomes_what_slack_wants():
    sentence = say(
        "{who} at {when}: {code}, {link}, {all}",
        who=At(MAYA.id),
        when=When(NOON),
        code=Code("/release show R-12"),
        link=Link("the run", "https://ci.example.com/7?a=1&b=2"),
        all=AllOf((At(BEN.id), At(OMAR.id), "others")),
    )
    assert Pen(names=CommandNames(release="/ship")).write(sentence) == (
        "<@U0MAYA> at <!date^1795435200^{date_short_pretty} {time}|2026-11-23 12:00 UTC>: `/ship show R-12`, "
        "<https://ci.example.com/7?a=1&amp;b=2|the run>, <@U0BEN>, <@U0OMAR> and others"
    )


@pytest.mark.parametrize(
    ("role", "told"),
    [
        (Role(QA, "QA", group="S0QA", people=(OMAR.id,)), "<!subteam^S0QA>"),
        (Role(QA, "QA", people=(OMAR.id, BEN.id)), "<@U0OMAR> and <@U0BEN>"),
        (Role(QA, "The <QA> team"), "The &lt;QA&gt; team"),
        (None, "qa"),
    ],
)
def test_a_role_is_its_group_or_its_people_or_its_title(role, told):
    assert Pen({QA: role} if role else {}).write(say("{r}", r=AtRole(QA))) == told


def test_a_crowd_is_named_in_part():
    crowd = Role(QA, "QA", people=tuple(PersonId(f"U0{number:03}") for number in range(30)))
    assert Pen({QA: crowd}).role(QA).endswith("<@U0007> and 22 more")


def test_somebody_who_is_not_in_slack_is_named_plainly():
    assert at(SLIPWAY) == "Slipway"
    assert at(PersonId("deploy-bot <x>")) == "@deploy-bot &lt;x&gt;"


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "https://x|y", "https://a b", "https://<x>"])
def test_what_is_no_web_address_is_no_link(url):
    assert link("see <this>", url) == "see &lt;this&gt;"


def test_code_cannot_be_broken_out_of():
    assert code("rm `x` <y>\nz") == "`rm 'x' &lt;y&gt; z`"
    assert code("  ") == ""


def test_a_day_is_the_same_for_everybody_and_a_moment_is_not():
    assert day(date(2026, 11, 7)) == "Sat 7 Nov 2026"
    assert when(NOON).startswith("<!date^1795435200^")


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=50), "5 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_length_of_time_is_told_in_its_largest_unit(length, told):
    assert span(length) == told


@UNHURRIED
@given(st.text(max_size=300), st.integers(min_value=1, max_value=100))
def test_clipped_words_fit(told, limit):
    assert len(clip(told, limit)) <= limit


PIECES = st.sampled_from(["word ", "<@U0MAYA>", "&amp;", "`code`", "<https://x.io|a link>", "\n", "<!date^1^{time}|x>"])


@UNHURRIED
@given(st.lists(PIECES, max_size=60).map("".join), st.integers(min_value=10, max_value=200))
def test_cut_mrkdwn_fits_and_breaks_nothing(told, limit):
    short = cut(told, limit)
    assert len(short) <= limit
    rest = re.sub(r"<[^<>]*>", "", short)
    assert "<" not in rest
    assert re.fullmatch(r"(?:[^&]|&amp;)*", rest)
    assert short.count("`") % 2 == 0


@UNHURRIED
@given(st.text(alphabet="&<>ab", max_size=80), st.integers(min_value=1, max_value=40))
def test_cut_words_never_end_within_an_entity(told, limit):
    assert re.fullmatch(r"(?:[ab…]|&(?:amp|lt|gt);)*", words(told, limit))
