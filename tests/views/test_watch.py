"""Watches as people see them: each thing with its number and its picture, what is asked, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.rules.deployment import Attempt, DeploymentId
from bot.rules.judging import Found, Judgement, Look, Usual, Watched, judged
from bot.rules.policy import EnvironmentName
from bot.rules.watch import HEALTH, Metric, Watch
from handlers.buttons import OnDeployment, OnService, decode
from handlers.views.watch import watch
from tests.makers import NOW, a_deployment, an_order
from tests.people import MAYA
from tests.views.reading import buttons, read, taken_by_slack, text
from tests.views.scene import PEN

ERRORS, LATENCY = Metric("error-ratio", "e", above=0.05), Metric("latency", "l", z_score=3)
AGREED = Watch(timedelta(minutes=5), health="http://x/health", metrics=(ERRORS, LATENCY))
CALM = Usual(100, 10, 300)
ENDLESS = "<&> ünïcode 🚢 `x` *b* " * 140


def looked(*errors: float, latency: float = 105) -> Watched:
    """Looks with these error ratios."""
    return Watched(
        DeploymentId(40),
        tuple(
            Look(
                NOW + number * AGREED.every,
                {
                    HEALTH: Found(Judgement.GOOD),
                    "error-ratio": judged(ERRORS, each, None),
                    "latency": judged(LATENCY, latency, CALM),
                },
            )
            for number, each in enumerate(errors)
        ),
        {"latency": CALM},
    )


def shown(watched: Watched, attempt: Attempt = Attempt.WATCHING, agreed: Watch | None = AGREED, **fields: Any) -> str:
    said = said_of(watched, attempt, agreed, **fields)
    return read(said["blocks"])


def said_of(watched: Watched, attempt: Attempt, agreed: Watch | None = AGREED, **fields: Any) -> dict[str, Any]:
    deployment = replace(a_deployment(40, attempt), watched_since=NOW, **fields)
    said = dict(watch(deployment, watched, agreed, PEN))
    taken_by_slack(said)
    return said


def test_each_thing_is_shown_with_its_number_its_picture_and_its_limit():
    told = shown(looked(0.01, 0.02, 0.01))
    assert "🔬 *Watch over D-40*" in told
    assert "🟢 *health*" in told
    assert "🟢 *error-ratio*  `▁█▁`  *0.01*  bad: above 0.05" in told
    assert "🟢 *latency*  `▁▁▁`  *105*  0.5 sigma from the usual 100  bad: 3 sigma" in told
    assert "3 of 11 looks since [2026-11-23 10:00], the last one [2026-11-23 10:01]" in told


def test_what_is_bad_says_its_number_once():
    assert "🔴 *error-ratio*  `▁█`  0.5 is past its limit (above 0.05)." in shown(looked(0.01, 0.5))
    assert "🔴 *latency*  `▁`  140 is 4 sigma above the usual 100 (limit: 3 sigma)." in shown(looked(0, latency=140))


def test_what_can_not_be_read_says_why():
    watched = replace(looked(), looks=(Look(NOW, {"error-ratio": Found(Judgement.UNREADABLE, why="It is <away>.")}),))
    assert "⚪ *error-ratio*  It is <away>." in shown(watched)


def test_a_question_has_its_two_buttons_and_the_word_to_type():
    asks = replace(looked(0.5, 0.5), asks_since=NOW, asks_why="error-ratio: 0.5 is past its limit (above 0.05).")
    said = said_of(asks, Attempt.WATCHING, revision=7)
    told = read(said["blocks"])
    assert "🙋 *Watch over D-40*" in told
    assert "✋ error-ratio: 0.5 is past its limit (above 0.05)." in told
    assert "/deploy keep D-40 <reason>" in told
    assert text(said["text"]).endswith("in production: it waits for a word")
    go_on, back = buttons(said["blocks"]).values()
    assert list(buttons(said["blocks"])) == ["Go on", "Roll back"]
    assert decode(go_on["value"], OnDeployment) == OnDeployment(DeploymentId(40), 7)
    carried = decode(back["value"], OnService)
    assert isinstance(carried, OnService)
    assert (carried.environment, carried.reason) == ("production", asks.asks_why)


@pytest.mark.parametrize(
    ("attempt", "sign", "state"), [(Attempt.SUCCEEDED, "✅", "it stays"), (Attempt.FAILED, "❌", "it did not hold")]
)
def test_after_its_end_nothing_is_asked_any_more(attempt, sign, state):
    asked = replace(looked(0.5), asks_since=NOW, asks_why="x", kept_by=MAYA.id, kept_why="A crawler")
    said = said_of(asked, attempt)
    assert buttons(said["blocks"]) == {}
    told = read(said["blocks"])
    assert f"{sign} *Watch over D-40*" in told
    assert "👍 @Maya said that it stays. Reason: A crawler" in told
    assert text(said["text"]).endswith(state)


def test_without_the_catalogues_word_the_numbers_are_shown_all_the_same():
    told = shown(looked(0.01), agreed=None)
    assert "🟢 *error-ratio*  `▁`  *0.01*" in told
    assert "1 look since" in told


def test_before_the_first_look_there_is_nothing_to_show_but_the_watch():
    assert "0 of 11 looks" in shown(looked())


def test_slack_takes_whatever_there_is_and_the_buttons_stay():
    found = {f"metric-{number}-{'x' * 30}": Found(Judgement.BAD, 1e300, 4, ENDLESS) for number in range(40)}
    endless = Watched(DeploymentId(40), (Look(NOW, found),) * 500, None, NOW, ENDLESS, MAYA.id, ENDLESS)
    order = an_order(version=ENDLESS[:60], environment=EnvironmentName("e" * 40))
    said = said_of(endless, Attempt.WATCHING, order=order)
    assert list(buttons(said["blocks"])) == ["Go on", "Roll back"]
